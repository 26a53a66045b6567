"""Pictures chosen for export, each with why it was chosen and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engines import imaging
from engines.curation.manifest import provenance_of_export
from engines.curation.provenance import Provenance, rights_value
from engines.errors import StudioError
from engines.progress import Progress, silent
from engines.recipe import file_hash

PARTS = ("kept", "dropped", "all")


@dataclass(frozen=True)
class Chosen:
    """One picture.

    Attributes:
        path: its file, as it came.
        sha256: of that file.
        name: what people see.
        label: its class; empty when it has none.
        kept, why: the decision about it, and who or what took it.
        scores: by the name of the rule or filter that gave them.
    """

    path: Path
    sha256: str
    name: str
    label: str
    kept: bool
    why: str
    scores: Mapping[str, float]
    provenance: Provenance


@dataclass(frozen=True)
class Selection:
    """A part of a collection, with what decided.

    Attributes:
        collection: its name.
        part: "kept", "dropped" or "all".
        chosen: the pictures of that part, in the collection's order.
        rule: the rule as JSON, or None.
        model_id: the encoder whose vectors the rule belongs to; empty without a rule.
        frame: the frozen frame as JSON, or None.
        counts: of the whole collection: pictures, kept, dropped.
        failed: (name, reason) of what could not be taken in.
    """

    collection: str
    part: str
    chosen: tuple[Chosen, ...]
    rule: dict[str, Any] | None = None
    model_id: str = ""
    frame: dict[str, Any] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    failed: tuple[tuple[str, str], ...] = ()


def selection_of_folder(
    folder: Path, training_allowed: str = "unknown", permission: str = "", collection: str = "", progress: Progress = silent
) -> Selection:
    """Every picture below a folder, without a catalogue: its class is the name of the folder it lies in.

    Args:
        training_allowed: the person's answer about rights, "yes", "no" or "unknown". A picture that an export's manifest knows keeps its
            record; an answer of "no" holds for all.
        permission: that answer in words.
        collection: what to call the set; by default the folder's name.

    Raises:
        StudioError: not a folder, no picture that can be read, an impossible answer, or a damaged manifest.
        Cancelled: when `progress` says so.
    """
    folder, allowed = Path(folder), rights_value(training_allowed)
    paths = imaging.picture_files(folder)
    known = provenance_of_export(folder)
    chosen: list[Chosen] = []
    failed: list[tuple[str, str]] = []
    for index, path in enumerate(paths):
        progress(index + 1, len(paths), "reading pictures")
        name = path.relative_to(folder).as_posix()
        try:
            imaging.safe_open(path)
        except StudioError as error:
            failed.append((name, str(error)))
            continue
        record = known.get(name) or Provenance("folder", name, name, training_allowed=allowed, permission=permission)
        if allowed == "no":
            record = replace(record, training_allowed="no", permission=permission)
        label = path.parent.name if path.parent != folder else ""
        chosen.append(Chosen(path, file_hash(path), name, label, True, "", {}, record))
    if not chosen:
        why = f"; the first file left out: {failed[0][0]}, {failed[0][1]}" if failed else ""
        raise StudioError(f"{folder} has no pictures: name a folder with JPEG, PNG or WEBP files{why}")
    counts = {"pictures": len(chosen), "kept": len(chosen), "dropped": 0}
    return Selection(collection or folder.resolve().name, "all", tuple(chosen), counts=counts, failed=tuple(failed))
