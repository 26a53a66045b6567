"""What leaves curation as a folder that trainers read: pictures, a manifest of how they were chosen, and who made them."""

import errno
import hashlib
import io
import json
import re
import shutil
import tarfile
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from engines import imaging
from engines.curation.attribution import ATTRIBUTION_FILE, attribution_csv
from engines.curation.framing import Frame
from engines.curation.manifest import FORMAT, MANIFEST_FILE, in_words, unlicensed
from engines.curation.scoring import DIGITS
from engines.curation.selection import Chosen, Selection
from engines.errors import StudioError
from engines.paths import replacing_folder
from engines.progress import Progress, silent
from engines.recipe import file_hash

PURPOSES = ("training", "inspection")
NOTE = "These pictures are for looking at. Some came without permission to train a model: no model may learn from them."
NOTE_FILE = "NOT FOR TRAINING.txt"
WORKERS = 4
SHARD_PICTURES = 1_000
SHARD_BYTES = 512 * 2**20
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)

ENCODINGS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "png": ("PNG", {}),
    "jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "webp": ("WEBP", {"lossless": True}),
}


@dataclass(frozen=True)
class Exported:
    """An export that is whole.

    Attributes:
        folder: where it lies.
        manifest: what `manifest.json` holds.
        manifest_hash: sha256 of that file; stands for the set and every picture in it.
    """

    folder: Path
    manifest: dict[str, Any]
    manifest_hash: str


