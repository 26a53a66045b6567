"""Scores at a glance: a histogram with the threshold upon it, the pictures on either side, and everything about the one in focus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.components.scripts import served

PAGE = 96


@dataclass(frozen=True)
class ScoreView:
    """What the grid shows; scores, states and thumbnails are fetched by the key.

    Attributes:
        key: names a view of `studio.views`.
        collection: its name.
        cut: the rule's threshold, within `reach`.
        reach: the lowest and the highest threshold of the rule's method.
        axis: what the scores are, in words; about: the rule and the model.
        suggested: a cut that the scores suggest, or None; reason: why, or why not.
        compare: the saved rule to compare with; empty for none.
        answers: how many pictures were judged in a queue.
        event: the last thing decided; version: raised to have everything read anew.
        total, kept: of all pictures, as Python counts them.
    """

    key: str
    collection: str
    cut: float
    reach: tuple[float, float]
    axis: str
    about: str
    suggested: float | None
    reason: str
    compare: str
    answers: int
    event: int
    version: int
    total: int
    kept: int

    def payload(self) -> dict[str, Any]:
        """The view as the page gets it."""
        return {
            "key": self.key,
            "collection": self.collection,
            "cut": self.cut,
            "reach": list(self.reach),
            "axis": self.axis,
            "about": self.about,
            "suggestion": {"cut": self.suggested, "reason": self.reason},
            "compare": self.compare,
            "answers": self.answers,
            "event": self.event,
            "version": self.version,
            "total": self.total,
            "kept": self.kept,
        }


class ScoreGrid(gr.HTML):
    """Histogram, threshold and pictures.

    Dragging the threshold moves counts and pictures in the page alone. Events: `arrive` with `{window, collection}` when a page opens,
    `commit` with `{key, cut, window}` when the threshold is let go, `decided` after decisions by hand, `refresh` when what is shown must be
    read anew, `sheet` with `{key, positions, kept, title}`.
    """

    def __init__(
        self,
        value: ScoreView | None = None,
        *,
        label: str,
        empty: str = "",
        answers: Sequence[Callable[[Any], dict[str, Any]]] = (),
        **kwargs: Any,
    ) -> None:
        """Lay out the grid.

        Args:
            empty: what to say when no collection is open.
            answers: the functions that the page asks while a person looks, by their names; see `studio.views`.
        """
        super().__init__(
            value,
            label=label,
            html_template='<div class="score-grid"></div>',
            **served("score_grid"),
            apply_default_css=False,
            server_functions=list(answers),
            empty=empty,
            page=PAGE,
            **kwargs,
        )

    def postprocess(self, value: ScoreView | None) -> Any:  # type: ignore[override]
        """The view as plain values."""
        return None if value is None else value.payload()

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
