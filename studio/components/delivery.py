"""A file handed to the browser as soon as it is made: one click on a button saves it."""

import secrets
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from studio.components.scripts import served


class Delivery(gr.HTML):
    """Has nothing to see: a path given to it is downloaded by the browser under the file's name.

    So a file is made when it is asked for, of exactly what is on show, and not ahead of time.
    """

    def __init__(self, *, label: str = "Download", **kwargs: Any) -> None:
        super().__init__(
            None,
            label=label,
            html_template='<div class="delivery" hidden></div>',
            **served("delivery"),
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Path | str | None) -> Any:
        """The file with its address; each delivery is a new one, also of the same file."""
        if value is None:
            return None
        path = Path(value)
        return {"file": FileData(path=str(path), orig_name=path.name).model_dump(), "name": path.name, "delivery": secrets.token_hex(4)}

    def preprocess(self, payload: Any) -> None:
        """Nothing: a delivery is not taken back."""

    def api_info(self) -> dict[str, Any]:
        """The shape of the value for API clients."""
        return {"type": "object"}
