"""The models at hand: find, verify, load, publish."""

import logging
import re
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines import paths
from engines.errors import StudioError
from engines.models.card import CARD_FILE, Card, read_card, readme
from engines.networks.registry import NETWORKS
from engines.recipe import file_hash

log = logging.getLogger(__name__)

WEIGHTS_FILE = "model.safetensors"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class DrawingNetwork(Protocol):
    """What a network offers so that it can be sampled, truncated and interpolated.

    Attributes:
        latent_dim: size of the latent; classes: how many; channels: of the picture; noise_sizes: height and width of each noise map.
        mean_start: mean of `begin` a class.
        prior: what the latent is drawn from; has_w, has_layers: as of `networks.drawing.Drawing`.
    """

    latent_dim: int
    classes: int
    channels: int
    noise_sizes: list[int]
    mean_start: Tensor
    prior: str
    has_w: bool
    has_layers: bool

    def begin(self, latent: Tensor, classes: Tensor | None = None) -> Tensor: ...

    def layered(self, first: Tensor, second: Tensor) -> Tensor: ...

    def finish(self, features: Tensor, classes: Tensor | None = None, noise: Sequence[Tensor] | None = None) -> Tensor: ...


@dataclass(frozen=True)
class Generator:
    """A generator ready to draw: its network is on the device, in evaluation mode and in the numerics of its card."""

    card: Card
    network: DrawingNetwork


@dataclass(frozen=True)
class Translator:
    """Translators ready to use: `networks[i]` draws `card.classes[i]`. One that goes one way only has a single class, the one it draws."""

    card: Card
    networks: tuple[nn.Module, ...]


@dataclass(frozen=True)
class Enlarger:
    """An upscaler ready to use: its network draws pictures four times larger."""

    card: Card
    network: nn.Module


class Zoo:
    """Models in folders, the first folder that has a name winning; each is verified and loaded once."""

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._folders = tuple(folders) if folders is not None else tuple(paths.model_folders())
        self._loaded: dict[str, Generator | Translator | Enlarger] = {}
        self._told: set[Path] = set()
        self._lock = threading.Lock()

    def names(self, kind: str | None = None) -> list[str]:
        """Names of all models, or of those of one kind, sorted; one whose card cannot be read is left out, and logged once."""
        found = self._cards()
        for folder, card in found.items():
            if isinstance(card, StudioError) and folder not in self._told:
                self._told.add(folder)
                log.warning("the model %s is left out: %s", folder.name, card)
        return sorted(folder.name for folder, card in found.items() if isinstance(card, Card) and kind in (None, card.kind))

    def left_out(self) -> dict[Path, str]:
        """Folders of the models whose cards cannot be read, and why."""
        return {folder: str(card) for folder, card in self._cards().items() if isinstance(card, StudioError)}

    def _cards(self) -> dict[Path, Card | StudioError]:
        """The card in each model's folder, or why it cannot be read."""
        places: dict[str, Path] = {}
        for below in self._folders:
            for path in sorted(below.glob(f"*/{CARD_FILE}")):
                if not path.parent.name.startswith("."):  # one that is being written
                    places.setdefault(path.parent.name, path.parent)
        return {folder: _card_or_why(folder) for folder in places.values()}

    def folder(self, name: str, kind: str | None = None) -> Path:
        """The folder of a model; `kind` is what the sentence offers when there is none of that name.

        Raises:
            StudioError: no model of that name.
        """
        if isinstance(name, str) and _NAME.fullmatch(name):
            for folder in self._folders:
                if (folder / name / CARD_FILE).is_file():
                    return folder / name
        raise StudioError(f"there is no model {str(name)[:60]!r}: choose one of {', '.join(self.names(kind))}")

    def card(self, name: str) -> Card:
        """The card of a model."""
        return read_card(self.folder(name))

    def generator(self, name: str) -> Generator:
        """A generator by name.

        Raises:
            StudioError: unknown, of another kind, or damaged.
        """
        loaded = self._load(name, "generator")
        if not isinstance(loaded, Generator):
            raise StudioError(f"{name} swaps textures and draws nothing by itself: choose one of {', '.join(self.names('generator'))}")
        return loaded

    def translator(self, name: str) -> Translator:
        """A translator by name.

        Raises:
            StudioError: unknown, of another kind, or damaged.
        """
        loaded = self._load(name, "translator")
        if not isinstance(loaded, Translator):
            raise StudioError(f"{name} swaps no textures: choose one of {', '.join(self.names('translator'))}")
        return loaded

    def upscaler(self, name: str) -> Enlarger:
        """An upscaler by name.

        Raises:
            StudioError: unknown, of another kind, or damaged.
        """
        loaded = self._load(name, "upscaler")
        if not isinstance(loaded, Enlarger):
            raise StudioError(f"{name} draws nothing larger: choose one of {', '.join(self.names('upscaler')) or 'none, for none is here'}")
        return loaded

    def place(self) -> None:
        """Move what was loaded to the device that is there now."""
        with self._lock:
            for one in self._loaded.values():
                for network in one.networks if isinstance(one, Translator) else (cast(nn.Module, one.network),):
                    one.card.numerics.place(network)

    def _load(self, name: str, kind: str) -> Generator | Translator | Enlarger:
        """A model, read once; another one that has come under its name since is read anew."""
        with self._lock:
            folder = self.folder(name, kind)
            if name not in self._loaded or self._loaded[name].card != read_card(folder):
                self._loaded[name] = _read(folder)
            return self._loaded[name]


