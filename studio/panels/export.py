"""Export: a curated set as a folder or a ZIP with its records, and on to training."""

import secrets
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from engines.curation.attribution import ATTRIBUTION_FILE
from engines.curation.folder_export import ENCODINGS, Exported, export_pictures
from engines.curation.framing import Frame
from engines.curation.manifest import MANIFEST_FILE, in_words, unlicensed
from engines.curation.provenance import RIGHTS
from engines.curation.selection import PARTS, Selection
from engines.errors import Cancelled, StudioError
from engines.paths import replacing
from engines.progress import Progress, silent
from engines.training.background import start_in_background
from engines.training.presets import PRESETS
from engines.training.runs import Run
from engines.training.split import held_out
from engines.translation.presets import CYCLE_PRESETS
from studio import guards
from studio.collections import Desk, open_catalogue
from studio.components.bounded import Number
from studio.components.delivery import Delivery
from studio.components.outcome import Listed, Outcome, Told
from studio.panels.stopping import ask_to_stop, listening
from studio.state import Services

WORK = "export"
ZIP, FOLDER = "A ZIP", "A folder here"
TRAINING, INSPECTION = ("to train a model", "training"), ("only to look at", "inspection")
AS_THEY_CAME, AS_FRAMED = "as they came", "as the frame shows them"
ANSWERS = (("yes", "yes"), ("no", "no"), ("I do not know", "unknown"))
SUMMARIES = {name: one.summary for name, one in PRESETS.items()} | {name: one.summary for name, one in CYCLE_PRESETS.items()}
LAYOUT_NAMES = {"a folder for each class": "folder", "Hugging Face imagefolder": "imagefolder", "WebDataset shards": "webdataset"}
NAMED = 3
MINUTES = 30
SKIP_LABEL = "Leave out pictures without permission to train"
RIGHTS_NOTE = "For all pictures of the open collection. It is recorded with each of them, and undo takes it back."
SHARED = "Training, and exports into a folder, are for Atelier on your own machine: what you take from here is a ZIP."


@dataclass(frozen=True)
class OwnMachine:
    """Fields that are there only on one's own machine."""

    where: gr.Radio
    folder: gr.Textbox
    rights: gr.Radio
    permission: gr.Textbox
    record: gr.Button
    of_rights: Outcome
    preset: gr.Dropdown
    minutes: gr.Number
    run_name: gr.Textbox
    train: gr.Button
    of_training: Outcome


@dataclass(frozen=True)
class ExportHandles:
    """The components that the tab and tests may use; `own` is None on a shared studio."""

    part: gr.Radio
    purpose: gr.Radio
    skip: gr.Checkbox
    layout: gr.Dropdown
    shape: gr.Radio
    size: gr.Number
    encoding: gr.Dropdown
    run: gr.Button
    stop: gr.Button
    outcome: Outcome
    delivery: Delivery
    own: OwnMachine | None


@dataclass(frozen=True)
class Wanted:
    """What is to be exported, as the page says it.

    Attributes:
        purpose: "training" or "inspection"; skip: leave out pictures without permission to train.
        layout: a key of `LAYOUT_NAMES`.
        framed: as the collection's frame shows them; size: then, in pixels, 0 for the frame's own; encoding: then, a key of `ENCODINGS`.
    """

    part: str = "kept"
    purpose: str = "training"
    skip: bool = False
    layout: str = "a folder for each class"
    framed: bool = False
    size: object = 0
    encoding: str = "png"


def check_rights(selection: Selection, wanted: Wanted, local: bool) -> None:
    """Refuse, in the page's own words, what may not train a model.

    Raises:
        StudioError: some pictures have no permission and are not left out; it says how many, some of their names, and what to do.
    """
    refused = unlicensed(one.provenance for one in selection.chosen)
    if not refused or wanted.skip or wanted.purpose != "training":
        return
    names = [one.name for one in selection.chosen if one.provenance.training_allowed != "yes"]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    raise StudioError(
        f"{refused.total():,} of {len(selection.chosen):,} pictures came without permission to train a model, {in_words(refused)}: "
        f"{', '.join(name[:60] for name in names[:NAMED])}{more}; leave them out, "
        f"{'record a permission under Rights, ' if local else ''}or export them only to look at"
    )


def export_set(
    services: Services, desk: Desk, wanted: Wanted, out: Path, request: gr.Request | None, progress: Progress = silent
) -> Exported:
    """Export a part of the open collection into a new folder.

    Raises:
        StudioError: no collection, an impossible choice, nothing to export, no permission, no frame, or `out` exists.
        Cancelled: when `progress` says so.
    """
    part = guards.one_of(wanted.part, PARTS, "the part to export")
    layout = LAYOUT_NAMES[guards.one_of(wanted.layout, list(LAYOUT_NAMES), "the layout")]
    purpose = guards.one_of(wanted.purpose, [TRAINING[1], INSPECTION[1]], "what the export is for")
    selection = open_catalogue(services, request).selection(desk.required(), part)
    check_rights(selection, wanted, services.settings.local)
    frame = _frame(selection, wanted) if wanted.framed else None
    encoding = guards.one_of(wanted.encoding, list(ENCODINGS), "the encoding")
    return export_pictures(selection, out, layout, purpose, wanted.skip is True, frame, encoding, progress)


