"""A search for settings as a table, the best trial marked, and what each value of a setting did to the score."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.components.scripts import served


@dataclass(frozen=True)
class Trials:
    """What is shown.

    Attributes:
        line: how far the search is, in one sentence.
        settings: names of what was tried.
        rows: of each trial, the best first: name, the value of each setting, score (None without one), step, seconds, and a remark.
        best: the name of the best trial, empty for none.
        effects: setting → (value, mean score or None, how many trials).
    """

    line: str
    settings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], float | None, int | None, float, str], ...]
    best: str
    effects: tuple[tuple[str, tuple[tuple[str, float | None, int], ...]], ...]


class LabTrials(gr.HTML):
    """Shows `Trials`; nothing in them is markup."""

    def __init__(self, value: Trials | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="lab-trials"></div>',
            **served("lab_trials"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Trials | None) -> Any:  # type: ignore[override]
        """The table as the page gets it."""
        if value is None:
            return None
        rows = [[name, list(settings), *others] for name, settings, *others in value.rows]
        effects = [[name, [list(entry) for entry in values]] for name, values in value.effects]
        return {"line": value.line, "settings": list(value.settings), "rows": rows, "best": value.best, "effects": effects}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
