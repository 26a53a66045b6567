"""Collect: pictures into a collection, from a folder, from files and ZIPs, or from a search on the web."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engines.curation.arrivals import AddReport, Reached
from engines.curation.catalogue import Catalogue, name_value
from engines.curation.collecting import continued_search, take_in
from engines.curation.provenance import RIGHTS, Failure, Fetched
from engines.curation.sources.archive import zip_pictures
from engines.curation.sources.files import file_pictures, folder_pictures
from engines.errors import Cancelled, StudioError
from engines.progress import Progress
from studio import guards
from studio.collections import Desk, open_catalogue
from studio.components.outcome import Listed, Outcome, Told
from studio.panels.stopping import ask_to_stop, listening
from studio.state import Services, refuse_full

WORK = "collect"
FILES, FOLDER, OPENVERSE, PEXELS = "Files or a ZIP", "A folder here", "Openverse", "Pexels"
SOURCES = (FOLDER, FILES, OPENVERSE, PEXELS)
WEB = {OPENVERSE: "openverse", PEXELS: "pexels"}
LICENCES = ("cc0", "pdm", "by", "by-sa")
SHAPES = ("any", "landscape", "portrait", "square")
UNNAMED = "pictures"
MAX_MEMBERS = 50_000
MAX_SWELLING = 4
MAX_UPLOADS = 20_000
ANSWERS = (("yes", "yes"), ("no", "no"), ("I do not know", "unknown"))
RIGHTS_LABEL = "May a model learn from these pictures?"
RIGHTS_INFO = "Asked once and recorded with each picture; pictures without a yes are never trained on."
PERMISSION_INFO = "In words, such as “my own photographs” or “letter of 1 May”."
PEXELS_INFO = "Pexels asks that its pictures train no model: without its permission they are recorded as “no”."
KEY_INFO = "Used for this search and kept nowhere. Left empty, PEXELS_API_KEY or OPENVERSE_TOKEN is used; Openverse needs none."
SHARED = "What you upload belongs to this visit and goes with it; nothing here is trained on."
_PAGES = re.compile(r"\s*([0-9]{1,6})\s*(?:([-–])\s*([0-9]{1,6})?\s*)?")


@dataclass(frozen=True)
class OwnMachine:
    """Fields that are there only on one's own machine."""

    source: gr.Radio
    folder: gr.Textbox
    query: gr.Textbox
    pages: gr.Textbox
    key: gr.Textbox
    licences: gr.CheckboxGroup
    shape: gr.Dropdown
    rights: gr.Radio
    permission: gr.Textbox


@dataclass(frozen=True)
class CollectHandles:
    """The components that the tab and tests may use; on a shared studio (`own` is None) pictures come as uploads only."""

    own: OwnMachine | None
    files: gr.File
    into: gr.Textbox
    run: gr.Button
    stop: gr.Button
    outcome: Outcome


@dataclass(frozen=True)
class Asked:
    """What is asked of a source, as the page says it.

    Attributes:
        files: paths of uploads; folder: on this machine.
        query, pages, key, licences, shape: of a search.
        into: the collection; empty for the open one.
        rights, permission: the person's answer.
    """

    source: str = FILES
    files: Sequence[str] = ()
    folder: str = ""
    query: str = ""
    pages: str = ""
    key: str = ""
    licences: Sequence[str] = ()
    shape: str = SHAPES[0]
    into: str = ""
    rights: str = "unknown"
    permission: str = ""


def pages_value(text: str) -> tuple[int, int | None]:
    """Pages from a field: "1-3", "7", "3-" for all from the third on; "" for all.

    Raises:
        StudioError: it is none of these.
    """
    if not text.strip():
        return 1, None
    found = _PAGES.fullmatch(text)
    first, last = (int(found[1]), int(found[3]) if found[3] else None if found[2] else int(found[1])) if found else (0, None)
    if first < 1 or (last is not None and last < first):
        raise StudioError(f"pages are such as 1-3, 7 or 3-, got {text[:40]!r}: write them so, or leave the field empty for all")
    return first, last


def collect(
    services: Services, desk: Desk, asked: Asked, request: gr.Request | None, progress: Progress, base: str = ""
) -> tuple[Desk, Told]:
    """Take pictures in; gives the desk with their collection open on it, and what came of it.

    What came before the work was stopped, or before a service refused, stays and is told.

    Args:
        base: a server on this machine that speaks for the web's sources, for tests.

    Raises:
        StudioError: nothing was chosen, a source that a shared studio does not offer, nothing could be taken in, or what `refuse_full`
            refuses.
        Cancelled: stopped before anything came.
    """
    if asked.source != FILES and not services.settings.local:
        raise StudioError("folders, searches and keys are only for Atelier on your own machine: upload the pictures instead")
    source = guards.one_of(asked.source, SOURCES, "the source of pictures")
    refuse_full(services, request)
    catalogue = open_catalogue(services, request)
    into = name_value((asked.into or "").strip() or desk.collection or UNNAMED)
    items = _web(catalogue, into, asked, progress, base) if source in WEB else _own(services, asked)
    before = _count(catalogue, into)
    try:
        report = take_in(catalogue, into, items, progress)
    except (StudioError, Cancelled) as error:
        came = _count(catalogue, into) - before
        if not came:
            raise
        why = "Stopped, as you asked" if isinstance(error, Cancelled) else str(error)
        return desk.opened(into), Told(f"{came:,} pictures came into {into} and stay. {_sentence(why)} The same again goes on from here.")
    return desk.opened(into), told(into, report, _count(catalogue, into))


