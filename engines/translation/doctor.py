"""What is wrong with two folders of garments before anything is trained on them, and what to do about it.

A CycleGAN learns whatever tells its two folders apart. Where that is faces, legs or backgrounds rather than cloth, it draws faces and legs.
"""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from engines import imaging
from engines.curation.duplicates import Group, appearances, find_duplicates
from engines.curation.manifest import provenance_of_export, write_records
from engines.errors import StudioError
from engines.evaluation.features import cached_features, lite2, to_images
from engines.evaluation.materials import cut, garment_crops, skin_mask
from engines.evaluation.probe import fit_probe
from engines.paths import replacing_folder
from engines.progress import Progress, silent
from engines.recipe import file_hash
from engines.training.dataset import PictureSet, load_pictures
from engines.translation.garment_mask import find_garment

FORMAT = 1
CLEANED_FILE = "cleaned.json"
GOOD, LOOK, MEND = "good", "look", "mend"
SIDE = 192
CROP = 128
FEW = 200
UNEVEN = 1.5
NARROW = 3.0
FOLDS = 5
LOOSE = 9
NOTICEABLE, SERIOUS = 0.55, 0.65
ALIKE = 0.75
SKIN_SHARE, SKIN_GAP = 0.01, 0.1
VIEWS = 2
MOST = 300
DOUBTFUL = 0.03
SHOWN = 12
TESTING = ("test", "val")


@dataclass(frozen=True)
class Finding:
    """One examined thing.

    Attributes:
        check: what was looked at; verdict: `GOOD`, `LOOK` (at it yourself) or `MEND`.
        found: what was seen, a sentence; advice: what to do, a sentence, or "" where nothing is to be done.
        figures: the numbers behind it.
        files: the pictures concerned, by path below the folder.
    """

    check: str
    verdict: str
    found: str
    advice: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """All findings on a folder.

    Attributes:
        classes: name → number of readable pictures; names: these pictures' paths below the folder.
        findings: in the order in which they are best mended.
        drop: path below the folder → why a cleaned folder leaves it out.
        doubtful: the same for pictures whose garment looks like the other class, which a person should judge.
        sheets: to look at, by name.
    """

    classes: dict[str, int]
    names: tuple[str, ...]
    findings: tuple[Finding, ...]
    drop: dict[str, str]
    doubtful: dict[str, str]
    sheets: dict[str, Image.Image] = field(default_factory=dict)


@dataclass(frozen=True)
class _Folder:
    """Readable pictures of two classes: their files, names below the folder, and decoded pixels (see `PictureSet`)."""

    files: list[Path]
    names: list[str]
    pictures: PictureSet

    def of(self, numbers: Sequence[int] | np.ndarray) -> tuple[str, ...]:
        return tuple(self.names[int(number)] for number in numbers)


def examine(folder: Path, classes: dict[str, str] | None = None, progress: Progress = silent) -> Examination:
    """Look for what makes a swap fail: copies, leaks across the split, imbalance, small pictures, odd labels, and confounds.

    Args:
        folder: a picture's class is the folder it lies in.
        classes: folder name → class name, as `training.dataset.load_pictures` takes them; folders whose names begin with "test" or "val"
            are one side of a split of their own.

    Raises:
        StudioError: other than two classes, or too few pictures to examine.
        Cancelled: when `progress` says so.
    """
    opened = _open(Path(folder), classes, progress)
    pictures = opened.pictures
    groups = _groups(opened, progress)
    copies, drop = _copies(opened, groups)
    findings = [*_unreadable(opened, Path(folder)), *copies, _balance(pictures), _sizes(opened)]
    masks = _masks(opened, progress)
    findings.append(_people(opened, masks))
    sheets: dict[str, Image.Image] = {}
    kept = np.flatnonzero([name not in drop for name in opened.names])
    lot = _by_lot(kept, pictures.labels)
    confound, sheets["outside"] = _confound(opened, masks, lot, progress)
    labels, doubtful, sheets["doubtful"] = _labels(opened, kept, progress)
    findings += [confound, _outline(opened, masks, lot, progress), labels]
    counts = Counter(pictures.labels.tolist())
    numbers = {name: counts[place] for place, name in enumerate(pictures.classes)}
    return Examination(numbers, tuple(opened.names), tuple(findings), drop, doubtful, sheets)


