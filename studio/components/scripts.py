"""Scripts and styles of our components as files of their own, so that the page stays small and the browser keeps them."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
ADDRESS = "atelier"
PARTS = {"tray": ("lineage", "tray")} | {name: ("lab", name) for name in ("lab_curves", "lab_pictures", "lab_snapshots", "lab_trials")}
"""Components whose script, and style, has more than one part; of every other it is the file of its name."""
SHARED = dict.fromkeys(("tray", "model_cards", "picture_viewer"), "buttons")
"""Components whose style begins with one that others begin with, too: its file."""
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_EVENT = re.compile(r"""trigger\(\s*["'](\w+)["']""")


def served(name: str) -> dict[str, Any]:
    """What `gr.HTML` is told for the component of a name: where its script lies, and one line that runs it.

    Gradio waits for what `head` names before it runs that line. The line lists the events, where Gradio looks for their names.
    """
    script = script_of(name)
    version = hashlib.sha256(script.encode()).hexdigest()[:12]
    events = " ".join(f"'{event}'" for event in sorted(set(_EVENT.findall(script))))
    return {
        "head": f'<script src="{ADDRESS}/{name}.js?v={version}"></script>',
        "js_on_load": f"atelier.{name}(...arguments) // {events}",
    }


@cache
def script_of(name: str) -> str:
    """The script of a component as it is served: a function of what Gradio hands over, and the style, scoped to the component.

    The style has the weight of an id, as Gradio gives it to a `css_template`.
    """
    parts = [FOLDER / f"{part}.js" for part in PARTS.get(name, (name,))]
    code = "\n".join(path.read_text(encoding="utf-8") for path in parts)
    styles = [path.with_suffix(".css") for path in parts if path.with_suffix(".css").is_file()]
    shared = [FOLDER / f"{SHARED[name]}.css"] if name in SHARED else []
    style = "\n".join(path.read_text(encoding="utf-8") for path in [*shared, *styles])
    scoped = json.dumps(f':is(#atelier-none, [data-atelier="{name}"]) {{ {style} }}')
    return f"""window.atelier = window.atelier || {{}};
if (!window.atelier.{name}) {{
  document.head.append(Object.assign(document.createElement("style"), {{ textContent: {scoped} }}));
  window.atelier.{name} = function (element, trigger, props, server, upload, watch) {{
    element.dataset.atelier = "{name}";
{code}
  }};
}}
"""


def routes() -> list[Route]:
    """The addresses of all scripts, for `launch(app_kwargs={"routes": …})`."""
    return [Route(f"/{ADDRESS}/{{name}}.js", _serve)]


def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in names():
        return PlainTextResponse("There is no such script.", status_code=404)
    return Response(script_of(name), media_type="text/javascript; charset=utf-8", headers=FOREVER)


@cache
def names() -> frozenset[str]:
    """The components that have a script."""
    return frozenset(path.stem for path in FOLDER.glob("*.js"))