def _frame(selection: Selection, wanted: Wanted) -> Frame:
    if selection.frame is None:
        name = selection.collection
        raise StudioError(
            f"{name} has no frame yet: choose one with `python -m engines frame --collection '{name}' --size 256`, "
            "or export the pictures as they came"
        )
    frame = Frame.from_json(selection.frame)
    size = guards.finite_int(wanted.size or 0, "the size", 0, 1024)
    return replace(frame, size=size) if size else frame


def zipped(folder: Path, path: Path, progress: Progress = silent) -> Path:
    """An exported folder as a ZIP; pictures are compressed already and are only stored.

    Raises:
        Cancelled: when `progress` says so.
    """
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files, 1):
            archive.write(file, f"{path.stem}/{file.relative_to(folder).as_posix()}")
            progress(number, len(files), "packing the ZIP")
    return path


def report(exported: Exported, place: str) -> Told:
    """What left, in plain words."""
    manifest = exported.manifest
    counts = manifest["counts"]
    line = f"{counts['exported']:,} pictures of {manifest['collection']} left into {place}."
    if counts["left_out"]:
        line += f" {counts['left_out']:,} were left out for want of a permission to train."
    facts = [
        ("Classes", _classes(manifest["classes"])),
        ("Held out of training", f"about {_held_out(manifest):,} pictures, chosen by their hashes: a model is judged by them"),
        ("Records", f"{MANIFEST_FILE} (rule, model, frame, each picture's hash, scores and origin) and {ATTRIBUTION_FILE} (the credits)"),
        ("Manifest", exported.manifest_hash[:16]),
    ]
    if "note" in manifest:
        facts.append(("Not for training", "some pictures have no permission, the folder says so, and `train` will not take it"))
    failed = tuple((one["name"], one["reason"]) for one in manifest["failed"])
    return Told(line, tuple(facts), (Listed(f"{len(failed):,} could not be taken in when they were collected", failed),) if failed else ())


def _classes(classes: Mapping[str, int]) -> str:
    shown = [f"{name} {count:,}" for name, count in list(classes.items())[:8]]
    return ", ".join(shown) + (f" and {len(classes) - 8} more" if len(classes) > 8 else "")


def _held_out(manifest: Mapping[str, Any]) -> int:
    hashes = [one["file_sha256"] for one in manifest["pictures"]]
    return int(held_out(hashes, [bytes.fromhex(one) for one in hashes]).sum())


# Handlers


def to_zip(services: Services, desk: Desk, wanted: Wanted, request: gr.Request | None, progress: Progress) -> tuple[Told, Path]:
    """Export as a ZIP that the browser saves."""
    session = services.session_folder(request)
    key = secrets.token_hex(4)
    path = session / guards.file_name(desk.required(), wanted.part, key, suffix=".zip")
    folder = session / f"export-{key}"
    exported = export_set(services, desk, wanted, folder, request, progress)
    try:
        zipped(folder, path, progress)
    finally:
        shutil.rmtree(folder)
    return report(exported, path.name), path


def to_folder(services: Services, desk: Desk, wanted: Wanted, folder: str, request: gr.Request | None, progress: Progress) -> Told:
    """Export into a folder of this machine.

    Raises:
        StudioError: a shared studio, no folder named, or what `export_set` refuses.
    """
    _own(services, "exports into a folder")
    name = (folder or "").strip()
    out = Path(name).expanduser() if name else free_place(services.settings.home / "sets", desk.required())
    if not out.is_absolute():
        raise StudioError(f"the folder {name[:80]!r} has no place: write its whole path, such as ~/sets/streets, or leave the field empty")
    return report(export_set(services, desk, wanted, out, request, progress), str(out))


def free_place(parent: Path, name: str) -> Path:
    """A path below `parent` after a name, with a number where that is taken."""
    stem = guards.folder_name(name)
    place, number = parent / stem, 2
    while place.exists():
        place, number = parent / f"{stem}-{number}", number + 1
    return place


