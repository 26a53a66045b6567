"""From a run's checkpoint to a model's folder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import nn

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes
from engines.exploration.truncation import store_mean_start
from engines.models.card import Card
from engines.models.zoo import DrawingNetwork, Generator, Translator, publish
from engines.networks.registry import NETWORKS
from engines.networks.upscaling import FACTOR
from engines.training.averaging import settle_norms
from engines.training.curves import draw_curves
from engines.training.presets import generator_settings
from engines.training.runs import Run
from engines.translation.presets import translator_settings
from engines.translation.swap import swap_and_back

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
        words: title, summary, trained_on, rights, limits, and optionally tags and licence.
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
    preset, lines = config["preset"], run.metrics()
    step = best["step"] if best else saved["step"]
    clock = [line["seconds"] for line in lines if "seconds" in line and line["step"] <= step]
    facts = {
        "preset": preset["name"],
        "framing": preset["framing"],
        "pictures": saved["facts"]["pictures"],
        "held out": saved["facts"]["held out"],
        "data (sha256)": saved["facts"]["data"],
        "steps": step,
        "pictures a step": preset["batch"],
        "minutes": round((clock[-1] if clock else saved["seconds"]) / 60, 1),
        "precision": config["numerics"]["precision"],
    }
    if saved["facts"].get("cleaned"):
        facts["cleaned"] = saved["facts"]["cleaned"]
    for manifest in saved["facts"].get("manifests", ()):
        facts.setdefault("manifest (sha256)", manifest)
    if by_eye:
        facts["chosen by"] = f"eye, among the snapshots of {saved['step']} steps"
    elif best:
        facts["chosen by"] = f"held-out pictures, among the snapshots of {saved['step']} steps"
    if config.get("from"):
        facts["began with"] = f"the weights of {config['from']['run']}, which had seen {config['from']['pictures']:,} pictures"
        facts["pictures seen in all"] = f"{_pictures_seen(config, step):,}"
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
    if beside:
        parts = {other: sum(Path(one) == other for one in beside) for other in map(Path, beside)}
        facts["averaged with"] = ", ".join(f"{count} of {len(beside) + 1} parts {_seen(Run(other))}" for other, count in parts.items())
    states = _mean([states, *(_states(Run(other), part) for other in beside)])
    networks = [_network(name, settings, state) for state in states]
    if not translates and not upscales:
        networks = [networks[0] if best else settle_norms(networks[0], preset["batch"], config["seed"])]
        store_mean_start(cast(DrawingNetwork, networks[0]))
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
    curves = draw_curves(lines)
    if curves is not None:
        pictures[CURVES], shows[CURVES] = curves, "How it was trained: losses, and what held-out pictures said of its snapshots"
    return publish(folder, replace(card, pictures=shows), networks, pictures)


def _snapshot(run: Run, step: int, saved: dict[str, Any]) -> dict[str, Any] | None:
    """The networks of a step, wherever they lie; None where they are those of the last checkpoint."""
    if step in run.kept_steps():
        return run.snapshot(step)
    best = run.best()
    if best is not None and best["step"] == step:
        return best
    return None if saved["step"] == step else run.snapshot(step)


def _seen(run: Run) -> str:
    """A run's name and how many pictures the networks that it hands on have learned from."""
    config, best = run.config(), run.best()
    step = best["step"] if best else run.checkpoint()["step"]
    return f"{run.folder.name}, which had seen {_pictures_seen(config, step):,} pictures"


def _pictures_seen(config: dict[str, Any], step: int) -> int:
    """How many pictures the networks of a step have learned from, those of the runs before counted in."""
    return (config.get("from") or {}).get("pictures", 0) + step * config["preset"]["batch"]


def _states(run: Run, part: str) -> list[dict[str, torch.Tensor]]:
    """The averaged networks of a run, the best or else the last."""
    best = run.best()
    networks = best["networks"] if best else run.checkpoint()["task"]
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
    return network.eval().requires_grad_(False)


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
        enlarged = [imaging.to_pictures(network(imaging.to_tensor([one])))[0] for one in drawn]
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
