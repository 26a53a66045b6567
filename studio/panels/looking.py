"""What panels show before anything is done: pictures in rows, and what was looked at last."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines.curation.preview import thumbnails
from engines.paths import replacing
from studio import guards
from studio.collections import Desk
from studio.components.verdicts import Row, Sheet
from studio.state import Services

SIDE, COLUMNS = 160, 12


class Remembered:
    """What was looked at last, so that another limit needs no second look; the two last collections, for all windows."""

    def __init__(self, most: int = 2) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What is kept under a key, made when it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def empty_with_collection(desk: gr.State, shown: Sequence[gr.HTML]) -> None:
    """Have what is shown of a collection go as soon as another one lies on the desk."""
    of = gr.State("")
    desk.change(
        guards.sentences(emptied, len(shown)), [desk, of], [of, *shown], queue=False, api_visibility="private", show_progress="hidden"
    )


def emptied(many: int, desk: Desk, of: str) -> list[Any]:
    """Whose is shown from now on, and that much emptied unless it is the same as before."""
    return [desk.collection, *[gr.skip() if desk.collection == of else None] * many]


def sheet_of(services: Services, request: gr.Request | None, rows: Sequence[Row], files: Sequence[Path | Image.Image]) -> Sheet | None:
    """The pictures of rows in one file that this session may see."""
    if not files:
        return None
    picture = services.session_folder(request) / f"verdicts-{secrets.token_hex(8)}.webp"
    columns = min(COLUMNS, len(files))
    with replacing(picture) as temporary:
        thumbnails(files, columns, SIDE).save(temporary, format="WEBP", quality=82)
    return Sheet(tuple(rows), picture, columns)
