"""The Lab: train on pictures of this machine, watch, stop, resume, compare runs, and send a snapshot to Explore.

It is there only where nobody else can reach the studio. A training is a process of its own at low priority, started by the `train` command,
and outlives the page and the studio.
"""

import logging
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.paths import replacing
from engines.training.background import start_in_background
from engines.training.background import stop as stop_run
from engines.training.dataset import load_pictures, parse_classes
from engines.training.presets import changed_preset, find_preset
from engines.training.run_curves import AXES
from engines.training.run_estimate import measure_apart, recorded
from engines.training.run_pictures import EACH, look_over
from engines.training.run_snapshots import one_latent, open_sheet, set_mark, snapshots
from engines.training.runs import Run
from engines.training.warm_start import kind_of
from engines.translation.publishing import publish_run
from engines.translation.training import ALL_PRESETS
from studio import graphics, guards
from studio.components.bounded import Number
from studio.components.following import Dropdown
from studio.components.lab_curves import LabCurves
from studio.components.lab_pictures import Classes, LabPictures
from studio.components.lab_snapshots import LabSnapshots
from studio.components.lab_trials import LabTrials, Trials
from studio.components.outcome import Outcome, Told
from studio.components.picture_row import NamedPicture, PictureRow
from studio.panels import lab_runs
from studio.panels.export import free_place
from studio.panels.lab_runs import WHICH, known_runs, known_searches, the_run
from studio.panels.stopping import listening
from studio.state import Services
from studio.turns import MODEL_QUEUE

log = logging.getLogger(__name__)

ELSEWHERE = "Training belongs to Atelier on your own machine: this studio is shared and trains nothing."
WORK = "lab"
TICK_SECONDS = 2.0
MINUTES = 30.0
FIRST_PRESET = "quick"
KEPT = 8
LOOK_SIDE = 96
STRIP_SIDE = 96
MOST_IN_STRIP = 24
SHEET_SIDE = 720
SHEET_QUALITY = 88
MOST_COMPARED = 6
MODEL = "the model "
"""In a list of runs, before the name of what is none."""
TABS = ("Train", "Watch", "Compare", "Searches")
LIMITS = ("It was trained in the Lab and looked at by one person: what it cannot draw has not been measured.",)
_MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Seen:
    """What the page knows of a run, so that it is told only what changed; `shown` and `life` are stamps of `lab_runs`."""

    run: str = ""
    axis: str = ""
    shown: tuple[float, ...] = ()
    life: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Laid:
    """What Compare shows: the runs, what their curves go over, which snapshot, and of what both were drawn.

    Attributes:
        stamps: of each run, as of `lab_runs`; samples: what stands for it.
    """

    runs: tuple[str, ...] = ()
    axis: str = ""
    which: str = ""
    stamps: tuple[tuple[float, ...], ...] = ()
    samples: tuple[lab_runs.Sample, ...] = ()


@dataclass(frozen=True)
class Looked:
    """The snapshot that the page shows."""

    run: str = ""
    step: int = 0


@dataclass(frozen=True)
class Wanted:
    """A training as the page asks for it; every field is checked where it is used."""

    chosen_set: str | None
    folder: str
    preset: str
    minutes: object
    name: str
    classes: str
    settings: str
    source: str | None
    seed: object


@dataclass(frozen=True)
class TrainHandles:
    """The fields of a new training."""

    chosen_set: Dropdown
    folder: gr.Textbox
    look: gr.Button
    preset: gr.Dropdown
    about: gr.Markdown
    minutes: gr.Number
    name: gr.Textbox
    classes: gr.Textbox
    settings: gr.Textbox
    source: Dropdown
    seed: gr.Number
    estimate: gr.Button
    start: gr.Button
    told: Outcome
    pictures: LabPictures


@dataclass(frozen=True)
class WatchHandles:
    """What is shown of one run, and what can be done with it."""

    run: Dropdown
    status: gr.Markdown
    stop: gr.Button
    minutes: gr.Number
    resume: gr.Button
    axis: gr.Radio
    name: gr.Textbox
    title: gr.Textbox
    rights: gr.Textbox
    send: gr.Button
    told: Outcome
    elsewhere: gr.Textbox
    add: gr.Button
    added: Dropdown
    remove: gr.Button
    curves: LabCurves
    snapshots: LabSnapshots


@dataclass(frozen=True)
class CompareHandles:
    """Several runs side by side."""

    runs: Dropdown
    axis: gr.Radio
    which: gr.Radio
    sheets: PictureRow
    curves: LabCurves


@dataclass(frozen=True)
class LabHandles:
    """The components that `studio.app` and tests may use."""

    tabs: gr.Tabs
    train: TrainHandles
    watch: WatchHandles
    compare: CompareHandles
    search: Dropdown
    trials: LabTrials
    timer: gr.Timer
    seen: gr.State
    looked: gr.State
    laid: gr.State
    searched: gr.State
    sent: gr.State


