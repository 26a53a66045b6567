"""The page is small: scripts are files that the browser keeps, and values are described for programs alone."""

import json
from pathlib import Path

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from studio.components import scripts
from studio.components.tray import Tray
from studio.page import Page


def test_endpoints_are_described_to_programs_and_not_to_the_page() -> None:
    with Page() as page:
        asked, told, private = gr.Textbox(label="Asked"), gr.Number(label="Told"), gr.Dropdown(["a"], label="Private")
        asked.submit(lambda text: len(text), asked, told, api_name="count", api_visibility="public")
        private.input(lambda choice: choice, private, asked, api_visibility="private")
    assert not {name for component in page.config["components"] for name in component if "api_info" in name}
    assert page.get_api_info(page="")["named_endpoints"] == {}
    endpoint = page.get_api_info()["named_endpoints"]["/count"]
    assert (endpoint["parameters"][0]["python_type"]["type"], endpoint["returns"][0]["python_type"]["type"]) == ("str", "float")


def test_hidden_fields_of_endpoints_are_in_the_configuration_for_programs_alone() -> None:
    with Page() as page:
        shown, hidden = gr.Textbox(label="Shown"), gr.Textbox(label="Hidden for now", visible=False)
        shown.submit(lambda text: text, shown, hidden, api_visibility="private")
        with gr.Row(visible=False) as row:
            asked, told, button = gr.Textbox(label="Asked"), gr.Number(label="Told"), gr.Button("Count")
        called = button.click(lambda text: len(text), asked, told, api_name="count", api_visibility="public")
    config = page.config
    sent = config["page"][""]
    assert {asked._id, told._id, row._id} <= {component["id"] for component in config["components"]}
    assert not {asked._id, told._id, button._id, row._id} & set(sent["components"])
    assert {shown._id, hidden._id} <= set(sent["components"])
    assert sent["dependencies"] == [0]
    assert called is not None
    assert f'"id": {asked._id}' not in json.dumps(sent["layout"])


def test_a_value_is_left_out_only_where_the_front_end_supposes_that_very_value() -> None:
    with Page() as page:
        gr.Textbox(label="As ever")
        gr.Textbox(label="Many lines", lines=3, show_label=False, elem_classes="wide", visible=False, rtl=True)
        gr.Button("Go", variant="primary")
    by_label = {component["props"].get("label", component["type"]): component["props"] for component in page.config["components"]}
    assert not {"lines", "show_label", "elem_classes", "visible", "rtl", "container"} & set(by_label["As ever"])
    told = {name: by_label["Many lines"][name] for name in ("lines", "show_label", "elem_classes", "visible", "rtl")}
    assert told == {"lines": 3, "show_label": False, "elem_classes": ["wide"], "visible": False, "rtl": True}
    assert by_label["button"]["variant"] == "primary"


def test_an_event_says_how_it_is_called_and_what_follows_it() -> None:
    with Page() as page:
        box = gr.Textbox(label="Text")
        box.submit(lambda text: text, box, box, queue=False, trigger_mode="multiple", show_progress_on=box).success(
            lambda text: text, box, box
        )
    first, then = page.config["dependencies"]
    assert first["targets"] == [(box._id, "submit")]
    assert (first["queue"], first["show_progress_on"], "trigger_mode" in first, "trigger_after" in first) == (
        False,
        [box._id],
        False,
        False,
    )
    assert (then["trigger_after"], then["trigger_only_on_success"], then["trigger_mode"], "queue" in then) == (0, True, "once", False)


def test_a_component_brings_one_line_and_not_its_script() -> None:
    with Page() as page:
        tray = Tray()
        tray.look(lambda: None, None, None, api_visibility="private")
    assert len(json.dumps(page.config["components"], default=str)) < 1500
    with pytest.raises(AttributeError, match="has no attribute 'shout'"):
        _ = tray.shout


@pytest.mark.parametrize("name", sorted(scripts.names() - {"lineage"}))
def test_every_script_is_served_under_the_address_that_its_component_names(name: str) -> None:
    client = TestClient(Starlette(routes=scripts.routes()))
    address = scripts.served(name)["head"].split('"')[1]
    answer = client.get("/" + address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert (scripts.FOLDER / f"{name}.js").read_text(encoding="utf-8") in answer.text


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Fapp", "tray.py", "%2Fetc%2Fpasswd"])
def test_nothing_else_is_served(name: str) -> None:
    client = TestClient(Starlette(routes=scripts.routes()))
    assert client.get(f"/{scripts.ADDRESS}/{name}.js").status_code == 404


def test_a_changed_script_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bell.js").write_text('trigger("ring", {});')
    monkeypatch.setattr(scripts, "FOLDER", tmp_path)
    scripts.script_of.cache_clear()
    first = scripts.served("bell")
    (tmp_path / "bell.js").write_text('trigger("ring", { loud: true });')
    scripts.script_of.cache_clear()
    second = scripts.served("bell")
    scripts.script_of.cache_clear()
    assert first["head"] != second["head"]
    assert "'ring'" in first["js_on_load"]
