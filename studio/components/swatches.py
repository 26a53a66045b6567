"""The colours of a graphic, each with a field of its own to give it another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.components.scripts import served


@dataclass(frozen=True)
class Painted:
    """A colour of the graphic, "#rrggbb" and its name, the share of the graphic it has, 0 to 1, and the colour it is shown in.

    A share of 0 is one that nobody knows.
    """

    old: str
    name: str
    share: float
    new: str


class Swatches(gr.HTML):
    """Colours side by side; a change of one triggers `paint` with `{colours}`, all new colours in their order."""

    def __init__(self, value: Sequence[Painted] | None = None, *, label: str, empty: str = "", **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="swatches"></div>',
            **served("swatches"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: new colours come with the event."""

    def postprocess(self, value: Sequence[Painted] | None) -> Any:  # type: ignore[override]
        """The colours as plain values."""
        return None if not value else [{"old": one.old, "name": one.name, "share": one.share, "new": one.new} for one in value]

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "array"}
