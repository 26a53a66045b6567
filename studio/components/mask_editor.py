"""A picture with the mask of what is swapped over it: painted and erased by mouse, finger or keyboard."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from engines.errors import StudioError
from studio import guards
from studio.components.scripts import served

SIDE = 1024
MOST_BYTES = 1_500_000
PREFIX = "data:image/png;base64,"


@dataclass(frozen=True)
class MaskView:
    """What the editor shows.

    Attributes:
        key: names the picture; a drawing for another one does not count.
        picture: a preview that we made, at most `SIDE` pixels a side; mask: a PNG of its size, opaque where the mask is.
        size: width and height of both.
        note: what to doubt about the mask, or "".
    """

    key: str
    picture: Path
    mask: Path
    size: tuple[int, int]
    note: str = ""


@dataclass(frozen=True)
class MaskDrawing:
    """What came back.

    Attributes:
        key: of the picture that was drawn on.
        inside: uint8, shape (h, w), 255 inside; None when the mask is still the one that was found.
    """

    key: str
    inside: np.ndarray | None = None


class MaskEditor(gr.HTML):
    """Shows a `MaskView` and gives a `MaskDrawing`.

    The template is a constant; `mask_editor.js` builds what is inside and puts text in as text. A drawing comes back as a small PNG, which
    is checked before it is decoded.
    """

    def __init__(self, value: MaskView | None = None, *, label: str, empty: str, **kwargs: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template='<div class="mask-editor"></div>',
            **served("mask_editor"),
            apply_default_css=False,
            empty=empty,
            **kwargs,
        )

    def postprocess(self, value: MaskView | None) -> Any:  # type: ignore[override]
        """What the page needs to show a picture and its mask."""
        if value is None:
            return None
        return {
            "key": value.key,
            "picture": FileData(path=str(value.picture)).model_dump(),
            "mask": FileData(path=str(value.mask)).model_dump(),
            "width": value.size[0],
            "height": value.size[1],
            "note": value.note,
        }

    def preprocess(self, payload: Any) -> MaskDrawing | None:  # type: ignore[override]
        """The drawing as pixels, or a sentence when it cannot be one."""
        if not isinstance(payload, dict) or not isinstance(payload.get("key"), str):
            return None
        drawn = payload.get("drawn")
        try:
            return MaskDrawing(payload["key"][:64], None if not drawn else drawing(drawn))
        except StudioError as error:
            raise guards.spoken(error) from error

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}


def drawing(text: object) -> np.ndarray:
    """A mask that the page drew, from a PNG in a data address: uint8, shape (h, w), 255 where it is opaque.

    Raises:
        StudioError: no such PNG, or larger than what we gave.
    """
    damaged = StudioError("the mask did not arrive whole: draw it again")
    if not isinstance(text, str) or not text.startswith(PREFIX) or len(text) > MOST_BYTES:
        raise damaged
    try:
        with Image.open(io.BytesIO(base64.b64decode(text[len(PREFIX) :], validate=True)), formats=("PNG",)) as opened:
            if max(opened.size) > SIDE or opened.mode != "RGBA":
                raise damaged
            return np.array(opened.getchannel("A"))
    except StudioError:
        raise
    except Exception as error:  # Pillow raises many kinds of error on damaged files
        raise damaged from error
