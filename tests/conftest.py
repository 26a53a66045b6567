"""What many tests share: a home of their own, and small models made of the real parts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engines import paths
from engines.models.zoo import Zoo
from tests.tiny import publish_tiny_models
from tests.web_sources import PictureServer


@pytest.fixture(scope="session", autouse=True)
def studio_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A `STUDIO_HOME` that is empty at first, so that no test reads or writes a person's own."""
    before = os.environ.get("STUDIO_HOME")
    home = tmp_path_factory.mktemp("home")
    os.environ["STUDIO_HOME"] = str(home)
    yield home
    if before is None:
        del os.environ["STUDIO_HOME"]
    else:
        os.environ["STUDIO_HOME"] = before


@pytest.fixture(scope="session", autouse=True)
def _two_threads() -> None:
    torch.set_num_threads(min(2, torch.get_num_threads()))


@pytest.fixture(scope="session")
def tiny_zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """A zoo with the models `scenes`, `garments` and `leather-denim` of `tests.tiny`."""
    return publish_tiny_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def studio_url(studio_home: Path) -> Iterator[str]:
    """The whole studio on the shipped models, served on a free port to real browsers and clients."""
    from gradio.context import Context

    from studio.app import build, launch_kwargs
    from studio.settings import Settings

    settings = Settings(home=studio_home)
    Context.id = 0  # as in a process of its own: Gradio numbers components on and on
    demo = build(settings)
    options = launch_kwargs(settings) | {"server_port": None, "prevent_thread_lock": True, "quiet": True}
    _, url, _ = demo.launch(**options)
    yield url
    demo.close()


@pytest.fixture(scope="session")
def shipped_zoo() -> Zoo:
    """The models that come with Atelier."""
    return Zoo([paths.SHIPPED_MODELS])


@pytest.fixture
def picture_server() -> Iterator[PictureServer]:
    """A server on this machine that speaks as Pexels and Openverse do; see `tests.web_sources`."""
    with PictureServer() as server:
        yield server
