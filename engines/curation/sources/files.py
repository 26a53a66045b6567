"""Pictures that somebody gives: single files, or all below a folder."""

from collections.abc import Sequence
from pathlib import Path

from engines import imaging
from engines.curation.collection import Source, Sources


def from_files(paths: Sequence[Path], training_allowed: str = "unknown") -> Sources:
    """Files as they are; each is checked when it is opened."""
    return Sources("your files", tuple(Source(Path(path), Path(path).name) for path in paths), training_allowed)


def from_folder(folder: Path, training_allowed: str = "unknown") -> Sources:
    """All pictures below a folder, called by their path in it.

    Raises:
        StudioError: not a folder.
    """
    paths = imaging.picture_files(folder)
    return Sources(f"the folder {folder}", tuple(Source(path, path.relative_to(folder).as_posix()) for path in paths), training_allowed)
