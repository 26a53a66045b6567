"""Models to pick by looking: what each draws, what may be done with it, how good it is, and what it cannot do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served


@dataclass(frozen=True)
class ModelCard:
    """A model as the page shows it.

    Attributes:
        name: the model's own; title, summary, rights, trained_on: for people.
        kind: such as "generator"; action: what its button says, or "" for a model that no tab opens.
        preview: a file that we wrote ourselves, below the folder that is served, and its width and height; None without one.
        shows: what the preview shows.
        facts: (what, value) pairs; numbers: measured ones; limits: what it cannot do.
    """

    name: str
    title: str
    kind: str
    summary: str
    rights: str
    trained_on: str
    action: str
    preview: Path | None
    size: tuple[int, int]
    shows: str
    facts: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]


class ModelCards(gr.HTML):
    """Cards side by side; a card's button triggers `choose` with `{name}`."""

    def __init__(self, value: Sequence[ModelCard] | None = None, *, label: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="model-cards"></div>',
            **served("model_cards"),
            apply_default_css=False,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Sequence[ModelCard] | None) -> Any:  # type: ignore[override]
        """The cards as plain values with the previews' addresses."""
        return None if value is None else [self._plain(card) for card in value]

    @staticmethod
    def _plain(card: ModelCard) -> dict[str, Any]:
        picture = None if card.preview is None else FileData(path=str(card.preview)).model_dump()
        return {**vars(card), "preview": picture}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "array"}
