"""One large picture, or a strip of frames to scrub through; what is on show can be saved."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served


@dataclass(frozen=True)
class Strip:
    """What the viewer shows.

    Attributes:
        sheet: file with the frames, row by row.
        frames: how many; 1 is a single picture, with nothing to scrub.
        columns: frames side by side in the sheet.
        start, end: what stands at either end of the slider.
        caption: one line under the picture, also read out.
        actions: what can be done with it: name and text of a button each.
        seed: of a single picture that a seed alone draws; it can be copied.
        formats: in which a strip can be saved: "png", "mp4", "gif", "frames", "sheet"; a single picture is saved as the first alone.
        key: names this showing; what is asked for in the page carries it back.
    """

    sheet: Path
    frames: int
    columns: int
    start: str = ""
    end: str = ""
    caption: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    formats: tuple[str, ...] = ("png", "mp4", "gif")
    seed: str = ""
    key: str = field(default_factory=lambda: secrets.token_hex(4), compare=False)

    def payload(self) -> dict[str, Any]:
        """The strip as the page gets it."""
        return {
            "key": self.key,
            "sheet": FileData(path=str(self.sheet)).model_dump(),
            "frames": self.frames,
            "columns": self.columns,
            "start": self.start,
            "end": self.end,
            "caption": self.caption,
            "actions": [list(action) for action in self.actions],
            "formats": list(self.formats),
            "seed": self.seed,
        }


class PictureViewer(gr.HTML):
    """A picture, a native slider that scrubs in the browser without asking the server, and buttons that trigger `save`, `keep` and `act`.

    `save` carries `{key, frame, format}`: the strip and the frame on show, and one of the strip's formats. `keep` carries `{key, frame}`,
    `act` carries `{key, frame, action}`.
    """

    def __init__(self, value: Strip | None = None, *, label: str, empty: str = "", **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="picture-viewer"></div>',
            **served("picture_viewer"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def postprocess(self, value: Strip | None) -> Any:  # type: ignore[override]
        """The strip as plain values with the sheet's address."""
        return None if value is None else value.payload()

    def preprocess(self, payload: Any) -> None:
        """Nothing: what the page shows is not taken back."""

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
