"""Models: all that are at hand, to pick by looking."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engines import imaging
from engines.errors import StudioError
from engines.models.card import Card
from engines.paths import replacing
from engines.recipe import file_hash
from studio import guards
from studio.components.model_cards import ModelCard, ModelCards
from studio.state import Services

log = logging.getLogger(__name__)

PREVIEW = "preview.webp"
PREVIEW_WIDTH = 720
ACTIONS = {"generator": "Explore it", "translator": "Swap with it"}
ORDER = ("generator", "translator", "upscaler", "clip")
UNTOLD = {"command", "note", "format"}
INTRODUCTION = "Every model here, what it draws, what may be done with it, and what it cannot do."
LEFT_OUT = "Left out, for its card cannot be read:"


@dataclass(frozen=True)
class ModelsHandles:
    """The components that `studio.app` and tests may use."""

    left_out: gr.Markdown
    cards: ModelCards


def cards(services: Services) -> tuple[ModelCard, ...]:
    """A card for every model at hand, generators first."""
    found = [services.zoo.card(name) for kind in ORDER for name in _names(services, kind)]
    return tuple(shown(services, card) for card in found)


def _names(services: Services, kind: str) -> list[str]:
    return sorted(services.zoo.names(kind), key=lambda name: (name != "cityscape", name))


def left_out(services: Services) -> str:
    """Which models cannot be read, and why, as Markdown; nothing where all can. The folders are named on one's own machine alone."""
    found = services.zoo.left_out()
    own = services.settings.local
    lines = [guards.plain(why if own else why.replace(str(folder), folder.name)) for folder, why in found.items()]
    return "\n".join([LEFT_OUT, "", *(f"- {line}" for line in lines)]) if lines else ""


def shown(services: Services, card: Card) -> ModelCard:
    """One model as the page shows it; its preview is written anew into the folder that is served."""
    folder = services.zoo.folder(card.name)
    preview, size = _preview(folder / PREVIEW, services.settings.served / "models", card)
    size_on_disk = _megabytes(folder / card.weights_file)
    facts = [("Kind", card.kind), ("Classes", card.counted_classes), ("Network", card.network), ("Weights", size_on_disk)]
    facts += [(str(what), str(value)) for what, value in card.training.items()]
    numbers = tuple((str(what), str(value)) for what, value in card.evaluation.items() if what not in UNTOLD)
    return ModelCard(
        card.name, card.title, card.kind, card.summary, card.rights, card.trained_on, ACTIONS.get(card.kind, ""), preview, size,
        card.pictures.get(PREVIEW, ""), tuple(fact for fact in facts if fact[1]), numbers, tuple(card.limits),
    )  # fmt: skip


def _preview(path: Path, out: Path, card: Card) -> tuple[Path | None, tuple[int, int]]:
    if not path.is_file():
        return None, (0, 0)
    try:
        picture = imaging.safe_open(path)
    except StudioError as error:
        log.warning("the model %s is shown without its picture: %s", card.name, error)
        return None, (0, 0)
    if picture.width > PREVIEW_WIDTH:
        picture = picture.resize((PREVIEW_WIDTH, round(picture.height * PREVIEW_WIDTH / picture.width)))
    out.mkdir(parents=True, exist_ok=True)
    copy = out / f"{card.name}-{file_hash(path)[:12]}.webp"
    if not copy.is_file():
        with replacing(copy) as temporary:
            picture.save(temporary, quality=84)
    return copy, picture.size


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 2**20:.1f} MB" if path.is_file() else ""


def chosen(services: Services, event: gr.EventData) -> Card:
    """The card of the model that was chosen in the page.

    Raises:
        StudioError: no such model, or one that no tab opens.
    """
    names = [name for kind in ACTIONS for name in _names(services, kind)]
    return services.zoo.card(guards.one_of(event._data.get("name"), names, "the model"))


def on_open(services: Services) -> tuple[Any, tuple[ModelCard, ...]]:
    """What the page shows when the tab is opened: what is left out, and the cards."""
    missing = left_out(services)
    return gr.update(value=missing, visible=bool(missing)), cards(services)


def build(services: Services) -> ModelsHandles:
    """Lay out the tab."""
    gr.Markdown(INTRODUCTION, elem_classes="lead", label="Models")
    untold = gr.Markdown("", visible=False, elem_classes="fine-print", elem_id="models-left-out", label="Models that are left out")
    return ModelsHandles(untold, ModelCards(label="Models", elem_id="models-cards"))


def show_at_first_visit(services: Services, to: ModelsHandles, tab: gr.Tab) -> None:
    """Show the cards when the tab is opened."""
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    tab.select(guards.sentences(on_open, services), None, [to.left_out, to.cards], **quiet)