def at_home(services: Services) -> Path:
    """The studio's own folder.

    Raises:
        StudioError: others can reach this studio.
    """
    if not services.settings.local:
        raise StudioError(ELSEWHERE)
    return services.settings.home


# A new training


def sets(home: Path) -> list[str]:
    """Names of the sets that were exported into the studio's own folder, the newest first."""
    found = [path for path in (home / "sets").glob("*/") if not path.name.startswith(".")]
    return [path.name for path in sorted(found, key=lambda path: -path.stat().st_mtime)]


def data_of(home: Path, chosen_set: str | None, folder: str) -> Path:
    """Where the pictures are: the folder that was written, else the set that was chosen.

    Raises:
        StudioError: neither, or it is not there.
    """
    if (folder or "").strip():
        return lab_runs.whole_path(folder, "the folder")
    if not chosen_set:
        raise StudioError("there are no pictures to train on: write the folder they are in, or export a set in the Curate tab")
    return home / "sets" / guards.one_of(chosen_set, sets(home), "the set")


def preset_of(preset: str, settings: str) -> tuple[Any, list[str]]:
    """The preset with its changes, and these one by one.

    Raises:
        StudioError: no such preset or setting, or a value of another kind.
    """
    changes = [line.strip() for line in (settings or "").splitlines() if line.strip()]
    return changed_preset(find_preset(str(preset), ALL_PRESETS), changes), changes


def classes_of(text: str) -> dict[str, str] | None:
    """Which folders to take, and the class name of each; None for all."""
    return parse_classes(text.split(",")) if (text or "").strip() else None


def about_preset(preset: str) -> str:
    """What a preset is for, as Markdown."""
    found = find_preset(preset, ALL_PRESETS)
    size = getattr(found, "resolution", 0)
    summary = found.summary[:1].upper() + found.summary[1:]
    return f"{guards.plain(summary)}. {size} px, {found.batch} pictures a step, {found.steps:,} steps in all."


