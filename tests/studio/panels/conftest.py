"""A collection to work on, and studios on one's own machine and shared."""

import io
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image, ImageDraw

from engines.models.zoo import Zoo
from studio.collections import Desk, open_catalogue
from studio.panels.collect import FOLDER, Asked, collect
from studio.settings import Settings
from studio.state import Services
from tests.engines.curation import drawn

Taking = Callable[..., Desk]


def silent(done: int, total: int, message: str = "") -> None:
    """Nobody listens."""


@pytest.fixture(autouse=True)
def _uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))


@pytest.fixture
def shared(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    """A studio that strangers share."""
    return Services(tiny_zoo, Settings(home=tmp_path, space=True))


@pytest.fixture
def wardrobe(tmp_path: Path) -> Path:
    """Six scenes in two classes, a smaller copy of one, one tiny picture, and a broken file."""
    folder = tmp_path / "wardrobe"
    for seed in range(6):
        path = folder / ("coats" if seed % 2 else "hats") / f"scene-{seed}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn.scene(seed, 160, 160).save(path, quality=92)
    drawn.scene(0, 160, 160).resize((100, 100), Image.Resampling.LANCZOS).save(folder / "again.jpg", quality=80)
    drawn.scene(9, 40, 40).save(folder / "tiny.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    return folder


@pytest.fixture
def take(services: Services, request_of_ann: gr.Request) -> Taking:
    """Collects a folder; gives the desk with the collection on it."""

    def taking(folder: Path, into: str = "wardrobe", rights: str = "yes") -> Desk:
        asked = Asked(FOLDER, folder=str(folder), into=into, rights=rights)
        desk, _ = collect(services, Desk(actor="ann's window"), asked, request_of_ann, silent)
        return desk

    return taking


def names_of(services: Services, request: gr.Request, collection: str) -> list[str]:
    """What the pictures of a collection are called."""
    return [one.provenance.name for one in open_catalogue(services, request).pictures(collection)]


def kept_names(services: Services, request: gr.Request, collection: str) -> list[str]:
    """What its kept pictures are called."""
    return [one.name for one in open_catalogue(services, request).selection(collection, "kept").chosen]


def garment(side: int = 160, colour: tuple[int, int, int] = (40, 60, 120)) -> bytes:
    """A shirt-like shape before a plain background."""
    picture = Image.new("RGB", (side, side), (228, 226, 222))
    ImageDraw.Draw(picture).polygon(
        [(40, 50), (60, 36), (100, 36), (120, 50), (112, 70), (104, 64), (104, 130), (56, 130), (56, 64), (48, 70)], colour
    )
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
