"""Examine the pictures of two classes before a swap is trained on them: what is wrong, and what to do about it.

Copies within a class, across the split and in both classes, imbalance, sizes, people in one class only, garments that look like the other
class; and whether the classes can be told apart without seeing any cloth, which a swap then learns instead of cloth.

  python -m engines doctor pairs --classes trainA=leather,trainB=denim
  python -m engines doctor pairs --classes trainA=leather,trainB=denim --out doctor.json --sheet looks --clean pairs-clean

--clean copies what is worth training on into a new folder and notes there what was left out; a model trained on it says so on its card.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from engines import imaging
from engines.commands._options import add_classes
from engines.errors import StudioError
from engines.paths import replacing
from engines.progress import TextProgress
from engines.training.dataset import parse_classes
from engines.translation.doctor import FORMAT, GOOD, Examination, examine, write_cleaned

HELP = "examine the pictures that a swap is to be trained on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DIR", help="folder with pictures; sub-folders are classes")
    add_classes(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all findings with their files here as JSON")
    parser.add_argument("--sheet", type=Path, metavar="DIR", help="write sheets to look at: what tells the classes apart, odd labels")
    parser.add_argument("--clean", type=Path, metavar="DIR", help="copy what is worth training on into this new folder")
    parser.add_argument("--doubtful", action="store_true", help="leave out of --clean what looks like the other class, too")


def run(arguments: argparse.Namespace) -> None:
    if arguments.doubtful and arguments.clean is None:
        raise StudioError("--doubtful says what --clean DIR leaves out: give both")
    if arguments.clean is not None and arguments.clean.exists():
        raise StudioError(f"{arguments.clean} exists already: choose another folder, or remove it")
    classes = parse_classes(arguments.classes.split(",")) if arguments.classes else None
    examination = examine(arguments.data, classes, TextProgress())
    print("\n".join(_lines(examination)))
    if arguments.out is not None:
        with replacing(arguments.out) as temporary:
            temporary.write_text(json.dumps(_report(examination), indent=2, ensure_ascii=False) + "\n")
    if arguments.sheet is not None:
        for name, sheet in examination.sheets.items():
            imaging.save_png(sheet, arguments.sheet / f"{name}.png")
    if arguments.clean is not None:
        counts = write_cleaned(arguments.data, arguments.clean, examination, arguments.doubtful)
        listed = ", ".join(f"{count} {reason}" for reason, count in counts.items()) or "nothing"
        print(f"{arguments.clean}: left out {listed}")


def _lines(examination: Examination) -> list[str]:
    counts = ", ".join(f"{count} of {name}" for name, count in examination.classes.items())
    wide = max(len(finding.check) for finding in examination.findings)
    lines = [f"{counts}"]
    for finding in examination.findings:
        lines.append(f"{finding.verdict:5} {finding.check:{wide}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':5} {'':{wide}}  {finding.advice}")
    good = sum(finding.verdict == GOOD for finding in examination.findings)
    return [*lines, f"{good} of {len(examination.findings)} are good"]


def _report(examination: Examination) -> dict[str, object]:
    return {
        "format": FORMAT,
        "classes": examination.classes,
        "findings": [asdict(finding) for finding in examination.findings],
        "drop": examination.drop,
        "doubtful": examination.doubtful,
    }
