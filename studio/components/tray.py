"""The tray: pictures that were kept, in the browser of the person who kept them, and where each came from."""

import secrets
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from studio.components.scripts import served


@dataclass(frozen=True)
class Kept:
    """A picture for the tray.

    Attributes:
        recipe: JSON; title, rights: text.
        picture: a small copy as a data address.
        tags, note, kept: what the person wrote, and when it was kept; empty for a new one.
    """

    recipe: str
    title: str
    rights: str
    picture: str
    tags: tuple[str, ...] = ()
    note: str = ""
    kept: str = ""


@dataclass(frozen=True)
class Node:
    """A picture in the tree of a picture's parents; `picture` is "" where it cannot be drawn again here."""

    recipe: str
    title: str
    operation: str
    picture: str
    parents: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Looked:
    """A picture in focus.

    Attributes:
        asked: the recipe as it was sent; that of `tree` is for the weights at hand.
        tree: the picture with all that it was made of; home: where it goes back to, "explore" or "desk"; picture: a larger copy.
    """

    asked: str
    tree: Node
    rights: str
    home: str
    picture: str
    note: str = ""


@dataclass(frozen=True)
class Compared:
    """Two pictures, and in what their recipes differ: field, first, second."""

    first: Looked
    second: Looked
    differences: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Word:
    """What the tray is told; only what is given changes."""

    keep: tuple[Kept, ...] = ()
    looked: Looked | None = None
    compared: Compared | None = None
    said: str = ""
    close: bool = False


class Tray(gr.HTML):
    """A bar on every tab that opens; what is in it lies in the browser's own storage and is never sent unless something is done with it.

    Events: `look` {recipe}, `compare` {recipes}, `send` {to, recipe}, `picture` {recipe, stripped}, `pack` {items, stripped} and `take`
    {path}.
    """

    def __init__(self, *, label: str = "Tray", **kwargs: Any) -> None:
        super().__init__(
            None,
            label=label,
            html_template='<div class="tray"></div>',
            **served("tray"),
            apply_default_css=False,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Word | None) -> Any:  # type: ignore[override]
        """The word with a number of its own, so that the same word twice is heard twice."""
        return None if value is None else {**asdict(value), "word": secrets.token_hex(6)}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