def _open(folder: Path, classes: dict[str, str] | None, progress: Progress) -> _Folder:
    pictures = load_pictures(folder, SIDE, "letterbox", 3, classes, progress)
    if len(pictures.classes) != 2:
        found = ", ".join(pictures.classes)
        raise StudioError(f"a swap is between two classes, {folder} has {found}: choose two with --classes A,B")
    failed = {path for path, _ in pictures.failed}
    files = [path for path in imaging.picture_files(folder) if classes is None or path.parent.name in classes]
    files = [path for path in files if str(path) not in failed]
    least = min(Counter(pictures.labels.tolist()).values())
    if least < 2 * FOLDS:
        raise StudioError(f"a class has {least} pictures, at least {2 * FOLDS} are needed to examine it: add some")
    return _Folder(files, [str(path.relative_to(folder)) for path in files], pictures)


def _unreadable(opened: _Folder, folder: Path) -> list[Finding]:
    failed = opened.pictures.failed
    if not failed:
        return [Finding("files", GOOD, f"all {len(opened.files)} files can be read")]
    names = tuple(str(Path(path).relative_to(folder)) for path, _ in failed)
    found = f"{len(failed)} of {len(opened.files) + len(failed)} files cannot be read; the first says: {failed[0][1]}"
    return [Finding("files", MEND, found, "save them again or remove them; training leaves them out", {"unreadable": len(failed)}, names)]


def _groups(opened: _Folder, progress: Progress) -> tuple[Group, ...]:
    seen, _ = appearances(dict(enumerate(opened.files)), progress)
    return find_duplicates(seen, progress=progress)


def _testing(opened: _Folder) -> np.ndarray:
    """Which pictures are for testing: by their folders' names where these say so, else by our own split. Shape (n,), bool."""
    named = np.array([path.parent.name.lower().startswith(TESTING) for path in opened.files])
    return named if named.any() else opened.pictures.held_out


def _copies(opened: _Folder, groups: tuple[Group, ...]) -> tuple[list[Finding], dict[str, str]]:
    """Copies within a class, in both classes, and on both sides of the split; and which pictures a cleaned folder leaves out.

    Of copies across the split the one for testing goes: what was trained on cannot test.
    """
    labels, testing = opened.pictures.labels, _testing(opened)
    drop: dict[str, str] = {}
    both, leaks, copies = [], [], 0
    for group in groups:
        members = [group.kept, *(copy.picture for copy in group.copies)]
        copies += len(group.copies)
        if len({int(labels[member]) for member in members}) > 1:
            both.append(members)
            drop |= dict.fromkeys(opened.of(members), "in both classes")
            continue
        stays = group.kept
        if len({bool(testing[member]) for member in members}) > 1:
            leaks.append(members)
            stays = next(member for member in members if not testing[member])
        drop |= {opened.names[member]: f"copy of {opened.names[stays]}" for member in members if member != stays}
    keep_one = "keep one of each: a cleaned folder does"
    one_side = "keep them on one side, or figures flatter: a cleaned folder leaves out the tested copy"
    decide = "decide which class each belongs to: a cleaned folder leaves all of them out"
    return [
        _counted(opened, "copies", "pictures are copies of others", keep_one, copies, _members(groups)),
        _counted(opened, "copies across the split", "groups lie on both sides of the split", one_side, len(leaks), leaks),
        _counted(opened, "copies in both classes", "groups lie in both classes", decide, len(both), both),
    ], drop


def _members(groups: Sequence[Group]) -> list[list[int]]:
    """The pictures of each group, the one that stays first."""
    return [[group.kept, *(copy.picture for copy in group.copies)] for group in groups]


def _counted(opened: _Folder, check: str, what: str, advice: str, count: int, groups: list[list[int]]) -> Finding:
    if not count:
        return Finding(check, GOOD, f"no {what.replace(' are ', ' that are ', 1).replace(' lie ', ' that lie ', 1)}", "", {"count": 0})
    files = opened.of([member for group in groups for member in group])
    return Finding(check, MEND, f"{count} {what}", advice, {"count": count, "groups": len(groups)}, files)


def _balance(pictures: PictureSet) -> Finding:
    counts = [int((pictures.labels[~pictures.held_out] == place).sum()) for place in range(2)]
    listed = " and ".join(f"{count} of {name}" for count, name in zip(counts, pictures.classes, strict=True))
    figures = {name: float(count) for name, count in zip(pictures.classes, counts, strict=True)}
    found, few = f"for training {listed}", min(counts) < FEW
    if max(counts) > UNEVEN * min(counts):
        scarce = pictures.classes[int(np.argmin(counts))]
        return Finding("balance", MEND, found, f"add pictures of {scarce}: its translator sees the same ones again and again", figures)
    if few:
        return Finding("balance", LOOK, found, f"add pictures: below {FEW} a class a translator learns them by heart", figures)
    return Finding("balance", GOOD, found, "", figures)


