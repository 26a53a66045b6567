"""Turn a training run into a model that the studio finds.

  python -m engines publish runs/scenes --as cityscape --words words.json

words.json holds what people should read on the card: title, summary, trained_on, rights, limits (a list), and if you like tags (a list),
licence, and hardware, which is what it was trained on.
The model goes into the folder `models` below STUDIO_HOME, or below --into.
"""

import argparse
import json
from pathlib import Path

from engines import paths
from engines.commands._options import whole_number
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.translation.publishing import publish_run

HELP = "turn a training run into a model"
WORDS = ("title", "summary", "trained_on", "rights", "limits")
LISTS = ("limits", "tags")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--as", dest="name", required=True, metavar="NAME", help="the model's name")
    parser.add_argument("--words", type=Path, required=True, metavar="FILE", help="JSON with the words of the card")
    parser.add_argument(
        "--step", type=whole_number, metavar="N", help="the snapshot of that step, kept by `train --keep` (default: the best)"
    )
    parser.add_argument("--examples", metavar="MODEL", help="a generator that draws the garments in a translator's preview")
    parser.add_argument(
        "--average-with",
        type=Path,
        action="append",
        default=[],
        metavar="RUN",
        help="publish the mean of this run's weights and those of others that began with the same ones; may be given more than once",
    )
    parser.add_argument("--into", type=Path, metavar="DIR", help="folder of models (default: below STUDIO_HOME)")


def run(arguments: argparse.Namespace) -> None:
    try:
        words = json.loads(arguments.words.read_text())
    except (OSError, ValueError) as error:
        raise StudioError(f"{arguments.words} cannot be read as JSON ({error}): write {', '.join(WORDS)} into it") from error
    if not isinstance(words, dict):
        raise StudioError(f"{arguments.words} is no JSON object: write {', '.join(WORDS)} into it")
    missing = [key for key in WORDS if key not in words]
    if missing:
        raise StudioError(f"{arguments.words} lacks {', '.join(missing)}: add what people should read on the card")
    for key, value in words.items():
        lines = value if isinstance(value, list) and key in LISTS else [value]
        if isinstance(value, list) != (key in LISTS) or not all(isinstance(line, str) for line in lines):
            expected = "a list of texts" if key in LISTS else "a text"
            raise StudioError(f"{key} in {arguments.words} is {expected}, got {str(value)[:40]}: write it so")
    into = arguments.into or paths.studio_home() / "models"
    examples = Zoo().generator(arguments.examples) if arguments.examples else None
    card = publish_run(arguments.run_folder, into / arguments.name, words, examples, arguments.step, arguments.average_with)
    print(f"{into / card.name}: {card.title}")
