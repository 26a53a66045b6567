"""Pictures that somebody gives: single files, or all below a folder."""

import re
from collections.abc import Sequence
from pathlib import Path

from engines import imaging
from engines.curation.manifest import provenance_of_export
from engines.curation.provenance import Fetched, Provenance, now, permission_value
from engines.errors import StudioError

_SURROGATE = re.compile("[\ud800-\udfff]")
"""What Python puts in place of bytes that are no letters."""


def as_unicode(name: str) -> str:
    """A file's name as text that can be written down: what is no Unicode in it, as on old disks, becomes �."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", name)


def folder_pictures(folder: Path, training_allowed: str = "unknown", permission: str = "") -> list[Fetched]:
    """All pictures below a folder for a catalogue; the class of each is the name of the sub-folder that it lies in.

    Pictures of an export keep the record that its manifest has of them, whatever is said here about rights.

    Raises:
        StudioError: not a folder, no picture in it, a damaged manifest, or no such answer about rights.
    """
    folder = Path(folder)
    paths = imaging.picture_files(folder)
    if not paths:
        raise StudioError(f"{folder} has no pictures: name a folder with JPEG, PNG or WEBP files")
    records = provenance_of_export(folder)
    said, collected = permission_value(training_allowed, permission), now()
    found = []
    for path in paths:
        place = path.relative_to(folder)
        name = as_unicode(place.as_posix())
        own = Provenance("folder", name, name, training_allowed=training_allowed, permission=said, collected=collected)
        found.append(Fetched(path, records.get(place.as_posix(), own), as_unicode(place.parent.name)))
    return found


def file_pictures(paths: Sequence[Path], training_allowed: str = "unknown", permission: str = "", label: str = "") -> list[Fetched]:
    """Single files for a catalogue.

    Raises:
        StudioError: no such answer about rights.
    """
    said, collected = permission_value(training_allowed, permission), now()
    names = [as_unicode(Path(path).name) for path in paths]
    return [
        Fetched(Path(path), Provenance("files", name, name, training_allowed=training_allowed, permission=said, collected=collected), label)
        for path, name in zip(paths, names, strict=True)
    ]