def _sizes(opened: _Folder) -> Finding:
    headers = [imaging.read_header(path) for path in opened.files]
    longer = np.array([max(header.width, header.height) for header in headers])
    narrow = np.array([max(header.width, header.height) / max(1, min(header.width, header.height)) for header in headers])
    small, thin = np.flatnonzero(longer < CROP), np.flatnonzero(narrow > NARROW)
    medians = [float(np.median(longer[opened.pictures.labels == place])) for place in range(2)]
    listed = " and ".join(f"{median:.0f} px of {name}" for median, name in zip(medians, opened.pictures.classes, strict=True))
    found = f"longer side: median {listed}; {len(small)} below {CROP} px, {len(thin)} more than {NARROW:g} times as long as wide"
    figures = {"below crop": float(len(small)), "narrow": float(len(thin))} | {
        f"median {name}": median for name, median in zip(opened.pictures.classes, medians, strict=True)
    }
    files = opened.of([*small, *thin])
    if max(medians) > UNEVEN * min(medians):
        advice = "reduce the larger ones to the size of the smaller: a critic tells sharp from blurred before it looks at cloth"
        return Finding("sizes", MEND, found, advice, figures, files)
    if len(small) + len(thin) > 0.02 * len(headers):
        return Finding("sizes", LOOK, found, "leave out what is smaller than a crop: it is blurred when enlarged", figures, files)
    return Finding("sizes", GOOD, found, "", figures, files)


def _masks(opened: _Folder, progress: Progress) -> np.ndarray:
    """Where each decoded picture shows its garment, a little wider than found, shape (n, SIDE, SIDE), bool."""
    masks = []
    for number, picture in enumerate(to_images(np.ascontiguousarray(opened.pictures.pixels))):
        found = Image.fromarray(find_garment(picture).mask).filter(ImageFilter.MaxFilter(LOOSE))
        masks.append(np.asarray(found) > 127)
        progress(number + 1, len(opened.files), "finding garments")
    return np.stack(masks)


def _people(opened: _Folder, masks: np.ndarray) -> Finding:
    pixels, labels = opened.pictures.pixels, opened.pictures.labels
    shows = np.array([(skin_mask(np.asarray(picture)) & ~mask).mean() > SKIN_SHARE for picture, mask in zip(pixels, masks, strict=True)])
    shares = [float(shows[labels == place].mean()) for place in range(2)]
    listed = " and ".join(f"{100 * share:.0f} % of {name}" for share, name in zip(shares, opened.pictures.classes, strict=True))
    figures = dict(zip(opened.pictures.classes, shares, strict=True))
    if abs(shares[0] - shares[1]) <= SKIN_GAP:
        return Finding("people", GOOD, f"skin shows beside the garment in {listed}", "", figures)
    advice = "show people as often in both classes, or cut the garments out (cutout): where only one has faces the result blurs"
    return Finding("people", MEND, f"skin shows beside the garment in {listed}", advice, figures)


