"""The studio: all tabs on one page. The only file that knows them all."""

import logging
import threading
from typing import Any

import gradio as gr

from engines.models.zoo import Zoo
from studio import theme
from studio.settings import SESSION_SECONDS, Settings
from studio.state import Services, start_sweeping
from studio.tabs import classes, curate, explore, swap

log = logging.getLogger(__name__)

TITLE = "Atelier"
SUBTITLE = "Curate pictures, let a generator learn from them, and design with what it draws."
NOTHING_KEPT = (
    "This studio is shared and keeps nothing: your pictures, collections and downloads belong to this visit and go with it, "
    "after an hour at most. Local folders, keys and training need Atelier on your own machine."
)
COLOPHON = (
    "Every picture that leaves Atelier carries its recipe and opens again from it. The code is under Apache-2.0; the models, and what they "
    "draw, inherit the rights of the pictures they learned from, written under each model."
)
MAX_THREADS = 8
QUEUE_SIZE = 32


def serve(settings: Settings) -> None:
    """Serve the studio until it is stopped, with the models warmed up and forgotten sessions swept away beside it."""
    services = services_for(settings)
    demo = page(services)
    threading.Thread(target=warm_up, args=(services,), name="warm up", daemon=True).start()
    start_sweeping(services)
    demo.launch(**launch_kwargs(settings))


def build(settings: Settings) -> gr.Blocks:
    """The whole page, not yet served."""
    return page(services_for(settings))


def services_for(settings: Settings) -> Services:
    """What all tabs use, built once; loads no model yet."""
    settings.apply()
    return Services(Zoo(), settings)


def page(services: Services) -> gr.Blocks:
    """Lay out all tabs and wire what goes on between them."""
    settings = services.settings
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, SESSION_SECONDS), fill_width=True) as demo:
        gr.HTML(f"<header><h1>{TITLE}</h1><p>{SUBTITLE}</p></header>", elem_id="masthead", label="Atelier", apply_default_css=False)
        if settings.space:
            gr.Markdown(NOTHING_KEPT, elem_id="nothing-kept", label="What is kept")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Curate", id="curate", elem_id="tab-curate"):
                curate.build(services)
            with gr.Tab("Explore", id="explore", elem_id="tab-explore") as explore_tab:
                explored = explore.build(services)
            with gr.Tab("Classes", id="classes", elem_id="tab-classes") as classes_tab:
                of_classes = classes.build(services)
            with gr.Tab("Texture swap", id="swap", elem_id="tab-swap") as swap_tab:
                swapped = swap.build(services)
        gr.Markdown(COLOPHON, elem_id="colophon", label="Rights")
        explore.draw_at_first_visit(services, explored, explore_tab)
        classes.draw_at_first_visit(services, of_classes, classes_tab)
        swap.draw_at_first_visit(services, swapped, swap_tab)
        demo.unload(services.end_session)
    demo.queue(api_open=False, max_size=QUEUE_SIZE, default_concurrency_limit=1)
    return demo


def launch_kwargs(settings: Settings) -> dict[str, Any]:
    """What `Blocks.launch` is told."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme.theme(),
        "css": theme.css(),
        "js": theme.SCRIPT.read_text(encoding="utf-8"),
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "share": False,
        "show_error": False,
        "strict_cors": True,
        "enable_monitoring": False,
        "mcp_server": False,
        "allowed_paths": [],
        "max_file_size": settings.max_zip_bytes,
        "max_threads": MAX_THREADS,
        "state_session_capacity": 200,
    }


def warm_up(services: Services) -> None:
    """Load every model, draw one picture with each generator and the demo collection; errors wait for the first click."""
    for name in services.zoo.names("generator"):
        try:
            explore.draw_one(services, name)
        except Exception:
            log.exception("%s could not be warmed up", name)
    try:
        curate.warm_up(services)
    except Exception:
        log.exception("the demo collection could not be made")
