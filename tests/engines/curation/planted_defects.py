"""How many planted defects the filters find among 2,000 distinct photographs, and how many sound pictures they drop.

  python -m tests.engines.curation.planted_defects DATA/scenes

Takes every second picture below the folder (the limits of the filters were chosen on the others), plants copies, re-encoded, resized,
turned and mirrored ones, blurred, tiny, corrupt and wrongly named ones, and counts.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageFilter

from engines import imaging
from engines.curation import duplicates, quality

DISTINCT = 2000
EXPECTED = {"blurred": {"blurred", "soft"}, "tiny": {"tiny"}, "corrupt": {"corrupt"}, "wrong name": {"wrong name"}}


def plant(photographs: list[Path], into: Path, lot: random.Random) -> Iterator[tuple[str, Path, int | None]]:
    """Write defects; gives (kind, file, place of the original for a copy) of each."""
    chosen = lot.sample(photographs, DISTINCT + 175)
    originals, extra = chosen[:DISTINCT], iter(chosen[DISTINCT:])
    number = 0

    def file(suffix: str = ".jpg") -> Path:
        nonlocal number
        number += 1
        return into / f"{number:05}{suffix}"

    for path in originals:
        yield "original", Path(shutil.copy(path, file())), None
    for place in lot.sample(range(DISTINCT), 40):
        yield "copied", Path(shutil.copy(originals[place], file())), place
    changes = [("re-encoded", {"quality": percent}, None, None) for percent in (30, 50, 75, 95)]
    changes += [("resized", {"quality": 90}, factor, None) for factor in (0.25, 0.5, 0.75, 1.5, 2.0)]
    changes += [("turned", {"quality": 90}, None, turn) for turn in Image.Transpose]
    for kind, options, factor, turn in changes:
        for place in lot.sample(range(DISTINCT), 20):
            picture = Image.open(originals[place]).convert("RGB")
            if factor is not None:
                picture = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS)
            if turn is not None:
                picture = picture.transpose(turn)
            target = file()
            picture.save(target, **options)
            yield kind, target, place
    for radius in (1.5, 2.0, 3.0):
        for _ in range(25):
            target = file()
            Image.open(next(extra)).convert("RGB").filter(ImageFilter.GaussianBlur(radius)).save(target, quality=90)
            yield "blurred", target, None
    for side in (12, 32, 48):
        for _ in range(10):
            target = file()
            Image.open(next(extra)).convert("RGB").resize((side, side), Image.Resampling.BOX).save(target, quality=95)
            yield "tiny", target, None
    for _ in range(30):
        target = file()
        target.write_bytes(next(extra).read_bytes()[: lot.randint(40, 1500)])
        yield "corrupt", target, None
    for _ in range(40):
        yield "wrong name", Path(shutil.copy(next(extra), file(lot.choice([".png", ".webp"])))), None


def main(folder: Path) -> int:
    """Print what was found; returns 1 when less than 95 % is found or more than 1 % of the sound pictures is dropped."""
    lot = random.Random(2)
    with tempfile.TemporaryDirectory() as temporary:
        planted = list(plant(imaging.picture_files(folder)[::2], Path(temporary), lot))
        files = {place: path for place, (_, path, _) in enumerate(planted)}
        measured, corrupt = quality.measure_all(files)
        groups = duplicates.find_duplicates(duplicates.appearances(files)[0])
    flags: dict[int, set[str]] = {place: set() for place in files}
    for name in quality.SHIPPED:
        for place in quality.dropped(measured, name):
            flags[place].add(name)
    for place in corrupt:
        flags[place].add("corrupt")
    group_of = {member: group.kept for group in groups for member in (group.kept, *(copy.picture for copy in group.copies))}
    total, found, mixed = Counter[str](), Counter[str](), 0
    for place, (kind, _, origin) in enumerate(planted):
        total[kind] += 1
        together = origin is not None and place in group_of and group_of[place] == group_of.get(origin)
        found[kind] += together if origin is not None else bool(flags[place] & EXPECTED.get(kind, set()))
    copies = {place: origin for place, (_, _, origin) in enumerate(planted) if origin is not None}
    for group in groups:
        members = {copies.get(member, member) for member in (group.kept, *(copy.picture for copy in group.copies))}
        mixed += len(members) - 1
    for kind in total:
        if kind != "original":
            print(f"{kind:12} {found[kind]} of {total[kind]} found")
    recall = (found.total() - found["original"]) / (total.total() - DISTINCT)
    dropped = sum(bool(flags[place]) for place in range(DISTINCT)) / DISTINCT
    print(f"recall {recall:.1%}; sound pictures dropped by a quality filter {dropped:.2%}; distinct pictures taken for copies {mixed}")
    return int(recall < 0.95 or dropped + mixed / DISTINCT > 0.01)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
