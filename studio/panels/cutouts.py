"""Cut-outs: the objects of the kept pictures, laid on one colour, into a collection of their own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.cutout.cut import Cut, Original, Style, compose, parse_background
from engines.curation.cutout.delivery import into_collection
from engines.curation.cutout.detection import Confirmation, MaskDetector, load_detector
from engines.curation.cutout.plain import PlainRule
from engines.curation.cutout.whole import cut_objects, cut_plain, originals_of_collection
from engines.errors import Cancelled, StudioError
from engines.progress import Progress
from studio import guards
from studio.collections import Desk, open_catalogue
from studio.components.bounded import Slider
from studio.components.outcome import Listed, Outcome, Told
from studio.components.verdicts import Row, Sheet, Verdict, Verdicts
from studio.panels.looking import Remembered, sheet_of
from studio.panels.stopping import ask_to_stop, listening
from studio.state import Services, refuse_full
from studio.turns import MODEL_QUEUE

WORK = "cutouts"
PREVIEWED = 8
PLAIN, DETECTED = "Plain background", "Mask R-CNN"
THINGS = ("person", "car", "bus", "truck", "bicycle", "motorcycle", "handbag", "backpack", "suitcase", "tie", "umbrella", "chair", "couch")
BACKGROUNDS = ("#33ff33", "#ffffff", "#808080", "#000000", "transparent")
EMPTY_CUTS = "A few originals appear here beside what would be cut out of them, or why nothing would be."
WEIGHTS_INFO = "A .pth or .safetensors file of torchvision's Mask R-CNN v2. Left empty, about 180 MB are downloaded once."


@dataclass(frozen=True)
class CutoutHandles:
    """The components that the tab and tests may use; the detector's are there only on one's own machine."""

    way: gr.Radio
    thing: gr.Dropdown
    confidence: gr.Slider
    weights: gr.Textbox
    border: gr.Slider
    background: gr.Dropdown
    into: gr.Textbox
    preview: gr.Button
    run: gr.Button
    stop: gr.Button
    outcome: Outcome
    cuts: Verdicts


@dataclass(frozen=True)
class CutRule:
    """How objects are cut out, as the page says it."""

    way: str = PLAIN
    thing: str = THINGS[0]
    confidence: float = 0.9
    weights: str = ""
    border: float = 0.35
    background: str = BACKGROUNDS[0]


Cutting = Callable[[set[str], Progress], Iterable[Cut]]


def cutting(
    services: Services, detectors: Remembered, rule: CutRule, originals: Sequence[Original]
) -> tuple[Cutting, Style, dict[str, Any]]:
    """How to cut, on which background, and the settings that name it.

    Raises:
        StudioError: an impossible value, a detector on a shared studio, or weights that cannot be had.
    """
    style = Style(parse_background(str(rule.background)[:40]))
    way = guards.one_of(rule.way, (PLAIN, DETECTED), "the way to cut")
    if way == PLAIN:
        plain = PlainRule(most_border=guards.finite_float(rule.border, "the share of the border", 0, 1))

        def cut_from_plain(skip: set[str], progress: Progress) -> Iterable[Cut]:
            return cut_plain(originals, plain, True, 0, skip, progress)

        return cut_from_plain, style, {"way": "plain", "crop": "object", "min side": 0, **asdict(plain)}
    if not services.settings.local:
        raise StudioError("Mask R-CNN runs only in Atelier on your own machine: choose the plain background")
    confirmation = Confirmation(
        guards.one_of(rule.thing, THINGS, "the thing to cut out"), guards.finite_float(rule.confidence, "the confidence", 0.05, 1)
    )
    weights = Path(rule.weights.strip()).expanduser() if (rule.weights or "").strip() else None
    stamp = weights.stat().st_mtime_ns if weights and weights.is_file() else 0
    detector: MaskDetector = detectors.get((str(weights), stamp), lambda: load_detector("v2", weights))
    detector.check(confirmation.name)

    def cut_from_detected(skip: set[str], progress: Progress) -> Iterable[Cut]:
        return cut_objects(originals, detector, confirmation, {}, True, 0, skip, progress)

    return cut_from_detected, style, {"way": "objects", "crop": "predicted", "detector": detector.identity, **asdict(confirmation)}


def preview_cuts(
    services: Services, detectors: Remembered, desk: Desk, rule: CutRule, request: gr.Request | None, listen: Progress
) -> tuple[Sheet | None, Told]:
    """A few kept pictures, spread over the collection, beside what would be cut out of them."""
    everything = originals_of_collection(open_catalogue(services, request), desk.required())
    places = np.unique(np.linspace(0, len(everything) - 1, PREVIEWED).round().astype(int))
    cut, style, _ = cutting(services, detectors, rule, [everything[place] for place in places])
    rows: list[Row] = []
    pictures: list[Path | Image.Image] = []
    done = 0
    for one in cut(set(), listen):
        name = one.original.provenance.name
        cells = [Verdict(name, "as it is", None)]
        pictures.append(one.original.path)
        if one.reason:
            rows.append(Row(f"{name}: {one.reason}", tuple(cells)))
            continue
        done += 1
        cells.append(Verdict(name, "cut out", None))
        pictures.append(imaging.to_rgb(compose(one, style)))
        rows.append(Row(name, tuple(cells)))
    line = f"{done} of {len(rows)} pictures of {desk.collection} would give a cut-out."
    return sheet_of(services, request, rows, pictures), Told(line)


def cut_out(
    services: Services, detectors: Remembered, desk: Desk, rule: CutRule, into: str, request: gr.Request | None, listen: Progress
) -> tuple[Desk, Told]:
    """Cut every kept picture's object out into a collection of its own, which is then open; again goes on where it stopped.

    Raises:
        StudioError: nothing is kept, nothing could be cut, the name is the open collection's own, or what `refuse_full` refuses.
        Cancelled: by the Stop button, before anything was cut.
    """
    source = desk.required()
    target = (into or "").strip() or f"{source} cut out"
    if target == source:
        raise StudioError(f"cut-outs go into a collection of their own, not back into {source}: choose another name")
    refuse_full(services, request)
    catalogue = open_catalogue(services, request)
    originals = originals_of_collection(catalogue, source)
    cut, style, settings = cutting(services, detectors, rule, originals)
    there = target in catalogue.names()
    try:
        report = into_collection(catalogue, target, lambda done: cut(done, listen), style, {**settings, "source": source})
    except Cancelled:
        came = len(catalogue.standing(target).ids)
        if not came:
            if not there:
                catalogue.remove(target)
            raise
        return desk.opened(target), Told(f"Stopped: {target} has {came:,} cut-outs, which stay. The same again goes on from here.")
    if not report.made + report.already:
        if not there:
            catalogue.remove(target)
        first = f", such as {report.rejected[0][0]}: {report.rejected[0][1]}" if report.rejected else ""
        raise StudioError(f"nothing could be cut out of {source}{first}: preview other settings")
    line = f"{target}: {report.made:,} cut out, {report.already:,} already there, {len(report.rejected):,} left out."
    lists = (Listed(f"{len(report.rejected):,} left out, and why", tuple(report.rejected)),) if report.rejected else ()
    return desk.opened(target), Told(line, tuple((reason, f"{count:,}") for reason, count in report.reasons()[:8]), lists)


# In the page


def on_preview(
    services: Services,
    detectors: Remembered,
    desk: Desk,
    way: str,
    thing: str,
    confidence: float,
    weights: str,
    border: float,
    background: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> tuple[Sheet | None, Told]:
    """The Preview button."""
    rule = CutRule(way, thing, confidence, weights, border, background)
    return preview_cuts(services, detectors, desk, rule, request, listening(services, request, WORK, progress))


def on_cut(
    services: Services,
    detectors: Remembered,
    desk: Desk,
    way: str,
    thing: str,
    confidence: float,
    weights: str,
    border: float,
    background: str,
    into: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[Desk, Told]:
    """The button that cuts all kept pictures."""
    rule = CutRule(way, thing, confidence, weights, border, background)
    return cut_out(services, detectors, desk, rule, into, request, listening(services, request, WORK, progress))


def on_way(way: str) -> tuple[Any, ...]:
    """Show the fields of a way: thing, confidence, weights, border."""
    detected = way == DETECTED
    return (*(gr.update(visible=detected) for _ in range(3)), gr.update(visible=not detected))


def build(services: Services, desk: gr.State) -> CutoutHandles:
    """Lay the panel out, wired to the desk."""
    ways = [PLAIN, DETECTED] if services.settings.local else [PLAIN]
    with gr.Row():
        with gr.Column(scale=2, min_width=300, elem_classes="controls"):
            way = gr.Radio(ways, value=PLAIN, label="How the object is found", elem_id="cutouts-way")
            thing = gr.Dropdown(list(THINGS), value="car", label="What to cut out", visible=False, elem_id="cutouts-thing")
            confidence = Slider(
                0.5,
                0.99,
                0.9,
                step=0.01,
                label="Confidence",
                visible=False,
                elem_id="cutouts-confidence",
                info="Higher takes fewer objects, and surer ones.",
            )
            weights = gr.Textbox(label="Weights", info=WEIGHTS_INFO, visible=False, elem_id="cutouts-weights")
            border = Slider(
                0.0,
                0.6,
                0.35,
                step=0.01,
                label="Share of the border that an object may cover",
                elem_id="cutouts-border",
                info="0.02 takes only objects that are whole: fewer, and surer.",
            )
            background = gr.Dropdown(
                list(BACKGROUNDS),
                value=BACKGROUNDS[0],
                label="Background",
                allow_custom_value=True,
                elem_id="cutouts-background",
                info="A colour such as #33ff33, or transparent.",
            )
            into = gr.Textbox(
                label="Into the collection", placeholder="the open one's name, and “cut out”", max_length=80, elem_id="cutouts-into"
            )
            with gr.Row(elem_classes="side-by-side"):
                preview = gr.Button("Preview", elem_id="cutouts-preview", scale=1, min_width=90)
                run = gr.Button("Cut out all kept", variant="primary", elem_id="cutouts-run", scale=2)
                stop = gr.Button("Stop", elem_id="cutouts-stop", scale=1, min_width=80)
        with gr.Column(scale=5, min_width=320):
            outcome = Outcome(label="What was cut", elem_id="cutouts-outcome")
            cuts = Verdicts(label="Cut-outs", empty=EMPTY_CUTS, elem_id="cutouts-cuts")
    handles = CutoutHandles(way, thing, confidence, weights, border, background, into, preview, run, stop, outcome, cuts)
    _wire(services, desk, handles)
    return handles


def _wire(services: Services, desk: gr.State, to: CutoutHandles) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    work: dict[str, Any] = {
        "api_visibility": "private",
        "show_progress": "full",
        "show_progress_on": to.outcome,
        "concurrency_id": MODEL_QUEUE,
    }
    detectors = Remembered(1)
    rule = [to.way, to.thing, to.confidence, to.weights, to.border, to.background]
    to.preview.click(guards.sentences(on_preview, services, detectors), [desk, *rule], [to.cuts, to.outcome], **work)
    to.run.click(guards.sentences(on_cut, services, detectors), [desk, *rule, to.into], [desk, to.outcome], **work)
    to.way.change(guards.sentences(on_way), to.way, [to.thing, to.confidence, to.weights, to.border], queue=False, **quiet)
    to.stop.click(guards.sentences(ask_to_stop, services, WORK), None, None, queue=False, **quiet)
