"""A grid of pictures drawn from one sprite sheet: choose with pointer or keys, up to one picture a mark."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from PIL import Image

from engines import imaging
from studio.components.scripts import served

SIDE = 256


@dataclass(frozen=True)
class Tiles:
    """What the grid shows.

    Attributes:
        key: names this drawing; a choice made in the page carries it back.
        labels: one a place, read out by screen readers.
        sheet: file with the pictures that are ready, row by row; the other places wait.
        columns: pictures side by side in the sheet.
        ready: how many pictures the sheet holds.
        message: one line under the grid, also read out.
        turn: counts the values that one event yields.
        across: pictures in a row of the grid; 0 for as many as there is room for.
        heads: places that begin a part of the pictures, each with a name of that part, which is always seen.
    """

    key: str
    labels: tuple[str, ...]
    sheet: Path | None = None
    columns: int = 4
    ready: int = 0
    message: str = ""
    turn: int = 0
    across: int = 0
    heads: tuple[tuple[int, str], ...] = ()

    def payload(self) -> dict[str, Any] | list[dict[str, Any]]:
        """The tiles as the page gets them, in a list on every other turn.

        Gradio sends what an event yields as changes to the value before and makes them in place, which a component cannot notice; a value
        of another type is sent whole.
        """
        sheet = None if self.sheet is None else FileData(path=str(self.sheet)).model_dump()
        tiles = {
            "key": self.key,
            "labels": list(self.labels),
            "sheet": sheet,
            "columns": self.columns,
            "ready": self.ready,
            "message": self.message,
            "across": self.across,
            "heads": [list(head) for head in self.heads],
        }
        return [tiles] if self.turn % 2 else tiles


class PictureGrid(gr.HTML):
    """Pictures as tiles, one tab stop, arrows inside, Enter or Space to choose.

    With `marks` such as ("A", "B") the first choice gets the first mark and so on; choosing again takes it away. Each change triggers
    `pick` with `{key, places}`: the chosen places in the order of the marks.
    """

    def __init__(self, value: Tiles | None = None, *, label: str, marks: Sequence[str] = (), empty: str = "", **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="picture-grid"></div>',
            **served("picture_grid"),
            apply_default_css=False,
            marks=list(marks),
            empty=empty,
            **kwargs,
        )

    def postprocess(self, value: Tiles | None) -> Any:  # type: ignore[override]
        """Tiles as plain values with the sheet's address."""
        return None if value is None else value.payload()

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}


def save_sprite(pictures: Sequence[Image.Image], columns: int, folder: Path, side: int = SIDE) -> Path:
    """Pictures of one size, enlarged smoothly to about `side` pixels, as one JPEG for the page; the name is new each time."""
    factor = max(1, round(side / max(pictures[0].size)))
    size = (pictures[0].width * factor, pictures[0].height * factor)
    enlarged = [picture.resize(size, Image.Resampling.BICUBIC) for picture in pictures]
    path = folder / f"shown-{secrets.token_hex(8)}.jpg"
    imaging.sheet(enlarged, columns, gap=0).save(path, quality=92, subsampling=0)
    return path
