"""List the models at hand, or show one.

python -m engines models list
python -m engines models show cityscape
python -m engines models show cityscape --json
"""

import argparse
import json

from engines.models.zoo import Zoo

HELP = "list the models, or show one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list|show", required=True)
    listing = actions.add_parser("list", help="one line a model")
    listing.add_argument("--json", action="store_true", help="the cards as JSON")
    show = actions.add_parser("show", help="everything about one model")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--json", action="store_true", help="the card as JSON")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
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
