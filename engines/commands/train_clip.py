"""Train the small text-image model that scores pictures, and measure it.

Training needs pictures in folders named after their class (buildings, street, forest, glacier, mountain, sea, the ten kinds of garments,
trainA for leather, trainB for denim) and WordNet's nouns; it takes about ten minutes on two cores. Pictures that the split holds out are
never trained on; what `evaluate` measures on them stands on the new model's card.

  python -m engines train-clip --data photographs --out models/studio-clip
"""

import argparse
from pathlib import Path

from engines.commands._evaluated import add_to_card
from engines.curation import studio_clip
from engines.curation.encoder import Encoders
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.progress import TextProgress

HELP = "train the small text-image model"
WORDNET = Path("/usr/share/wordnet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    plan = studio_clip.Plan()
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the pictures to learn from")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's new folder; its name becomes the model's")
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


def run(arguments: argparse.Namespace) -> None:
    if arguments.text_steps < 0 or arguments.joint_steps < 10:
        raise StudioError("--text-steps is 0 or more and --joint-steps 10 or more: give other numbers")
    plan = studio_clip.Plan(text_steps=arguments.text_steps, joint_steps=arguments.joint_steps, seed=arguments.seed)
    card = studio_clip.train(arguments.data, arguments.out, arguments.wordnet, plan, TextProgress())
    zoo = Zoo([arguments.out.resolve().parent])
    report = studio_clip.measured(Encoders(zoo).get(card.name), card, arguments.data, TextProgress())
    add_to_card(arguments.out, card, report)
    print(f"{arguments.out}: ready")
