"""A sheet of pictures with a name beside each row and above each column."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served

TEMPLATE = '<div class="sheet"><p class="sheet-said" role="status"></p><div class="sheet-shown"></div></div>'


@dataclass(frozen=True)
class LabelledSheet:
    """One picture of rows and columns.

    Attributes:
        picture: a file that we wrote ourselves, below the folder that is served.
        rows, columns: their names, in order; of pictures of one size.
        size: width and height of the whole in pixels.
    """

    picture: Path
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    size: tuple[int, int]


class SheetView(gr.HTML):
    """Shows a `LabelledSheet`, or a quiet line when there is none; a wide one scrolls inside itself.

    The events `begin` and `end` of the element `.sheet` tell that a sheet is being drawn: it says so, and is brought into view.
    One tab stop, arrows inside, Enter or Space chooses a picture; that triggers `pick` with `{place}`, counted row by row.
    """

    def __init__(self, value: LabelledSheet | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template=TEMPLATE,
            **served("sheet_view"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: LabelledSheet | None) -> Any:  # type: ignore[override]
        """What the page needs to show a sheet."""
        if value is None:
            return None
        return {
            "picture": FileData(path=str(value.picture)).model_dump(),
            "rows": list(value.rows),
            "columns": list(value.columns),
            "width": value.size[0],
            "height": value.size[1],
        }

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
