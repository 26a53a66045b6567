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


def test_only_what_programs_call_is_described_for_them() -> None:
    with Page() as page:
        asked, told, private = gr.Textbox(label="Asked"), gr.Number(label="Told"), gr.Dropdown(["a"], label="Private")
        asked.submit(lambda text: len(text), asked, told, api_name="count", api_visibility="public")
        private.input(lambda choice: choice, private, asked, api_visibility="private")
    described = {
        component["props"]["label"]: {name for name in ("api_info_as_input", "api_info_as_output") if name in component}
        for component in page.config["components"]
        if "label" in component["props"]
    }
    assert described == {"Asked": {"api_info_as_input"}, "Told": {"api_info_as_output"}, "Private": set()}
    endpoint = page.get_api_info()["named_endpoints"]["/count"]
    assert (endpoint["parameters"][0]["python_type"]["type"], endpoint["returns"][0]["python_type"]["type"]) == ("str", "float")


def test_a_component_brings_one_line_and_not_its_script() -> None:
    with Page() as page:
        tray = Tray()
        tray.look(lambda: None, None, None, api_visibility="private")
    assert len(json.dumps(page.config["components"], default=str)) < 2500
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