def on_look(
    services: Services,
    chosen_set: str | None,
    folder: str,
    preset: str,
    classes: str,
    settings: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> Classes:
    """The classes of the chosen pictures, and some of each as the networks of the preset will see them."""
    data = data_of(at_home(services), chosen_set, folder)
    wanted = preset_of(preset, settings)[0]
    listen = listening(services, request, WORK, progress)
    found = look_over(data, wanted.resolution, wanted.framing, wanted.channels, classes_of(classes), progress=listen)
    blank = Image.new("RGB", (LOOK_SIDE, LOOK_SIDE), (255, 255, 255))
    seen = [[picture.resize(blank.size, Image.Resampling.BICUBIC) for picture in one.pictures] for one in found.classes]
    squares = [picture for pictures in seen for picture in (*pictures, *[blank] * (EACH - len(pictures)))]
    path = services.session_folder(request) / f"classes-{secrets.token_hex(8)}.jpg"
    imaging.sheet(squares, EACH, gap=0).save(path, quality=90)
    many = f"{len(found.classes) + found.more:,} classes" if len(found.classes) > 1 else "one class"
    held = "about a tenth of them is held out, and judges" if found.held_out is None else f"{found.held_out:,} are held out, and judge"
    line = f"{found.pictures:,} pictures in {many}; {held} what is drawn."
    line += f" {found.more} more classes are not shown." if found.more else ""
    line += f" {len(found.broken)} could not be opened, such as {found.broken[0][0][:60]}." if found.broken else ""
    counts = tuple(one.count for one in found.classes)
    return Classes(line, tuple(one.name for one in found.classes), counts, tuple(len(one.pictures) for one in found.classes), path, EACH)


def arguments_of(services: Services, wanted: Wanted, out: Path) -> list[str]:
    """The `train` command for what the page asks for.

    Raises:
        StudioError: an impossible value.
    """
    home = at_home(services)
    preset, changes = preset_of(wanted.preset, wanted.settings)
    minutes = guards.finite_float(wanted.minutes, "the time in minutes", 0.05, 100_000)
    data = data_of(home, wanted.chosen_set, wanted.folder)
    command = ["train", preset.name, "--data", str(data), "--out", str(out), f"--minutes={minutes:g}", f"--keep={KEPT}"]
    command += [f"--set={change}" for change in changes]
    command += [f"--classes={wanted.classes.strip()}"] if (wanted.classes or "").strip() else []
    command += [f"--from={source_of(services, wanted.source)}"] if wanted.source else []
    return [*command, f"--seed={guards.finite_int(wanted.seed or 0, 'the seed', 0, 2**31 - 1)}"]


def estimate(services: Services, wanted: Wanted) -> Told:
    """What a training will cost: as an earlier run with the same settings went, else measured in a process of its own."""
    home = at_home(services)
    arguments = arguments_of(services, wanted, home / "runs" / "estimate")
    preset, _ = preset_of(wanted.preset, wanted.settings)
    minutes = float(wanted.minutes)  # type: ignore[arg-type]  # checked in `arguments_of`
    data = data_of(home, wanted.chosen_set, wanted.folder)
    earlier = [Run(folder) for folder in known_runs(home).values()]
    found = recorded(preset, minutes, earlier, KEPT, len(imaging.picture_files(data)))
    if found is None:
        load_pictures(data, preset.resolution, preset.framing, preset.channels, classes_of(wanted.classes))  # is not part of what is timed
        found = measure_apart(arguments)
    free = shutil.disk_usage(home).free / 2**30
    facts = [
        ("Steps", f"{found.steps:,} of the {found.whole:,} in the schedule, {found.step_seconds:.3g} s each"),
        ("Disk", f"{found.disk / 2**20:,.0f} MB, {free:,.0f} GB are free" if found.disk else f"not known, {free:,.0f} GB are free"),
        ("Memory", f"{found.memory / 2**30:.1f} GB" if found.memory else "not known"),
        ("From", found.source),
    ]
    return Told(found.sentence(), tuple(facts))


def begin(services: Services, wanted: Wanted) -> tuple[str, Told]:
    """Start a training in a process of its own.

    Returns:
        The run's name, and what the page is told.

    Raises:
        StudioError: an impossible value, or the training did not begin.
    """
    home = at_home(services)
    data = data_of(home, wanted.chosen_set, wanted.folder)
    run = Run(free_place(home / "runs", (wanted.name or "").strip() or data.name))
    arguments = arguments_of(services, wanted, run.folder)
    try:
        process = start_in_background(run, arguments)
    except StudioError:
        if not run.config_file.exists() and run.owner() is None:
            shutil.rmtree(run.folder, ignore_errors=True)  # only its log: the name is free again
        raise
    facts = (("Folder", str(run.folder)), ("On the command line", f"python -m engines runs {run.folder}"))
    line = f"{run.folder.name} runs as process {process}, and goes on when this page is closed."
    return run.folder.name, Told(line, facts)


# Watching


def look_at(
    services: Services,
    run: str | None,
    axis: str,
    seen: Seen,
    preset: str = FIRST_PRESET,
    compared: Sequence[str] = (),
    source: str | None = None,
) -> tuple[Any, ...]:
    """What changed since the page was told.

    Args:
        preset: of the next training, for the runs and models that it could begin with.
        compared, source: what is chosen of the lists of runs to compare and to begin with; what is gone is taken out.

    Returns:
        status, curves, snapshots, what the page has seen, the three lists of runs, and the buttons Stop and Resume.
    """
    home = at_home(services)
    known = known_runs(home)
    names, sources = tuple(known), tuple(sources_for(services, known, preset))
    gone = bool(run) and run not in names
    left = [name for name in compared if name in names]
    lists = (
        _listed(names, seen.names, {"value": None} if gone else {}),
        _listed(names, seen.names, {"value": left} if len(left) < len(compared) else {}),
        _listed(sources, seen.sources, {"value": None} if source and source not in sources else {}),
    )
    if not run or gone:
        empty = ("No run yet: start one under Train." if not names else "Choose a run.", None, None)
        shown = empty if seen.run else (empty[0], gr.skip(), gr.skip())
        return *shown, Seen(names=names, sources=sources), *lists, gr.update(interactive=False), gr.update(interactive=False)
    found = Run(known[run])
    now = Seen(
        run, guards.one_of(axis, AXES, "what the curves go over"), lab_runs.shown_stamp(found), lab_runs.life_stamp(found), names, sources
    )
    if now == seen:
        return *(gr.skip(),) * 4, *lists, *(gr.skip(),) * 2
    rest = (now, *lists, *buttons(found))
    if (seen.run, seen.axis, seen.shown) == (now.run, now.axis, now.shown):
        return lab_runs.standing(found), gr.skip(), gr.skip(), *rest
    return lab_runs.standing(found), lab_runs.charts(found, axis), lab_runs.album(found, run), *rest


def _listed(names: tuple[str, ...], before: tuple[str, ...], value: dict[str, Any]) -> Any:
    """What a list is told: names, where they are others than before, and another value where that is needed."""
    return gr.update(choices=list(names), **value) if names != before or value else gr.skip()


def sources_for(services: Services, known: dict[str, Path], preset: str) -> list[str]:
    """The runs and models that a training with a preset can begin with."""
    if preset not in ALL_PRESETS:
        return []
    kind, network = kind_of(asdict(ALL_PRESETS[preset])), getattr(ALL_PRESETS[preset], "generator", "")
    models = services.zoo.names("translator" if kind == "swap" else kind)
    alike = [name for name in models if not network or services.zoo.card(name).network == network]
    return [*lab_runs.sources(known, kind), *(f"{MODEL}{name}" for name in alike)]


def source_of(services: Services, source: str) -> Path:
    """The folder of a run or model with whose weights a training begins, by the name in the list.

    Raises:
        StudioError: no such run or model.
    """
    if source.startswith(MODEL):
        return services.zoo.folder(source.removeprefix(MODEL))
    return the_run(at_home(services), source).folder


def buttons(run: Run) -> tuple[Any, Any]:
    """Stop and Resume: each can be pressed where it would do something."""
    return gr.update(interactive=run.status()["state"] in ("training", "starting")), gr.update(interactive=lab_runs.resumable(run))


def halt(services: Services, run: str | None) -> str:
    """Have a run save and end, and wait for it."""
    found = the_run(at_home(services), run)
    stop_run(found)
    return lab_runs.standing(found)


def resume(services: Services, run: str | None, minutes: object) -> str:
    """Go on with a run from its last save."""
    found = the_run(at_home(services), run)
    more = guards.finite_float(minutes, "the time in minutes", 0.05, 100_000)
    status = found.status()
    if status["state"] == "finished":
        raise StudioError(f"{run} has taken all {status['steps']:,} steps of its schedule: start a new run --from it instead")
    if status["state"] == "diverged":
        raise StudioError(f"{run} diverged and would again: start a new run with a lower rate, --from it if you like")
    if status["state"] in lab_runs.RESUMABLE and not found.checkpoint_file.is_file():
        raise StudioError(f"{run} ended before its first save, so that there is nothing to go on from: start it anew")
    start_in_background(found, [*found.command(), "--resume", f"--minutes={more:g}"])
    return lab_runs.standing(found)


def new_run_chosen(services: Services, run: str | None) -> tuple[str, str, str]:
    """Name, title and rights under which the run's snapshot would be sent."""
    if not run or run not in known_runs(at_home(services)):
        return "", "", ""
    stem = re.sub(r"[^a-z0-9._-]+", "-", run.lower()).strip("-.") or "mine"
    return stem[:60], run[:80], lab_runs.rights_of(the_run(services.settings.home, run))


def send(services: Services, looked: Looked, chosen: str | None, name: str, title: str, rights: str) -> tuple[str, Told]:
    """Make a model of the snapshot that the page shows.

    Args:
        chosen: the run that name, title and rights were filled in for.

    Returns:
        The model's name, and what the page is told.

    Raises:
        StudioError: nothing of the chosen run is shown, its networks are not kept, the name is no name or taken, or it draws nothing by
            itself.
    """
    home = at_home(services)
    run = the_run(home, chosen)
    if looked.run != chosen:
        raise StudioError(f"no snapshot of {chosen} is shown yet: wait for its first one")
    config = run.config()
    kind = kind_of(config["preset"])
    if kind != "generator":
        raise StudioError(f"{looked.run} trains a {kind}, which draws nothing by itself: publish it with `python -m engines publish`")
    wanted = (name or "").strip()
    if not _MODEL_NAME.fullmatch(wanted):
        raise StudioError(f"{wanted[:60]!r} is no model name: use small letters, digits, dots and dashes")
    if wanted in services.zoo.names():
        raise StudioError(f"there is a model {wanted} already: choose another name")
    ready = [snapshot.step for snapshot in snapshots(run) if snapshot.networks]
    if looked.step not in ready:
        steps = ", ".join(f"{step:,}" for step in ready) or "none yet"
        raise StudioError(f"the networks of step {looked.step:,} are not kept, those of these steps are: {steps}")
    facts = run.checkpoint()["facts"]
    words = {
        "title": (title or "").strip() or wanted,
        "summary": f"Step {looked.step:,} of the run {run.folder.name}, chosen by eye in the Lab.",
        "trained_on": f"{facts.get('pictures', 'Some')} pictures of one's own" + f" ({', '.join(config['classes'][:12])})",
        "rights": (rights or "").strip() or lab_runs.rights_of(run),
        "limits": LIMITS,
    }
    card = publish_run(run.folder, home / "models" / wanted, words, step=looked.step)
    line = f"{card.title}, step {looked.step:,}, is a model now: Explore draws with it."
    return card.name, Told(line, (("Folder", str(home / "models" / card.name)),))


# Several runs


def compare(services: Services, runs: Sequence[str], axis: str, which: str, laid: Laid, request: gr.Request) -> tuple[Any, Any, Any]:
    """The sample sheets of runs side by side, their curves over each other, and of what both were drawn; of these only what is no longer as
    it was laid."""
    home = at_home(services)
    if len(runs) > MOST_COMPARED:
        raise StudioError(f"at most {MOST_COMPARED} runs can be told apart side by side, got {len(runs)}: take some out")
    chosen = {name: the_run(home, name) for name in runs}
    over = guards.one_of(axis, AXES, "what the curves go over")
    wanted = guards.one_of(which, WHICH, "the snapshot")
    now = Laid(tuple(chosen), over, wanted, tuple(map(lab_runs.shown_stamp, chosen.values())), laid.samples)
    if now == laid:
        return gr.skip(), gr.skip(), gr.skip()
    found = (lab_runs.sample_of(name, run, wanted) for name, run in chosen.items())
    now = replace(now, samples=tuple(one for one in found if one is not None))
    same = now.samples == laid.samples and now.runs == laid.runs
    sheets = gr.skip() if same else [_sheet_picture(services, one, request) for one in now.samples]
    return sheets, lab_runs.compared(chosen, over), now


def _sheet_picture(services: Services, sample: lab_runs.Sample, request: gr.Request) -> NamedPicture:
    sheet = enlarged(open_sheet(Run(sample.folder), sample.step))
    path = services.session_folder(request) / f"sheet-{secrets.token_hex(8)}.webp"
    with replacing(path) as temporary:
        sheet.save(temporary, quality=SHEET_QUALITY)
    return NamedPicture(path, sample.name, sample.note, sheet.size)


def laid_anew(services: Services, runs: Sequence[str], axis: str, which: str, laid: Laid, request: gr.Request) -> tuple[Any, Any, Any]:
    """As `compare`; nothing while it cannot be shown."""
    try:
        return compare(services, runs, axis, which, laid, request)
    except StudioError:
        return gr.skip(), gr.skip(), gr.skip()


def enlarged(sheet: Image.Image) -> Image.Image:
    """A sample sheet for the page: small ones are enlarged by whole pixels."""
    factor = max(1, SHEET_SIDE // max(sheet.size))
    return sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST) if factor > 1 else sheet


# Searches


def show_search(services: Services, search: str | None) -> Trials | None:
    """A search as a table."""
    known = known_searches(at_home(services))
    return lab_runs.trials(known[guards.one_of(search, list(known), "the search")]) if search else None


def searching(known: dict[str, Path], search: str | None) -> tuple[Any, ...]:
    """Changes whenever the list of searches, or what is shown of the chosen one, would be another."""
    return tuple(known), search, lab_runs.search_stamp(known[search]) if search in known else ()


def searched_anew(services: Services, search: str | None, searched: tuple[Any, ...]) -> tuple[Any, ...]:
    """The list of searches, the trials of the chosen one, and what both were shown of, where that is no longer as it was."""
    known = known_searches(at_home(services))
    chosen = search if search in known else None
    now = searching(known, chosen)
    if now == searched:
        return (gr.skip(),) * 3
    try:
        found: Any = show_search(services, chosen)
    except StudioError:
        found = gr.skip()
    return gr.update(choices=list(known), value=chosen), found, now


# What the snapshots ask


def sheet(services: Services, run: object, step: object) -> dict[str, Any]:
    """A sample sheet, as the page shows it."""
    found = the_run(at_home(services), run)
    return {"picture": graphics.inlined(enlarged(open_sheet(found, guards.finite_int(step, "the step", 0, 2**53))), SHEET_QUALITY)}


def latent(services: Services, run: object, place: object) -> dict[str, Any]:
    """One latent at up to 24 steps, the first and the last among them, side by side in one picture."""
    found = the_run(at_home(services), run)
    steps = [snapshot.step for snapshot in snapshots(found)]
    chosen = sorted({steps[round(index * (len(steps) - 1) / max(1, MOST_IN_STRIP - 1))] for index in range(MOST_IN_STRIP)} if steps else ())
    pictures = one_latent(found, guards.finite_int(place, "the latent", 0, 10_000), chosen)
    if not pictures:
        raise StudioError(f"{found.folder.name} has no snapshot yet: wait for the first one")
    grown = [picture.resize((STRIP_SIDE, STRIP_SIDE), Image.Resampling.BICUBIC) for picture in pictures]
    return {"steps": chosen, "picture": graphics.inlined(imaging.sheet(grown, len(grown), gap=0), SHEET_QUALITY)}


def mark(services: Services, run: object, step: object, star: object, note: object) -> dict[str, Any]:
    """Keep what a person thinks of a snapshot."""
    found = the_run(at_home(services), run)
    kept = set_mark(found, guards.finite_int(step, "the step", 0, 2**53), star is True, note if isinstance(note, str) else "")
    return {"star": kept.star, "note": kept.note}


def answering(services: Services, function: Callable[..., dict[str, Any]], *fields: str) -> Callable[..., Any]:
    """A function that the page may call: it hands on some fields and tells errors as sentences."""

    def answer(question: Any) -> dict[str, Any]:
        asked = question if isinstance(question, dict) else {}
        try:
            return function(services, *[asked.get(name) for name in fields])
        except StudioError as error:
            text = str(error)
            return {"error": text[:1].upper() + text[1:] + "."}
        except Exception:
            log.exception("unexpected error in %s", function.__name__)
            return {"error": f"{guards.UNEXPECTED}."}

    answer.__name__ = function.__name__
    answer.__annotations__ = {}
    return answer


# In the page


def on_estimate(services: Services, *fields: Any) -> Told:
    """The Estimate button; `fields` are those of `Wanted`, in its order."""
    return estimate(services, Wanted(*fields))


def on_start(services: Services, *fields: Any) -> tuple[Any, ...]:
    """The Start button; `fields` are those of `Wanted`, in its order; gives what the page is told, and the run that Watch opens with."""
    run, told = begin(services, Wanted(*fields))
    names = dict.fromkeys([run, *known_runs(services.settings.home)])
    return told, gr.update(choices=list(names), value=run), gr.update(selected="lab-watch")


def on_preset(services: Services, preset: str, source: str | None) -> tuple[str, Any]:
    """What the chosen preset is for, and the runs and models that a training with it can begin with."""
    found = sources_for(services, known_runs(at_home(services)), preset)
    return about_preset(preset), gr.update(choices=found, value=source if source in found else None)


def on_refresh(services: Services, run: str | None, chosen_set: str | None, preset: str = FIRST_PRESET) -> tuple[Any, ...]:
    """The lists when the tab is opened: runs (three), sets, searches, presets, folders added; the newest run is chosen where none is."""
    home = at_home(services)
    known, found = known_runs(home), sets(home)
    return (
        _runs_to_watch(known, run),
        gr.update(choices=list(known)),
        gr.update(choices=sources_for(services, known, preset)),
        gr.update(choices=found, value=chosen_set if chosen_set in found else (found[0] if found else None)),
        gr.update(choices=list(known_searches(home))),
        gr.update(choices=preset_choices(*ALL_PRESETS)),
        *_elsewhere(home),
    )


def preset_choices(*names: str) -> list[tuple[str, str]]:
    """What is said of presets, and their names; the page learns of all of them when the tab is opened, which keeps it light."""
    return [(f"{name}: {ALL_PRESETS[name].summary}", name) for name in names]


def on_search(services: Services, search: str | None) -> tuple[Any, ...]:
    """The table of the chosen search, and what it was shown of."""
    return show_search(services, search), searching(known_searches(at_home(services)), search)


def on_add(services: Services, folder: str, run: str | None) -> tuple[Any, ...]:
    """The Add button: what the field shows, the list of runs, and `_elsewhere`."""
    home = at_home(services)
    added = str(lab_runs.add_folder(home, folder))
    return "", _runs_to_watch(known_runs(home), run), *_elsewhere(home, added)


def on_remove(services: Services, folder: str | None, run: str | None) -> tuple[Any, ...]:
    """The Remove button: the list of runs, and `_elsewhere`."""
    home = at_home(services)
    lab_runs.remove_folder(home, folder)
    return _runs_to_watch(known_runs(home), run), *_elsewhere(home)


def _elsewhere(home: Path, chosen: str = "") -> tuple[Any, Any]:
    """The list of folders that were added, and the button that removes one; neither is there while there is none."""
    names = list(map(str, lab_runs.added_folders(home)))
    return gr.update(choices=names, value=chosen or next(iter(names), None), visible=bool(names)), gr.update(visible=bool(names))


def _runs_to_watch(known: dict[str, Path], run: str | None) -> Any:
    """The list of runs, of which the newest is chosen where the one that was is gone."""
    names = list(known)
    return gr.update(choices=names, value=run if run in names else (names[0] if names else None))


def on_chosen(services: Services, event: gr.EventData) -> Looked:
    """The snapshot that the page shows."""
    at_home(services)
    return Looked(str(event._data.get("run"))[:200], guards.finite_int(event._data.get("step"), "the step", 0, 2**53))


def on_tab(event: gr.SelectData) -> Any:
    """The clock runs only while the Lab is looked at."""
    return gr.Timer(active=event.value == "Lab")


# Layout


def build(services: Services) -> LabHandles:
    """Lay out the tab and wire its own events."""
    seen, looked, sent = gr.State(Seen()), gr.State(Looked()), gr.State("")
    laid, searched = gr.State(Laid()), gr.State(())
    timer = gr.Timer(TICK_SECONDS, active=False)
    with gr.Tabs(elem_id="lab-tabs") as tabs:
        with gr.Tab(TABS[0], id="lab-train", elem_id="lab-tab-train"):
            train = _train_tab()
        with gr.Tab(TABS[1], id="lab-watch", elem_id="lab-tab-watch"):
            watch = _watch_tab(services)
        with gr.Tab(TABS[2], id="lab-compare", elem_id="lab-tab-compare"):
            compared = _compare_tab()
        with gr.Tab(TABS[3], id="lab-searches", elem_id="lab-tab-searches"):
            gr.Markdown(
                "`python -m engines search` tries settings; put `--out` into the folder `searches` of the studio, or add it under Watch.",
                elem_classes="fine-print", label="About searches",
            )  # fmt: skip
            with gr.Column(elem_classes="controls"):
                search = Dropdown([], value=None, label="Search", elem_id="lab-search")
            trials = LabTrials(label="Trials", empty="Choose a search to see its trials, the best first.", elem_id="lab-trials")
    handles = LabHandles(tabs, train, watch, compared, search, trials, timer, seen, looked, laid, searched, sent)
    _wire(services, handles)
    return handles


def _train_tab() -> TrainHandles:
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=320, elem_classes="controls"):
            chosen_set = Dropdown([], value=None, label="Exported set", info="From the Curate tab.", elem_id="lab-set")
            folder = gr.Textbox(
                label="Or a folder", placeholder="~/pictures/wardrobe", max_lines=1, max_length=1000, elem_id="lab-folder",
                info="A sub-folder is a class.",
            )  # fmt: skip
            look = gr.Button("Look at the pictures", elem_id="lab-look")
            preset = gr.Dropdown(preset_choices(FIRST_PRESET), value=FIRST_PRESET, label="Preset", elem_id="lab-preset")
            about = gr.Markdown(about_preset(FIRST_PRESET), elem_classes="fine-print", elem_id="lab-about", label="About the preset")
            with gr.Row(elem_classes="side-by-side"):
                minutes = Number(MINUTES, minimum=0.05, label="Minutes", elem_id="lab-minutes", min_width=110)
                name = gr.Textbox(label="Name", placeholder="the folder's", max_length=80, max_lines=1, elem_id="lab-name", min_width=130)
            with gr.Accordion("More settings", open=False, elem_id="lab-more"):
                classes = gr.Textbox(
                    label="Classes", placeholder="denim,trainA=leather", max_length=2000, max_lines=1, elem_id="lab-classes",
                    info="Only these folders; FOLDER=NAME gives one another name.",
                )  # fmt: skip
                settings = gr.Textbox(
                    label="Changed settings", placeholder="batch=24\nconditional=True", lines=3, max_lines=10, max_length=4000,
                    info="NAME=VALUE, one a line, as in `train --set`.", elem_id="lab-settings",
                )  # fmt: skip
                source = Dropdown([], value=None, label="Begin with the weights of", elem_id="lab-source")
                seed = Number(0, precision=0, minimum=0, label="Seed", elem_id="lab-seed")
            with gr.Row(elem_classes="side-by-side"):
                cost = gr.Button("Estimate", elem_id="lab-estimate", min_width=110)
                start = gr.Button("Start", variant="primary", elem_id="lab-start", min_width=130)
            told = Outcome(label="The training", elem_id="lab-told")
        with gr.Column(scale=6, min_width=320):
            pictures = LabPictures(
                label="Training pictures", empty="Choose a set or a folder and look: every class with its size and some of its pictures.",
                elem_id="lab-pictures",
            )  # fmt: skip
    return TrainHandles(
        chosen_set, folder, look, preset, about, minutes, name, classes, settings, source, seed, cost, start, told, pictures
    )  # fmt: skip


