"""A few pictures side by side, each with its name under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served


@dataclass(frozen=True)
class NamedPicture:
    """One picture of a row.

    Attributes:
        picture: a file that we wrote ourselves, below the folder that is served.
        name: shown under it; note: a few more words, shown after the name.
        size: width and height in pixels, so that the page keeps the place free.
    """

    picture: Path
    name: str
    note: str
    size: tuple[int, int]


class PictureRow(gr.HTML):
    """Shows pictures in one row at any width of the page; nothing when there are none."""

    def __init__(self, value: Sequence[NamedPicture] | None = None, *, label: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="picture-row"></div>',
            **served("picture_row"),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Sequence[NamedPicture] | None) -> Any:  # type: ignore[override]
        """What the page needs to show the pictures."""
        return [
            {
                "picture": FileData(path=str(named.picture)).model_dump(),
                "name": named.name,
                "note": named.note,
                "width": named.size[0],
                "height": named.size[1],
            }
            for named in value or ()
        ]

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "array"}
