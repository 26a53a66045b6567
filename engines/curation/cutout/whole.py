"""One object a picture: folders of whole objects, seen by a detector or standing before a plain background."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.catalogue import Catalogue
from engines.curation.cutout.cut import Box, Cut, Original, identity_of, mask_box, too_small
from engines.curation.cutout.detection import Confirmation, Detector
from engines.curation.cutout.plain import PlainRule, plain_mask
from engines.curation.manifest import provenance_of_export
from engines.curation.provenance import Provenance, rights_value
from engines.curation.sources.files import as_unicode
from engines.errors import StudioError
from engines.progress import Progress, silent

OBJECT = "object"


@dataclass(frozen=True)
class Annotated:
    """What Stanford Cars says of a picture: where the car is, and its class ("" when it is not given)."""

    box: Box
    label: str


def originals_of_folder(folder: Path, training_allowed: str = "unknown", permission: str = "") -> list[Original]:
    """Pictures below a folder; the class is the sub-folder's name.

    Args:
        training_allowed: the person's answer about rights. A picture that an export's manifest knows keeps its record; "no" holds for all.
        permission: that answer in words.

    Raises:
        StudioError: not a folder, no picture in it, an impossible answer, or a damaged manifest.
    """
    allowed, known = rights_value(training_allowed), provenance_of_export(folder)
    root, found, met = as_unicode(Path(folder).resolve().name), [], set()
    for path in imaging.picture_files(folder):
        below = path.relative_to(folder)
        name = as_unicode(below.as_posix())
        answer = Provenance("folder", f"{root}/{name}", name, training_allowed=allowed, permission=permission)
        record = known.get(below.as_posix(), answer)
        if (record.source, record.identity) in met:  # an export of local files, whose identities are only names
            record = replace(record, identity=answer.identity)
        met.add((record.source, record.identity))
        if allowed == "no":
            record = replace(record, training_allowed="no", permission=permission)
        found.append(Original(path, record, as_unicode(below.parent.name)))
    if not found:
        raise StudioError(f"{folder} has no pictures: name a folder with JPEG, PNG or WEBP files")
    return found


def originals_of_collection(catalogue: Catalogue, name: str) -> list[Original]:
    """The kept pictures of a collection, each with its own record.

    Raises:
        StudioError: there is no such collection, or nothing in it is kept.
    """
    state = catalogue.state(name)
    found, met = [], set()
    for one in catalogue.pictures(name):  # who came first keeps its identity, whatever comes or is dropped later
        record = one.provenance
        if (record.source, record.identity) in met:  # local files of one name are told apart by what is in them
            record = replace(record, identity=f"{record.identity}@{one.sha256[:12]}")
        met.add((record.source, record.identity))
        if state[one.id].kept:
            found.append(Original(one.path, record, one.label))
    if not found:
        raise StudioError(f"the collection {name!r} has no kept pictures: collect some, or keep some")
    return found


def stanford_annotations(folder: Path) -> dict[str, Annotated]:
    """Stanford Cars' annotations of the pictures in a folder such as `cars_train`, by file name; empty when there are none.

    Looked for in the folder, the one above and its `devkit`, under the names of the published files.

    Raises:
        StudioError: there is a file, but it is damaged, or SciPy is not installed.
    """
    name, above = Path(folder).resolve().name, Path(folder).resolve().parent
    places = [above, above / "devkit", Path(folder), Path(folder) / "devkit"]
    files = [f"{name}_annos_withlabels.mat", f"{name}_annos.mat", "cars_annos.mat"]
    for path in (place / file for file in files for place in places):
        if path.is_file():
            classes = next((place / "cars_meta.mat" for place in places if (place / "cars_meta.mat").is_file()), None)
            return _stanford_file(path, classes)
    return {}


def _stanford_file(path: Path, classes: Path | None) -> dict[str, Annotated]:
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise StudioError(f"{path.name} needs SciPy to be read: pip install -e '.[cutout]'") from error
    try:
        content = loadmat(path, squeeze_me=True)
        names = content.get("class_names")
        if names is None and classes is not None:
            names = loadmat(classes, squeeze_me=True)["class_names"]
        rows = np.atleast_1d(content["annotations"])
        fields = rows.dtype.names or ()
        found = {}
        for row in rows:
            file = str(row["fname"] if "fname" in fields else row["relative_im_path"])
            left, top, right, bottom = (int(row[edge]) for edge in ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"))
            label = str(np.atleast_1d(names)[int(row["class"]) - 1]) if names is not None and "class" in fields else ""
            found[Path(file).name] = Annotated((left - 1, top - 1, right, bottom), label.replace("/", "-"))
    except Exception as error:  # a MATLAB file from anybody: SciPy's reader raises many kinds of error on it
        raise StudioError(f"{path.name} is not an annotation of Stanford Cars or is damaged: get it again, or take it away") from error
    return found


def cut_objects(
    originals: Sequence[Original],
    detector: Detector,
    confirmation: Confirmation,
    annotated: Mapping[str, Annotated] | None = None,
    crop: bool = True,
    least_side: int = 0,
    skip: Container[str] = (),
    progress: Progress = silent,
) -> Iterator[Cut]:
    """The most confident object of a class in each picture, along the detector's mask, cropped to its box.

    Args:
        annotated: where the object is and its class, by file name; the detector then has to see it there.
        least_side: shortest side of the predicted box, in pixels.
        skip: identities that are done already.

    Raises:
        Cancelled: when `progress` says so.

    Source: He, Gkioxari, Dollár, Girshick, "Mask R-CNN", arXiv 1703.06870.
    """

    def cut(original: Original, picture: Image.Image) -> Cut:
        known = (annotated or {}).get(original.path.name)
        if known and known.label:
            original = replace(original, label=known.label)
        seen = confirmation.the_best(detector(picture), known.box if known else None)
        if isinstance(seen, str):
            return Cut(original, OBJECT, seen, picture)
        reason = too_small(seen.box, least_side) or ("" if seen.mask.any() else "the detector gives no outline")
        return Cut(original, OBJECT, reason, picture, seen.mask, seen.box if crop else None)

    return _each(originals, cut, skip, progress)


def cut_plain(
    originals: Sequence[Original],
    rule: PlainRule | None = None,
    crop: bool = True,
    least_side: int = 0,
    skip: Container[str] = (),
    progress: Progress = silent,
) -> Iterator[Cut]:
    """The object before a plain background in each picture, cropped to its outline's box; see `plain_mask`.

    Raises:
        Cancelled: when `progress` says so.
    """
    chosen = rule or PlainRule()

    def cut(original: Original, picture: Image.Image) -> Cut:
        mask, reason = plain_mask(picture, chosen)
        box = mask_box(mask)
        reason = reason or (too_small(box, least_side) if box else "no object stands out")
        return Cut(original, OBJECT, reason, picture, mask, box if crop else None)

    return _each(originals, cut, skip, progress)


def _each(
    originals: Sequence[Original], cut: Callable[[Original, Image.Image], Cut], skip: Container[str], progress: Progress
) -> Iterator[Cut]:
    for done, original in enumerate(originals):
        progress(done, len(originals), "cutting out")
        if identity_of(original, OBJECT) in skip:
            continue
        try:
            picture = imaging.safe_open(original.path)
        except StudioError as error:
            yield Cut(original, OBJECT, str(error))
            continue
        yield cut(original, picture)
    progress(len(originals), len(originals), "cutting out")
