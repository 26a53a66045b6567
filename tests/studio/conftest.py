"""A studio without a page: services on the tiny models, and a session."""

from pathlib import Path

import gradio as gr
import pytest

from engines.models.zoo import Zoo
from studio.settings import Settings
from studio.state import Services


@pytest.fixture
def services(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    """Services as `studio.app` builds them, with a home of their own."""
    return Services(tiny_zoo, Settings(home=tmp_path))


@pytest.fixture
def request_of_ann() -> gr.Request:
    """What a handler learns of the session that asks."""
    return gr.Request(session_hash="ann")