def _card_or_why(folder: Path) -> Card | StudioError:
    try:
        if not _NAME.fullmatch(folder.name):
            raise StudioError(f"{folder} is no model name: use small letters, digits, dots and dashes")
        return read_card(folder)
    except StudioError as error:
        return error


def _model_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StudioError(f"{name!r} is no model name: use small letters, digits, dots and dashes")
    return name


def verified_weights(folder: Path, card: Card) -> Path:
    """The weights beside a card, checked against its hash.

    Raises:
        StudioError: missing, or not the file that the card describes.
    """
    path = folder / Path(card.weights_file).name
    if not path.is_file():
        raise StudioError(f"{card.name} lacks its weights {card.weights_file}: fetch the model again")
    found = file_hash(path)
    if found != card.weights_sha256:
        raise StudioError(f"{card.weights_file} of {card.name} has the hash {found[:12]}…, its card says {card.weights_sha256[:12]}…: "
                          "fetch the model again")  # fmt: skip
    return path


def _read(folder: Path) -> Generator | Translator | Enlarger:
    card = read_card(folder)
    if card.kind == "clip":
        raise StudioError(f"{card.name} reads pictures and draws none: choose a generator or a translator")
    path = verified_weights(folder, card)
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise StudioError(f"{path} cannot be read ({error}): fetch the model again") from error
    if card.kind == "generator":
        return Generator(card, cast(DrawingNetwork, _build(card, tensors)))
    if card.kind == "upscaler":
        return Enlarger(card, _build(card, tensors))
    if len(card.classes) == 1:
        return Translator(card, (_build(card, tensors),))
    return Translator(card, tuple(_build(card, _below(tensors, f"{index}.")) for index in range(2)))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _build(card: Card, tensors: dict[str, Tensor]) -> nn.Module:
    if card.network not in NETWORKS:
        raise StudioError(f"{card.name} needs the network {card.network!r}, which this Atelier does not know: update it")
    try:
        network = NETWORKS[card.network](**card.settings)
        network.load_state_dict(tensors, strict=True)
    except (TypeError, ValueError, RuntimeError) as error:
        raise StudioError(f"the weights of {card.name} do not fit its card: fetch the model again") from error
    return card.numerics.place(network.eval().requires_grad_(False))


def publish(
    folder: Path, card: Card, networks: Sequence[nn.Module], pictures: Mapping[str, Image.Image] | None = None, half: bool = True
) -> Card:
    """Write a model's folder whole or not at all: card, weights, README and pictures.

    Args:
        folder: must not exist yet; its name becomes the model's.
        card: its name and weights are filled in here.
        networks: one for a generator, two for a translator, or one that goes one way.
        pictures: WebP files beside the card by name; what they show stands in `card.pictures`.
        half: keep the weights in half precision.

    Raises:
        StudioError: the folder exists, its name is no model name, or it cannot be written.
    """
    _model_name(folder.name)
    tensors: dict[str, Tensor] = {}
    for index, network in enumerate(networks):
        prefix = f"{index}." if len(networks) > 1 else ""
        for key, value in network.state_dict().items():
            stored = value.half() if half and value.is_floating_point() else value
            tensors[prefix + key] = stored.cpu().contiguous().clone()
    with paths.replacing_folder(folder) as temporary:
        save_file(tensors, temporary / WEIGHTS_FILE)
        (temporary / WEIGHTS_FILE).chmod(0o644)
        card = replace(card, name=folder.name, weights_file=WEIGHTS_FILE, weights_sha256=file_hash(temporary / WEIGHTS_FILE))
        write_card(temporary, card)
        for name, picture in (pictures or {}).items():
            picture.save(temporary / name, quality=90)
    return card


def write_card(folder: Path, card: Card) -> None:
    """Write `atelier.json` and the README made from it."""
    for name, text in ((CARD_FILE, card.to_json()), ("README.md", readme(card))):
        with paths.replacing(folder / name) as temporary:
            temporary.write_text(text)


def fetch_from_hub(repository: str, name: str | None = None) -> Path:
    """Download a model's folder from a hub repository such as `org/name` into the user's own models, under its name there or another.

    Raises:
        StudioError: no model name, the hub cannot be reached, or the repository holds no model.
    """
    from huggingface_hub import snapshot_download

    target = paths.studio_home() / "models" / _model_name(name or repository.rpartition("/")[2].lower())
    try:
        downloaded = Path(snapshot_download(repository, allow_patterns=[CARD_FILE, "*.safetensors", "*.json", "README.md", "*.webp"]))
    except Exception as error:
        raise StudioError(
            f"{repository} cannot be fetched from the hub ({type(error).__name__}): check the name and the network"
        ) from error
    verified_weights(downloaded, replace(read_card(downloaded), name=target.name))
    with paths.replacing_folder(target) as temporary:
        shutil.copytree(downloaded, temporary, dirs_exist_ok=True)
    return target
