"""The manifest beside exported pictures: how they were chosen, where they come from, and whether a model may learn from them."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from engines import imaging
from engines.curation.attribution import ATTRIBUTION_FILE, attribution_csv
from engines.curation.provenance import RIGHTS, Provenance
from engines.errors import StudioError
from engines.paths import replacing
from engines.recipe import file_hash

FORMAT = 1
MANIFEST_FILE = "manifest.json"
MAX_MANIFEST = 512 * 2**20
HASHES = ("sha256", "file_sha256")


def read_manifest(path: Path) -> dict[str, Any] | None:
    """An export's manifest, or None when the file belongs to something else.

    Raises:
        StudioError: too large, unreadable, or of another format.
    """
    try:
        if path.stat().st_size > MAX_MANIFEST:
            raise StudioError(f"{path} has more than {MAX_MANIFEST // 2**20} MB: it is no manifest of an export")
        return manifest_of_text(path.read_bytes(), str(path))
    except OSError as error:
        raise StudioError(f"{path} cannot be read ({error.strerror or error}): restore it from the export") from error


def manifest_of_text(text: bytes, name: str) -> dict[str, Any] | None:
    """The manifest in a file's bytes, or None when they are JSON of something else.

    Raises:
        StudioError: damaged, or of another format.
    """
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudioError(f"{name} is damaged, and with it what may be done with the pictures: restore it from the export") from error
    pictures = entry.get("pictures") if isinstance(entry, dict) else None
    if not isinstance(pictures, list) or not all(isinstance(one, dict) and isinstance(one.get("file"), str) for one in pictures):
        return None
    if entry.get("format") != FORMAT:
        raise StudioError(f"{name} is of format {str(entry.get('format'))[:20]!r}, this version reads {FORMAT}: update Atelier")
    return entry


def write_records(folder: Path, records: Mapping[str, tuple[Provenance, str]], made_by: str, **facts: Any) -> None:
    """Write beside pictures that were made of others what is known of those: a manifest, and whom to credit.

    Args:
        records: of each file, by its path below the folder: the record of what it was made of, and its own sha256.
        made_by: the command; facts: what else the manifest says.
    """
    pictures = [
        {"file": file, "name": record.name, "sha256": digest, "provenance": record.as_json()} for file, (record, digest) in records.items()
    ]
    with replacing(folder / ATTRIBUTION_FILE) as temporary:
        temporary.write_bytes(attribution_csv((file, record) for file, (record, _) in records.items()))
    with replacing(folder / MANIFEST_FILE) as temporary:
        content = {"format": FORMAT, "made by": made_by, **facts, "pictures": pictures}
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def manifest_hash(folder: Path) -> str | None:
    """The sha256 of the manifest in a folder, which stands for the set and all its pictures; None when there is none."""
    path = Path(folder) / MANIFEST_FILE
    return file_hash(path) if path.is_file() else None


def provenance_in(manifest: dict[str, Any]) -> dict[str, Provenance]:
    """Each picture's record by its file's path in the export.

    A manifest that keeps one answer for all its pictures (a ZIP from the studio) gives each picture that answer.

    Raises:
        StudioError: a record is not whole.
    """
    allowed = manifest.get("training_allowed")
    records = {}
    for one in manifest["pictures"]:
        record = one.get("provenance")
        if isinstance(record, dict):
            records[one["file"]] = Provenance.from_json(record)
        else:
            name = str(one.get("name", one["file"]))
            identity = str(one.get("sha256", one["file"]))
            records[one["file"]] = Provenance("zip", identity, name, training_allowed=allowed if allowed in RIGHTS else "unknown")
    return records


def provenance_of_export(folder: Path) -> dict[str, Provenance]:
    """What the manifests of exports say about the pictures below a folder, by path below it; empty where there are none.

    The folder may be an export, hold several, or lie inside one: taking a part of an export in again keeps its records, and so does a
    picture that was renamed there.

    Raises:
        StudioError: a manifest is damaged or of another format.
    """
    return {name: record for name, (record, _) in _records(folder).items()}


def _records(folder: Path) -> dict[str, tuple[Provenance, Path]]:
    """Each picture's record below a folder, and the manifest that says so."""
    folder = Path(folder).resolve()
    above = [parent / MANIFEST_FILE for parent in reversed(folder.parents)]
    below = sorted(folder.rglob(MANIFEST_FILE), key=lambda path: (len(path.parts), path))
    by_place: dict[Path, tuple[Provenance, Path]] = {}
    by_hash: dict[str, tuple[Provenance, Path]] = {}
    for path in (*above, *below):
        if path.is_file() and (manifest := _manifest_at(path)):
            records = provenance_in(manifest)
            by_place |= {path.parent / PurePosixPath(file): (record, path) for file, record in records.items()}
            by_hash |= {str(one[key]): (records[one["file"]], path) for one in manifest["pictures"] for key in HASHES if key in one}
    if not by_place:
        return {}
    found = {}
    for place in imaging.picture_files(folder):
        record = by_place.get(place) or by_hash.get(file_hash(place))
        if record is not None:
            found[place.relative_to(folder).as_posix()] = record
    return found


def _manifest_at(path: Path) -> dict[str, Any] | None:
    """As `read_manifest`, but what cannot be read is damaged only in an export, which has its attribution beside it."""
    try:
        return read_manifest(path)
    except StudioError:
        if (path.parent / ATTRIBUTION_FILE).exists():
            raise
        return None


def unlicensed(records: Iterable[Provenance]) -> Counter[tuple[str, str]]:
    """How many pictures may not train a model, by source and answer ("no" or "unknown")."""
    return Counter((record.source, record.training_allowed) for record in records if record.training_allowed != "yes")


def in_words(counts: Counter[tuple[str, str]]) -> str:
    """Such as "pexels 30 (no), folder 2 (unknown)"."""
    return ", ".join(f"{source} {count:,} ({answer})" for (source, answer), count in sorted(counts.items()))


def training_manifests(folder: Path, classes: Collection[str] | None = None) -> tuple[str, ...]:
    """The hashes of the manifests of the pictures that a model is about to learn from; one for an export, none for any other folder.

    Args:
        folder: an export, a part of one, a folder of several, or any other.
        classes: names of the sub-folders that are used; all by default.

    Raises:
        StudioError: a manifest does not say of each of its pictures that models may learn from it.
    """
    records = _records(folder)
    used = [entry for name, entry in records.items() if classes is None or (Path(folder).resolve() / name).parent.name in classes]
    refused = unlicensed(record for record, _ in used)
    if refused:
        raise StudioError(
            f"{refused.total():,} of {len(used):,} pictures in {folder} came without permission to train, {in_words(refused)}: "
            "export them anew without these, or record a permission (`catalogue rights`) and export them again"
        )
    return tuple(sorted({file_hash(path) for path in {path for _, path in used}}))
