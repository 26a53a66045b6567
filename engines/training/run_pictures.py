"""What a run will learn from: how many pictures of each class there are, and a few of each as the networks will see them."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.evaluation.features import to_images
from engines.progress import Progress, silent
from engines.training.dataset import MODES, load_pictures

EACH = 8
MOST_CLASSES = 40
TRIES = 3


@dataclass(frozen=True)
class ClassLook:
    """A class: its name, how many pictures it has, and a few of them, squares of one size."""

    name: str
    count: int
    pictures: tuple[Image.Image, ...]


@dataclass(frozen=True)
class FolderLook:
    """A folder of training pictures.

    Attributes:
        classes: sorted by name, 40 at most.
        pictures: how many there are in all; more: classes that are not shown; broken: (file, reason) of those opened in vain.
        held_out: how many of all will be held out; None where it is not known before all are read: about a tenth.
    """

    classes: tuple[ClassLook, ...]
    pictures: int
    more: int
    broken: tuple[tuple[str, str], ...]
    held_out: int | None = None


def look_over(
    folder: Path,
    size: int,
    framing: str,
    channels: int = 3,
    classes: dict[str, str] | None = None,
    each: int = EACH,
    progress: Progress = silent,
) -> FolderLook:
    """Count a folder's pictures by class, and open a few of each, evenly spread over their names.

    Args:
        folder: sub-folders are classes, or it has Fashion-MNIST's files.
        size, framing, channels: as the networks will see them, see `load_pictures`.
        classes: which folders to take, and the class name of each; all by default.

    Raises:
        StudioError: no folder, no pictures, an unknown framing, or a class without any.
        Cancelled: when `progress` says so.
    """
    if folder.is_dir() and any(folder.glob("*-images-idx3-ubyte*")):
        return _in_one_file(folder, size, classes, each)
    files: dict[str, list[Path]] = {}
    for path in imaging.picture_files(folder):
        if classes is None or path.parent.name in classes:
            files.setdefault((classes or {}).get(path.parent.name, path.parent.name), []).append(path)
    missing = sorted(set((classes or {}).values()) - set(files))
    if missing or not files:
        found = ", ".join(sorted({path.parent.name for path in imaging.picture_files(folder)})) or "none"
        raise StudioError(f"{folder} has no pictures of {', '.join(missing) or 'any class'}: folders with pictures are {found}")
    shown, broken = [], []
    for done, name in enumerate(sorted(files)[:MOST_CLASSES], start=1):
        members = files[name]
        order = np.unique(np.linspace(0, len(members) - 1, TRIES * each).round().astype(int))
        pictures: list[Image.Image] = []
        for place in sorted(range(len(order)), key=lambda index: (index % TRIES, index)):
            if len(pictures) == each:
                break
            try:
                picture = imaging.safe_open(members[order[place]], alpha=channels == 4, enough=2 * size)
                pictures.append(imaging.framed(picture, size, framing).convert(MODES[channels]))
            except StudioError as error:
                imaging.framed(Image.new("RGB", (1, 1)), size, framing)  # a framing that nothing fits is no broken picture
                broken.append((members[order[place]].name, str(error)))
        shown.append(ClassLook(name, len(members), tuple(pictures)))
        progress(done, min(len(files), MOST_CLASSES), "looking at the pictures")
    return FolderLook(tuple(shown), sum(map(len, files.values())), max(0, len(files) - MOST_CLASSES), tuple(broken))


def _in_one_file(folder: Path, size: int, classes: dict[str, str] | None, each: int) -> FolderLook:
    found = load_pictures(folder, size, "centre square", classes=classes)
    counts = Counter(found.labels.tolist())
    shown = []
    for label, name in enumerate(found.classes):
        members = np.flatnonzero(found.labels == label)
        chosen = members[np.unique(np.linspace(0, len(members) - 1, each).round().astype(int))]
        shown.append(ClassLook(name, counts[label], tuple(to_images(np.ascontiguousarray(found.pixels[chosen])))))
    return FolderLook(tuple(shown), len(found.labels), 0, (), int(found.held_out.sum()))
