"""Pictures in rows under headings, each marked as one that stays or one that goes: what a filter would do, before it does it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served


@dataclass(frozen=True)
class Verdict:
    """One picture: its name, a few words, and whether it stays; None where it is neither, such as an original beside its cut-out."""

    name: str
    note: str
    stays: bool | None


@dataclass(frozen=True)
class Row:
    """Pictures that belong together, under a title."""

    title: str
    pictures: tuple[Verdict, ...]


@dataclass(frozen=True)
class Sheet:
    """Rows of pictures.

    Attributes:
        picture: a file that we wrote ourselves with all of them in the order of the rows, `columns` beside each other, without gaps.
        columns: of that file, which has as many in every line but the last.
    """

    rows: tuple[Row, ...]
    picture: Path
    columns: int


class Verdicts(gr.HTML):
    """Shows a `Sheet`, or a quiet line when there is none."""

    def __init__(self, value: Sheet | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="verdicts"></div>',
            **served("verdicts"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Sheet | None) -> Any:  # type: ignore[override]
        """The rows as the page gets them, with the address of the pictures."""
        if value is None:
            return None
        rows = [{"title": row.title, "pictures": [[one.name, one.note, one.stays] for one in row.pictures]} for row in value.rows]
        return {"rows": rows, "picture": FileData(path=str(value.picture)).model_dump(), "columns": value.columns}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