def _watch_tab(services: Services) -> WatchHandles:
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=320, elem_classes="controls"):
            run = Dropdown([], value=None, label="Run", elem_id="lab-run")
            status = gr.Markdown("", elem_id="lab-status", elem_classes="fine-print", label="How it stands")
            stop = gr.Button("Stop", elem_id="lab-stop")
            with gr.Row(elem_classes="side-by-side"):
                minutes = Number(MINUTES, minimum=0.05, label="More minutes", elem_id="lab-resume-minutes", min_width=110)
                again = gr.Button("Resume", elem_id="lab-resume", min_width=110)
            axis = gr.Radio(list(AXES), value=AXES[0], label="Curves over", elem_id="lab-axis")
            with gr.Accordion("Send to Explore", open=True, elem_id="lab-sending"):
                gr.Markdown(
                    f"Makes a model of the snapshot that is shown. The networks of {KEPT} snapshots of a run are kept, of those with a "
                    "star, of the nearest and of the last.", elem_classes="fine-print", label="About sending",
                )  # fmt: skip
                name = gr.Textbox(label="Name of the model", max_lines=1, max_length=64, elem_id="lab-model")
                title = gr.Textbox(label="Title", max_lines=1, max_length=80, elem_id="lab-title")
                rights = gr.Textbox(label="Rights", lines=2, max_lines=4, max_length=1000, elem_id="lab-rights")
                send_button = gr.Button("Send to Explore", variant="primary", elem_id="lab-send")
                told = Outcome(label="What was sent", elem_id="lab-sent")
            with gr.Accordion("Runs elsewhere", open=False, elem_id="lab-elsewhere-fold"):
                elsewhere = gr.Textbox(
                    label="Folder with runs", placeholder="~/runs", max_lines=1, max_length=1000, elem_id="lab-elsewhere"
                )
                add = gr.Button("Add", elem_id="lab-add")
                added = Dropdown([], value=None, label="Folders added", visible=False, elem_id="lab-added")
                remove = gr.Button("Remove from the list", visible=False, elem_id="lab-remove")
        with gr.Column(scale=6, min_width=320):
            curves = LabCurves(label="Curves", empty="The curves of a run stand here as soon as it has taken steps.", elem_id="lab-curves")
            album = LabSnapshots(
                label="Snapshots", empty="Its snapshots stand here: the first after its first step, then one every 250.",
                answers=[
                    answering(services, sheet, "run", "step"),
                    answering(services, latent, "run", "place"),
                    answering(services, mark, "run", "step", "star", "note"),
                ],
                elem_id="lab-snapshots",
            )  # fmt: skip
    return WatchHandles(
        run, status, stop, minutes, again, axis, name, title, rights, send_button, told, elsewhere, add, added, remove, curves, album
    )  # fmt: skip


