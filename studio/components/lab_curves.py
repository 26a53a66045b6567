"""Curves over a training run: small charts with a legend each, what is under the pointer in words, and everything as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engines.training.curves import Panel
from studio.components.scripts import served


@dataclass(frozen=True)
class Charts:
    """What is drawn: panels, what their curves go over, and why there is none where there is none."""

    panels: tuple[Panel, ...]
    axis: str = "steps"
    note: str = ""


class LabCurves(gr.HTML):
    """Shows `Charts`; nothing in them is markup."""

    def __init__(self, value: Charts | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="lab-curves"></div>',
            **served("lab_curves"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Charts | None) -> Any:  # type: ignore[override]
        """The curves as the page gets them."""
        if value is None:
            return None
        return {"axis": value.axis, "note": value.note, "panels": [_panel(panel) for panel in value.panels]}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}


def _panel(panel: Panel) -> dict[str, Any]:
    curves: Sequence[dict[str, Any]] = [
        {"name": curve.name, "x": list(curve.places), "y": list(curve.values), "smooth": list(curve.smooth)} for curve in panel.curves
    ]
    return {"title": panel.title, "curves": curves}
