"""Let a translator know what its training pictures look like, so that it can warn of a picture that is unlike them.

  python -m engines familiar leather-denim --data pairs --classes trainA=leather,trainB=denim

Writes familiar.safetensors beside the model's card; needed once a model and text-image model.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from engines import imaging
from engines.curation.encoder import SHIPPED_MODEL, load_encoder
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.progress import TextProgress
from engines.translation.familiarity import learn_familiar, write_familiar

HELP = "let a translator know the pictures it learned from"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a translator")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the training pictures, a folder a class")
    parser.add_argument("--classes", required=True, metavar="FOLDER=NAME,…", help="folders and the classes that they show")
    parser.add_argument("--encoder", default=SHIPPED_MODEL, metavar="MODEL", help=f"text-image model (default {SHIPPED_MODEL})")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo()
    translator = zoo.translator(arguments.model)
    named = (part.rpartition("=") for part in arguments.classes.split(","))
    folders = {name.strip(): (folder or name).strip() for folder, _, name in named}
    for name in folders:
        translator.card.class_index(name)
    if set(folders) != set(translator.card.classes):
        raise StudioError(f"{arguments.model} swaps {', '.join(translator.card.classes)}, got {', '.join(folders)}: name a folder for each")
    files: dict[str, Sequence[Path]] = {name: imaging.picture_files(arguments.data / folder) for name, folder in folders.items()}
    familiar = learn_familiar(load_encoder(arguments.encoder, zoo), files, TextProgress())
    path = write_familiar(zoo.folder(arguments.model), familiar)
    for name, least in familiar.least.items():
        print(f"{name}: held-out pictures are at least {least:.2f} like the typical ones")
    print(path)
