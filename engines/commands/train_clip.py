"""Train the small text-image model that scores pictures, or measure one.

Training needs pictures in folders named after their class (buildings, street, forest, glacier, mountain, sea, the ten kinds of garments,
trainA for leather, trainB for denim) and WordNet's nouns; it takes about ten minutes on two cores. Pictures that the split holds out are
never trained on; --evaluate measures on them alone.

  python -m engines train-clip --data photographs --out models/studio-clip
  python -m engines train-clip --evaluate photographs --model studio-clip
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from engines.curation import studio_clip
from engines.curation.encoder import SHIPPED_MODEL, Encoders
from engines.errors import StudioError
from engines.models.zoo import Zoo, write_card
from engines.progress import TextProgress

HELP = "train or measure the small text-image model"
WORDNET = Path("/usr/share/wordnet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    plan = studio_clip.Plan()
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with the pictures to learn from")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the model's new folder; its name becomes the model's")
    parser.add_argument("--wordnet", type=Path, default=WORDNET, metavar="DIR", help=f"folder with WordNet's data.noun (default {WORDNET})")
    parser.add_argument(
        "--text-steps",
        type=int,
        default=plan.text_steps,
        metavar="N",
        help=f"for the text tower beyond its fit (default {plan.text_steps})",
    )
    parser.add_argument(
        "--joint-steps", type=int, default=plan.joint_steps, metavar="N", help=f"for the linear layer (default {plan.joint_steps})"
    )
    parser.add_argument("--seed", type=int, default=plan.seed, help="of all randomness (default 0)")
    parser.add_argument("--evaluate", type=Path, metavar="DIR", help="measure on the held-out pictures of this folder instead")
    parser.add_argument("--model", default=SHIPPED_MODEL, metavar="NAME", help=f"what to measure (default {SHIPPED_MODEL})")


def run(arguments: argparse.Namespace) -> None:
    if arguments.evaluate is not None:
        encoder = Encoders(Zoo()).get(arguments.model)
        print(json.dumps(studio_clip.evaluate(encoder, arguments.evaluate, TextProgress()), indent=1, ensure_ascii=False))
        return
    if arguments.data is None or arguments.out is None:
        raise StudioError("train-clip needs --data DIR and --out DIR, or --evaluate DIR (see train-clip --help)")
    if arguments.text_steps < 0 or arguments.joint_steps < 10:
        raise StudioError("--text-steps is 0 or more and --joint-steps 10 or more: give other numbers")
    plan = studio_clip.Plan(text_steps=arguments.text_steps, joint_steps=arguments.joint_steps, seed=arguments.seed)
    card = studio_clip.train(arguments.data, arguments.out, arguments.wordnet, plan, TextProgress())
    zoo = Zoo([arguments.out.resolve().parent])
    figures = studio_clip.evaluate(Encoders(zoo).get(card.name), arguments.data, TextProgress())
    write_card(arguments.out, replace(card, evaluation=figures))
    print(f"{arguments.out}: ready")
