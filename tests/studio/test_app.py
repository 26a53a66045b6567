"""How the page is wired, read from its configuration."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import gradio as gr
import pytest
from gradio.context import Context

from studio import app
from studio.settings import Settings
from tests.tiny import publish_tiny_models

PUBLIC = {"score", "sample", "interpolate", "classes", "swap", "mockup", "print", "render"}
JOBS = ("Curate", "Explore", "Classes", "Texture swap", "Mock-up and print", "Models")
SLIDER_EVENTS = {"input", "change", "release"}
NEEDS_NO_LABEL = {
    "button",
    "state",
    "row",
    "column",
    "tabs",
    "tabitem",
    "group",
    "form",
    "accordion",
    "markdown",
    "downloadbutton",
    "timer",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    before = dict(os.environ)
    home = tmp_path_factory.mktemp("studio")
    publish_tiny_models(home / "models")
    (home / "models" / "newer").mkdir()
    (home / "models" / "newer" / "atelier.json").write_text('{"format": 9}')
    Context.id = 0  # as in a process of its own: components are numbered on and on
    yield app.build(Settings(home=home))
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def config(demo: gr.Blocks) -> dict[str, Any]:
    return demo.config


def components(config: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {component["id"]: component for component in config["components"]}


def test_every_job_is_a_tab(config: dict[str, Any]) -> None:
    labels = [component["props"]["label"] for component in config["components"] if component["type"] == "tabitem"]
    assert [label for label in labels if label in JOBS] == list(JOBS)


def test_a_model_whose_card_cannot_be_read_does_not_keep_the_studio_from_starting(config: dict[str, Any]) -> None:
    offered = next(one["props"]["choices"] for one in config["components"] if one["props"].get("elem_id") == "explore-model")
    names = [name for _, name in offered]
    assert "scenes" in names
    assert "newer" not in names


def test_programs_get_these_endpoints_and_no_other(config: dict[str, Any]) -> None:
    public = {dependency["api_name"] for dependency in config["dependencies"] if dependency["api_visibility"] == "public"}
    assert public == PUBLIC


def test_a_slider_never_drops_its_last_value(config: dict[str, Any]) -> None:
    known = components(config)
    for dependency in config["dependencies"]:
        for target, name in dependency["targets"]:
            if target in known and known[target]["type"] == "slider" and name in SLIDER_EVENTS:
                assert dependency["trigger_mode"] == "always_last", (known[target]["props"]["label"], name)


def test_every_field_has_a_label(config: dict[str, Any]) -> None:
    for component in config["components"]:
        if component["type"] not in NEEDS_NO_LABEL:
            assert component["props"].get("label"), component["type"]


def test_no_two_elements_share_an_id(config: dict[str, Any]) -> None:
    ids = [component["props"]["elem_id"] for component in config["components"] if component["props"].get("elem_id")]
    assert len(ids) == len(set(ids))


def test_no_gallery_is_an_input(config: dict[str, Any]) -> None:
    known = components(config)
    assert not [
        known[place] for dependency in config["dependencies"] for place in dependency["inputs"] if known[place]["type"] == "gallery"
    ]


def test_pictures_come_in_through_our_own_upload_alone(demo: gr.Blocks) -> None:
    from studio.components.uploaded_image import UploadedImage

    taken = {component for function in demo.fns.values() for component in function.inputs if isinstance(component, gr.Image)}
    assert all(isinstance(component, UploadedImage) for component in taken)


def test_every_field_with_bounds_says_them_in_a_sentence(demo: gr.Blocks) -> None:
    from studio.components.bounded import Number, Slider

    sent = {component for function in demo.fns.values() for component in function.inputs}
    bounded = [one for one in sent if isinstance(one, gr.Slider | gr.Number) and (one.minimum, one.maximum) != (None, None)]
    assert len(bounded) > 20
    assert not [field.label for field in bounded if not isinstance(field, Slider | Number)]


def test_drawing_events_wait_for_each_other(demo: gr.Blocks) -> None:
    by_name = {function.api_name: function for function in demo.fns.values()}
    assert {by_name[name].concurrency_id for name in ("sample", "interpolate", "classes", "swap", "mockup", "print", "render")} == {"model"}


def test_the_page_is_made_of_plain_values(config: dict[str, Any]) -> None:
    """Anything else drags the whole studio along when Gradio copies the page for whoever opens it, which takes seconds."""

    def values(one: Any) -> Iterator[Any]:
        if isinstance(one, dict | list | tuple):
            for inner in one.values() if isinstance(one, dict) else one:
                yield from values(inner)
        else:
            yield one

    for component in config["components"]:
        kinds = {type(value) for value in values(component)} - {str, int, float, bool, type(None), FunctionType}
        assert not kinds, (component["props"].get("elem_id"), component["type"], kinds)


def test_the_page_stays_small(config: dict[str, Any]) -> None:
    """What is there on one's own machine alone, the Lab above all, is a hundred components."""
    assert len(config["components"]) < 510
    assert len(json.dumps(config, default=str)) < 150_000


@pytest.mark.parametrize("space", [True, False])
def test_only_a_shared_studio_says_that_nothing_is_kept(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: bool
) -> None:
    for name in ("STUDIO_HOME", "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    publish_tiny_models(tmp_path / "models")
    shared = app.build(Settings(home=tmp_path, space=space, host="0.0.0.0")).config
    said = [component["props"].get("value") for component in shared["components"] if component["props"].get("elem_id") == "nothing-kept"]
    assert said == [app.NOTHING_KEPT]
    [names] = [component for component in shared["components"] if component["props"].get("elem_id") == "explore-names"]
    assert names["props"]["visible"] is False, "renaming is refused there"
    assert len(shared["components"]) < 400
    assert not [component for component in config["components"] if component["props"].get("elem_id") == "nothing-kept"]


def test_the_launch_shares_nothing(tmp_path: Path) -> None:
    told = app.launch_kwargs(Settings(home=tmp_path))
    assert told["server_name"] == "127.0.0.1"
    assert told["share"] is told["show_error"] is told["ssr_mode"] is told["run_history"] is told["mcp_server"] is False
    assert told["strict_cors"] is True
    assert told["allowed_paths"] == []
    assert told["footer_links"] == []


def test_the_queue_is_closed_to_calls_past_it(demo: gr.Blocks) -> None:
    assert demo.api_open is False
    assert demo._queue.max_size == app.QUEUE_SIZE
