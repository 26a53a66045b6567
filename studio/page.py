"""The page as Gradio serves it, without what its front end never reads, supposes by itself, or shows nobody."""

import copy
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio_client import utils as client

from studio.turns import FairQueue

UNREAD = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs", "component_class_id", "skip_api", "key")
"""Fields of a component that only the description of the endpoints reads, or that matter for components from outside Gradio."""

UNREAD_PROPS = (
    "component_class_name", "delete_callback", "latex_delimiters", "name", "preserved_by_key", "proxy_url", "streamable", "time_to_live",
    "_retryable", "_undoable", "likeable",
)  # fmt: skip
"""Values of a component that only the server reads, or that belong to what the studio has not: formulas, conversations and streams."""

SUPPOSED: dict[str, Any] = {
    "_selectable": False,
    "alignment": "left",
    "allow_custom_value": False,
    "allow_reordering": False,
    "autofocus": False,
    "css_template": "",
    "elem_classes": [],
    "header_links": False,
    "line_breaks": False,
    "link_target": "_self",
    "render_children": False,
    "rtl": False,
    "show_progress": False,
    "stop_btn": False,
    "submit_btn": False,
    "visible": True,
}
"""Values that the front end supposes of a component by itself, whatever its type."""

SUPPOSED_OF: dict[str, dict[str, Any]] = {
    "button": {"variant": "secondary"},
    "checkbox": {"show_label": True, "container": True, "buttons": []},
    "checkboxgroup": {"container": True, "buttons": [], "type": "value"},
    "column": {"variant": "default"},
    "downloadbutton": {"variant": "secondary"},
    "dropdown": {"show_label": True, "buttons": [], "type": "value"},
    "file": {"show_label": True, "container": True, "buttons": [], "type": "filepath"},
    "form": {"min_width": 0},
    "html": {"show_label": False, "buttons": [], "autoscroll": False, "props": {}},
    "image": {"show_label": True, "container": True, "type": "filepath"},
    "markdown": {"show_label": False},
    "number": {"show_label": True, "buttons": []},
    "radio": {"show_label": True, "container": True, "buttons": [], "type": "value"},
    "row": {"variant": "default"},
    "slider": {"show_label": True, "container": True},
    "textbox": {"show_label": True, "container": True, "buttons": [], "autoscroll": True, "lines": 1, "type": "text"},
}
"""And of one type."""

READ_OF_EVENTS = ("id", "targets", "inputs", "outputs", "backend_fn", "api_name", "api_visibility", "show_progress")
SUPPOSED_OF_EVENTS: dict[str, Any] = {
    "trigger_mode": "multiple",
    "queue": True,
    "js": None,
    "show_progress_on": None,
    "cancels": [],
    "trigger_after": None,
    "trigger_only_on_success": False,
    "trigger_only_on_failure": False,
}
"""Fields of an event that are sent when they say something else; of every other field only `READ_OF_EVENTS` are sent."""


class Page(gr.Blocks):
    """`gr.Blocks` whose configuration holds what is needed to show the page and to call for its events, and no more.

    `/config` describes everything to programs; the page in the browser has not even the fields of the endpoints for programs. Its
    visitors are served in turn.
    """

    def queue(self, *args: Any, **kwargs: Any) -> "Page":
        """As `gr.Blocks.queue`, with a queue in turns."""
        super().queue(*args, **kwargs)
        self._queue = FairQueue.like(self._queue)
        return self

    def get_config_file(self) -> Any:
        """The configuration, as `/config` and the page get it."""
        config: Any = super().get_config_file()
        config["components"] = [_component(component) for component in config["components"]]
        config["dependencies"] = [_event(event) for event in config["dependencies"]]
        config["layout"] = {"id": config["layout"]["id"], "children": []}  # of the pages' own layouts one is sent in its place
        for page in config["page"].values():
            _leave_to_programs(page, config)
        return config

    def get_api_info(self, all_endpoints: bool = False, page: str | None = None) -> Any:
        """What programs may call, told from the whole configuration; nothing for a `page`, which calls none of it."""
        if page is not None:
            return {"named_endpoints": {}, "unnamed_endpoints": {}}
        whole = copy.copy(self)
        whole.config = super().get_config_file()
        return gr.Blocks.get_api_info(whole, all_endpoints=all_endpoints)


def _component(whole: dict[str, Any]) -> dict[str, Any]:
    """A component without what nobody reads."""
    supposed = SUPPOSED | SUPPOSED_OF.get(whole["type"], {})
    props = {name: value for name, value in whole["props"].items() if name not in UNREAD_PROPS and not _same(supposed, name, value)}
    if "js_on_load" in props:
        props["js_on_load"] = props["js_on_load"].split(" // ")[0]  # the names of the events, for Gradio's Python side
    kept = {name: value for name, value in whole.items() if name not in UNREAD} | {"props": props}
    if whole["skip_api"] != (whole["type"] in client.SKIP_COMPONENTS):
        kept["skip_api"] = whole["skip_api"]
    return kept


def _event(whole: dict[str, Any]) -> dict[str, Any]:
    """An event without what nobody reads."""
    told = {name: whole[name] for name in SUPPOSED_OF_EVENTS if not _same(SUPPOSED_OF_EVENTS, name, whole[name])}
    return {name: whole[name] for name in READ_OF_EVENTS} | told


def _same(supposed: dict[str, Any], name: str, value: Any) -> bool:
    """Whether the front end supposes this very value: 0 is not False."""
    return name in supposed and type(value) is type(supposed[name]) and value == supposed[name]


def _leave_to_programs(page: dict[str, Any], config: dict[str, Any]) -> None:
    """Take the hidden fields that only public endpoints use, and these endpoints, out of a page; `config` keeps them."""
    public = {event["id"]: event for event in config["dependencies"] if event["api_visibility"] == "public"}
    others = [event for event in config["dependencies"] if event["id"] not in public]
    offered = {place for event in public.values() for place in _fields(event)} - {place for event in others for place in _fields(event)}
    hidden = {component["id"] for component in config["components"] if component["props"].get("visible") is False}
    gone: set[int] = set()

    def rest(node: dict[str, Any]) -> list[dict[str, Any]]:
        shown = []
        for child in node.get("children", ()):
            below = set(_leaves(child))
            if child["id"] in hidden and below and below <= offered:
                gone.update(_ids(child))
            else:
                shown.append(child | {"children": rest(child)} if "children" in child else child)
        return shown

    page["layout"] = page["layout"] | {"children": rest(page["layout"])}
    page["components"] = [place for place in page["components"] if place not in gone]
    page["dependencies"] = [place for place in page["dependencies"] if not (place in public and gone & _fields(public[place]))]


def _fields(event: dict[str, Any]) -> set[int]:
    return {*event["inputs"], *event["outputs"], *(place for place, _ in event["targets"] if place is not None)}


def _leaves(node: dict[str, Any]) -> Iterator[int]:
    children = node.get("children")
    if not children:
        yield node["id"]
    for child in children or ():
        yield from _leaves(child)


def _ids(node: dict[str, Any]) -> Iterator[int]:
    yield node["id"]
    for child in node.get("children", ()):
        yield from _ids(child)
