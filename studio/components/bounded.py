"""Numbers with bounds, whose fields say in a sentence what they take."""

from typing import Any

import gradio as gr

from engines.errors import StudioError
from studio import guards


def bounded(value: object, field: gr.Slider | gr.Number, unit: str) -> None:
    """Nothing, where a field takes a number.

    Raises:
        gr.Error: below or above its bounds, or no number; names the field, its range and its unit.
    """
    low, high = field.minimum, field.maximum
    if isinstance(value, int | float) and (low is None or value >= low) and (high is None or value <= high):
        return
    bounds = f"at least {low:g}" if high is None else f"from {low or 0:g} to {high:g}"
    got = "nothing" if value is None else str(value)[:40]
    raise guards.spoken(StudioError(f"{field.label} is a number {f'{bounds} {unit}'.strip()}, got {got}: choose another"))


class Slider(gr.Slider):
    """`gr.Slider` that answers a number out of its range with our sentence; Gradio's own does so with a stack trace in the log.

    Attributes:
        unit: of its numbers, such as "millimetres"; the page is not told.
    """

    is_template = True

    def __init__(self, minimum: float = 0, maximum: float = 100, value: Any = None, *, unit: str = "", **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(minimum, maximum, value, **kwargs)

    def get_config(self, cls: Any = None) -> dict[str, Any]:
        """What the page is told: every setting of `gr.Slider`."""
        return super().get_config(cls or gr.Slider)

    def preprocess(self, payload: float) -> float:
        """The number, within its bounds."""
        bounded(payload, self, self.unit)
        return super().preprocess(payload)


class Number(gr.Number):
    """`gr.Number`, likewise; an empty field stays None.

    Attributes:
        unit: as that of `Slider`.
    """

    is_template = True

    def __init__(self, value: Any = None, *, unit: str = "", **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(value, **kwargs)

    def get_config(self, cls: Any = None) -> dict[str, Any]:
        """What the page is told: every setting of `gr.Number`."""
        return super().get_config(cls or gr.Number)

    def preprocess(self, payload: float | None) -> float | int | None:
        """The number, within its bounds."""
        if payload is not None:
            bounded(payload, self, self.unit)
        return super().preprocess(payload)
