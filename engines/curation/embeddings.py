"""Vectors of pictures, kept on disk: each picture is looked at once by each model, whatever is asked about it later."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engines import paths
from engines.curation.encoder import Encoder, look_at, none_readable
from engines.curation.framing import Frame
from engines.errors import StudioError
from engines.paths import replacing
from engines.progress import Progress, silent

FORMAT = 1
SHARD = 1024
FACTS_FILE = "shards.json"
KEYS_SUFFIX = ".keys.npy"
VECTORS_SUFFIX = ".vectors.npy"
DIGEST = 32


@dataclass(frozen=True)
class View:
    """Everything beside the file itself that a vector depends on: vectors of different views never meet.

    Attributes:
        model_id: model, weights and precision.
        frame: the key of the frame; empty without one.
        decoding: how files are decoded, "full" or "draft".
    """

    model_id: str
    frame: str = ""
    decoding: str = "full"

    @property
    def folder_name(self) -> str:
        """A name for it on disk: a few readable letters and a hash."""
        digest = hashlib.sha256(json.dumps([self.model_id, self.frame, self.decoding]).encode()).hexdigest()
        readable = "".join(letter if letter.isalnum() else "-" for letter in self.model_id.partition("@")[0])
        return f"{readable[:40]}-{digest[:16]}"


class EmbeddingStore:
    """Vectors by the hash of the picture's file, in shards that are written once and never changed.

    A shard is two files: float16 vectors, shape (n, dimensions), and then, last, the sha256 digests they belong to, shape (n, 32), uint8.
    A shard without its digests is not there. Its name is the hash of its digests, so that several processes may write side by side.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def vectors(
        self,
        pictures: Sequence[tuple[str, Path]],
        encoder: Encoder,
        frame: Frame | None = None,
        progress: Progress = silent,
        decoding: str = "full",
        seen: Callable[[int, Image.Image], object] | None = None,
    ) -> tuple[np.ndarray, tuple[tuple[int, str], ...]]:
        """Unit vectors of pictures; those that are not kept yet are computed, and kept even when the work is cut short.

        Args:
            pictures: (sha256 in hexadecimal, file) of each.
            decoding: see `encoder.look_at`.
            seen: called in a decoding thread with the place and the pixels of each picture that is looked at now.

        Returns:
            A matrix, shape (n, dimensions), float32, with one row for each picture given, NaN where it cannot be read; and the place of
            each such picture with the reason. Values went through float16, so that a second call gives the same to the last bit.

        Raises:
            StudioError: no pictures, none that can be read, or the store cannot be written to.
            Cancelled: when `progress` says so.
        """
        if not pictures:
            raise StudioError("there are no pictures: choose JPEG, PNG or WEBP pictures")
        view = View(encoder.model_id, frame.key() if frame else "", decoding)
        digests = [sha256 for sha256, _ in pictures]
        missing = self.missing(view, digests)
        failed: list[tuple[int, str]] = []
        if missing:
            told = None if seen is None else lambda place, picture: seen(missing[place], picture)
            failed = self.compute([pictures[place] for place in missing], encoder, frame, progress, decoding, told)
        matrix, found = self.read(view, digests, encoder.dimensions)
        reasons = {digests[missing[place]]: reason for place, reason in failed}
        lost = [(place, reasons.get(digests[place], "its vector could not be kept")) for place in np.flatnonzero(~found).tolist()]
        if len(lost) == len(pictures):
            raise StudioError(none_readable(len(pictures), lost[0][1]))
        return matrix, tuple(lost)

    def compute(
        self,
        pictures: Sequence[tuple[str, Path]],
        encoder: Encoder,
        frame: Frame | None = None,
        progress: Progress = silent,
        decoding: str = "full",
        seen: Callable[[int, Image.Image], object] | None = None,
    ) -> list[tuple[int, str]]:
        """Look at pictures and keep their vectors, a shard at a time; what is done is kept when the work is cut short.

        Returns:
            Place and reason of each picture that cannot be read.

        Raises:
            Cancelled: when `progress` says so.
        """
        view = View(encoder.model_id, frame.key() if frame else "", decoding)
        keys: list[str] = []
        rows: list[np.ndarray] = []
        failed: list[tuple[int, str]] = []
        try:
            for looked in look_at(encoder, [path for _, path in pictures], progress, seen=seen, frame=frame, decoding=decoding):
                keys.extend(pictures[place][0] for place in looked.places)
                rows.append(looked.vectors)
                failed.extend(looked.failed)
                if len(keys) >= SHARD:
                    self.write(view, keys, np.concatenate(rows))
                    keys, rows = [], []
        finally:
            if keys:
                self.write(view, keys, np.concatenate(rows))
        return failed

    def missing(self, view: View, digests: Sequence[str]) -> list[int]:
        """The places of pictures whose vectors are not kept; of a file that comes several times the first."""
        held = set().union(*(keys.tolist() for keys, _ in self._shards(view)))
        places = {digest: place for place, digest in reversed(list(enumerate(digests))) if bytes.fromhex(digest) not in held}
        return sorted(places.values())

    def read(self, view: View, digests: Sequence[str], dimensions: int) -> tuple[np.ndarray, np.ndarray]:
        """What is kept of these pictures.

        Args:
            digests: sha256 of each picture's file, in hexadecimal.

        Returns:
            Vectors, shape (n, dimensions), float32, NaN where there is none; and where there is one, shape (n,), bool.
        """
        wanted = np.frombuffer(bytes.fromhex("".join(digests)), f"V{DIGEST}")
        order = np.argsort(wanted, kind="stable")
        ranked = wanted[order]
        first = np.ones(len(ranked), bool)
        first[1:] = ranked[1:] != ranked[:-1]
        known, owners = ranked[first], order[first]
        matrix = np.full((len(digests), dimensions), np.nan, np.float32)
        found = np.zeros(len(digests), bool)
        for keys, vectors in self._shards(view):
            slots = np.searchsorted(known, keys)
            slots[slots == len(known)] = 0
            hits = known[slots] == keys
            places = owners[slots[hits]]
            matrix[places] = vectors[hits]
            found[places] = True
        copies, originals = order[~first], owners[np.cumsum(first)[~first] - 1]
        matrix[copies], found[copies] = matrix[originals], found[originals]
        return matrix, found

    def write(self, view: View, digests: Sequence[str], vectors: np.ndarray) -> None:
        """Keep a shard of vectors, shape (n, dimensions), of the pictures with these hashes.

        Raises:
            StudioError: the store cannot be written to.
        """
        folder = self.folder / view.folder_name
        if not (folder / FACTS_FILE).exists():
            facts = {"format": FORMAT, "model_id": view.model_id, "frame": view.frame, "decoding": view.decoding}
            with replacing(folder / FACTS_FILE) as temporary:
                temporary.write_text(json.dumps(facts))
        keys = np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, DIGEST)
        name = hashlib.sha256(keys.tobytes()).hexdigest()[:32]
        for suffix, content in ((VECTORS_SUFFIX, vectors.astype(np.float16)), (KEYS_SUFFIX, keys)):
            with replacing(folder / f"{name}{suffix}") as temporary, temporary.open("wb") as handle:
                np.save(handle, content)

    def _shards(self, view: View) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Digests, shape (n,), and float16 vectors, shape (n, dimensions), of each whole shard; a damaged one is passed over."""
        for path in sorted((self.folder / view.folder_name).glob(f"*{KEYS_SUFFIX}")):
            if path.name.startswith("."):
                continue
            with suppress(OSError, ValueError):
                keys = np.load(path)
                vectors = np.load(path.with_name(path.name.replace(KEYS_SUFFIX, VECTORS_SUFFIX)), mmap_mode="r")
                if len(keys) == len(vectors) > 0:
                    yield np.ascontiguousarray(keys).view(f"V{DIGEST}").ravel(), vectors


def default_store() -> EmbeddingStore:
    """The store that collections and folders share, below `studio_home()`."""
    return EmbeddingStore(paths.studio_home() / "embeddings")