class Layout(Protocol):
    """One way to lay pictures out in a folder."""

    def add(self, index: int, entry: dict[str, Any], suffix: str, content: bytes) -> str:
        """Write picture number `index`, of which the manifest says `entry`; returns its path in the export."""
        ...

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write what comes after the last picture."""
        ...

    def close(self) -> None:
        """Let go of open files, whole or not."""
        ...


class PictureFolder:
    """A sub-folder a class."""

    def __init__(self, folder: Path, labels: Sequence[str]) -> None:
        self._folder = folder
        self._classes = _class_folders(labels)
        for name in self._classes.values():
            (folder / name).mkdir()

    def add(self, index: int, entry: dict[str, Any], suffix: str, content: bytes) -> str:
        file = f"{self._classes[entry['label']]}/{index:06}-{_safe(entry['name'])}{suffix}"
        (self._folder / file).write_bytes(content)
        return file

    def finish(self, manifest: dict[str, Any]) -> None:
        pass

    def close(self) -> None:
        pass


class ImageFolder:
    """Hugging Face's imagefolder: `metadata.jsonl` beside pictures whose paths hold no words of ours or of anybody.

    `datasets` reads "train", "test", "dev" and the like in any folder or file name as a split: a picture of a train would lose all others.
    Source: huggingface.co/docs/datasets/image_dataset, huggingface.co/docs/datasets/repository_structure.
    """

    def __init__(self, folder: Path, labels: Sequence[str]) -> None:
        self._folder = folder
        (folder / "pictures").mkdir()

    def add(self, index: int, entry: dict[str, Any], suffix: str, content: bytes) -> str:
        file = f"pictures/{index:06}-{entry['sha256'][:12]}{suffix}"
        (self._folder / file).write_bytes(content)
        return file

    def finish(self, manifest: dict[str, Any]) -> None:
        names = sorted({name for picture in manifest["pictures"] for name in picture["scores"]})
        with (self._folder / "metadata.jsonl").open("wb") as rows:
            for picture in manifest["pictures"]:
                row = {"file_name": picture["file"]} | {key: picture[key] for key in ("label", "name", "kept", "why", "sha256")}
                row |= {f"score {name}": picture["scores"].get(name) for name in names}
                record = picture["provenance"]
                row |= {key: record[key] for key in ("source", "author", "licence", "licence_url", "page_url")}
                rows.write(_json_bytes(row))
        (self._folder / "README.md").write_text(_dataset_card(manifest), encoding="utf-8")

    def close(self) -> None:
        pass


class WebDataset:
    """Tar shards of one kind of picture each, as readers want every sample of a shard to have the same fields: picture, `.cls`, `.json`.

    Source: github.com/webdataset/webdataset, "The WebDataset Format".
    """

    def __init__(self, folder: Path, labels: Sequence[str]) -> None:
        self._folder, self._labels = folder, list(labels)
        self._shards: dict[str, tuple[str, tarfile.TarFile]] = {}
        self._begun: Counter[str] = Counter()
        self._pictures: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def add(self, index: int, entry: dict[str, Any], suffix: str, content: bytes) -> str:
        shard, archive = self._shard(suffix.removeprefix("."), len(content))
        key = f"{index:06}-{entry['sha256'][:12]}"
        members = {suffix: content, ".cls": str(self._labels.index(entry["label"])).encode(), ".json": _json_bytes(entry)}
        for extension, body in members.items():
            member = tarfile.TarInfo(key + extension)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        return f"{shard}/{key}{suffix}"

    def _shard(self, kind: str, size: int) -> tuple[str, tarfile.TarFile]:
        """The shard that takes the next picture of a kind: a new one when the last is full."""
        if kind in self._shards and (self._pictures[kind] >= SHARD_PICTURES or self._bytes[kind] + size > SHARD_BYTES):
            self._shards.pop(kind)[1].close()
        if kind not in self._shards:
            name = f"{kind}-{self._begun[kind]:05}.tar"
            self._shards[kind] = (name, tarfile.open(self._folder / name, "w", format=tarfile.USTAR_FORMAT))  # noqa: SIM115 (closed by close)
            self._begun[kind] += 1
            self._pictures[kind] = self._bytes[kind] = 0
        self._pictures[kind] += 1
        self._bytes[kind] += size
        return self._shards[kind]

    def finish(self, manifest: dict[str, Any]) -> None:
        pass

    def close(self) -> None:
        for _, archive in self._shards.values():
            archive.close()


LAYOUTS: Mapping[str, Callable[[Path, Sequence[str]], Layout]] = {
    "folder": PictureFolder,
    "imagefolder": ImageFolder,
    "webdataset": WebDataset,
}


def export_pictures(
    selection: Selection,
    out: Path,
    layout: str = "folder",
    purpose: str = "training",
    skip_unlicensed: bool = False,
    frame: Frame | None = None,
    encoding: str = "png",
    progress: Progress = silent,
) -> Exported:
    """Write the pictures of a selection with `manifest.json` and `ATTRIBUTION.csv` into a new folder, which appears only when whole.

    The same selection gives the same bytes.

    Args:
        layout: "folder" (a sub-folder a class; pictures without one go into a folder named after the collection), "imagefolder" or
            "webdataset".
        purpose: "training" refuses pictures without permission to train; "inspection" takes them and says so in the export.
        skip_unlicensed: leave such pictures out instead.
        frame: crop and resize each picture; by default their files are copied as they came.
        encoding: of framed pictures, a key of `ENCODINGS`: "png", "jpeg" (quality 95) or "webp" (lossless).

    Raises:
        StudioError: an unknown choice, no pictures, no permission, `out` exists, a picture is gone or was changed, or the disk is full.
        Cancelled: when `progress` says so.
    """
    _choice("layout", layout, LAYOUTS)
    _choice("purpose", purpose, PURPOSES)
    _choice("encoding", encoding, ENCODINGS)
    permitted = _permitted(selection, purpose, skip_unlicensed)
    labels = sorted({_label(chosen, selection) for chosen in permitted})
    entries: list[dict[str, Any]] = []
    try:
        with replacing_folder(out) as folder:
            with closing(LAYOUTS[layout](folder, labels)) as laid_out, closing(_contents(permitted, frame, encoding)) as contents:
                for index, (chosen, (suffix, content)) in enumerate(zip(permitted, contents, strict=True)):
                    entry = _entry(chosen, _label(chosen, selection), content)
                    entries.append({"file": laid_out.add(index, entry, suffix, content), **entry})
                    progress(index + 1, len(permitted), "exporting pictures")
                manifest = _manifest(selection, layout, purpose, frame, encoding, entries)
                laid_out.finish(manifest)
            (folder / MANIFEST_FILE).write_bytes(_json_bytes(manifest, indent=1))
            rows = ((entry["file"], chosen.provenance) for entry, chosen in zip(entries, permitted, strict=True))
            (folder / ATTRIBUTION_FILE).write_bytes(attribution_csv(rows))
            if "note" in manifest:
                (folder / NOTE_FILE).write_text(NOTE + "\n")
            digest = file_hash(folder / MANIFEST_FILE)
    except OSError as error:
        raise StudioError(_reason(error, out)) from error
    return Exported(Path(out), manifest, digest)


def _choice(what: str, value: str, allowed: Sequence[str] | Mapping[str, Any]) -> None:
    if value not in allowed:
        raise StudioError(f"the {what} of an export is {', '.join(allowed)}, got {str(value)[:40]!r}: choose one of these")


def _permitted(selection: Selection, purpose: str, skip_unlicensed: bool) -> tuple[Chosen, ...]:
    """The pictures that may leave for a purpose."""
    chosen = selection.chosen
    if not chosen:
        raise StudioError(f"no picture of {selection.collection} is {selection.part}: move the cut, or choose another part")
    refused = unlicensed(one.provenance for one in chosen)
    if not refused or (purpose == "inspection" and not skip_unlicensed):
        return chosen
    if not skip_unlicensed:
        raise StudioError(
            f"{refused.total():,} of {len(chosen):,} pictures came without permission to train a model, {in_words(refused)}: leave them "
            "out (--skip-unlicensed), export them only to look at (--purpose inspection), or record a permission (`catalogue rights`)"
        )
    left = tuple(one for one in chosen if one.provenance.training_allowed == "yes")
    if not left:
        raise StudioError(
            f"none of {len(chosen):,} pictures came with permission to train a model, {in_words(refused)}: collect others, or record a "
            "permission (`catalogue rights`)"
        )
    return left


def _label(chosen: Chosen, selection: Selection) -> str:
    return chosen.label or selection.collection


def _contents(pictures: Sequence[Chosen], frame: Frame | None, encoding: str) -> Generator[tuple[str, bytes], None, None]:
    """Suffix and bytes of each picture's file, in order, read and framed ahead in a few threads."""
    with ThreadPoolExecutor(WORKERS) as pool:
        pending: deque[Future[tuple[str, bytes]]] = deque()
        try:
            for chosen in pictures:
                pending.append(pool.submit(_content, chosen, frame, encoding))
                if len(pending) > 2 * WORKERS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _content(chosen: Chosen, frame: Frame | None, encoding: str) -> tuple[str, bytes]:
    try:
        content = chosen.path.read_bytes()
    except OSError as error:
        raise StudioError(f"{chosen.name} is gone ({error.strerror or error}): collect it again, or drop it") from error
    if hashlib.sha256(content).hexdigest() != chosen.sha256:
        raise StudioError(f"{chosen.name} was changed since it was collected: collect it again, or drop it")
    if frame is None:
        return _SUFFIXES[imaging.read_header(chosen.path).format], content
    kind, options = ENCODINGS[encoding]
    picture, buffer = _framed(chosen, frame), io.BytesIO()
    colours = picture.info.get("icc_profile")
    picture.info = {}  # or where it was taken, and any comment, would go along
    picture.save(buffer, format=kind, icc_profile=colours, **options)
    return _SUFFIXES[kind], buffer.getvalue()


