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
from pathlib import Path
from typing import Any

import numpy as np

from engines import compute, imaging
from engines.curation import studio_clip
from engines.curation.encoder import OPENAI_MODEL, Encoders, encode_pictures, load_encoder
from engines.errors import StudioError
from engines.evaluation import features as feature_sets
from engines.evaluation.features import FeatureSet, to_images, to_pixels
from engines.evaluation.generators import MOST, Findings, evaluate_generator
from engines.evaluation.report import REPORT_FILE, Figure, Report, with_headline, write_report
from engines.evaluation.translators import evaluate_translator
from engines.exploration.sampling import draw, sample_recipes
from engines.models.card import Card
from engines.models.zoo import Generator, Translator, Zoo, write_card
from engines.progress import Progress, TextProgress
from engines.training.dataset import PictureSet, load_pictures, parse_classes
from engines.training.presets import find_preset
from engines.translation.swap import swap
from engines.translation.training import ALL_PRESETS

HELP = "measure a model on held-out pictures"
LEAST = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model's name")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the real pictures")
    parser.add_argument("--classes", metavar="A,B=NAME", help="take only these folders, FOLDER=CLASS gives a class another name")
    parser.add_argument("--features", choices=["lite2", "inception", "clip"], default="lite2", help="what a generator's distances rest on")
    parser.add_argument("--inception", type=Path, metavar="FILE", help="torch-fidelity's Inception weights (default: downloaded once)")
    parser.add_argument("--preset", metavar="NAME", help="frame the pictures as this preset does (default: the one the card names)")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help=f"held-out pictures to compare with (default {MOST})")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of models (default: your own, then the shipped ones)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures here as JSON")
    parser.add_argument("--sheet", type=Path, metavar="DIR", help="write sheets to look at: nearest training pictures, swaps, crops")
    parser.add_argument("--card", action="store_true", help=f"write {REPORT_FILE} beside the card, and the chief figures into it")


def run(arguments: argparse.Namespace) -> None:
    if arguments.out is None and not arguments.card:
        raise StudioError("evaluate writes its figures to --out FILE or with --card to the model: give one of them")
    if arguments.most < LEAST:
        raise StudioError(f"--most is at least {LEAST}, got {arguments.most}: give a larger number")
    zoo = Zoo([arguments.models]) if arguments.models else Zoo()
    card = zoo.card(arguments.model)
    compute.keep_memory()
    report, sheets = MEASURES[card.kind](arguments, zoo, card, TextProgress())
    print("\n".join(report.lines()))
    if arguments.out is not None:
        write_report(report, arguments.out)
    if arguments.card:
        folder = zoo.folder(arguments.model)
        write_report(report, folder / REPORT_FILE)
        write_card(folder, with_headline(card, report))
    if arguments.sheet is not None:
        for name, sheet in sheets.items():
            imaging.save_png(sheet, arguments.sheet / f"{card.name}-{name}.png")


def _generator(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> tuple[Report, dict[str, Any]]:
    generator = zoo.generator(card.name)
    size = next(iter(draw(generator, sample_recipes(generator, [0], card.classes[0] if card.classes else None)))).width
    pictures = _pictures(arguments, card, size, progress)
    features = _features(arguments)
    drawing = _drawing(generator, pictures.pixels.shape[1], progress)
    found = evaluate_generator(pictures, card.classes, drawing, features, arguments.most, progress)
    return _report(arguments, card, pictures, features.identity, found), found.sheets


def _translator(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> tuple[Report, dict[str, Any]]:
    translator = zoo.translator(card.name)
    if arguments.features != "lite2":
        raise StudioError(f"swaps are judged by lite2 alone, got --features {arguments.features}: leave it out")
    pictures = _pictures(arguments, card, None, progress)
    found = evaluate_translator(pictures, card.classes, _translating(translator, progress), progress)
    return _report(arguments, card, pictures, feature_sets.lite2().identity, found), found.sheets


def _clip(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> tuple[Report, dict[str, Any]]:
    encoder = Encoders(zoo).get(card.name)
    results = studio_clip.find_by_prompts(encoder, arguments.data, progress)
    figures = tuple(
        Figure(
            f"AUC “{result.prompt}”",
            result.auc,
            "",
            sum(result.pictures),
            headline=True,
            note=f"median cosine {result.matching:.2f} of {result.pictures[0]} matching pictures, {result.others:.2f} of the others",
        )
        for result in results
    )
    parts = {"held out": max(figure.n for figure in figures)}
    command = f"python -m engines evaluate {card.name} --data DIR --out FILE"
    return Report(card.name, card.kind, card.weights_sha256, "", True, parts, encoder.model_id, command, figures), {}


Measure = Callable[[argparse.Namespace, Zoo, Card, Progress], tuple[Report, dict[str, Any]]]
MEASURES: dict[str, Measure] = {"generator": _generator, "translator": _translator, "clip": _clip}


def _pictures(arguments: argparse.Namespace, card: Card, size: int | None, progress: Progress) -> PictureSet:
    """The real pictures, framed as the model was trained, `size` pixels or as many as its preset says."""
    name = arguments.preset or card.training.get("preset")
    if not name:
        raise StudioError(f"the card of {card.name} names no preset to frame pictures by: name one with --preset (see train --list)")
    preset = find_preset(name, ALL_PRESETS)
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    channels = int(card.settings.get("channels", preset.channels))
    return load_pictures(arguments.data, size or preset.resolution, preset.framing, channels, classes, progress)


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


def _translating(translator: Translator, progress: Progress) -> Callable[[np.ndarray, str], np.ndarray]:
    def translated(pixels: np.ndarray, target: str) -> np.ndarray:
        swapped = []
        for index, picture in enumerate(to_images(pixels)):
            swapped.append(swap(translator, picture, target))
            progress(index + 1, len(pixels), f"swapping to {target}")
        return to_pixels(swapped)

    return translated


def _report(arguments: argparse.Namespace, card: Card, pictures: PictureSet, features: str, found: Findings) -> Report:
    parts = {"training": len(pictures.part(False)), "held out": len(pictures.part(True))}
    same = pictures.digest == card.training.get("data (sha256)")
    classes = f" --classes {arguments.classes}" if arguments.classes else ""
    named = f" --features {arguments.features}" if arguments.features != "lite2" else ""
    named += " --inception FILE" if arguments.inception else ""
    named += f" --preset {arguments.preset}" if arguments.preset else ""
    named += f" --most {arguments.most}" if arguments.most != MOST else ""
    command = f"python -m engines evaluate {card.name} --data DIR{classes}{named} --out FILE"
    return Report(card.name, card.kind, card.weights_sha256, pictures.digest, same, parts, features, command, found.figures, found.seconds)
