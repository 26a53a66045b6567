"""A picture upload that looks before it decodes."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from engines.errors import StudioError
from studio import guards


class UploadedImage(gr.Image):
    """`gr.Image` that hands over a checked path.

    `gr.Image` decodes an upload before any handler runs, whatever its `type`, and answers a bad one with a stack trace. Here the file is
    confined to the upload folder and opened by `engines.imaging.safe_open`, whose caps come before decoding; a bad picture gives its
    sentence. The handler receives the path (str), or None without a picture, and opens it with `safe_open` itself.
    """

    is_template = True

    def __init__(self, value: Any = None, **kwargs: Any) -> None:
        settings = {"sources": ["upload", "clipboard"], "buttons": [], "format": "png", **kwargs}
        super().__init__(value, type="filepath", image_mode=None, **settings)

    def get_config(self, cls: Any = None) -> dict[str, Any]:
        """What the page is told: every setting of `gr.Image`, of which Gradio would only see those named in our own `__init__`."""
        return super().get_config(cls or gr.Image)

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """Refuse addresses: a picture comes as a file, and the studio fetches nothing on behalf of the page."""
        if url_or_file_path is not None and "://" in str(url_or_file_path):
            raise guards.spoken("a picture comes as a file, not as an address: download it and upload the file")
        return await super().async_move_resource_to_block_cache(url_or_file_path)

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path of an uploaded picture, checked; a sentence where it cannot be used."""
        if payload is None:
            return None
        try:
            if not payload.path:
                raise StudioError("the picture came without a file: upload it as a file")
            return str(guards.uploaded_picture(Path(payload.path), Path(self.GRADIO_CACHE)))
        except StudioError as error:
            raise guards.spoken(error) from error