def record_rights(services: Services, desk: Desk, answer: str, permission: str, request: gr.Request) -> tuple[Desk, Told]:
    """Record for all pictures of the open collection whether they may be trained on.

    Raises:
        StudioError: a shared studio, an impossible answer, or a yes without words.
    """
    _own(services, "recording rights")
    catalogue, collection = open_catalogue(services, request), desk.required()
    said = guards.one_of(answer, RIGHTS, "the answer about rights")
    catalogue.set_rights(collection, None, said, (permission or "").strip(), desk.actor)
    many = len(catalogue.standing(collection).ids)
    return desk.touched(), Told(f"Recorded for {many:,} pictures of {collection}: training on them is {_in_words(said)}.")


def _in_words(answer: str) -> str:
    return {"yes": "allowed", "no": "not allowed", "unknown": "not known to be allowed"}[answer]


def train(
    services: Services,
    desk: Desk,
    preset: str,
    minutes: object,
    run_name: str,
    skip: bool,
    request: gr.Request | None,
    progress: Progress,
    more: Sequence[str] = (),
) -> Told:
    """Export what is kept and have a process of its own train on it; says where to watch. A training that does not begin leaves nothing.

    Args:
        more: further arguments of the command.

    Raises:
        StudioError: a shared studio, an impossible value, pictures without permission, or the training did not begin.
        Cancelled: when `progress` says so, before the training begins.
    """
    _own(services, "training")
    chosen = guards.one_of(preset, list(SUMMARIES), "the preset")
    within = guards.finite_float(minutes, "the time in minutes", 0.1, 100_000)
    home = services.settings.home
    name = (run_name or "").strip() or desk.required()
    out = free_place(home / "sets", desk.required())
    exported = export_set(services, desk, Wanted(skip=skip is True), out, request, progress)
    run = Run(free_place(home / "runs", name))
    arguments = ["train", chosen, "--data", str(out), "--out", str(run.folder), "--minutes", f"{within:g}", "--keep", "8", *more]
    try:
        progress(1, 1, "starting the training")
        process = start_in_background(run, arguments)
    except (StudioError, Cancelled):
        for folder in (out, run.folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    left = report(exported, str(out))
    facts = (
        ("Watch it", f"in the Lab, or with python -m engines runs {run.folder}"),
        ("Stop it", f"python -m engines runs {run.folder} --stop"),
        ("When it is done", f"python -m engines publish {run.folder} --as NAME"),
        ("The set", str(out)),
        *left.facts,
    )
    line = f"{chosen} trains on {exported.manifest['counts']['exported']:,} pictures for {within:g} minutes, in process {process}."
    return Told(line, facts, left.lists)


def _own(services: Services, what: str) -> None:
    if not services.settings.local:
        raise StudioError(f"{what} needs Atelier on your own machine: export a ZIP instead")


# In the page


def on_export(
    services: Services,
    desk: Desk,
    part: str,
    purpose: str,
    skip: bool,
    layout: str,
    shape: str,
    size: float | None,
    encoding: str,
    where: str,
    folder: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> tuple[Told, Any]:
    """The Export button; gives also the ZIP, if that was asked for."""
    wanted = Wanted(part, purpose, skip, layout, shape == AS_FRAMED, size or 0, encoding)
    listen = listening(services, request, WORK, progress)
    if guards.one_of(where, [ZIP, FOLDER], "where the export goes") == FOLDER:
        return to_folder(services, desk, wanted, folder, request, listen), gr.skip()
    return to_zip(services, desk, wanted, request, listen)


def on_shared_export(
    services: Services,
    desk: Desk,
    part: str,
    purpose: str,
    skip: bool,
    layout: str,
    shape: str,
    size: float | None,
    encoding: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[Told, Any]:
    """The Export button of a shared studio."""
    return on_export(services, desk, part, purpose, skip, layout, shape, size, encoding, ZIP, "", request, progress)


def on_train(
    services: Services,
    desk: Desk,
    preset: str,
    minutes: float | None,
    run_name: str,
    skip: bool,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Told:
    """The Train button."""
    return train(services, desk, preset, minutes, run_name, skip, request, listening(services, request, WORK, progress))


def on_where(where: str) -> Any:
    """Show the folder's field where it is used."""
    return gr.update(visible=where == FOLDER)


def on_shape(shape: str) -> tuple[Any, Any]:
    """Show the fields of framed pictures: size, encoding."""
    return gr.update(visible=shape == AS_FRAMED), gr.update(visible=shape == AS_FRAMED)


def build(services: Services, desk: gr.State) -> ExportHandles:
    """Lay the panel out, wired to the desk."""
    with gr.Column(elem_classes="controls"):
        handles = _laid_out(services)
    _wire(services, desk, handles)
    return handles


def _laid_out(services: Services) -> ExportHandles:
    local = services.settings.local
    part = gr.Radio(list(PARTS), value=PARTS[0], label="Which pictures", elem_id="export-part")
    purpose = gr.Radio(
        [TRAINING, INSPECTION], value=TRAINING[1] if local else INSPECTION[1], label="What for", elem_id="export-purpose",
        info="Pictures without permission to train leave only to be looked at, and the export says so.",
    )  # fmt: skip
    skip = gr.Checkbox(False, label=SKIP_LABEL, elem_id="export-skip")
    layout = gr.Dropdown(list(LAYOUT_NAMES), value="a folder for each class", label="Laid out as", elem_id="export-layout")
    shape = gr.Radio([AS_THEY_CAME, AS_FRAMED], value=AS_THEY_CAME, label="Pictures", visible=local, elem_id="export-shape")
    with gr.Row(elem_classes="side-by-side"):
        size = Number(
            0, precision=0, minimum=0, maximum=1024, label="Pixels a side", visible=False, elem_id="export-size",
            info="0 for the frame's own.",
        )  # fmt: skip
        encoding = gr.Dropdown(list(ENCODINGS), value="png", label="Encoding", visible=False, elem_id="export-encoding")
    where = gr.Radio([ZIP, FOLDER], value=ZIP, label="Into", elem_id="export-where") if local else None
    folder = (
        gr.Textbox(
            label="Folder", placeholder="~/sets/streets", visible=False, elem_id="export-folder",
            info="A new one; left empty, one in the studio's own folder.",
        )
        if local
        else None
    )  # fmt: skip
    with gr.Row(elem_classes="side-by-side"):
        run = gr.Button("Export", variant="primary", elem_id="export-run", scale=3)
        stop = gr.Button("Stop", elem_id="export-stop", scale=1, min_width=80)
    outcome = Outcome(label="What left", elem_id="export-outcome")
    delivery = Delivery(label="Exported pictures", elem_id="export-delivery")
    own = _own_machine(where, folder) if where is not None and folder is not None else None
    if own is None:
        gr.Markdown(SHARED, elem_classes="fine-print", label="On a shared studio")
    return ExportHandles(part, purpose, skip, layout, shape, size, encoding, run, stop, outcome, delivery, own)


def _own_machine(where: gr.Radio, folder: gr.Textbox) -> OwnMachine:
    with gr.Accordion("Rights", open=False, elem_id="export-rights-fold"):
        gr.Markdown(RIGHTS_NOTE, elem_classes="fine-print", label="About rights")
        rights = gr.Radio(list(ANSWERS), value="unknown", label="May a model learn from these pictures?", elem_id="export-rights")
        permission = gr.Textbox(
            label="Who says so", placeholder="my own photographs; letter of 1 May", max_length=500, elem_id="export-permission"
        )
        record = gr.Button("Record", elem_id="export-record")
        of_rights = Outcome(label="Rights recorded", elem_id="export-of-rights")
    gr.Markdown("### Train on this set", label="Train on this set")
    preset = gr.Dropdown(
        [(f"{name}: {summary}", name) for name, summary in SUMMARIES.items()], value="scenes-64" if "scenes-64" in SUMMARIES else None,
        label="Preset", elem_id="export-preset",
    )  # fmt: skip
    with gr.Row(elem_classes="side-by-side"):
        minutes = Number(MINUTES, minimum=0.1, label="Minutes", elem_id="export-minutes", min_width=120)
        run_name = gr.Textbox(label="Name of the run", placeholder="the collection's", max_length=80, elem_id="export-run-name")
    begin = gr.Button("Train on this set", variant="primary", elem_id="export-train")
    of_training = Outcome(label="The training", elem_id="export-of-training")
    return OwnMachine(where, folder, rights, permission, record, of_rights, preset, minutes, run_name, begin, of_training)


def _wire(services: Services, desk: gr.State, to: ExportHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    work: dict[str, Any] = {"api_visibility": "private", "show_progress": "full", "concurrency_limit": 2}
    fields = [desk, to.part, to.purpose, to.skip, to.layout, to.shape, to.size, to.encoding]
    shown, own = [to.outcome, to.delivery], to.own
    if own is None:
        to.run.click(guards.sentences(on_shared_export, services), fields, shown, show_progress_on=to.outcome, **work)
    else:
        inputs = [*fields, own.where, own.folder]
        to.run.click(guards.sentences(on_export, services), inputs, shown, show_progress_on=to.outcome, **work)
        own.where.change(guards.sentences(on_where), own.where, own.folder, queue=False, **quiet)
        own.record.click(guards.sentences(record_rights, services), [desk, own.rights, own.permission], [desk, own.of_rights], **quiet)
        asked = [desk, own.preset, own.minutes, own.run_name, to.skip]
        own.train.click(guards.sentences(on_train, services), asked, own.of_training, show_progress_on=own.of_training, **work)
    to.shape.change(guards.sentences(on_shape), to.shape, [to.size, to.encoding], queue=False, **quiet)
    to.stop.click(guards.sentences(ask_to_stop, services, WORK), None, None, queue=False, **quiet)
