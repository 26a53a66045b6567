"""A model's card: what it is, what it learned from, what may be done with it; `atelier.json` and the README made from it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from engines.compute import Numerics
from engines.errors import StudioError

FORMAT = 1
CARD_FILE = "atelier.json"
KINDS = ("generator", "translator", "clip", "upscaler")


@dataclass(frozen=True)
class Card:
    """What `atelier.json` holds.

    Attributes:
        name: the folder's name; title and summary are for people.
        kind: one of `KINDS`.
        network: name in the network registry; settings are its constructor's arguments.
        classes: of a generator; the two domains of a translator, in the order of its networks.
        class_pictures: class → how many training pictures of it were learned from; empty where nobody counted.
        render: numerics, `chunk` (pictures drawn at once) and, for a translator, `side` (its working size in pixels).
        weights_file, weights_sha256: the weights beside the card.
        rights: what may be done with the weights and what they draw, one or two sentences.
        trained_on: what it learned from, in words; training: figures of the run.
        limits: how it fails.
        evaluation: measured figures with the command that gives them.
        pictures: file beside the card → what it shows.
    """

    name: str
    title: str
    summary: str
    kind: str
    weights_file: str
    weights_sha256: str
    rights: str
    trained_on: str
    limits: tuple[str, ...]
    network: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    class_pictures: dict[str, int] = field(default_factory=dict)
    render: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    licence: str = "other"
    tags: tuple[str, ...] = ()

    @property
    def counted_classes(self) -> str:
        """The classes in a line, each with its number of training pictures in brackets where these were counted."""
        counts = self.class_pictures
        return ", ".join(f"{name} ({counts[name]:,})" if name in counts else name for name in self.classes)

    @property
    def pictures_seen(self) -> int:
        """How many pictures the weights learned from in all their runs, as far as the card says."""
        training = self.training
        told = str(training.get("pictures seen in all", "")).replace(",", "")
        last = training.get("steps", 0), training.get("pictures a step", 0)
        return int(told) if told.isdecimal() else last[0] * last[1] if all(isinstance(count, int) for count in last) else 0

    @property
    def training_spent(self) -> tuple[int, float]:
        """Runs, and minutes of them all, that led to the weights; (0, 0.0) where the card does not say."""
        alone = 0 if "began with" in self.training else self.training.get("minutes", 0)
        runs, minutes = self.training.get("runs in all", 1), self.training.get("minutes in all", alone)
        if not isinstance(runs, int) or not isinstance(minutes, int | float) or minutes <= 0:
            return 0, 0.0
        return runs, float(minutes)

    @property
    def numerics(self) -> Numerics:
        """Precision and memory format to draw with."""
        return Numerics(self.render.get("precision", "float32"), self.render.get("channels_last", False))

    def class_index(self, name: str | None) -> int | None:
        """Place of a class, or None for a model without classes.

        Raises:
            StudioError: an unknown class, a class where there are none, or none where one is needed.
        """
        if not self.classes:
            if name is not None:
                raise StudioError(f"{self.name} has no classes, got {name!r}: leave the class out")
            return None
        if name not in self.classes:
            got = "none" if name is None else repr(name[:60])
            raise StudioError(f"{self.name} draws {', '.join(self.classes)}, got {got}: choose one of these classes")
        return self.classes.index(name)

    def to_json(self) -> str:
        """The text of `atelier.json`."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def read_card(folder: Path) -> Card:
    """The card in a model's folder.

    Raises:
        StudioError: no card, a damaged one, or one of a newer format.
    """
    try:
        values = json.loads((Path(folder) / CARD_FILE).read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise StudioError(f"{folder} holds no model: {CARD_FILE} is missing or damaged; fetch the model again") from error
    if not isinstance(values, dict):
        raise StudioError(f"{folder} has a damaged card (its {CARD_FILE} is no JSON object): fetch the model again")
    found = values.pop("format", None)
    if found != FORMAT:
        raise StudioError(f"{folder} has a card of format {found}, this Atelier reads {FORMAT}: update it")
    try:
        known: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        card = Card(**known | {"name": Path(folder).absolute().name})  # a folder may have been copied under another name
        wrong = [name for name, kind in get_type_hints(Card).items() if not _is_of(getattr(card, name), kind)]
        if wrong:
            raise TypeError(f"its {wrong[0]} is of another kind than expected")
    except TypeError as error:
        raise StudioError(f"{folder} has a damaged card ({error}): fetch the model again") from error
    if card.kind not in KINDS:
        raise StudioError(f"{folder} is a model of kind {card.kind!r}, expected {', '.join(KINDS)}: update Atelier")
    return card


def _is_of(value: object, kind: Any) -> bool:
    """Whether a value is of a field's kind: a plain one, a tuple of one kind, or a dict of text to one kind or to anything."""
    if kind is Any:
        return True
    if not isinstance(value, get_origin(kind) or kind):
        return False
    if isinstance(value, dict):
        return all(_is_of(one, get_args(kind)[1]) for one in value.values())
    return not isinstance(value, tuple) or all(_is_of(one, get_args(kind)[0]) for one in value)


def readme(card: Card) -> str:
    """The model card for people, with the front matter that hubs read."""
    front = ["---", f"license: {card.licence}", "tags:", *(f"- {tag}" for tag in card.tags or ("gan",)), "---"]
    lines = [*front, "", f"# {card.title}", "", card.summary, ""]
    for file, shows in card.pictures.items():
        lines += [f"![{shows}]({file})", "", f"*{shows}*", ""]
    if card.classes:
        what = "Classes, with the training pictures of each" if card.class_pictures else "Classes"
        lines += [f"**{what}:** {card.counted_classes}", ""]
    lines += ["## What it learned from", "", card.trained_on, ""]
    if card.training:
        lines += ["| training | |", "|---|---|", *(f"| {key} | {value} |" for key, value in card.training.items()), ""]
    lines += ["## How it fails", "", *(f"- {limit}" for limit in card.limits), ""]
    if card.evaluation:
        lines += ["## Measured", "", "| figure | value |", "|---|---|"]
        lines += [f"| {key} | {value} |" for key, value in card.evaluation.items()]
        lines += [""]
    lines += ["## Rights", "", card.rights, ""]
    lines += [f"Weights: `{card.weights_file}`, sha256 `{card.weights_sha256}`."]
    return "\n".join(lines) + "\n"
