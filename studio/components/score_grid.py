"""Scores at a glance: a histogram with the threshold upon it, and the pictures on either side, nearest the cut first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from engines.curation.collection import SHEET_COLUMNS

STEP = 0.001
_HERE = Path(__file__)


@dataclass(frozen=True)
class Side:
    """Some of the pictures on one side of the cut, nearest first.

    Attributes:
        names, scores: of each picture.
        sheet: file with their thumbnails in rows of 16, or None where there are none.
        total: how many pictures the side has altogether.
    """

    names: tuple[str, ...]
    scores: tuple[float, ...]
    sheet: Path | None
    total: int

    def payload(self) -> dict[str, Any]:
        """The side as the page gets it."""
        sheet = None if self.sheet is None else FileData(path=str(self.sheet)).model_dump()
        return {"names": list(self.names), "scores": list(self.scores), "sheet": sheet, "total": self.total}


@dataclass(frozen=True)
class ScoreView:
    """What the grid shows.

    Attributes:
        key: names this scoring; a committed threshold carries it back.
        prompt, model: what was asked, and the `model_id` that answered.
        threshold: the cut, from `low` to `high`.
        counts: of the histogram's bins, equally spaced from `edges[0]` to `edges[1]`.
        scores: file with all scores as a sorted JSON list: counts follow the slider without asking again.
        kept, dropped: pictures on either side.
    """

    key: str
    prompt: str
    model: str
    threshold: float
    low: float
    high: float
    counts: tuple[int, ...]
    edges: tuple[float, float]
    scores: Path
    kept: Side
    dropped: Side

    def payload(self) -> dict[str, Any]:
        """The view as the page gets it: numbers, and addresses of files."""
        return {
            "key": self.key,
            "prompt": self.prompt,
            "model": self.model,
            "threshold": self.threshold,
            "low": self.low,
            "high": self.high,
            "counts": list(self.counts),
            "edges": list(self.edges),
            "scores": FileData(path=str(self.scores)).model_dump(),
            "kept": self.kept.payload(),
            "dropped": self.dropped.payload(),
        }


class ScoreGrid(gr.HTML):
    """Histogram, threshold and pictures.

    Dragging the threshold moves counts and pictures in the page alone; letting go triggers `commit` with `{key, threshold}`.
    """

    def __init__(self, value: ScoreView | None = None, *, label: str, empty: str = "", **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="score-grid"></div>',
            css_template=_HERE.with_suffix(".css").read_text(),
            js_on_load=_HERE.with_suffix(".js").read_text(),
            apply_default_css=False,
            empty=empty,
            step=STEP,
            columns=SHEET_COLUMNS,
            **kwargs,
        )

    def postprocess(self, value: ScoreView | None) -> Any:  # type: ignore[override]
        """The view as plain values with addresses."""
        return None if value is None else value.payload()

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
