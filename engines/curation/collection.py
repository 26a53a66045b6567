"""Pictures that are curated together: where they come from, their vectors and their thumbnails, kept in one folder."""

import hashlib
import io
import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from engines import imaging
from engines.curation.encoder import Encoder, encode_pictures
from engines.errors import StudioError
from engines.paths import replacing
from engines.progress import Progress, silent

FORMAT = 1
FACTS_FILE = "collection.json"
VECTORS_FILE = "vectors.npy"
THUMBNAILS_FILE = "thumbnails.pack"
THUMBNAIL = 96
MAT = (128, 128, 128)
MAX_PICTURES = 20_000
MAX_CELLS = 256
SHEET_COLUMNS = 16


@dataclass(frozen=True)
class Source:
    """A picture file and what it is called to people: its path below the folder or archive it came from."""

    path: Path
    name: str


@dataclass(frozen=True)
class Sources:
    """Pictures to take in, and what was left out before any was opened.

    Attributes:
        origin: where they come from, in words.
        training_allowed: "yes" when the person said so, "unknown" otherwise.
        failed: (name, reason).
    """

    origin: str
    pictures: tuple[Source, ...]
    training_allowed: str = "unknown"
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Collection:
    """A collection on disk.

    Attributes:
        folder: holds facts, vectors and thumbnails.
        sources: the pictures that could be read, in the order of the vectors; and all that could not.
        model_id: which encoder the vectors come from.
        vectors: shape (n, dimensions), float32.
    """

    folder: Path
    sources: Sources
    model_id: str
    vectors: np.ndarray


def prepare(sources: Sources, folder: Path, encoder: Encoder, progress: Progress = silent) -> Collection:
    """Look at every picture once: its vector and its thumbnail are kept in `folder`, which appears file by file, the facts last.

    A folder that already holds this collection for this encoder is read instead.

    Raises:
        StudioError: no pictures, too many, or none that can be read.
        Cancelled: when `progress` says so.
    """
    found = read(folder)
    if found is not None and found.model_id == encoder.model_id:
        return found
    if not sources.pictures:
        reason = f"; the first file left out: {sources.failed[0][0]}, {sources.failed[0][1]}" if sources.failed else ""
        raise StudioError(f"there are no pictures in {sources.origin}: choose JPEG, PNG or WEBP pictures{reason}")
    if len(sources.pictures) > MAX_PICTURES:
        raise StudioError(f"{len(sources.pictures):,} pictures are more than the {MAX_PICTURES:,} looked at together: choose fewer")
    thumbnails: dict[int, bytes] = {}

    def seen(index: int, picture: Image.Image) -> None:
        thumbnails[index] = _thumbnail(picture)

    encoded = encode_pictures(encoder, [source.path for source in sources.pictures], progress, seen=seen)
    kept = tuple(sources.pictures[place] for place in encoded.kept)
    failed = sources.failed + tuple((sources.pictures[place].name, reason) for place, reason in encoded.failed)
    with replacing(folder / VECTORS_FILE) as temporary, temporary.open("wb") as handle:
        np.save(handle, encoded.vectors)
    _write_pack(folder / THUMBNAILS_FILE, [thumbnails[place] for place in encoded.kept])
    readable = Sources(sources.origin, kept, sources.training_allowed, failed)
    with replacing(folder / FACTS_FILE) as temporary:
        facts = asdict(readable) | {"pictures": [[str(source.path), source.name] for source in kept]}
        temporary.write_text(json.dumps({"format": FORMAT, "model_id": encoder.model_id, **facts}, ensure_ascii=False))
    return Collection(folder, readable, encoder.model_id, encoded.vectors)


def read(folder: Path) -> Collection | None:
    """The collection in a folder, or None when there is none or it is of another format."""
    try:
        facts = json.loads((folder / FACTS_FILE).read_text())
        vectors = np.load(folder / VECTORS_FILE)
    except (OSError, ValueError):
        return None
    if facts.get("format") != FORMAT or len(facts["pictures"]) != len(vectors):
        return None
    pictures = tuple(Source(Path(path), name) for path, name in facts["pictures"])
    failed = tuple((name, reason) for name, reason in facts["failed"])
    return Collection(folder, Sources(facts["origin"], pictures, facts["training_allowed"], failed), facts["model_id"], vectors)


def key_of(sources: Sources) -> str:
    """A folder name that changes when a file, its name or the rights change."""
    listing = [[source.name, str(source.path), source.path.stat().st_size, source.path.stat().st_mtime_ns] for source in sources.pictures]
    return hashlib.sha256(json.dumps([listing, sources.origin, sources.training_allowed]).encode()).hexdigest()[:24]


def _thumbnail(picture: Image.Image) -> bytes:
    """The whole picture in a square of 96 px on grey, as JPEG."""
    buffer = io.BytesIO()
    fitted = ImageOps.pad(picture, (THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS, color=MAT)
    fitted.save(buffer, format="JPEG", quality=88)
    return buffer.getvalue()


def _write_pack(path: Path, entries: Sequence[bytes]) -> None:
    """Count, then the end of each entry (all uint32, little-endian), then the entries."""
    ends = np.cumsum([len(entry) for entry in entries], dtype=np.uint32)
    with replacing(path) as temporary:
        temporary.write_bytes(struct.pack("<I", len(entries)) + ends.astype("<u4").tobytes() + b"".join(entries))


def thumbnails(collection: Collection, places: Sequence[int]) -> list[Image.Image]:
    """Thumbnails of some pictures, 96 × 96."""
    found = []
    with (collection.folder / THUMBNAILS_FILE).open("rb") as handle:
        (count,) = struct.unpack("<I", handle.read(4))
        ends = np.frombuffer(handle.read(4 * count), "<u4").astype(np.int64)
        begin = 4 + 4 * count
        for place in places:
            start = int(ends[place - 1]) if place else 0
            handle.seek(begin + start)
            found.append(Image.open(io.BytesIO(handle.read(int(ends[place]) - start)), formats=("JPEG",)).convert("RGB"))
    return found


def thumbnail_sheet(collection: Collection, places: Sequence[int], out: Path) -> None:
    """Thumbnails of at most 256 pictures in rows of 16, as one WebP.

    Raises:
        StudioError: none, or too many.
    """
    if not 1 <= len(places) <= MAX_CELLS:
        raise StudioError(f"a sheet holds 1 to {MAX_CELLS} thumbnails, got {len(places)}: ask for fewer")
    sheet = imaging.sheet(thumbnails(collection, places), SHEET_COLUMNS, gap=0, background=MAT)
    with replacing(out) as temporary:
        sheet.save(temporary, format="WEBP", quality=80, method=1)