def _compare_tab() -> CompareHandles:
    with gr.Row(elem_classes="workbench"):
        with gr.Column(scale=0, min_width=320, elem_classes="controls"):
            runs = Dropdown([], value=[], multiselect=True, label="Runs side by side", elem_id="lab-runs")
            which = gr.Radio(list(WHICH), value=WHICH[0], label="Snapshot", elem_id="lab-which")
            axis = gr.Radio(list(AXES), value=AXES[0], label="Curves over", elem_id="lab-compare-axis")
        with gr.Column(scale=6, min_width=320):
            sheets = PictureRow(label="Samples of the runs", elem_id="lab-sheets")
            curves = LabCurves(
                label="Curves of the runs", empty="Choose two runs or more to lay their curves over each other.", elem_id="lab-compared"
            )
    return CompareHandles(runs, axis, which, sheets, curves)


def _wire(services: Services, to: LabHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    last: dict[str, Any] = {**quiet, "trigger_mode": "always_last"}
    work: dict[str, Any] = {"api_visibility": "private", "show_progress": "full", "concurrency_limit": 2}
    train, watch, compared = to.train, to.watch, to.compare
    fields = [
        train.chosen_set, train.folder, train.preset, train.minutes, train.name, train.classes, train.settings, train.source, train.seed,
    ]  # fmt: skip
    looking = [train.chosen_set, train.folder, train.preset, train.classes, train.settings]
    gr.on(
        [train.look.click, train.folder.submit],
        guards.sentences(on_look, services), looking, train.pictures, show_progress_on=train.pictures, **work,
    )  # fmt: skip
    train.preset.change(
        guards.sentences(on_preset, services), [train.preset, train.source], [train.about, train.source], queue=False, **last
    )
    train.estimate.click(guards.sentences(on_estimate, services), fields, train.told, show_progress_on=train.told, **work)
    begun = [train.told, watch.run, to.tabs]
    train.start.click(guards.sentences(on_start, services), fields, begun, show_progress_on=train.told, **work)
    shown: dict[str, Any] = {
        "fn": guards.sentences(look_at, services),
        "inputs": [watch.run, watch.axis, to.seen, train.preset, compared.runs, train.source],
        "outputs": [watch.status, watch.curves, watch.snapshots, to.seen, watch.run, compared.runs, train.source, watch.stop, watch.resume],
    }
    gr.on([to.timer.tick, watch.axis.change], **shown, **last)
    named = [watch.name, watch.title, watch.rights]
    watch.run.change(**shown, **last).then(guards.sentences(new_run_chosen, services), watch.run, named, **last)
    watch.stop.click(guards.sentences(halt, services), watch.run, watch.status, show_progress_on=watch.status, **work)
    watch.resume.click(guards.sentences(resume, services), [watch.run, watch.minutes], watch.status, show_progress_on=watch.status, **work)
    watch.snapshots.chosen(guards.sentences(on_chosen, services), None, to.looked, **last)
    watch.send.click(
        guards.sentences(send, services), [to.looked, watch.run, watch.name, watch.title, watch.rights], [to.sent, watch.told],
        concurrency_id=MODEL_QUEUE, api_visibility="private", show_progress="full", show_progress_on=watch.told,
    )  # fmt: skip
    gr.on(
        [watch.add.click, watch.elsewhere.submit],
        guards.sentences(on_add, services),
        [watch.elsewhere, watch.run],
        [watch.elsewhere, watch.run, watch.added, watch.remove],
        **quiet,
    )
    watch.remove.click(guards.sentences(on_remove, services), [watch.added, watch.run], [watch.run, watch.added, watch.remove], **quiet)
    chosen = [compared.runs, compared.axis, compared.which, to.laid]
    side_by_side = [compared.sheets, compared.curves, to.laid]
    gr.on(
        [compared.runs.change, compared.axis.change, compared.which.change],
        guards.sentences(compare, services), chosen, side_by_side, **last,
    )  # fmt: skip
    to.search.change(guards.sentences(on_search, services), to.search, [to.trials, to.searched], **last)
    gr.on([to.timer.tick, to.tabs.select], guards.sentences(laid_anew, services), chosen, side_by_side, **last)
    gr.on(
        [to.timer.tick, to.tabs.select],
        guards.sentences(searched_anew, services), [to.search, to.searched], [to.search, to.trials, to.searched], **last,
    )  # fmt: skip


def fill_when_opened(services: Services, to: LabHandles, tab: gr.Tab, tabs: gr.Tabs) -> None:
    """Read the lists when the tab is opened, and let the clock run while it is."""
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    lists = [to.watch.run, to.compare.runs, to.train.source, to.train.chosen_set, to.search, to.train.preset]
    elsewhere = [to.watch.added, to.watch.remove]
    tab.select(guards.sentences(on_refresh, services), [to.watch.run, to.train.chosen_set, to.train.preset], [*lists, *elsewhere], **quiet)
    tabs.select(on_tab, None, to.timer, queue=False, **quiet)
