"""Objects of street scenes with Cityscapes' fine annotations, as polygons or as instance ids."""

import json
import math
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from engines import imaging
from engines.curation.cutout.cut import GREEN, Cut, Original, Style, compose, identity_of, mask_box, too_small
from engines.curation.cutout.detection import Confirmation, Detector
from engines.curation.provenance import Provenance, rights_value
from engines.errors import StudioError
from engines.progress import Progress, silent

LABELS = {
    "person": 24, "rider": 25, "car": 26, "truck": 27, "bus": 28, "caravan": 29, "trailer": 30, "train": 31, "motorcycle": 32, "bicycle": 33
}  # fmt: skip
OF_COCO = {"person": ("person", "rider")}
POLYGONS = "_gtFine_polygons.json"
INSTANCES = "_gtFine_instanceIds.png"
PICTURE = "_leftImg8bit"
LICENCE = "Cityscapes terms of use (non-commercial)"
LICENCE_PAGE = "https://www.cityscapes-dataset.com/license/"


@dataclass(frozen=True)
class Scene:
    """A street scene: its file's first name, its picture (None when it is missing) and its annotation."""

    name: str
    picture: Path | None
    annotation: Path


def label_ids(name: str) -> tuple[int, ...]:
    """Cityscapes' ids of a COCO or Cityscapes class; COCO's person is Cityscapes' person and rider.

    Raises:
        StudioError: Cityscapes tells no instances of the class apart.
    """
    names = OF_COCO.get(name, (name,))
    if any(one not in LABELS for one in names):
        raise StudioError(f"Cityscapes has no single {name[:40]!r}: choose one of {', '.join(LABELS)}")
    return tuple(LABELS[one] for one in names)


def coco_name(name: str) -> str:
    """What COCO calls a Cityscapes class: a rider is a person."""
    return "person" if name == "rider" else name


def find_scenes(root: Path) -> list[Scene]:
    """Annotated scenes below a folder with Cityscapes' file names, sorted by name; instance ids are taken before polygons.

    Raises:
        StudioError: not a folder, or nothing in it is annotated.
    """
    pictures = {path.stem.removesuffix(PICTURE): path for path in imaging.picture_files(root) if path.stem.endswith(PICTURE)}
    annotations: dict[str, Path] = {}
    inside = Path(root).resolve()
    for suffix in (POLYGONS, INSTANCES):
        for path in sorted(Path(root).rglob(f"*{suffix}")):
            if path.resolve().is_relative_to(inside):
                annotations[path.name.removesuffix(suffix)] = path
    if not annotations:
        raise StudioError(f"{root} has no *{POLYGONS} or *{INSTANCES}: name the folder that holds gtFine and leftImg8bit")
    return [Scene(name, pictures.get(name), path) for name, path in sorted(annotations.items())]


def read_ids(path: Path) -> np.ndarray:
    """Instance ids of a scene: class × 1000 + number for single objects, less than 1000 elsewhere; int32, shape (height, width).

    Polygons are painted in the order of the file, later ones over earlier ones, and counted by class in that order, so that both
    kinds of annotation give the same ids.

    Raises:
        StudioError: the file is damaged or of another format.
    """
    if path.stat().st_size > imaging.MAX_BYTES:
        raise StudioError(f"{path.name} has more than {imaging.MAX_BYTES // 2**20} MB: it is no annotation of Cityscapes")
    return _painted(path) if path.name.endswith(POLYGONS) else _stored(path)


def _stored(path: Path) -> np.ndarray:
    # Not a picture but numbers of 16 bits, which imaging.safe_open would turn into 8 bits of RGB.
    try:
        with Image.open(path, formats=("PNG",)) as opened:
            if opened.width * opened.height > imaging.MAX_PIXELS or opened.mode not in ("I;16", "I", "L"):
                raise StudioError(f"{path.name} holds no instance ids: they are a PNG of 16 bits a pixel")
            return np.asarray(opened).astype(np.int32)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StudioError(f"{path.name} is damaged and cannot be decoded: get the file again") from error


def _painted(path: Path) -> np.ndarray:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        width, height = int(content["imgWidth"]), int(content["imgHeight"])
        if not (width > 0 and height > 0 and width * height <= imaging.MAX_PIXELS):
            raise ValueError(f"{width} × {height} pixels")
        canvas = Image.new("I", (width, height), 0)
        brush, counts = ImageDraw.Draw(canvas), dict.fromkeys(LABELS, 0)
        for entry in content["objects"]:
            label = str(entry["label"])
            if entry.get("deleted") or label == "license plate":  # a plate lies on its car and belongs to it
                continue
            value = 0
            if label in LABELS:
                value = LABELS[label] * 1000 + counts[label]
                counts[label] += 1
            corners = [(float(x), float(y)) for x, y in entry["polygon"]]
            if not all(math.isfinite(x) and math.isfinite(y) for x, y in corners):
                raise ValueError("a corner is not a number")
            if len(corners) > 1:
                brush.polygon(corners, fill=value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, OSError) as error:
        raise StudioError(f"{path.name} is not a polygon annotation of Cityscapes or is damaged: get the file again") from error
    return np.asarray(canvas, dtype=np.int32)


