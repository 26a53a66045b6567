"""What the commands that measure models share: real pictures framed as for training, and where the figures go."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines import compute, imaging
from engines.commands._options import add_classes
from engines.errors import StudioError
from engines.evaluation.generators import Findings
from engines.evaluation.report import REPORT_FILE, Report, with_headline, write_report
from engines.models.card import Card
from engines.models.zoo import Zoo, write_card
from engines.progress import Progress
from engines.training.dataset import PictureSet, load_pictures, parse_classes
from engines.training.presets import find_preset
from engines.translation.training import ALL_PRESETS

Measured = tuple[Report, dict[str, Image.Image]]


def add_evaluation_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the pictures, and where the figures go."""
    parser.add_argument("model", metavar="MODEL", help="a model's name")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the real pictures")
    add_classes(parser)
    parser.add_argument("--preset", metavar="NAME", help="frame the pictures as this preset does (default: the one the card names)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of models (default: your own, then the shipped ones)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures here as JSON")
    parser.add_argument("--sheet", type=Path, metavar="DIR", help="write sheets to look at: nearest training pictures, swaps, crops")
    parser.add_argument("--card", action="store_true", help=f"write {REPORT_FILE} beside the card, and the chief figures into it")


def opened(arguments: argparse.Namespace) -> tuple[Zoo, Card]:
    """The models and the card of the one to measure, when there is somewhere to write to.

    Raises:
        StudioError: nowhere to write to, or no such model.
    """
    if arguments.out is None and not arguments.card:
        raise StudioError(f"{arguments.command} writes its figures to --out FILE or with --card to the model: give one of them")
    zoo = Zoo([arguments.models]) if arguments.models else Zoo()
    card = zoo.card(arguments.model)
    compute.keep_memory()
    return zoo, card


def deliver(arguments: argparse.Namespace, zoo: Zoo, card: Card, measured: Measured) -> None:
    """Print the figures and write them, and the sheets, where the person wants them."""
    report, sheets = measured
    print("\n".join(report.lines()))
    if arguments.out is not None:
        write_report(report, arguments.out)
    if arguments.card:
        add_to_card(zoo.folder(arguments.model), card, report)
    if arguments.sheet is not None:
        for name, sheet in sheets.items():
            imaging.save_png(sheet, arguments.sheet / f"{card.name}-{name}.png")


def add_to_card(folder: Path, card: Card, report: Report) -> None:
    """Write a report beside a model's card, and its chief figures into the card.

    Raises:
        StudioError: the report is about other weights, or a figure of it is no number; then nothing is written.
    """
    told = with_headline(card, report)
    write_report(report, folder / REPORT_FILE)
    write_card(folder, told)


def framed_pictures(arguments: argparse.Namespace, card: Card, size: int | None, progress: Progress) -> PictureSet:
    """The real pictures, framed as the model was trained, `size` pixels or as many as its preset says.

    A translator that was trained elsewhere names no preset: its pictures are letterboxed to its working size.
    """
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    name = arguments.preset or card.training.get("preset")
    if not name and card.kind == "translator" and "imported from" in card.training:
        return load_pictures(arguments.data, int(card.render["side"]), "letterbox", 3, classes, progress)
    if not name:
        raise StudioError(f"the card of {card.name} names no preset to frame pictures by: name one with --preset (see train --list)")
    preset = find_preset(name, ALL_PRESETS)
    channels = int(card.settings.get("channels", preset.channels))
    framing = preset.framing if arguments.preset else str(card.training.get("framing", preset.framing))
    shape = imaging.rectangle(framing)
    pictures = load_pictures(arguments.data, max(shape) if shape else size or preset.resolution, framing, channels, classes, progress)
    if shape is None:
        return pictures
    top, left = ((side - length) // 2 for side, length in zip(pictures.pixels.shape[-2:], shape, strict=True))
    return replace(pictures, pixels=np.ascontiguousarray(pictures.pixels[..., top : top + shape[0], left : left + shape[1]]))


def reported(arguments: argparse.Namespace, card: Card, pictures: PictureSet, features: str, found: Findings, options: str = "") -> Report:
    """The report of an evaluation; `options` are those beside the model, data and classes that gave it."""
    parts = {"training": len(pictures.part(False)), "held out": len(pictures.part(True))}
    same = pictures.digest == card.training.get("data (sha256)")
    classes = f" --classes {arguments.classes}" if arguments.classes else ""
    preset = f" --preset {arguments.preset}" if arguments.preset else ""
    command = f"python -m engines {arguments.command} {card.name} --data DIR{classes}{options}{preset} --out FILE"
    counted: dict[str, Any] = dict(found.seconds)
    return Report(card.name, card.kind, card.weights_sha256, pictures.digest, same, parts, features, command, found.figures, counted)
