"""Training pictures: a folder (or Fashion-MNIST's files) decoded once, then read by memory map."""

import gzip
import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engines import imaging
from engines.curation.reading import read_each
from engines.errors import StudioError
from engines.paths import replacing, studio_home
from engines.progress import Progress, silent
from engines.recipe import file_hash
from engines.training.split import difference_hash, held_out

FASHION_CLASSES: tuple[str, ...] = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
AHEAD = 8
"""Decoded pictures that are held at once: decoders are faster than some disks."""
EMPTY_MARGINS = "empty margins"
"""What distinguishes transparent pictures from those that an earlier Atelier decoded."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class PictureSet:
    """Decoded pictures with their classes.

    Attributes:
        pixels: uint8, shape (n, channels, size, size); usually a memory map.
        labels: index into `classes` of each picture, shape (n,), int64.
        classes: class names, sorted.
        held_out: which pictures the split keeps from training, shape (n,), bool.
        failed: (path, reason) of each picture left out.
        digest: sha256 over the hashes and classes of all pictures: what a model was trained on.
    """

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    held_out: np.ndarray
    failed: tuple[tuple[str, str], ...]
    digest: str

    def part(self, held_out: bool) -> np.ndarray:
        """Indices of the held-out pictures, or of those for training."""
        return np.flatnonzero(self.held_out == held_out)

    def training_counts(self) -> dict[str, int]:
        """Class → how many pictures of it are for training."""
        counts = np.bincount(self.labels[self.part(held_out=False)], minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    def tensor(self, indices: np.ndarray) -> Tensor:
        """Pictures in [-1, 1], shape (n, channels, size, size), float32."""
        return torch.from_numpy(np.ascontiguousarray(self.pixels[indices])).float().div_(127.5).sub_(1)


def parse_classes(wanted: Sequence[str]) -> dict[str, str]:
    """`["buildings", "trainA=leather"]` → {"buildings": "buildings", "trainA": "leather"}: folder name → class name."""
    pairs = [entry.partition("=") for entry in wanted]
    return {folder.strip(): (name or folder).strip() for folder, _, name in pairs}


def load_pictures(
    folder: Path, size: int, framing: str, channels: int = 3, classes: dict[str, str] | None = None, progress: Progress = silent
) -> PictureSet:
    """Read a picture folder (a picture's class is the name of the folder it lies in) or a folder with Fashion-MNIST's idx files.

    Args:
        folder: searched through all sub-folders.
        size: height and width of the decoded pictures.
        framing: as `imaging.framed` takes it.
        channels: 1 for grey, 3 for RGB, 4 for RGB and alpha.
        classes: which folders (of Fashion-MNIST: which of its classes) to take, and the class name of each; all by default.

    Raises:
        StudioError: no pictures, a class without any, or an idx file that cannot be read.
    """
    folder = Path(folder)
    idx_files = sorted(folder.glob("*-images-idx3-ubyte*")) if folder.is_dir() else []
    if idx_files:
        return _read_fashion_mnist(idx_files, size, classes)
    files = [path for path in imaging.picture_files(folder) if classes is None or path.parent.name in classes]
    names = [(classes or {}).get(path.parent.name, path.parent.name) for path in files]
    missing = sorted(set((classes or {}).values()) - set(names))
    if missing or not files:
        found = ", ".join(sorted({path.parent.name for path in imaging.picture_files(folder)})) or "none"
        raise StudioError(f"{folder} has no pictures of {', '.join(missing) or 'any class'}: folders with pictures are {found}")
    return _decoded(files, names, size, framing, channels, progress)


def _decoded(files: list[Path], names: list[str], size: int, framing: str, channels: int, progress: Progress) -> PictureSet:
    """Decode files once into a cache below `studio_home()`, keyed by what was listed and how it is framed."""
    listing = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    made = [listing, size, framing, channels, *([EMPTY_MARGINS] if channels == 4 else [])]
    key = hashlib.sha256(json.dumps(made).encode()).hexdigest()[:24]
    cache = studio_home() / "cache" / "pictures"
    pixel_file, fact_file = cache / f"{key}.npy", cache / f"{key}.json"
    if not (pixel_file.exists() and fact_file.exists()):
        _decode(files, size, framing, channels, pixel_file, fact_file, progress)
    facts = json.loads(fact_file.read_text())
    kept = facts["kept"]
    classes = tuple(sorted({names[index] for index in kept}))
    labels = np.array([classes.index(names[index]) for index in kept], dtype=np.int64)
    digest = hashlib.sha256(json.dumps(sorted(zip(facts["hashes"], labels.tolist(), strict=True))).encode()).hexdigest()
    looks = [bytes.fromhex(look) for look in facts["looks"]]
    failed = tuple((path, reason) for path, reason in facts["failed"])
    return PictureSet(np.load(pixel_file, mmap_mode="r"), labels, classes, held_out(facts["hashes"], looks), failed, digest)


def _decode(files: list[Path], size: int, framing: str, channels: int, pixel_file: Path, fact_file: Path, progress: Progress) -> None:
    def read(path: Path) -> tuple[np.ndarray, str, str]:
        picture = imaging.safe_open(path, alpha=channels == 4)
        pixels = np.asarray(imaging.framed(picture, size, framing).convert(MODES[channels])).reshape(size, size, channels)
        return pixels.transpose(2, 0, 1), file_hash(path), difference_hash(picture).hex()

    facts: dict[str, list[Any]] = {"kept": [], "hashes": [], "looks": [], "failed": []}
    with replacing(pixel_file) as temporary, temporary.open("wb") as handle:
        _write_header(handle, (len(files), channels, size, size))
        for index, outcome in enumerate(read_each(files, read, progress, "reading pictures", AHEAD)):
            if isinstance(outcome, StudioError):
                facts["failed"].append((str(files[index]), str(outcome)))
                continue
            pixels, digest, look = outcome
            handle.write(pixels.tobytes())
            facts["kept"].append(index)
            facts["hashes"].append(digest)
            facts["looks"].append(look)
        if not facts["kept"]:
            raise StudioError(f"none of the {len(files)} pictures can be read; the first says: {facts['failed'][0][1]}")
        handle.seek(0)
        _write_header(handle, (len(facts["kept"]), channels, size, size))
    with replacing(fact_file) as temporary:
        temporary.write_text(json.dumps({"format": 1, **facts}))


def _write_header(handle: IO[bytes], shape: tuple[int, ...]) -> None:
    """The header of an .npy file of bytes; as long for any number of rows, so that it can be written again when they are counted."""
    np.lib.format.write_array_header_1_0(handle, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _read_fashion_mnist(image_files: list[Path], size: int, classes: dict[str, str] | None) -> PictureSet:
    """The four idx files of Fashion-MNIST, resized where another size is asked for; its own test part is what is held out."""
    pixels, labels, test = [], [], []
    for path in image_files:
        images = _read_idx(path)
        pixels.append(images)
        labels.append(_read_idx(path.with_name(path.name.replace("images-idx3", "labels-idx1"))))
        if len(labels[-1]) != len(images):
            raise StudioError(f"{path} has {len(images)} pictures and {len(labels[-1])} labels: fetch both files anew")
        test.append(np.full(len(images), path.name.startswith("t10k")))
    stacked, numbers, held = np.concatenate(pixels)[:, None], np.concatenate(labels).astype(np.int64), np.concatenate(test)
    digest, names = hashlib.sha256(stacked.tobytes()), FASHION_CLASSES
    if classes is not None:
        names = tuple(sorted(set(classes.values())))
        unknown = sorted(set(classes) - set(FASHION_CLASSES))
        if unknown:
            raise StudioError(f"Fashion-MNIST has no class {', '.join(unknown)}: its classes are {', '.join(FASHION_CLASSES)}")
        renamed = np.array([names.index(classes[name]) if name in classes else -1 for name in FASHION_CLASSES])
        chosen = renamed[numbers] >= 0
        stacked, numbers, held = stacked[chosen], renamed[numbers[chosen]], held[chosen]
        digest.update(json.dumps(sorted(classes.items())).encode())
    if stacked.shape[-1] != size:
        resized = (np.asarray(Image.fromarray(picture[0]).resize((size, size), Image.Resampling.LANCZOS)) for picture in stacked)
        stacked = np.stack(list(resized))[:, None]
    return PictureSet(stacked, numbers, names, held, (), digest.hexdigest())


def _read_idx(path: Path) -> np.ndarray:
    """One idx file of bytes, gzipped or not. Source: yann.lecun.com/exdb/mnist, "the IDX file format"."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as handle:
            content = handle.read()
        dimensions = content[3]
        shape = struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (gzip.BadGzipFile, EOFError, zlib.error, IndexError, struct.error, ValueError) as error:
        raise StudioError(f"{path} is damaged or cut off: fetch it anew") from error
    except OSError as error:
        raise StudioError(f"{path} cannot be read: {error.strerror or error}") from error


class Batches:
    """Batches of training pictures as a function of (seed, step) alone.

    Without balance every picture comes once an epoch, in an order drawn for that epoch; with balance every class comes equally often.
    A batch is shared out over the processes: process r of R gets every R-th picture.
    """

    def __init__(self, pictures: PictureSet, batch: int, seed: int, balanced: bool = False, flip: bool = False) -> None:
        self._pictures, self._batch, self._seed, self._balanced, self._flip = pictures, batch, seed, balanced, flip
        self._train = pictures.part(held_out=False)
        if not len(self._train):
            raise StudioError("the split leaves no picture for training: add pictures")
        self._by_class = [self._train[pictures.labels[self._train] == label] for label in range(len(pictures.classes))]
        if balanced and not all(len(members) for members in self._by_class):
            empty = [name for name, members in zip(pictures.classes, self._by_class, strict=True) if not len(members)]
            raise StudioError(f"no training picture of {', '.join(empty)}: add some, or leave the class out")

    def indices(self, step: int) -> np.ndarray:
        """Which pictures make up a step's batch, shape (batch,)."""
        if self._balanced:
            random = np.random.default_rng((self._seed, step))
            labels = random.permutation((step * self._batch + np.arange(self._batch)) % len(self._by_class))
            return np.array([random.choice(self._by_class[label]) for label in labels])
        places = np.arange(step * self._batch, (step + 1) * self._batch)
        epochs, offsets = np.divmod(places, len(self._train))
        orders = {epoch: np.random.default_rng((self._seed, int(epoch))).permutation(self._train) for epoch in set(epochs.tolist())}
        return np.array([orders[int(epoch)][offset] for epoch, offset in zip(epochs, offsets, strict=True)])

    def __call__(self, step: int, process: int = 0, processes: int = 1) -> tuple[Tensor, Tensor]:
        """Pictures in [-1, 1], shape (batch / processes, channels, size, size), and their labels, shape (batch / processes,)."""
        indices = self.indices(step)[process::processes]
        pictures = self._pictures.tensor(indices)
        if self._flip:
            turned = torch.from_numpy(np.random.default_rng((self._seed, step, 1)).random(self._batch)[process::processes] < 0.5)
            pictures[turned] = pictures[turned].flip(-1)
        return pictures, torch.from_numpy(self._pictures.labels[indices])
