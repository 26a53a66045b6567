"""From a run's checkpoint to a model's folder."""

from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import nn

from engines import imaging
from engines.exploration.sampling import draw, sample_recipes
from engines.exploration.truncation import store_mean_start
from engines.models.card import Card
from engines.models.zoo import DrawingNetwork, Generator, Translator, publish
from engines.networks.lightweight import LightweightGenerator
from engines.networks.registry import NETWORKS
from engines.training.runs import Run
from engines.translation.swap import swap_and_back

RENDER = {"precision": "float32", "channels_last": False, "chunk": 8}
PREVIEW_PICTURES = 32
SWAP_EXAMPLES = 8


def publish_run(run_folder: Path, folder: Path, words: dict[str, Any], examples: Generator | None = None) -> Card:
    """Write the averaged networks of a run as a model, with its card and a preview of consecutive seeds.

    Args:
        words: title, summary, trained_on, rights, limits, and optionally tags and licence.
        examples: draws the garments that a translator's preview shows; without it a translator has no preview.

    Raises:
        StudioError: no run or checkpoint, or `folder` exists.
    """
    run = Run(run_folder)
    config, saved = run.config(), run.checkpoint()
    preset = config["preset"]
    facts = {
        "preset": preset["name"],
        "pictures": saved["facts"]["pictures"],
        "held out": saved["facts"]["held out"],
        "data (sha256)": saved["facts"]["data"],
        "steps": saved["step"],
        "pictures a step": preset["batch"],
        "minutes": round(saved["seconds"] / 60, 1),
        "precision": config["numerics"]["precision"],
    }
    translates = "translators" in saved["task"]
    classes = tuple(config["classes"]) if translates or preset["conditional"] else ()
    if translates:
        name, settings = "residual translator", {"width": preset["width"], "blocks": preset["blocks"]}
        states = saved["task"]["averages"]
    else:
        name, states = "lightweight", [saved["task"]["average"]]
        settings = {key: preset[key] for key in ("widths", "start", "latent_dim", "channels")} | {"classes": len(classes)}
    networks = [_network(name, settings, state) for state in states]
    card = Card(
        name=folder.name,
        title=words["title"],
        summary=words["summary"],
        kind="translator" if translates else "generator",
        weights_file="",
        weights_sha256="0" * 64,
        rights=words["rights"],
        trained_on=words["trained_on"],
        limits=tuple(words["limits"]),
        network=name,
        settings=settings,
        classes=classes,
        render=RENDER | ({"side": 256} if translates else {}),
        training=facts,
        tags=tuple(words.get("tags", ("gan",))),
        licence=words.get("licence", "other"),
    )
    preview: Image.Image | None
    if not translates:
        preview = _preview(Generator(card, cast(DrawingNetwork, networks[0])))
    else:
        preview = _swap_preview(Translator(card, (networks[0], networks[1])), examples) if examples else None
    return publish(folder, card, networks, preview)


def _network(name: str, settings: dict[str, Any], state: dict[str, torch.Tensor]) -> nn.Module:
    network = NETWORKS[name](**settings)
    network.load_state_dict(state)
    network.eval().requires_grad_(False)
    if isinstance(network, LightweightGenerator):
        store_mean_start(network)
    return network


def _preview(generator: Generator) -> Image.Image:
    """Pictures of seeds 0, 1, 2, …, none picked; with classes, one row a class."""
    classes = generator.card.classes or (None,)
    count = PREVIEW_PICTURES if len(classes) == 1 else 10
    recipes = [recipe for name in classes for recipe in sample_recipes(generator, range(count), name)]
    return imaging.sheet(list(draw(generator, recipes)), 8 if len(classes) == 1 else count)


def _swap_preview(translator: Translator, examples: Generator) -> Image.Image:
    """For each class, drawn garments of seeds 0, 1, 2, … in three rows: original, generated, recovered."""
    first, second = translator.card.classes
    rows = []
    for source, target in ((second, first), (first, second)):
        drawn = list(draw(examples, sample_recipes(examples, range(SWAP_EXAMPLES), source)))
        swapped = [swap_and_back(translator, picture, target) for picture in drawn]
        rows += [[trio.original for trio in swapped], [trio.generated for trio in swapped], [trio.recovered for trio in swapped]]
    return imaging.sheet([picture for row in rows for picture in row], SWAP_EXAMPLES)
