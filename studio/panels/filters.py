"""Filters: what copies and poor pictures would fall, to look at before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines.curation import duplicates, quality
from engines.curation.catalogue import Catalogue, Picture
from engines.curation.duplicates import Group
from engines.curation.quality import CORRUPT, FILTERS, SHIPPED, Measures
from engines.errors import StudioError
from engines.progress import Progress
from studio import guards
from studio.collections import Desk, open_catalogue, open_store
from studio.components.bounded import Slider
from studio.components.outcome import Listed, Outcome, Told
from studio.components.verdicts import Row, Sheet, Verdict, Verdicts
from studio.panels.looking import Remembered, sheet_of
from studio.panels.stopping import ask_to_stop, listening
from studio.state import Services
from studio.turns import MODEL_QUEUE

DUPLICATES = "duplicates"
WORK = "filters"
GROUPS, COPIES = 30, 5
BESIDE = 6
EMPTY_COPIES = "Copies of a picture appear here side by side, the one that stays first. Nothing is dropped until you say so."
EMPTY_FAULTS = "For each fault the pictures nearest its limit appear here: the last that would go, and the first that would stay."
NO_FILTER = "No filter drops anything here."
LIMITS_INFO = "Where the usual ones do not suit: " + ", ".join(
    f"{name}={one.limit:g}" for name, one in FILTERS.items() if name != "wrong name"
)


@dataclass(frozen=True)
class Found:
    """What filters would drop, until it is applied or the page goes.

    Attributes:
        filters: by the filter's name its settings, and the reason by picture.
    """

    collection: str = ""
    filters: dict[str, tuple[dict[str, Any], dict[int, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class FiltersHandles:
    """The components that the tab and tests may use."""

    likeness: gr.Slider
    vectors: gr.Checkbox
    find_copies: gr.Button
    drop_copies: gr.Button
    copies: Verdicts
    of_copies: Outcome
    wanted: gr.CheckboxGroup
    limits: gr.Textbox
    find_faults: gr.Button
    drop_faults: gr.Button
    faults: Verdicts
    of_faults: Outcome
    standing: gr.Dropdown
    remove: gr.Button
    of_standing: Outcome

    @property
    def of_collection(self) -> list[gr.HTML]:
        """What tells of one collection, and not by its name."""
        return [self.copies, self.of_copies, self.faults, self.of_faults, self.of_standing]


def _key(catalogue: Catalogue, collection: str, pictures: Sequence[Picture], *more: Any) -> tuple[Any, ...]:
    return (str(catalogue.folder), collection, len(pictures), pictures[-1].id, *more)


def _pictures(catalogue: Catalogue, collection: str) -> list[Picture]:
    pictures = catalogue.pictures(collection)
    if not pictures:
        raise StudioError(f"{collection} has no pictures: collect some first")
    return pictures


# Copies


def find_copies(
    services: Services,
    looks: Remembered,
    desk: Desk,
    likeness: float,
    with_vectors: bool,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio finds it by its default)
) -> tuple[Sheet | None, Told, Found]:
    """What would fall as a copy: the groups, a sentence, and what `apply` takes.

    Raises:
        StudioError: no collection, no pictures, or an impossible limit.
        Cancelled: by the Stop button.
    """
    listen = listening(services, request, WORK, progress)
    like = duplicates.fraction_value("likeness", likeness)
    collection = desk.required()
    catalogue = open_catalogue(services, request)
    pictures = _pictures(catalogue, collection)
    paths = {one.id: one.path for one in pictures}
    seen, _ = looks.get(_key(catalogue, collection, pictures, "looks"), lambda: duplicates.appearances(paths, listen))
    settings: dict[str, Any] = {"likeness": like}
    vectors = None
    if with_vectors is True:
        vectors = _vectors(services, desk, pictures, request, listen)
        settings |= {"model": desk.model, "similarity": duplicates.SIMILARITY}
    groups = duplicates.find_duplicates(seen, like, vectors=vectors, progress=listen)
    names = {one.id: one.provenance.name for one in pictures}
    fallen = duplicates.dropped(groups, names)
    line = f"{len(fallen):,} copies in {len(groups):,} groups would go, of {len(pictures):,} pictures."
    if not groups:
        line = f"No picture of {len(pictures):,} is there twice."
    kinds = [copy.how for group in groups for copy in group.copies]
    facts = tuple((kind, f"{kinds.count(kind):,}") for kind in dict.fromkeys(kinds))
    lists = (Listed("All copies by name", tuple((names[number], reason) for number, reason in fallen.items())),) if fallen else ()
    return (
        _sheet_of_groups(services, request, groups, paths, names),
        Told(line, facts, lists),
        Found(collection, {DUPLICATES: (settings, fallen)}),
    )


def _vectors(services: Services, desk: Desk, pictures: Sequence[Picture], request: gr.Request, listen: Progress) -> dict[int, np.ndarray]:
    encoder = services.encoders.get(desk.model)
    keyed = [(one.sha256, one.path) for one in pictures]
    matrix, _ = open_store(services, request).vectors(keyed, encoder, progress=listen)
    return dict(zip((one.id for one in pictures), matrix, strict=True))


def _sheet_of_groups(
    services: Services, request: gr.Request, groups: Sequence[Group], paths: Mapping[int, Path], names: Mapping[int, str]
) -> Sheet | None:
    rows: list[Row] = []
    files: list[Path] = []
    for group in groups[:GROUPS]:
        copies = group.copies[:COPIES]
        more = len(group.copies) - len(copies)
        title = f"{names[group.kept]} and {len(group.copies)} {'copy' if len(group.copies) == 1 else 'copies'}"
        cells = [Verdict(names[group.kept], "", True)]
        cells += [Verdict(names[copy.picture], f"{copy.how} {copy.likeness:.3f}", False) for copy in copies]
        rows.append(Row(title + (f", {len(copies)} shown" if more else ""), tuple(cells)))
        files += [paths[group.kept], *(paths[copy.picture] for copy in copies)]
    return sheet_of(services, request, rows, files)


# Faults


def find_faults(
    services: Services,
    measures: Remembered,
    desk: Desk,
    wanted: list[str] | None,
    limits: str,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[Sheet | None, Told, Found]:
    """What the wanted quality filters would drop, with the pictures nearest each limit.

    Args:
        wanted: names of filters, `CORRUPT` among them if wished.
        limits: other limits than the usual ones, such as "tiny=128, soft=0.5".

    Raises:
        StudioError: no collection, no pictures, or no fault chosen.
        Cancelled: by the Stop button.
    """
    listen = listening(services, request, WORK, progress)
    edges = {name: one.limit for name, one in FILTERS.items()} | limits_value(limits)
    chosen = [guards.one_of(name, [*FILTERS, CORRUPT], "a fault") for name in wanted or ()]
    if not chosen:
        raise StudioError("no fault is chosen: choose at least one")
    collection = desk.required()
    catalogue = open_catalogue(services, request)
    pictures = _pictures(catalogue, collection)
    paths = {one.id: one.path for one in pictures}
    names = {one.id: one.provenance.name for one in pictures}
    text = "text" in chosen
    key = _key(catalogue, collection, pictures, "measures", text)
    measured, corrupt = measures.get(key, lambda: quality.measure_all(paths, names, text, listen))
    found: dict[str, tuple[dict[str, Any], dict[int, str]]] = {}
    rows: list[Row] = []
    files: list[Path | Image.Image] = []
    for name in chosen:
        if name == CORRUPT:
            found[name] = ({"limit": None}, corrupt)
            continue
        edge = edges[name]
        fallen = quality.dropped(measured, name, edge)
        found[name] = ({"limit": edge}, fallen)
        if fallen:
            row, of_row = _around(measured, name, edge, len(fallen), paths, names)
            rows.append(row)
            files += of_row
    falling = {number for _, fallen in found.values() for number in fallen}
    line = f"{len(falling):,} of {len(pictures):,} pictures would go." if falling else f"None of {len(pictures):,} pictures would go."
    facts = tuple((name, f"{len(fallen):,}") for name, (_, fallen) in found.items() if fallen)
    lists = tuple(
        Listed(f"{name}: {len(fallen):,} by name", tuple((names[number], reason) for number, reason in fallen.items()))
        for name, (_, fallen) in found.items()
        if fallen
    )
    return sheet_of(services, request, rows, files), Told(line, facts, lists), Found(collection, found)


def limits_value(text: str) -> dict[str, float]:
    """`"tiny=128, soft=0.5"` → {"tiny": 128.0, "soft": 0.5}.

    Raises:
        StudioError: written otherwise, no such filter, or a limit that is no number.
    """
    limits: dict[str, float] = {}
    for entry in filter(str.strip, (text or "").split(",")):
        name, _, value = entry.partition("=")
        try:
            number = float(value)
        except ValueError as error:
            raise StudioError(f"a limit is written such as tiny=128, got {entry.strip()[:40]!r}: write it so") from error
        limits[name.strip()] = quality.filter_value(name.strip(), number)[1]
    return limits


def _around(
    measured: Mapping[int, Measures], name: str, edge: float, falling: int, paths: Mapping[int, Path], names: Mapping[int, str]
) -> tuple[Row, list[Path]]:
    out, kept = quality.around_limit(measured, name, edge, BESIDE)
    one = FILTERS[name]
    cells = [
        Verdict(names[number], f"{one.value(measured[number]) or 0.0:.3g}", stays)
        for numbers, stays in ((out, False), (kept, True))
        for number in numbers
    ]
    title = f"{name}: {falling:,} would go, {'above' if one.above else 'below'} {edge:g}"
    return Row(title, tuple(cells)), [paths[number] for number in (*out, *kept)]


# What is done


def apply(services: Services, desk: Desk, found: Found, request: gr.Request) -> tuple[Desk, Told]:
    """Drop what was found; a filter that finds nothing any more is taken away.

    Raises:
        StudioError: nothing was looked for yet, or it was in another collection.
    """
    collection = desk.required()
    if not found.filters or found.collection != collection:
        raise StudioError(f"nothing was looked for in {collection} yet: look first, then drop what you saw")
    catalogue = open_catalogue(services, request)
    standing = catalogue.filters(collection)
    done = []
    for name, (settings, fallen) in found.filters.items():
        if fallen:
            catalogue.apply_filter(collection, name, settings, fallen, desk.actor)
            done.append(f"{name} {len(fallen):,}")
        elif name in standing:
            catalogue.remove_filter(collection, name, desk.actor)
    if not done:
        return desk.touched(), Told("There was nothing to drop.")
    undo = "undo takes it back" if len(done) == 1 else "each undo takes one filter back"
    return desk.touched(), Told(f"Dropped: {', '.join(done)}; {_kept(catalogue, collection)}, and {undo}.")


def remove(services: Services, desk: Desk, name: str | None, request: gr.Request) -> tuple[Desk, Told]:
    """Take a filter away.

    Raises:
        StudioError: none is chosen, or there is none of that name.
    """
    if not name:
        raise StudioError("no filter is chosen: choose the one to take away")
    catalogue, collection = open_catalogue(services, request), desk.required()
    catalogue.remove_filter(collection, str(name), desk.actor)
    return desk.touched(), Told(f"{name} was taken away; {_kept(catalogue, collection)}.")


def _kept(catalogue: Catalogue, collection: str) -> str:
    stands = catalogue.standing(collection)
    return f"{int(stands.kept.sum()):,} of {len(stands.ids):,} pictures are kept"


def standing(services: Services, desk: Desk, request: gr.Request) -> Any:
    """The filters that stand, as choices of the field that takes one away."""
    names: list[str] = []
    if desk.collection:
        catalogue = open_catalogue(services, request)
        names = list(catalogue.filters(desk.collection)) if desk.collection in catalogue.names() else []
    return gr.update(choices=names, value=names[0] if names else None, info="" if names else NO_FILTER)


# In the page


def build(services: Services, desk: gr.State) -> FiltersHandles:
    """Lay the panel out, wired to the desk."""
    gr.Markdown("### Copies", label="Copies")
    with gr.Row():
        with gr.Column(scale=2, min_width=300, elem_classes="controls"):
            likeness = Slider(
                0.8, 1.0, duplicates.LIKENESS, step=0.005, label="How alike copies are", elem_id="filters-likeness",
                info="1 takes only the same picture; lower takes more that were encoded again, resized, turned or mirrored.",
            )  # fmt: skip
            vectors = gr.Checkbox(
                False, label="Also the same thing photographed twice", elem_id="filters-vectors",
                info="Compares what the model sees; look closely before you drop these.",
            )  # fmt: skip
            find = gr.Button("Find copies", variant="primary", elem_id="filters-find-copies")
            with gr.Row(elem_classes="side-by-side"):
                drop = gr.Button("Drop them", elem_id="filters-drop-copies", min_width=110)
                stop_copies = gr.Button("Stop", elem_id="filters-stop-copies", min_width=80)
        with gr.Column(scale=5, min_width=320):
            of_copies = Outcome(label="Copies found", elem_id="filters-of-copies")
            copies = Verdicts(label="Copies", empty=EMPTY_COPIES, elem_id="filters-copies")
    gr.Markdown("### Faults", label="Faults")
    with gr.Row():
        with gr.Column(scale=2, min_width=300, elem_classes="controls"):
            wanted = gr.CheckboxGroup([*FILTERS, CORRUPT], value=[*SHIPPED, CORRUPT], label="Faults to look for", elem_id="filters-wanted")
            limits = gr.Textbox(
                label="Other limits", placeholder="tiny=128, soft=0.5", info=LIMITS_INFO, max_length=300, elem_id="filters-limits"
            )
            look = gr.Button("Look for faults", variant="primary", elem_id="filters-find-faults")
            with gr.Row(elem_classes="side-by-side"):
                drop_poor = gr.Button("Drop them", elem_id="filters-drop-faults", min_width=110)
                stop_faults = gr.Button("Stop", elem_id="filters-stop-faults", min_width=80)
        with gr.Column(scale=5, min_width=320):
            of_faults = Outcome(label="Faults found", elem_id="filters-of-faults")
            poor = Verdicts(label="Faults", empty=EMPTY_FAULTS, elem_id="filters-faults")
    gr.Markdown("### Filters in force", label="Filters in force")
    with gr.Row(elem_classes=["side-by-side", "controls"]):
        stands = gr.Dropdown([], label="Filter", info=NO_FILTER, elem_id="filters-standing", scale=3)
        take_away = gr.Button("Take it away", elem_id="filters-remove", scale=1, min_width=110)
    handles = FiltersHandles(
        likeness, vectors, find, drop, copies, of_copies, wanted, limits, look, drop_poor, poor, of_faults, stands, take_away,
        Outcome(label="Filters in force", elem_id="filters-of-standing"),
    )  # fmt: skip
    _wire(services, desk, handles, (stop_copies, stop_faults))
    return handles


def _wire(services: Services, desk: gr.State, to: FiltersHandles, stops: tuple[gr.Button, ...]) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    looks, measures = Remembered(), Remembered()
    copies, poor = gr.State(Found()), gr.State(Found())
    to.find_copies.click(
        guards.sentences(find_copies, services, looks), [desk, to.likeness, to.vectors], [to.copies, to.of_copies, copies],
        api_visibility="private", show_progress="full", show_progress_on=to.of_copies, concurrency_id=MODEL_QUEUE,
    )  # fmt: skip
    to.find_faults.click(
        guards.sentences(find_faults, services, measures), [desk, to.wanted, to.limits], [to.faults, to.of_faults, poor],
        api_visibility="private", show_progress="full", show_progress_on=to.of_faults, concurrency_limit=2,
    )  # fmt: skip
    to.drop_copies.click(guards.sentences(apply, services), [desk, copies], [desk, to.of_copies], **quiet)
    to.drop_faults.click(guards.sentences(apply, services), [desk, poor], [desk, to.of_faults], **quiet)
    to.remove.click(guards.sentences(remove, services), [desk, to.standing], [desk, to.of_standing], **quiet)
    desk.change(guards.sentences(standing, services), desk, to.standing, queue=False, **quiet)
    for button in stops:
        button.click(guards.sentences(ask_to_stop, services, WORK), None, None, queue=False, **quiet)
