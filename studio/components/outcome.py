"""What came of something: one sentence, a few facts, and lists of names with a reason each."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.components.scripts import served

SHOWN = 200


@dataclass(frozen=True)
class Listed:
    """Names with a reason each, under a title; of more than `SHOWN` the first are shown and the others counted."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Told:
    """What the page is told.

    Attributes:
        line: one sentence, which a screen reader says.
        facts: (what, value) pairs.
        lists: each folded away until it is opened.
    """

    line: str
    facts: tuple[tuple[str, str], ...] = ()
    lists: tuple[Listed, ...] = ()


class Outcome(gr.HTML):
    """Shows a `Told` as text: names come from anybody, and nothing in them is markup."""

    def __init__(self, value: Told | None = None, *, label: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="outcome"></div>',
            **served("outcome"),
            apply_default_css=False,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Told | None) -> Any:  # type: ignore[override]
        """The words as the page gets them."""
        if value is None:
            return None
        lists = [{"title": one.title, "rows": [list(row) for row in one.rows[:SHOWN]], "all": len(one.rows)} for one in value.lists]
        return {"line": value.line, "facts": [list(fact) for fact in value.facts], "lists": lists}

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
