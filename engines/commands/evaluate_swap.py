"""Measure a translator on held-out garments: does it change sides, how near to the real material, and what else does it change?

DIR is the folder that the translator was trained from, with the same --classes. Every picture is swapped within the mask that the studio
would find, and judged by crops of the garment alone, against leaving it untouched and against colour transfer within the same mask.

  python -m engines evaluate-swap leather-denim --data pairs --classes trainA=leather,trainB=denim --out swap.json --sheet looks

Swap rate: garments that a material judge calls the target's. KID of crops to real ones of the target, with untouched pictures as the
ceiling and real against real as the floor. What is outside the mask, edges inside it, the way back straight on and through 8 bits and
JPEG, patterns of upsampling, and with --inception the Inception Score.
"""

import argparse
from pathlib import Path

from engines.commands._evaluated import Measured, add_evaluation_arguments, deliver, framed_pictures, opened, reported
from engines.errors import StudioError
from engines.evaluation import features
from engines.evaluation.translators import evaluate_translator
from engines.models.card import Card
from engines.models.zoo import Zoo
from engines.progress import Progress, TextProgress
from engines.recipe import Mask
from engines.translation.measuring import swapping_of

HELP = "measure a texture swap on held-out garments"
FETCH = Path()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_evaluation_arguments(parser)
    parser.add_argument("--mask", choices=["auto", "none"], default="auto", help="where pictures are swapped (default auto: the garment)")
    parser.add_argument(
        "--inception", type=Path, nargs="?", const=FETCH, metavar="FILE", help="Inception Score too, by these weights or by downloaded ones"
    )


def run(arguments: argparse.Namespace) -> None:
    zoo, card = opened(arguments)
    if card.kind != "translator":
        raise StudioError(f"{card.name} is a {card.kind} and swaps nothing: measure it with evaluate")
    deliver(arguments, zoo, card, measure_swap(arguments, zoo, card, TextProgress()))


def measure_swap(arguments: argparse.Namespace, zoo: Zoo, card: Card, progress: Progress) -> Measured:
    """Figures and sheets of a translator."""
    translator = zoo.translator(card.name)
    mask, weights = getattr(arguments, "mask", "auto"), arguments.inception
    inception = None if weights is None else features.inception(None if weights == FETCH else weights)
    pictures = framed_pictures(arguments, card, None, progress)
    swapping = swapping_of(translator, pictures, Mask(mask), progress)
    found = evaluate_translator(pictures, card.classes, swapping, inception, progress)
    options = f" --mask {mask}" if mask != "auto" else ""
    options += "" if weights is None else " --inception" if weights == FETCH else " --inception WEIGHTS"
    return reported(arguments, card, pictures, features.lite2().identity, found, options), found.sheets