def _framed(chosen: Chosen, frame: Frame) -> Image.Image:
    try:
        return frame.apply(imaging.safe_open(chosen.path))
    except StudioError as error:
        raise StudioError(f"{chosen.name}: {error}") from error


def _entry(chosen: Chosen, label: str, content: bytes) -> dict[str, Any]:
    """What the manifest says of a picture, its file's place aside; scores have as many digits as they are given."""
    return {
        "sha256": chosen.sha256,
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "name": chosen.name,
        "label": label,
        "kept": chosen.kept,
        "scores": {name: round(float(score), DIGITS) for name, score in chosen.scores.items()},
        "why": chosen.why,
        "provenance": chosen.provenance.as_json(),
    }


def _manifest(
    selection: Selection, layout: str, purpose: str, frame: Frame | None, encoding: str, entries: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    exported, chosen = len(entries), len(selection.chosen)
    barred = any(entry["provenance"]["training_allowed"] != "yes" for entry in entries)
    return {
        "format": FORMAT,
        "collection": selection.collection,
        "part": selection.part,
        "layout": layout,
        "purpose": purpose,
        **({"note": NOTE} if barred else {}),
        "rule": selection.rule,
        "model_id": selection.model_id,
        "frame": frame.as_json() if frame else selection.frame,
        "framed": encoding if frame else None,
        "counts": {**selection.counts, "exported": exported, "left_out": chosen - exported},
        "classes": dict(sorted(Counter(entry["label"] for entry in entries).items())),
        "failed": [{"name": name, "reason": reason} for name, reason in selection.failed],
        "pictures": list(entries),
    }


def _json_bytes(entry: dict[str, Any], indent: int | None = None) -> bytes:
    """UTF-8 JSON and a line end; a name that is not valid Unicode, as some file systems allow, is written escaped."""
    return (json.dumps(entry, ensure_ascii=False, indent=indent) + "\n").encode("utf-8", errors="backslashreplace")


def _class_folders(labels: Sequence[str]) -> dict[str, str]:
    """A folder name for each class that is safe on every system; different classes never share one.

    Letters of any alphabet stay; what a path could trip over becomes "-". Names are compared without case.
    """
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(labels):
        name = _safe(label)
        unique, number = name, 1
        while unique.casefold() in taken:
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique.casefold())
        folders[label] = unique
    return folders


