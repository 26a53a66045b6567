"""Let a generator remember its pictures as a text-image model sees them, so that the first find costs only its words.

  python -m engines seen cityscape

Writes seen-….npy beside the model's card, in place of the one for earlier weights; once for each set of weights.
"""

import argparse

from engines.curation.encoder import SHIPPED_MODEL, load_encoder
from engines.exploration.choosing import AMONG, candidate_recipes, gather, write_seen
from engines.exploration.truncation import USUAL_TRUNCATION
from engines.models.zoo import Zoo
from engines.progress import TextProgress

HELP = "let a generator remember its pictures for finding"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("--among", type=int, default=AMONG, help=f"how many pictures are looked at (default {AMONG})")
    parser.add_argument(
        "--truncation", type=float, default=USUAL_TRUNCATION, help=f"ψ, as it will be asked for (default {USUAL_TRUNCATION})"
    )
    parser.add_argument("--clip", default=SHIPPED_MODEL, metavar="MODEL", help=f"who looks (default {SHIPPED_MODEL})")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    generator, encoder = zoo.generator(arguments.model), load_encoder(arguments.clip, zoo)
    recipes = candidate_recipes(generator, arguments.among, truncation=arguments.truncation)
    seen = gather(generator, encoder, recipes, TextProgress())
    print(write_seen(generator, encoder, seen, zoo.folder(arguments.model)))
