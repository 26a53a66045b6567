"""Make a model of another project's checkpoint: Lightweight GAN, or CycleGAN, CUT and pix2pix generators in their usual PyTorch form.

A Lightweight GAN (of the `lightweight-gan` package from version 1.1 on) becomes a generator, of its averaged weights. Of a translator, FILE
is the generator from the first class to the second; a second FILE is the way back, without which the model goes one way only.
Files are opened without running anything in them. The weights are kept as they are, and draw the same pictures.

  python -m engines import models/default/model_12.pt --as my-graphics
  python -m engines import latest_net_G_A.pth latest_net_G_B.pth --as horse-zebra --classes horse,zebra
  python -m engines import latest_net_G.pth --as monet --classes photograph,monet --words words.json

words.json may hold what people should read on the card: title, summary, trained_on, rights, limits (a list), tags, licence.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from torch import nn

from engines import paths
from engines.errors import StudioError
from engines.exploration.truncation import store_mean_start
from engines.models.card import Card
from engines.models.importers import cyclegan, lightweight_gan
from engines.models.importers.checkpoint import read_checkpoint, state_of
from engines.models.importers.foreign import Foreign
from engines.models.zoo import publish
from engines.networks.registry import NETWORKS
from engines.recipe import file_hash

HELP = "make a model of another project's checkpoint"
UNKNOWN = "Unknown: the checkpoint says nothing of it. Ask who trained it before you use it."
SIDES = (64, 2048)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="checkpoint, and if you like the one of the way back")
    parser.add_argument("--as", dest="name", required=True, metavar="NAME", help="the model's name")
    parser.add_argument("--classes", metavar="A,B", help="what FILE turns into what; of a translator")
    parser.add_argument("--side", type=int, default=256, metavar="PX", help="size it was trained for; larger pictures are reduced to it")
    parser.add_argument("--words", type=Path, metavar="FILE", help="JSON with the words of the card")
    parser.add_argument("--into", type=Path, metavar="DIR", help="folder of models (default: below STUDIO_HOME)")


def run(arguments: argparse.Namespace) -> None:
    first = read_checkpoint(arguments.files[0])
    if lightweight_gan.is_package(first):
        _import_generator(arguments, first)
    elif arguments.classes is None:
        raise StudioError("a translator needs --classes A,B: say what is turned into what")
    else:
        _import_translator(arguments)


def _import_generator(arguments: argparse.Namespace, checkpoint: dict[str, Any]) -> None:
    if len(arguments.files) > 1 or arguments.classes is not None:
        raise StudioError(f"{arguments.files[0].name} holds a Lightweight GAN without classes: give it alone, without --classes")
    settings, network = lightweight_gan.read_generator(state_of(checkpoint.get("GAN", checkpoint)))
    network.eval()
    store_mean_start(network)
    words = _words(arguments.words)
    card = Card(
        name=arguments.name,
        title=words.get("title", arguments.name),
        summary=words.get("summary", f"Draws pictures of {network.resolution} pixels"),
        kind="generator",
        weights_file="",
        weights_sha256="0" * 64,
        rights=words.get("rights", UNKNOWN),
        trained_on=words.get("trained_on", UNKNOWN),
        limits=tuple(words.get("limits", ("Imported: nothing of it was measured here.",))),
        network="lightweight-gan",
        settings=settings,
        render={"precision": "float32", "channels_last": False, "chunk": 8},
        training={"imported from": "the lightweight-gan package", f"sha256 of {arguments.files[0].name}": file_hash(arguments.files[0])},
        tags=tuple(words.get("tags", ("gan",))),
        licence=words.get("licence", "other"),
    )
    into = arguments.into or paths.studio_home() / "models"
    publish(into / arguments.name, card, [network], half=False)
    print(f"{into / arguments.name}: {card.summary} (a Lightweight GAN)")


def _import_translator(arguments: argparse.Namespace) -> None:
    classes = tuple(name.strip() for name in arguments.classes.split(","))
    if len(classes) != 2 or not all(classes) or len(set(classes)) != 2:
        raise StudioError(f"--classes must be two names such as horse,zebra, got {arguments.classes!r}: say what is turned into what")
    if len(arguments.files) > 2:
        raise StudioError(f"a translator is one file or two, got {len(arguments.files)}: leave the others out")
    if not SIDES[0] <= arguments.side <= SIDES[1]:
        raise StudioError(f"--side is {SIDES[0]} to {SIDES[1]} pixels, got {arguments.side}: choose another")
    words = _words(arguments.words)
    found = _drawing_classes(arguments.files)
    if (found[0].network, found[0].settings) != (found[-1].network, found[-1].settings):
        raise StudioError(f"the two files hold {found[0].source} and {found[-1].source}: give two of the same form")
    both = len(found) == 2
    card = Card(
        name=arguments.name,
        title=words.get("title", arguments.name),
        summary=words.get("summary", f"Turns {classes[0]} into {classes[1]}" + (" and back" if both else ", one way only")),
        kind="translator",
        weights_file="",
        weights_sha256="0" * 64,
        rights=words.get("rights", UNKNOWN),
        trained_on=words.get("trained_on", UNKNOWN),
        limits=tuple(words.get("limits", ("Imported: nothing of it was measured here.",))),
        network=found[0].network,
        settings=found[0].settings,
        classes=classes if both else classes[1:],
        render={"precision": "float32", "channels_last": False, "chunk": 8, "side": arguments.side},
        training={"imported from": found[0].source} | {f"sha256 of {path.name}": file_hash(path) for path in arguments.files},
        tags=tuple(words.get("tags", ("gan", "image-to-image"))),
        licence=words.get("licence", "other"),
    )
    into = arguments.into or paths.studio_home() / "models"
    publish(into / arguments.name, card, [_network(part) for part in found], half=False)
    print(f"{into / arguments.name}: {card.summary} ({found[0].source})")


def _drawing_classes(files: list[Path]) -> list[Foreign]:
    """Networks in the order of the classes that they draw: the second file draws the first class."""
    found = [cyclegan.recognise(read_checkpoint(path)) for path in files]
    if len(files) == 1:
        return found[0]
    if any(len(part) != 1 for part in found):
        raise StudioError(f"{files[0].name} and {files[1].name} hold more than one generator each: give one of them")
    return [found[1][0], found[0][0]]


def _network(foreign: Foreign) -> nn.Module:
    network = NETWORKS[foreign.network](**foreign.settings)
    network.load_state_dict(foreign.weights)
    return network.eval()


def _words(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        words = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise StudioError(f"{path} cannot be read as JSON ({error}): write the words of the card into it") from error
    if not isinstance(words, dict):
        raise StudioError(f"{path} holds a {type(words).__name__}, expected an object with title, summary, trained_on, rights, limits")
    return words
