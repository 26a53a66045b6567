"""List the models at hand, show one, or count what it learned from.

python -m engines models list
python -m engines models show cityscape
python -m engines models show cityscape --json
python -m engines models count clothing --data photographs/clothing

Counting writes into the card how many training pictures each class had. The pictures must be just those that the model learned from.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from engines.commands._options import add_classes
from engines.errors import StudioError
from engines.models.card import Card
from engines.models.zoo import Zoo, write_card
from engines.progress import TextProgress
from engines.training.dataset import PictureSet, load_pictures, parse_classes

HELP = "list the models, show one, or count what it learned from"
SIDE = 28  # counting needs no more of a picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list|show|count", required=True)
    listing = actions.add_parser("list", help="one line a model")
    listing.add_argument("--json", action="store_true", help="the cards as JSON")
    show = actions.add_parser("show", help="everything about one model")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--json", action="store_true", help="the card as JSON")
    count = actions.add_parser("count", help="write into a card how many training pictures each class had")
    count.add_argument("name", metavar="NAME")
    count.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the pictures that it learned from")
    add_classes(count)


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    if arguments.action == "count":
        folders = parse_classes(arguments.classes.split(",")) if arguments.classes else None
        card = counted(zoo.card(arguments.name), load_pictures(arguments.data, SIDE, "letterbox", classes=folders, progress=TextProgress()))
        write_card(zoo.folder(card.name), card)
        print(f"{card.name}: {card.counted_classes}")
        return
    if arguments.action == "show":
        card = zoo.card(arguments.name)
        text = card.to_json() if arguments.json else (zoo.folder(arguments.name) / "README.md").read_text()
        print(text, end="")
        return
    cards = [zoo.card(name) for name in zoo.names()]
    if arguments.json:
        print(json.dumps([json.loads(card.to_json()) for card in cards], indent=2, ensure_ascii=False))
        return
    for card in cards:
        classes = f" [{', '.join(card.classes)}]" if card.classes else ""
        print(f"{card.name:16} {card.kind:11} {card.summary}{classes}")


def counted(card: Card, pictures: PictureSet) -> Card:
    """A card that says how many training pictures each of its classes had.

    Raises:
        StudioError: the model has no classes, or did not learn from these pictures.
    """
    if not card.classes:
        raise StudioError(f"{card.name} has no classes: there is nothing to count")
    if pictures.digest != card.training.get("data (sha256)"):
        raise StudioError(
            f"{card.name} did not learn from these {len(pictures.labels):,} pictures, whose sha256 is {pictures.digest[:12]}…: give the "
            "folder, and the --classes, that it was trained with"
        )
    return replace(card, class_pictures=pictures.training_counts())