def told(into: str, report: AddReport, pictures: int) -> Told:
    """The result in one sentence, with what was left out by name."""
    there = f"{report.already:,} already there" + " (the same picture)" * bool(report.already)
    line = f"{into}: {report.added:,} added, {there}, {len(report.failed):,} left out; it has {pictures:,} pictures."
    facts: tuple[tuple[str, str], ...] = ()
    if report.restricted:
        words = f"{report.restricted:,} stay so, as recorded before; Export and train has a place to record a permission"
        facts += (("Not for training", words),)
    if report.forbidden:
        facts += (("Not for training any more", f"{report.forbidden:,} that were there, as is said now"),)
    lists = (Listed(f"{len(report.failed):,} left out, and why", report.failed),) if report.failed else ()
    return Told(line, facts, lists)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." * (not text.endswith((".", "!", "?")))


def _count(catalogue: Catalogue, name: str) -> int:
    return len(catalogue.standing(name).ids) if name in catalogue.names() else 0


def _web(catalogue: Catalogue, into: str, asked: Asked, progress: Progress, base: str) -> Iterable[Fetched | Failure | Reached]:
    options: dict[str, Any] = {
        "pages": pages_value(asked.pages or ""),
        "orientation": None if asked.shape in (None, "", SHAPES[0]) else guards.one_of(asked.shape, SHAPES, "the shape"),
        "key": (asked.key or "").strip() or None,
        "permission": (asked.permission or "").strip() if asked.source == PEXELS else "",  # elsewhere the field is hidden
        "progress": progress,
        "base": base,
    }
    if asked.source == OPENVERSE:
        chosen = [guards.one_of(one, LICENCES, "a licence") for one in asked.licences or ()]
        if not chosen:
            raise StudioError("no licence is chosen: choose at least one, such as cc0")
        options["licence"] = ",".join(chosen)
    return continued_search(catalogue, into, WEB[asked.source], asked.query or "", **options)


def _own(services: Services, asked: Asked) -> Iterable[Fetched | Failure]:
    settings = services.settings
    rights, permission = ("unknown", "")
    if settings.local:
        rights, permission = guards.one_of(asked.rights, RIGHTS, "the answer about rights"), (asked.permission or "").strip()
        permission = permission if rights == "yes" else ""
    if asked.source == FOLDER:
        if not (asked.folder or "").strip():
            raise StudioError("no folder was named: write its path, such as ~/photographs")
        return folder_pictures(Path(asked.folder.strip()).expanduser(), rights, permission)
    paths = [guards.uploaded_file(path) for path in asked.files or ()]
    if not paths:
        raise StudioError("there are no pictures: choose JPEG, PNG or WEBP pictures, or a ZIP")
    if not settings.local and len(paths) > MAX_UPLOADS:
        raise StudioError(f"at most {MAX_UPLOADS:,} files at once, got {len(paths):,}: upload fewer")
    archives = [path for path in paths if path.suffix.lower() == ".zip"]
    if len(archives) > 1 or (archives and len(paths) > 1):
        raise StudioError(f"one ZIP or single pictures, got {len(paths)} files with {len(archives)} ZIP among them: choose one ZIP alone")
    if not archives:
        return file_pictures(paths, rights, permission)
    if settings.local:
        return zip_pictures(archives[0], rights, permission)
    if archives[0].stat().st_size > settings.max_zip_bytes:
        raise StudioError(f"{archives[0].name[:80]} has more than the {settings.max_zip_bytes // 2**20} MB allowed: split it")
    return zip_pictures(archives[0], rights, permission, MAX_MEMBERS, MAX_SWELLING * settings.max_zip_bytes)


# In the page


