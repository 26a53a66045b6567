from pathlib import Path

import gradio as gr
import pytest

from engines.curation.catalogue import Catalogue
from engines.errors import StudioError
from engines.models.zoo import Zoo
from studio.collections import Desk, open_catalogue, open_store
from studio.settings import EVERYWHERE, Settings
from studio.state import Services

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")


@pytest.fixture
def shared(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path, host=EVERYWHERE))


def test_on_ones_own_machine_windows_and_the_command_line_share_a_catalogue(services: Services) -> None:
    open_catalogue(services, ANN).create("towns")
    assert open_catalogue(services, BOB) is open_catalogue(services, ANN)
    assert [one.name for one in Catalogue(services.settings.home / "catalogue").collections()] == ["towns"]


def test_on_a_shared_studio_each_session_has_its_own_and_takes_it_along(shared: Services) -> None:
    open_catalogue(shared, ANN).create("towns")
    assert not open_catalogue(shared, BOB).collections()
    folder = open_catalogue(shared, ANN).folder
    shared.forget(shared.session_folder(ANN))
    assert not folder.exists()
    assert not open_catalogue(shared, ANN).collections()
    assert open_store(shared, ANN).folder != open_store(shared, BOB).folder


def test_a_desk_says_when_it_was_touched_and_what_is_open() -> None:
    desk = Desk().opened("towns")
    assert desk.required() == "towns"
    assert desk.touched() != desk
    assert hash(desk.touched()) != hash(desk)
    with pytest.raises(StudioError, match="no collection is open"):
        Desk().required()