def scene_original(scene: Scene, name: str, training_allowed: str = "unknown", permission: str = "") -> Original:
    """A scene with its record."""
    provenance = Provenance(
        source="cityscapes",
        identity=scene.name,
        name=scene.name,
        licence=LICENCE,
        licence_url=LICENCE_PAGE,
        training_allowed=rights_value(training_allowed),
        permission=permission,
    )
    return Original(scene.picture or scene.annotation, provenance, name)


def cut_scenes(
    root: Path,
    name: str = "car",
    detector: Detector | None = None,
    confirmation: Confirmation | None = None,
    crop: str = "predicted",
    least_side: int = 0,
    skip: Container[str] = (),
    training_allowed: str = "unknown",
    permission: str = "",
    progress: Progress = silent,
) -> Iterator[Cut]:
    """Every instance of a class in a Cityscapes tree, cut out or turned down.

    The detector is shown the whole scene with everything but the instance painted (51, 255, 51), and has to see exactly one object there.

    Args:
        name: a COCO or Cityscapes class that Cityscapes tells apart.
        detector: confirms each instance by `confirmation`; None takes every instance as annotated.
        crop: "predicted" (the detector's box), "annotated" (the mask's) or "none".
        least_side: shortest side of the annotated box and of the crop, in pixels.
        skip: identities that are done already.

    Raises:
        StudioError: the tree holds no annotation, Cityscapes does not know the class, or the crop needs a detector.
        Cancelled: when `progress` says so.

    Source: Cordts and others, "The Cityscapes Dataset for Semantic Urban Scene Understanding", arXiv 1604.01685.
    """
    ids, scenes = label_ids(name), find_scenes(root)
    confirmation = confirmation or Confirmation(coco_name(name))
    if crop not in ("predicted", "annotated", "none"):
        raise StudioError(f"the crop is predicted, annotated or none, got {crop!r}: choose one of them")
    if crop == "predicted" and detector is None:
        raise StudioError("cropping to the predicted box needs the detector: crop to the annotated box, or let the detector confirm")
    for done, scene in enumerate(scenes):
        progress(done, len(scenes), "cutting out")
        original = scene_original(scene, name, training_allowed, permission)
        yield from _cut_scene(scene, original, ids, detector, confirmation, crop, least_side, skip)
    progress(len(scenes), len(scenes), "cutting out")


def _cut_scene(
    scene: Scene,
    original: Original,
    ids: tuple[int, ...],
    detector: Detector | None,
    confirmation: Confirmation,
    crop: str,
    least_side: int,
    skip: Container[str],
) -> Iterator[Cut]:
    try:
        numbers = read_ids(scene.annotation)
        wanted = [int(number) for number in np.unique(numbers) if number // 1000 in ids]
        wanted = [number for number in wanted if identity_of(original, str(number)) not in skip]
        if not wanted:
            return
        if scene.picture is None:
            raise StudioError(f"the picture {scene.name}{PICTURE} is missing")
        picture = imaging.safe_open(scene.picture)
        if picture.size != numbers.shape[::-1]:
            raise StudioError(f"picture and annotation differ in size: {picture.width} × {picture.height} pixels")
    except StudioError as error:
        if identity_of(original, "scene") not in skip:
            yield Cut(original, "scene", str(error))
        return
    for number in wanted:
        mask = numbers == number
        annotated = mask_box(mask)
        assert annotated is not None
        cut = Cut(original, str(number), picture=picture, mask=mask, box=annotated)
        yield _confirmed(cut, too_small(annotated, least_side), detector, confirmation, crop, least_side)


def _confirmed(cut: Cut, reason: str, detector: Detector | None, confirmation: Confirmation, crop: str, least_side: int) -> Cut:
    box = cut.box if crop == "annotated" else None
    if not reason and detector is not None:
        shown = compose(Cut(cut.original, cut.instance, picture=cut.picture, mask=cut.mask), Style(GREEN))
        seen = confirmation.the_only_one(detector(shown))
        if isinstance(seen, str):
            reason = seen
        elif crop == "predicted":
            box, reason = seen.box, too_small(seen.box, least_side)
    return Cut(cut.original, cut.instance, reason, cut.picture, cut.mask, box)