def on_collect(
    services: Services,
    desk: Desk,
    source: str,
    files: list[str] | None,
    folder: str,
    query: str,
    pages: str,
    key: str,
    licences: list[str] | None,
    shape: str,
    into: str,
    rights: str,
    permission: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> tuple[Desk, Told, str]:
    """The button on one's own machine; empties the field of the key."""
    asked = Asked(source, files or (), folder, query, pages, key, licences or (), shape, into, rights, permission)
    desk, outcome = collect(services, desk, asked, request, listening(services, request, WORK, progress))
    return desk, outcome, ""


def on_upload(
    services: Services,
    desk: Desk,
    files: list[str] | None,
    into: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[Desk, Told]:
    """The button on a shared studio."""
    return collect(services, desk, Asked(FILES, files or (), into=into), request, listening(services, request, WORK, progress))


def on_source(source: str) -> tuple[Any, ...]:
    """Show the fields of a source: files, folder, query, pages, key, licences, shape, rights, permission."""
    web = source in WEB
    return (
        gr.update(visible=source == FILES),
        gr.update(visible=source == FOLDER),
        *(gr.update(visible=web) for _ in range(3)),
        gr.update(visible=source == OPENVERSE),
        gr.update(visible=web),
        gr.update(visible=not web),
        gr.update(visible=source != OPENVERSE, info=PEXELS_INFO if web else PERMISSION_INFO),
    )


def build(services: Services, desk: gr.State) -> CollectHandles:
    """Lay the panel out, wired to the desk."""
    with gr.Column(elem_classes="controls"):
        handles = _laid_out(services)
    _wire(services, desk, handles)
    return handles


def _laid_out(services: Services) -> CollectHandles:
    local = services.settings.local
    source = gr.Radio(list(SOURCES), value=FOLDER, label="Where the pictures are", elem_id="collect-source") if local else None
    files = gr.File(
        file_count="multiple", file_types=[".jpg", ".jpeg", ".png", ".webp", ".zip"], type="filepath", height=130,
        label="JPEG, PNG or WEBP pictures, or one ZIP", visible=not local, elem_id="collect-files",
    )  # fmt: skip
    own = None if source is None else _own_machine(source)
    if own is None:
        gr.Markdown(SHARED, elem_classes="fine-print", label="Uploads")
    into = gr.Textbox(
        label="Into the collection", placeholder="the open one", max_length=80, elem_id="collect-into",
        info="Made when there is none of that name. A picture is never added twice.",
    )  # fmt: skip
    with gr.Row(elem_classes="side-by-side"):
        run = gr.Button("Collect", variant="primary", elem_id="collect-run", scale=3)
        stop = gr.Button("Stop", elem_id="collect-stop", scale=1, min_width=80)
    return CollectHandles(own, files, into, run, stop, Outcome(label="What came", elem_id="collect-outcome"))


def _own_machine(source: gr.Radio) -> OwnMachine:
    return OwnMachine(
        source=source,
        folder=gr.Textbox(
            label="Folder", placeholder="~/photographs", elem_id="collect-folder",
            info="With all its sub-folders; the name of a sub-folder is the class of its pictures.",
        ),
        query=gr.Textbox(label="What the pictures show", max_length=200, visible=False, elem_id="collect-query"),
        shape=gr.Dropdown(list(SHAPES), value=SHAPES[0], label="Shape", visible=False, elem_id="collect-shape"),
        licences=gr.CheckboxGroup(
            list(LICENCES), value=["cc0", "pdm"], label="Licences", visible=False, elem_id="collect-licences",
            info="by needs the credit that an export writes; by-sa leaves open whether a model may learn from it.",
        ),
        pages=gr.Textbox(
            "1-3", label="Pages", max_length=20, visible=False, elem_id="collect-pages",
            info="Such as 1-3, 7 or 3-. A later range adds only what is new.",
        ),
        key=gr.Textbox(
            label="Key", type="password", visible=False, info=KEY_INFO, elem_id="collect-key",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
        ),
        rights=gr.Radio(list(ANSWERS), value="unknown", label=RIGHTS_LABEL, info=RIGHTS_INFO, elem_id="collect-rights"),
        permission=gr.Textbox(
            label="Who says so", placeholder="my own photographs", info=PERMISSION_INFO, max_length=500, elem_id="collect-permission"
        ),
    )  # fmt: skip


def _wire(services: Services, desk: gr.State, to: CollectHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    work: dict[str, Any] = {"api_visibility": "private", "show_progress": "full", "show_progress_on": to.outcome, "concurrency_limit": 4}
    own = to.own
    if own is None:
        to.run.click(guards.sentences(on_upload, services), [desk, to.files, to.into], [desk, to.outcome], **work)
    else:
        of_web = [own.query, own.pages, own.key, own.licences, own.shape]
        inputs = [desk, own.source, to.files, own.folder, *of_web, to.into, own.rights, own.permission]
        to.run.click(guards.sentences(on_collect, services), inputs, [desk, to.outcome, own.key], **work)
        shown = [to.files, own.folder, *of_web, own.rights, own.permission]
        own.source.change(guards.sentences(on_source), own.source, shown, queue=False, **quiet)
    to.stop.click(guards.sentences(ask_to_stop, services, WORK), None, None, queue=False, **quiet)
