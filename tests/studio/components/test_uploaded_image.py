import asyncio
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
from gradio.data_classes import ImageData
from PIL import Image

from studio.components.uploaded_image import UploadedImage


@pytest.fixture
def upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UploadedImage:
    """The component, with an upload folder of its own."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return UploadedImage(label="Picture")


def given(component: UploadedImage, path: Path) -> str | None:
    return component.preprocess(ImageData(path=str(path), orig_name=path.name))


def empty_png(side: int) -> bytes:
    """A PNG of a few bytes whose header claims `side` × `side` pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_the_page_sees_an_ordinary_image_field(upload: UploadedImage) -> None:
    assert upload.get_block_name() == "image"


def test_a_picture_arrives_as_the_path_of_the_very_file(upload: UploadedImage, tmp_path: Path) -> None:
    path = tmp_path / "coat.png"
    Image.new("RGB", (8, 6)).save(path)
    assert given(upload, path) == str(path.resolve())
    assert upload.preprocess(None) is None


def test_a_cmyk_jpeg_works(upload: UploadedImage, tmp_path: Path) -> None:
    path = tmp_path / "print.jpg"
    Image.new("CMYK", (8, 6), (0, 200, 100, 0)).save(path)
    assert given(upload, path) == str(path.resolve())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.jpg", b"These are notes.", "is not a JPEG, PNG or WEBP picture"),
        ("huge.png", empty_png(30_000), "make it smaller"),
        ("torn.png", empty_png(64), "is damaged"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a JPEG, PNG or WEBP picture"),
        ("empty.png", b"", "is not a JPEG, PNG or WEBP picture"),
    ],
)
def test_a_bad_file_gets_its_sentence(upload: UploadedImage, tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(gr.Error, match=sentence):
        given(upload, tmp_path / name)


def test_an_animated_gif_gets_a_sentence(upload: UploadedImage, tmp_path: Path) -> None:
    frames = [Image.new("P", (8, 8), index) for index in range(3)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(gr.Error, match="is not a JPEG, PNG or WEBP picture"):
        given(upload, tmp_path / "moves.gif")


def test_a_file_from_elsewhere_on_this_machine_is_refused(upload: UploadedImage, tmp_path: Path) -> None:
    path = tmp_path.parent / f"{tmp_path.name}-outside.png"
    Image.new("RGB", (8, 6)).save(path)
    with pytest.raises(gr.Error, match="was not uploaded here"):
        given(upload, path)


def test_an_address_is_not_fetched(upload: UploadedImage) -> None:
    fetching = upload.async_move_resource_to_block_cache("http://127.0.0.1:9/picture.png")
    with ThreadPoolExecutor(1) as apart, pytest.raises(gr.Error, match="not as an address"):
        apart.submit(asyncio.run, fetching).result()  # the browser tests keep an event loop running in this thread
