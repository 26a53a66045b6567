"""From a run's checkpoint to a model's folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import nn

from engines import compute, imaging
from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes
from engines.exploration.truncation import store_mean_start
from engines.models.card import Card
from engines.models.zoo import DrawingNetwork, Generator, Translator, publish
from engines.networks.registry import NETWORKS
from engines.networks.upscaling import FACTOR
from engines.recipe import file_hash
from engines.training.averaging import settle_norms
from engines.training.curves import clock_of, draw_curves, judged_series
from engines.training.presets import generator_settings, usual_settings
from engines.training.runs import Run
from engines.translation.presets import translator_settings
from engines.translation.swap import swap_and_back
from engines.translation.training import ALL_PRESETS

RENDER = {"precision": "float32", "channels_last": False, "chunk": 8}
PREVIEW_PICTURES = 32
SWAP_EXAMPLES = 8
ENLARGED_EXAMPLES = 5
PREVIEW, CURVES = "preview.webp", "curves.webp"


def publish_run(
    run_folder: Path,
    folder: Path,
    words: dict[str, Any],
    examples: Generator | None = None,
    step: int | None = None,
    beside: Sequence[Path] = (),
) -> Card:
    """Write the best averaged networks of a run as a model, with its card, its curves and a preview of seeds drawn by lot.

    The best snapshot is the one that held-out pictures preferred; a run that was never judged gives its last.

    Args:
        words: title, summary, trained_on, rights, limits, and optionally tags, licence and hardware.
        examples: draws the garments that a translator's preview shows, or what an upscaler's does; without it these have no preview.
        step: takes the snapshot of that step instead, chosen by eye.
        beside: runs of the same networks that share a beginning with this one; the weights published are the mean of all.

    Raises:
        StudioError: no run or checkpoint, no networks of that step, other networks beside it, or `folder` exists.

    Source: Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference
    time", arXiv 2203.05482.
    """
    run = Run(run_folder)
    config, saved = run.config(), run.checkpoint()
    by_eye, best = step is not None, run.best() if step is None else _snapshot(run, step, saved)
    preset, step = config["preset"], best["step"] if best else saved["step"]
    lineage = _lineage(run, step, beside)
    facts = _facts(run, step, lineage, "eye" if by_eye else "held-out pictures" if best else "", words.get("hardware", ""), beside)
    translates, upscales = "translators" in saved["task"], "network" in saved["task"]
    classes = tuple(config["classes"]) if translates or preset.get("conditional") else ()
    part = "averages" if translates else "average"
    if translates:
        name, settings = translator_settings(preset)
        states = (best["networks"] if best else saved["task"])["averages"]
    elif upscales:
        name, settings = "upscaler", {key: preset[key] for key in ("width", "tail", "blocks", "channels")}
        states = [(best["networks"] if best else saved["task"])["average"]]
    else:
        name, states = preset.get("generator", "lightweight"), [(best["networks"] if best else saved["task"])["average"]]
        crop = imaging.rectangle(preset["framing"])
        settings = generator_settings(preset, len(classes)) | ({"crop": crop} if crop else {})
    states = _mean([states, *(_states(Run(other), part) for other in beside)])
    networks = [_network(name, settings, state) for state in states]
    if not translates and not upscales:
        drawing: Any = networks[0]
        if not best or beside:
            drawing.emphasis = 1.0 if best else saved["task"].get("emphasis", 1.0)
            drawing = settle_norms(drawing, preset["batch"], config["seed"])
            drawing.settle_emphasis()
        store_mean_start(drawing)
        networks = [drawing]
    card = Card(
        name=folder.name,
        title=words["title"],
        summary=words["summary"],
        kind="translator" if translates else "upscaler" if upscales else "generator",
        weights_file="",
        weights_sha256="0" * 64,
        rights=words["rights"],
        trained_on=words["trained_on"],
        limits=tuple(words["limits"]),
        network=name,
        settings=settings,
        classes=classes,
        class_pictures={name: count for name, count in saved["facts"].get("classes", {}).items() if name in classes},
        render=RENDER | ({"side": 256} if translates else {}),
        training=facts,
        tags=tuple(words.get("tags", ("gan",))),
        licence=words.get("licence", "other"),
    )
    pictures, shows = {}, {}
    if upscales and examples:
        pictures[PREVIEW] = _enlarged_preview(networks[0], examples, config["seed"])
        shows[PREVIEW] = (
            f"Drawn by {examples.card.name} with seeds drawn by lot, none picked, four times enlarged: by Lanczos, and by this model"
        )
    elif upscales:
        pass  # what it learned from is not ours to show
    elif not translates:
        pictures[PREVIEW] = _preview(Generator(card, cast(DrawingNetwork, networks[0])), config["seed"])
        shows[PREVIEW] = "Pictures of seeds drawn by lot, none picked" + (", one class a row" if classes else "")
    elif examples:
        pictures[PREVIEW] = _swap_preview(Translator(card, (networks[0], networks[1])), examples, config["seed"])
        shows[PREVIEW] = f"Original, generated, recovered; the originals drawn by {examples.card.name} with seeds drawn by lot, none picked"
    curves = draw_curves(run.metrics())
    if curves is not None:
        pictures[CURVES], shows[CURVES] = curves, _of_curves(lineage, run)
    return publish(folder, replace(card, pictures=shows), networks, pictures)


def _snapshot(run: Run, step: int, saved: dict[str, Any]) -> dict[str, Any] | None:
    """The networks of a step, wherever they lie; None where they are those of the last checkpoint."""
    if step in run.kept_steps():
        return run.snapshot(step)
    best = run.best()
    if best is not None and best["step"] == step:
        return best
    return None if saved["step"] == step else run.snapshot(step)


@dataclass(frozen=True, order=True)
class Spent:
    """Pictures and seconds of a run, or of the several runs that led to a model from which one began."""

    pictures: int
    seconds: float
    runs: int = 1


@dataclass(frozen=True)
class Lineage:
    """The runs whose training went into a model.

    Attributes:
        last: how many runs there are from the first to the last, one after the other.
        spent: of each of them and of those averaged with them, by its folder, or its model's sha256; empty where one is not found.
    """

    last: int
    spent: Mapping[Path, Spent]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return sum(one.runs for one in self.spent.values())


def _lineage(run: Run, step: int, beside: Sequence[Path]) -> Lineage:
    last = _runs_before(run, step)
    spent: dict[Path, Spent] = {}
    many = sum(one.runs for one in (last or {}).values())
    for one in (last, *(_runs_before(Run(other), handed_on(Run(other))["step"]) for other in beside)):
        if one is None:
            return Lineage(many, {})
        spent |= {folder: max(found, spent.get(folder, found)) for folder, found in one.items()}
    return Lineage(many, spent)


def _runs_before(run: Run, step: int) -> dict[Path, Spent] | None:
    """What was spent up to the step of a run, and of what it goes back to, as `Lineage.spent` has it; None where one is not found."""
    found: dict[Path, Spent] = {}
    while True:
        config = run.config()
        found[run.folder.resolve()] = Spent(step * config["preset"]["batch"], _seconds(run, step))
        before = config.get("from")
        if not before:
            return found
        if "model" in before and "runs" in before:
            return found | {Path(before["sha256"]): Spent(before["pictures"], 60 * before["minutes"], before["runs"])}
        if "model" in before:
            return None
        run = Run(run.folder.parent / before["run"])
        if run.folder.resolve() in found or not run.checkpoint_file.exists():
            return None
        earlier = run.config()
        step = round((before["pictures"] - (earlier.get("from") or {}).get("pictures", 0)) / earlier["preset"]["batch"])
        reached = run.checkpoint()["step"]
        # A run that went on after it was begun from has another checkpoint by now.
        if step > reached or (step == reached and file_hash(run.checkpoint_file) != before["sha256"]):
            return None


def _seconds(run: Run, step: int) -> float:
    """How long a run had been training at a step."""
    saved = run.checkpoint()
    clock = [seconds for at, seconds in clock_of(run.metrics()) if at <= step]
    return clock[-1] if clock and step < saved["step"] else saved["seconds"]


def _facts(run: Run, step: int, lineage: Lineage, chosen: str, hardware: str, beside: Sequence[Path] = ()) -> dict[str, Any]:
    """What a card says of the training that led to a step of a run."""
    config, saved = run.config(), run.checkpoint()
    preset, before = config["preset"], config.get("from")
    facts = {
        "preset": preset["name"],
        f"changed settings{' of the last run' if before else ''}": _changed(preset),
        "framing": preset["framing"],
        "pictures": saved["facts"]["pictures"],
        "held out": saved["facts"]["held out"],
        "data (sha256)": saved["facts"]["data"],
        "steps": step,
        "pictures a step": preset["batch"],
        "minutes": round(_seconds(run, step) / 60, 1),
        "hardware": hardware,
        "precision": config["numerics"]["precision"],
        "cleaned": saved["facts"].get("cleaned"),
        "manifest (sha256)": next(iter(saved["facts"].get("manifests", ())), ""),
        "chosen by": f"{chosen}, among the snapshots of {saved['step']} steps" if chosen else "nobody: it is the last of its run",
    }
    if before:
        whose = f"the model {before['model']} ({before['sha256'][:12]}…)" if "model" in before else "an earlier run"
        facts["began with"] = f"the weights of {whose}, which had seen {before['pictures']:,} pictures"
    if beside:
        facts["averaged with"] = _parts(beside)
    if lineage.runs > 1:
        facts["runs in all"] = lineage.runs
        facts["pictures seen in all"] = f"{sum(one.pictures for one in lineage.spent.values()):,}"
        facts["minutes in all"] = round(sum(one.seconds for one in lineage.spent.values()) / 60, 1)
    elif before and not beside:
        facts["pictures seen in all"] = f"{_pictures_seen(config, step):,}"
    return {name: fact for name, fact in facts.items() if fact not in (None, "")}


def _changed(preset: dict[str, Any]) -> str:
    """Settings of a run that are not those of the preset it is named after, as `--set` takes them."""
    if preset["name"] not in ALL_PRESETS:
        return ""
    named = ALL_PRESETS[preset["name"]]
    usual, asked = (json.loads(json.dumps(one)) for one in (asdict(named), usual_settings(named) | preset))
    return ", ".join(f"{name}={value}" for name, value in asked.items() if name != "summary" and value != usual.get(name))


def _parts(beside: Sequence[Path]) -> str:
    """How the runs beside weigh in the mean, and what each had seen."""
    told = []
    for other in dict.fromkeys(map(Path, beside)):
        seen = _pictures_seen(Run(other).config(), handed_on(Run(other))["step"])
        weight = sum(Path(one) == other for one in beside)
        told.append(f"another run, which had seen {seen:,} pictures (weight {weight} of {len(beside) + 1})")
    return ", ".join(told)


def _of_curves(lineage: Lineage, run: Run) -> str:
    which = f" (the last of {lineage.last} runs)" if lineage.last > 1 else " (the last of several runs)" if not lineage.last else ""
    judged = ", and what held-out pictures said of its snapshots" if judged_series(run.metrics()) else ""
    return f"How it was trained{which}: losses{judged}"


def handed_on(run: Run) -> dict[str, Any]:
    """The snapshot of a run that is published or averaged: its best, or its last when it was never judged: its step and networks.

    Raises:
        StudioError: no checkpoint.
    """
    best = run.best()
    if best is not None:
        return best
    saved = run.checkpoint()
    return {"step": saved["step"], "networks": saved["task"]}


def _pictures_seen(config: dict[str, Any], step: int) -> int:
    """How many pictures the networks of a step have learned from, those of the runs before counted in."""
    return (config.get("from") or {}).get("pictures", 0) + step * config["preset"]["batch"]


def _states(run: Run, part: str) -> list[dict[str, torch.Tensor]]:
    """The averaged networks that a run hands on."""
    networks = handed_on(run)["networks"]
    if part not in networks:
        raise StudioError(f"{run.folder} trained another kind of network: average only runs of the same preset")
    return networks[part] if part == "averages" else [networks[part]]


def _mean(runs: Sequence[list[dict[str, torch.Tensor]]]) -> list[dict[str, torch.Tensor]]:
    """The mean of the weights of each network over runs; what is no weight is the first run's."""
    if len(runs) == 1:
        return list(runs[0])
    shapes = [[{name: value.shape for name, value in state.items()} for state in states] for states in runs]
    if any(one != shapes[0] for one in shapes[1:]):
        raise StudioError("the runs to average have networks of different shapes: average only runs of the same preset")
    return [
        {
            name: torch.stack([states[place][name].float() for states in runs]).mean(dim=0).to(value.dtype)
            if value.is_floating_point()
            else value
            for name, value in state.items()
        }
        for place, state in enumerate(runs[0])
    ]


