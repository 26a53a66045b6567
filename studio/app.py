"""The studio: all tabs on one page. The only file that knows them all."""

import logging
import threading
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.recipe import read_recipe
from studio import graphics, guards, theme, turns, wording
from studio.components.delivery import Delivery
from studio.components.scripts import routes
from studio.components.tray import Tray, Word
from studio.page import Page
from studio.panels import tray as trays
from studio.panels.exploring import SLIDERS, frame_of
from studio.settings import SESSION_SECONDS, Settings
from studio.state import Services, start_sweeping
from studio.tabs import classes, curate, desk, explore, lab, models, swap

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
QUEUE_SIZE = turns.VISITORS * turns.EACH


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
    with Page(title=TITLE, analytics_enabled=False, delete_cache=(600, SESSION_SECONDS), fill_width=True) as demo:
        gr.HTML(f"<header><h1>{TITLE}</h1><p>{SUBTITLE}</p></header>", elem_id="masthead", label="Atelier", apply_default_css=False)
        if not settings.local:
            gr.Markdown(NOTHING_KEPT, elem_id="nothing-kept", label="What is kept")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Curate", id="curate", elem_id="tab-curate"):
                curate.build(services)
            with gr.Tab("Explore", id="explore", elem_id="tab-explore") as explore_tab:
                explored = explore.build(services)
            with gr.Tab("Classes", id="classes", elem_id="tab-classes") as classes_tab:
                of_classes = classes.build(services)
            with gr.Tab("Texture swap", id="swap", elem_id="tab-swap") as swap_tab:
                swapped = swap.build(services)
            with gr.Tab("Mock-up and print", id="desk", elem_id="tab-desk") as desk_tab:
                on_desk = desk.build(services)
            with gr.Tab("Models", id="models", elem_id="tab-models") as models_tab:
                of_models = models.build(services)
            if settings.local:
                with gr.Tab("Lab", id="lab", elem_id="tab-lab") as lab_tab:
                    in_lab = lab.build(services)
        gr.Markdown(COLOPHON, elem_id="colophon", label="Rights")
        tray, packed = Tray(elem_id="tray"), Delivery(label="Saved from the tray", elem_id="tray-delivery")
        explore.draw_at_first_visit(services, explored, explore_tab)
        classes.draw_at_first_visit(services, of_classes, classes_tab)
        swap.draw_at_first_visit(services, swapped, swap_tab)
        desk.draw_at_first_visit(services, on_desk, desk_tab)
        models.show_at_first_visit(services, of_models, models_tab)
        _wire_tray(services, tray, packed)
        _keep(services, tray, explored, of_classes, swapped, on_desk)
        _send(services, tray, tabs, explored, swapped, on_desk)
        _pick_model(services, of_models, tabs, explored, swapped)
        if settings.local:
            lab.fill_when_opened(services, in_lab, lab_tab, tabs)
            _open_what_was_trained(services, in_lab, tabs, explored)
        demo.unload(services.end_session)
    demo.queue(api_open=False, max_size=QUEUE_SIZE, default_concurrency_limit=1)
    return demo


QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_id": turns.MODEL_QUEUE}


NOTHING_CAME_JS = "() => document.querySelector('#tray .tray').dispatchEvent(new Event('failed'))"


def _wire_tray(services: Services, tray: Tray, packed: Delivery) -> None:
    """What the tray asks for of itself."""
    tray.picture(guards.sentences(trays.save_picture, services), None, packed, trigger_mode="multiple", **QUIET)
    awaited = [
        tray.look(guards.sentences(trays.look, services), None, tray, trigger_mode="always_last", **QUIET),
        tray.compare(guards.sentences(trays.compare, services), None, tray, **QUIET),
        tray.pack(guards.sentences(trays.pack, services), None, [packed, tray], **QUIET),
        tray.take(guards.sentences(trays.take, services), None, tray, **QUIET),
    ]
    for event in awaited:
        event.failure(None, js=NOTHING_CAME_JS)


def _keep(
    services: Services,
    tray: Tray,
    explored: explore.ExploreHandles,
    of_classes: classes.ClassesHandles,
    swapped: swap.SwapHandles,
    on_desk: desk.DeskHandles,
) -> None:
    """Whatever is shown large can be kept."""
    many: dict[str, Any] = {**QUIET, "trigger_mode": "multiple"}
    for handles in (explored, of_classes):
        handles.viewer.keep(guards.sentences(keep_shown, services), handles.shown, tray, **many)
    on_desk.viewer.keep(guards.sentences(keep_desk, services), [on_desk.desk, *on_desk.fields], tray, **many)
    swapped.keep.click(guards.sentences(keep_swap, services), swapped.download, tray, **many)


def keep_shown(services: Services, shown: explore.Shown, event: gr.EventData, request: gr.Request) -> Word:
    """The frame that the viewer shows, for the tray."""
    if not shown.recipes:
        raise StudioError("there is nothing to keep yet: choose a picture first")
    return trays.keep_drawn(services, shown.recipes[frame_of(shown, event)], services.session_folder(request))