def _by_lot(kept: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """At most `MOST` pictures a class, as places in order."""
    random = np.random.default_rng(0)
    parts = [random.permutation(kept[labels[kept] == place])[:MOST] for place in range(2)]
    return np.sort(np.concatenate(parts))


def _confound(opened: _Folder, masks: np.ndarray, lot: np.ndarray, progress: Progress) -> tuple[Finding, Image.Image]:
    """Can the classes be told without seeing a garment? The garment is painted over with grey, its outline stays."""
    labels = opened.pictures.labels[lot]
    pixels = np.ascontiguousarray(opened.pictures.pixels[lot])
    pixels[np.broadcast_to(masks[lot][:, None], pixels.shape)] = 128
    own = _told(cached_features(lite2(), pixels, progress)[:, None], labels)
    advice = (
        "balance what both show (upper and lower body, faces, backgrounds), cut garments out, or train with masked=True and focus=1.0: "
        "critics must not see this"
    )
    telling = np.argsort(-own)
    shown = [int(number) for place in range(2) for number in telling[labels[telling] == place][:SHOWN]]
    return _verdict("confound", "what lies outside the garment", own, labels, advice), imaging.sheet(to_images(pixels[shown]), SHOWN)


def _outline(opened: _Folder, masks: np.ndarray, lot: np.ndarray, progress: Progress) -> Finding:
    """The same by the garment's outline alone, black on white: handbags and dresses fail by it."""
    labels = opened.pictures.labels[lot]
    drawn = np.where(masks[lot][:, None], np.uint8(0), np.uint8(255)).repeat(3, axis=1)
    own = _told(cached_features(lite2(), drawn, progress)[:, None], labels)
    advice = "pair garments of like shape: a swap keeps the shape, and where shapes differ it is left with a shift of colour"
    return _verdict("outline", "the garment's outline", own, labels, advice)


def _labels(opened: _Folder, kept: np.ndarray, progress: Progress) -> tuple[Finding, dict[str, str], Image.Image]:
    """Garments that look like the other class to a judge which has not seen them."""
    pixels, labels, names = np.ascontiguousarray(opened.pictures.pixels[kept]), opened.pictures.labels[kept], opened.pictures.classes
    crops = [garment_crops(picture, VIEWS) for picture in pixels]
    own = _told(cached_features(lite2(), cut(pixels, crops, VIEWS), progress).reshape(len(pixels), VIEWS, -1), labels)
    figures = {"told apart": float(np.mean([(own[labels == place] > 0.5).mean() for place in range(2)]))}
    order = np.argsort(own)
    doubtful = order[: int((own < DOUBTFUL).sum())]
    reasons = {opened.names[kept[number]]: f"looks like {names[1 - labels[number]]}" for number in doubtful.tolist()}
    sheet = imaging.sheet(to_images(pixels[order[:SHOWN]]), SHOWN)
    found = f"by their garments {100 * figures['told apart']:.0f} % are told apart; {len(reasons)} look like the other class"
    verdict, advice = GOOD, ""
    if figures["told apart"] < ALIKE:
        verdict, advice = MEND, "choose classes that differ in material: there is little here to learn"
    elif reasons:
        verdict, advice = LOOK, "look at them and move or remove what is mislabelled"
    return Finding("labels", verdict, found, advice, figures, tuple(reasons)), reasons, sheet


def _told(seen: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probability that a linear judge gives each picture's own class, when it has learned from the other folds only.

    Args:
        seen: features, shape (n, views, d); labels: shape (n,).

    Returns:
        Shape (n,).
    """
    order = np.random.default_rng(0).permutation(len(labels))
    folds = np.empty(len(labels), dtype=np.int64)
    for place in range(2):  # each fold with its share of both classes
        members = order[labels[order] == place]
        folds[members] = np.arange(len(members)) % FOLDS
    own = np.empty(len(labels))
    for fold in range(FOLDS):
        aside = folds == fold
        probe = fit_probe(seen[~aside], labels[~aside], 2)
        own[aside] = probe.probabilities(seen[aside])[np.arange(int(aside.sum())), labels[aside]]
    return own


def _verdict(check: str, what: str, own: np.ndarray, labels: np.ndarray, advice: str) -> Finding:
    """A finding on how well the classes are told apart: the mean over the classes, judged by the lower end of its 95 % interval."""
    parts = [own[labels == place] > 0.5 for place in range(2)]
    told = float(np.mean([part.mean() for part in parts]))
    error = 0.5 * float(np.sqrt(sum(part.mean() * (1 - part.mean()) / len(part) for part in parts)))
    found = f"by {what} alone {100 * told:.0f} % (± {196 * error:.0f}) are told apart, where chance is 50 %"
    low = told - 1.96 * error
    verdict = MEND if low > SERIOUS else LOOK if low > NOTICEABLE else GOOD
    return Finding(check, verdict, found, advice if verdict != GOOD else "", {"told apart": told, "error": error})


def write_cleaned(folder: Path, into: Path, examination: Examination, doubtful: bool = False) -> dict[str, int]:
    """Copy the pictures that are worth training on into a new folder, with a note of what was left out and why, and with what an export's
    manifest says of them.

    Args:
        folder: the one that was examined; of it only folders of the two classes are copied, under their names.
        into: must not exist yet.
        doubtful: leave out the doubtful ones too.

    Returns:
        Reason, without names of pictures → how many were left out.

    Raises:
        StudioError: `into` exists, or cannot be written to.
    """
    left_out = examination.drop | (examination.doubtful if doubtful else {})
    known = provenance_of_export(folder)
    counts = Counter("copies" if reason.startswith("copy of") else reason for reason in left_out.values())
    with replacing_folder(into) as temporary:
        for name in examination.names:
            if name not in left_out:
                (temporary / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, temporary / name)
        note = {"format": FORMAT, "kept": len(examination.names) - len(left_out), "counts": counts, "left out": left_out}
        (temporary / CLEANED_FILE).write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n")
        records = {name: (known[name], file_hash(temporary / name)) for name in examination.names if name in known and name not in left_out}
        if records:
            write_records(temporary, records, "doctor")
    return dict(counts)


def read_cleaned(folder: Path) -> str:
    """What was left out of a folder that `write_cleaned` wrote, as words for a card; "" for any other folder."""
    try:
        note: Any = json.loads((Path(folder) / CLEANED_FILE).read_text())
        listed = [f"{count} {reason}" for reason, count in note["counts"].items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f"left out {', '.join(listed)}; {note['kept']} pictures kept" if listed else f"{note['kept']} pictures, none left out"
