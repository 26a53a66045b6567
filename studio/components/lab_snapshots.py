"""The snapshots of a run: a slider through time, one latent over time, the nearest and the highest, and marks by eye."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engines.training.run_snapshots import Grid, Snapshot, snapshot_facts
from studio.components.scripts import served


@dataclass(frozen=True)
class Album:
    """What is shown of a run; its pictures are asked for as they are looked at.

    Attributes:
        run: its name, which the page sends back.
        snapshots: in order.
        grid: how the sheets are divided; None where their pictures are not of latents.
        nearest, highest: steps of the lowest distance and of the highest score, where these were measured.
    """

    run: str
    snapshots: tuple[Snapshot, ...]
    grid: Grid | None
    nearest: int | None = None
    highest: int | None = None


class LabSnapshots(gr.HTML):
    """Shows an `Album`. Triggers `chosen` with `{run, step}` when another snapshot is looked at."""

    def __init__(
        self,
        value: Album | None = None,
        *,
        label: str,
        empty: str,
        answers: Sequence[Callable[[Any], dict[str, Any]]] = (),
        **kwargs: Any,
    ) -> None:
        """Lay out the album.

        Args:
            empty: what to say when there is no run or no snapshot.
            answers: the functions `sheet`, `latent` and `mark` that the page asks.
        """
        super().__init__(
            value,
            label=label,
            html_template='<div class="lab-snapshots"></div>',
            **served("lab_snapshots"),
            apply_default_css=False,
            server_functions=list(answers),
            empty=empty,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def postprocess(self, value: Album | None) -> Any:  # type: ignore[override]
        """The album as the page gets it."""
        if value is None:
            return None
        grid = value.grid and {"columns": value.grid.columns, "rows": value.grid.rows, "names": list(value.grid.names)}
        return {
            "run": value.run,
            "snapshots": [snapshot_facts(snapshot) for snapshot in value.snapshots],
            "grid": grid,
            "nearest": value.nearest,
            "highest": value.highest,
        }

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