def keep_desk(services: Services, lying: desk.Desk, request: gr.Request, *values: Any) -> Word:
    """What the desk shows, for the tray."""
    return trays.kept(services, *desk.kept(services, lying, services.session_folder(request), *values))


def keep_swap(services: Services, made: str | None) -> Word:
    """The swap that was made last, for the tray."""
    if not made:
        raise StudioError("there is no swap to keep yet: swap a picture first")
    path = guards.uploaded_file(made)
    recipe = read_recipe(path)
    if recipe is None:
        raise StudioError("this swap holds no recipe: swap the picture again")
    return trays.kept(services, recipe, imaging.safe_open(path))


def _send(
    services: Services, tray: Tray, tabs: gr.Tabs, explored: explore.ExploreHandles, swapped: swap.SwapHandles, on_desk: desk.DeskHandles
) -> None:
    """A picture of the tray goes to the tab that it is sent to."""
    outputs = [tabs, tray, explored.viewer, explored.shown, *explored.fields, swapped.picture, *on_desk.laid]
    event = tray.send(guards.sentences(send, services), None, outputs, **QUIET)
    desk.show_again(services, on_desk, event)


def send(services: Services, event: gr.EventData, request: gr.Request) -> list[Any]:
    """Open a tab with a picture in it.

    Returns:
        the tabs, a word for the tray, Explore's viewer, its state and fields, the picture of the swap, and what lies on the desk.
    """
    place, recipe = trays.sent(event)
    recipe, note = graphics.present(services, recipe)
    folder = services.session_folder(request)
    viewed: list[Any] = [gr.skip()] * (2 + explore.FIELDS)
    picture, laid = gr.skip(), desk.untouched()
    if place == "explore":
        viewed = list(explore.show_recipe(services, recipe, folder, f"{wording.title(recipe)}. {note}".strip()))
    elif place == "swap":
        drawn = graphics.drawn(services, recipe, folder)
        picture = str(graphics.saved(drawn, recipe, folder))
    else:
        laid = desk.restore(services, recipe, folder)
    return [gr.Tabs(selected=place), Word(said=note, close=True), *viewed, picture, *laid]


def _pick_model(
    services: Services, of_models: models.ModelsHandles, tabs: gr.Tabs, explored: explore.ExploreHandles, swapped: swap.SwapHandles
) -> None:
    """A model that was picked by looking is opened where it works."""
    outputs = [tabs, explored.model, *explored.of_model, swapped.model, swapped.target, swapped.line]
    of_models.cards.choose(guards.sentences(pick_model, services), None, outputs, **QUIET)


def pick_model(services: Services, event: gr.EventData) -> list[Any]:
    """The tabs, and the fields of Explore or of the swap, for a model."""
    card = models.chosen(services, event)
    if card.kind == "translator":
        swapped = [swap.model_field(services, value=card.name), *swap.change_model(services, card.name)]
        return [gr.Tabs(selected="swap"), *[gr.skip()] * (5 + SLIDERS), *swapped]
    explored = [explore.model_field(services.zoo, card.name), *explore.change_model(services, card.name)]
    return [gr.Tabs(selected="explore"), *explored, gr.skip(), gr.skip(), gr.skip()]


def _open_what_was_trained(services: Services, in_lab: lab.LabHandles, tabs: gr.Tabs, explored: explore.ExploreHandles) -> None:
    """A snapshot that the Lab made a model of is opened in Explore."""
    outputs = [tabs, explored.model, *explored.of_model]
    in_lab.sent.change(guards.sentences(new_model, services), in_lab.sent, outputs, **QUIET)


def new_model(services: Services, name: str) -> list[Any]:
    """The tabs, and the fields of Explore, for a model that was not there when the page was built."""
    if not name:
        return [gr.skip()] * (6 + SLIDERS)
    return [gr.Tabs(selected="explore"), explore.model_field(services.zoo, name), *explore.change_model(services, name)]


def launch_kwargs(settings: Settings) -> dict[str, Any]:
    """What `Blocks.launch` is told."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme.theme(),
        "css": theme.css(),
        "app_kwargs": {"routes": routes(), "middleware": own_names_only(settings) if settings.local else []},
        "js": theme.script(),
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


def own_names_only(settings: Settings) -> list[Middleware]:
    """The names of this machine, under which alone it is answered: a page from elsewhere may let a name of its own lead here."""
    names = ["localhost", settings.host, "127.0.0.1", "[::1]", "["]  # the last is [::1] to earlier versions of Starlette
    return [Middleware(TrustedHostMiddleware, allowed_hosts=names)]


def warm_up(services: Services) -> None:
    """Load every model, draw one picture with each generator and the demo collection; errors wait for the first click."""
    for name in services.zoo.names("generator"):
        try:
            explore.draw_one(services, name)
        except Exception:
            log.exception("%s could not be warmed up", name)
    desk.warm_up()
    try:
        curate.warm_up(services)
    except Exception:
        log.exception("the demo collection could not be made")
