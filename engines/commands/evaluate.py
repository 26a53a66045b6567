"""Measure a model on real pictures that it was never trained on.

DIR is the folder a generator or translator was trained from (with the same --classes); its pictures are framed as the model's card
says and split as in training, and only held-out ones are compared with. A text-image model finds pictures by prompts below DIR.

  python -m engines evaluate cityscape --data photographs/scenes --classes buildings,street --out cityscape.json
  python -m engines evaluate clothing --data photographs/clothing --out clothing.json --sheet looks
  python -m engines evaluate leather-denim --data pairs --classes trainA=leather,trainB=denim --out swap.json

Figures go to standard output, with units and numbers of pictures, and as JSON to --out. --card writes evaluation.json beside the
model's card, and the chief figures into the card. Only the Fréchet distance of --features inception is an FID.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from engines.commands._evaluated import Measured, add_evaluation_arguments, deliver, framed_pictures, opened, reported
from engines.commands.evaluate_swap import measure_swap
from engines.curation import studio_clip
from engines.curation.encoder import OPENAI_MODEL, Encoders, encode_pictures, load_encoder
from engines.errors import StudioError
from engines.evaluation import features as feature_sets
from engines.evaluation.features import FeatureSet, to_pixels
from engines.evaluation.generators import MOST, evaluate_generator
from engines.evaluation.upscalers import evaluate_upscaler
from engines.exploration.sampling import draw, sample_recipes
from engines.models.card import Card
from engines.models.zoo import Generator, Zoo
from engines.networks.upscaling import FACTOR
from engines.production.enlarging import enlarge
from engines.progress import Progress, TextProgress

HELP = "measure a model on held-out pictures"
LEAST = 10
SQUARE = 128
USUAL = {"features": "lite2", "most": MOST}
IDLE = {
    "translator": ("features", "most"),
    "clip": ("classes", "preset", "features", "inception", "most", "sheet"),
}
"""Options that a kind of model has no use for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_evaluation_arguments(parser)
    parser.add_argument("--features", choices=["lite2", "inception", "clip"], default="lite2", help="what a generator's distances rest on")
    parser.add_argument("--inception", type=Path, metavar="FILE", help="torch-fidelity's Inception weights (default: downloaded once)")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help=f"held-out pictures to compare with (default {MOST})")


def run(arguments: argparse.Namespace) -> None:
    if arguments.most < LEAST:
        raise StudioError(f"--most is at least {LEAST}, got {arguments.most}: give a larger number")
    zoo, card = opened(arguments)
    for name in IDLE.get(card.kind, ()):
        given = getattr(arguments, name)
        if given != USUAL.get(name):
            raise StudioError(f"--{name} does nothing for a {card.kind} such as {card.name}, got {given}: leave it out")
    deliver(arguments, zoo, card, MEASURES[card.kind](arguments, zoo, card, TextProgress()))


def _generator(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> Measured:
    generator = zoo.generator(card.name)
    size = next(iter(draw(generator, sample_recipes(generator, [0], card.classes[0] if card.classes else None)))).width
    pictures = framed_pictures(arguments, card, size, progress)
    features = _features(arguments)
    drawing = _drawing(generator, pictures.pixels.shape[1], progress)
    found = evaluate_generator(pictures, card.classes, drawing, features, arguments.most, progress)
    return reported(arguments, card, pictures, features.identity, found, _options(arguments)), found.sheets


def _translator(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> Measured:
    return measure_swap(arguments, zoo, card, progress)


def _clip(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> Measured:
    return studio_clip.measured(Encoders(zoo).get(card.name), card, arguments.data, progress), {}


def _upscaler(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> Measured:
    upscaler = zoo.upscaler(card.name)
    pictures = framed_pictures(arguments, card, None, progress)
    features = _features(arguments)
    enlarging = partial(enlarge, factor=FACTOR, upscaler=upscaler)
    found = evaluate_upscaler(pictures, SQUARE, FACTOR, enlarging, features, arguments.most, progress)
    return reported(arguments, card, pictures, features.identity, found, _options(arguments)), found.sheets


Measure = Callable[[argparse.Namespace, Zoo, Card, Progress], Measured]
MEASURES: dict[str, Measure] = {"generator": _generator, "translator": _translator, "clip": _clip, "upscaler": _upscaler}


def _features(arguments: argparse.Namespace) -> FeatureSet:
    if arguments.features == "inception":
        return feature_sets.inception(arguments.inception)
    if arguments.inception is not None:
        raise StudioError(f"--inception {arguments.inception} is for --features inception, got {arguments.features}: leave one out")
    if arguments.features == "clip":
        encoder = load_encoder(OPENAI_MODEL)
        return feature_sets.clip(encoder.model_id, lambda images: encode_pictures(encoder, images).vectors)
    return feature_sets.lite2()


def _drawing(generator: Generator, channels: int, progress: Progress) -> Callable[[str | None, int], np.ndarray]:
    def drawn(class_name: str | None, count: int) -> np.ndarray:
        return to_pixels(draw(generator, sample_recipes(generator, range(count), class_name), progress), channels)

    return drawn


def _options(arguments: argparse.Namespace) -> str:
    named = f" --features {arguments.features}" if arguments.features != "lite2" else ""
    named += " --inception FILE" if arguments.inception else ""
    return named + (f" --most {arguments.most}" if arguments.most != MOST else "")
