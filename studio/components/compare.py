"""Before and after, one picture over the other, with a divider that keyboard, finger and mouse move alike."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served

TEMPLATE = '<div class="compare"></div>'


@dataclass(frozen=True)
class Comparison:
    """Two pictures of one size, and what they show.

    Attributes:
        before, after: files that we wrote ourselves, below the folder that is served.
        before_label, after_label: a word or two each, such as "leather" and "denim".
        size: width and height in pixels, so that the page keeps the place free.
    """

    before: Path
    after: Path
    before_label: str
    after_label: str
    size: tuple[int, int]


class Compare(gr.HTML):
    """Shows a `Comparison`, or a quiet line when there is none.

    The template is a constant; `compare.js` builds what is inside and puts text in as text. The divider is a native range, so arrow
    keys, Home, End, Page Up and Page Down work, and screen readers hear how much of each picture is seen.
    """

    def __init__(self, value: Comparison | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template=TEMPLATE,
            **served("compare"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Comparison | None) -> Any:  # type: ignore[override]
        """What the page needs to show a comparison."""
        if value is None:
            return None
        return {
            "before": _served(value.before),
            "after": _served(value.after),
            "before_label": value.before_label,
            "after_label": value.after_label,
            "width": value.size[0],
            "height": value.size[1],
        }

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}


def _served(path: Path) -> dict[str, Any]:
    return FileData(path=str(path)).model_dump()