def _network(name: str, settings: dict[str, Any], state: dict[str, torch.Tensor]) -> nn.Module:
    network = NETWORKS[name](**settings)
    network.load_state_dict(state)
    return compute.Numerics().place(network.eval().requires_grad_(False))


def _seeds(lot: int, count: int) -> list[int]:
    """Seeds that nobody chose."""
    return np.random.default_rng(lot).choice(1_000_000, count, replace=False).tolist()


def _preview(generator: Generator, lot: int) -> Image.Image:
    """Pictures of seeds drawn by lot; with classes, one row a class."""
    classes = generator.card.classes or (None,)
    count = PREVIEW_PICTURES if len(classes) == 1 else 10
    recipes = [recipe for name in classes for recipe in sample_recipes(generator, _seeds(lot, count), name)]
    return imaging.sheet(list(draw(generator, recipes)), 8 if len(classes) == 1 else count)


def _enlarged_preview(network: nn.Module, examples: Generator, lot: int) -> Image.Image:
    """Drawn pictures enlarged in two rows: by Lanczos, by the network."""
    names = examples.card.classes or (None,)
    seeds = _seeds(lot, ENLARGED_EXAMPLES)
    drawn = [next(iter(draw(examples, sample_recipes(examples, [seed], names[place % len(names)])))) for place, seed in enumerate(seeds)]
    straight = [one.resize((FACTOR * one.width, FACTOR * one.height), Image.Resampling.LANCZOS) for one in drawn]
    with torch.no_grad():
        enlarged = [imaging.to_pictures(network(compute.Numerics().arrange(imaging.to_tensor([one]))))[0] for one in drawn]
    return imaging.sheet([*straight, *enlarged], ENLARGED_EXAMPLES)


def _swap_preview(translator: Translator, examples: Generator, lot: int) -> Image.Image:
    """For each class, drawn garments in three rows: original, generated, recovered."""
    first, second = translator.card.classes
    rows = []
    for source, target in ((second, first), (first, second)):
        drawn = list(draw(examples, sample_recipes(examples, _seeds(lot, SWAP_EXAMPLES), source)))
        swapped = [swap_and_back(translator, picture, target) for picture in drawn]
        rows += [[trio.original for trio in swapped], [trio.generated for trio in swapped], [trio.recovered for trio in swapped]]
    return imaging.sheet([picture for row in rows for picture in row], SWAP_EXAMPLES)
