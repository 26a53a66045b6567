"""Training pictures by class: a bar for how many, and a few of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served


@dataclass(frozen=True)
class Classes:
    """What is shown.

    Attributes:
        line: one sentence about all of them.
        names, counts: of each class.
        shown: how many pictures each has in the sheet.
        sheet: file with a row a class, squares side by side without gaps; columns: squares in a row.
    """

    line: str
    names: tuple[str, ...]
    counts: tuple[int, ...]
    shown: tuple[int, ...]
    sheet: Path
    columns: int


class LabPictures(gr.HTML):
    """Shows `Classes` as a bar chart with pictures; names come from anybody, and nothing in them is markup."""

    def __init__(self, value: Classes | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="lab-pictures"></div>',
            **served("lab_pictures"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Classes | None) -> Any:  # type: ignore[override]
        """The classes as the page gets them."""
        if value is None:
            return None
        classes = [list(entry) for entry in zip(value.names, value.counts, value.shown, strict=True)]
        return {"line": value.line, "classes": classes, "sheet": FileData(path=str(value.sheet)).model_dump(), "columns": value.columns}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