def _safe(text: str) -> str:
    """A file stem out of anybody's words: the part before the suffix, at most 60 letters of any alphabet, digits, "-" and "_"."""
    stem = unicodedata.normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    stem = re.sub(r"\.(jpe?g|png|webp)$", "", stem, flags=re.IGNORECASE)
    name = re.sub(r"[^\w-]+", "-", stem).strip("-_")[:60].rstrip("-") or "pictures"
    return f"{name}-" if _RESERVED.fullmatch(name) else name


def _dataset_card(manifest: dict[str, Any]) -> str:
    """The README of a dataset on the Hugging Face hub; the split is named, or it would be guessed from file names."""
    classes = "\n".join(f"- {json.dumps(name, ensure_ascii=False)}: {count:,} pictures" for name, count in manifest["classes"].items())
    note = f"\n**{NOTE}**\n" if "note" in manifest else ""
    return f"""---
license: other
configs:
- config_name: default
  data_files:
  - split: train
    path:
    - pictures/*
    - metadata.jsonl
---

# {_one_line(manifest["collection"])}

{len(manifest["pictures"]):,} pictures, curated with Atelier.
{note}
{classes}

Each row of `metadata.jsonl` has `file_name` and `label`. `{MANIFEST_FILE}` says how the pictures were chosen, `{ATTRIBUTION_FILE}` who made
them and under which licence; each picture keeps its own licence.
"""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reason(error: OSError, out: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        free = shutil.disk_usage(Path(out).absolute().parent).free // 2**20
        return f"the disk of {out} is full ({free:,} MB free): make room or choose another; nothing was written"
    return f"cannot write {out} ({error.strerror or error}): choose a folder that can be written to; nothing was written"
