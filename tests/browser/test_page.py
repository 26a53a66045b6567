"""The page is light, and looks as it would with everything that Gradio could send."""

import json
import re
import urllib.request
from collections.abc import Iterator

import gradio as gr
import pytest
from playwright.sync_api import Browser

from studio import page as light

SEEN = """() => {
  const lines = [];
  const walk = (node) => {
    if (["SCRIPT", "STYLE"].includes(node.tagName)) return;
    const box = node.getBoundingClientRect();
    const own = [...node.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE).map((one) => one.textContent.trim()).join("");
    const named = [...node.attributes].map((one) => one.name + "=" + one.value).sort();
    const live = ["value", "checked", "disabled"].filter((name) => name in node).map((name) => name + ":" + node[name]);
    lines.push([node.tagName, own, ...named, ...live, Math.round(box.width), Math.round(box.height)].join(" "));
    [...node.children].forEach(walk);
  };
  walk(document.querySelector("main"));
  return lines;
}"""
TYPES = set(light.SUPPOSED_OF) | {"accordion", "group", "tabs", "tabitem"}


def everything(kind: type[gr.Blocks]) -> gr.Blocks:
    """One of each component that the studio uses, as plain as it is used."""
    with kind(analytics_enabled=False) as page:
        with gr.Tabs(elem_id="tabs"), gr.Tab("First", id="first"), gr.Row(), gr.Column(min_width=320):
            gr.Textbox("text", label="Text", buttons=[])
            gr.Textbox("more\ntext", label="More", lines=3, info="Some", buttons=[])
            gr.Dropdown(["a", "b"], value="a", label="Choice", buttons=[])
            gr.Dropdown(["a", "b"], value=["a"], multiselect=True, label="Choices", buttons=[])
            gr.Number(3, label="Number", buttons=[])
            gr.Slider(0, 10, 3, step=1, label="Slider", buttons=[])
            gr.Radio(["a", "b"], value="b", label="Radio", buttons=[])
        with gr.Row(), gr.Column():
            gr.Checkbox(True, label="Check", buttons=[])
            gr.CheckboxGroup(["a", "b"], value=["a"], label="Checks", buttons=[])
            gr.Markdown("Some *words*\nin two lines.", label="Words")
            gr.HTML("plain", label="Markup", html_template="<p>${value}</p>", apply_default_css=False, buttons=[])
            with gr.Accordion("More", open=True), gr.Group():
                gr.File(label="File", buttons=[])
                gr.Image(label="Image", type="filepath", sources=["upload"], buttons=[])
            for variant in ("primary", "secondary", "stop"):
                gr.Button(variant, variant=variant)
            gr.DownloadButton("Save")
    return page


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    """The same page, whole and light."""
    pages = [everything(gr.Blocks), everything(light.Page)]
    yield tuple(page.launch(prevent_thread_lock=True, quiet=True, footer_links=[], ssr_mode=False)[1] for page in pages)  # type: ignore[misc]
    for page in pages:
        page.close()


def test_the_page_looks_as_with_everything_that_gradio_could_send(chromium: Browser, urls: tuple[str, str]) -> None:
    seen = []
    for url in urls:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.get_by_role("button", name="Save").wait_for()
        page.wait_for_load_state("networkidle")
        seen.append([re.sub(r"(html|range_id)[-_]\w+", r"\1", line) for line in page.evaluate(SEEN)])
        page.close()
    assert seen[1] == seen[0]
    assert any("More" in line for line in seen[0])


def test_what_the_front_end_supposes_is_compared_for_every_type() -> None:
    assert {component["type"] for component in everything(light.Page).config["components"]} >= TYPES


def test_the_browser_gets_a_light_page(studio_url: str) -> None:
    """Everything: markup, style sheet, configuration."""
    with urllib.request.urlopen(studio_url) as answer:
        whole = answer.read()
    found = re.search(rb"window\.gradio_config = (\{.*?\});</script>", whole)
    assert found
    assert len(found[1]) < 150_000
    assert len(whole) < 155_000
    assert json.loads(found[1])["components"]
