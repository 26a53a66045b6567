"""Choose the frame in which pictures are scored, shown and trained on.

Of a collection it is frozen: every score, thumbnail and export then sees the same pixels, until another frame is chosen. Of a folder,
framed copies are written into a new folder, as PNG; what an export's manifest says of the pictures goes along.

  python -m engines frame --collection streets --kind "centre rectangle" --size 256
  python -m engines frame photographs --out framed --size 256

"centre rectangle" (the default) takes the median aspect ratio of all pictures, crops each to it around its centre and squeezes that to a
square, so that no picture is distorted relative to another. "centre square" crops, "pad" adds --colour around, "whole" leaves the aspect.
Pictures that are smaller than the frame are enlarged, and the answer says how many.
"""

import argparse
import json
import sys
from pathlib import Path

from PIL import Image, ImageColor

from engines import imaging
from engines.commands._curated import Curated, add_source_arguments, curated
from engines.curation.framing import KINDS, MAX_SIZE, Frame, frame_of
from engines.curation.manifest import provenance_of_export, write_records
from engines.curation.provenance import Provenance
from engines.curation.reading import read_each
from engines.errors import StudioError
from engines.imaging import Header
from engines.paths import replacing_folder
from engines.progress import TextProgress
from engines.recipe import file_hash

HELP = "choose the frame of a collection, or write framed copies of a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--kind", default=KINDS[0], metavar="KIND", help=f"{', '.join(KINDS)} (default: {KINDS[0]})")
    parser.add_argument("--size", type=int, default=256, help=f"side of the square in pixels, up to {MAX_SIZE} (default 256)")
    parser.add_argument("--aspect", type=float, help="width / height of the centre rectangle (default: the median of the pictures)")
    parser.add_argument("--colour", default="#ffffff", help='what "pad" adds, such as "#33ff33" (default white)')
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for framed copies")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> None:
    colour = _colour(arguments.colour)
    Frame(arguments.kind, arguments.size, arguments.aspect or 1.0, colour)
    if arguments.folder is not None and arguments.out is None:
        raise StudioError("framed copies of a folder go into a new one: name it with --out DIR")
    if arguments.out is not None and arguments.folder is None:
        raise StudioError(f"framed copies of a collection are made by `export {arguments.collection} --framed`, which keeps their records")
    if arguments.out is not None and arguments.out.exists():
        raise StudioError(f"{arguments.out} exists already: choose another folder, or remove it")
    pictures = curated(arguments)
    headers, failed = _headers(pictures)
    sizes = {number: (header.width, header.height) for number, header in headers.items()}
    if arguments.aspect is not None:
        frame = Frame(arguments.kind, arguments.size, arguments.aspect, colour)
    else:
        frame = frame_of(arguments.kind, arguments.size, list(sizes.values()), colour)
    enlarged = [pictures.names[number] for number, size in sizes.items() if frame.enlarges(*size)]
    if arguments.out is not None:
        failed |= _write(pictures, provenance_of_export(arguments.folder), frame, list(sizes), arguments.out)
    if pictures.catalogue:
        pictures.catalogue.set_frame(arguments.collection, frame.as_json(), arguments.actor)
    if arguments.json:
        answer = {"format": 1, "frame": frame.as_json(), "pictures": len(sizes), "enlarged": enlarged}
        told = [{"name": pictures.names[number], "reason": reason} for number, reason in failed.items()]
        sys.stdout.write(json.dumps(answer | {"failed": told}, indent=1, ensure_ascii=False) + "\n")
        return
    small = f"; {len(enlarged)} are smaller and are enlarged, which adds blur" if enlarged else ""
    lost = f"; {len(failed)} cannot be read" if failed else ""
    print(f"{frame.sentence()}: {len(sizes)} pictures{small}{lost}")


def _headers(pictures: Curated) -> tuple[dict[int, Header], dict[int, str]]:
    found: dict[int, Header] = {}
    failed: dict[int, str] = {}
    for number, header in zip(pictures.paths, read_each(list(pictures.paths.values()), imaging.read_header), strict=True):
        if isinstance(header, StudioError):
            failed[number] = str(header)
        else:
            found[number] = header
    if not found:
        raise StudioError(f"none of the {len(failed)} pictures can be read; the first says: {next(iter(failed.values()))}")
    return found, failed


def _write(pictures: Curated, known: dict[str, Provenance], frame: Frame, numbers: list[int], out: Path) -> dict[int, str]:
    """Framed copies under the names of their originals with .png after them, so that a.jpg and a.png both find a place.

    Args:
        known: records of the originals, by name.
    """
    failed: dict[int, str] = {}
    records: dict[str, tuple[Provenance, str]] = {}

    def framed(number: int) -> Image.Image:
        return frame.apply(imaging.safe_open(pictures.paths[number]))

    with replacing_folder(out) as folder:
        for number, picture in zip(numbers, read_each(numbers, framed, TextProgress(), "framing"), strict=True):
            if isinstance(picture, StudioError):
                failed[number] = str(picture)
                continue
            name = Path(pictures.names[number]).as_posix()
            target = folder / f"{name}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            picture.save(target, format="PNG")
            if name in known:
                records[f"{name}.png"] = known[name], file_hash(target)
        if len(failed) == len(numbers):
            raise StudioError(f"none of the {len(numbers)} pictures can be decoded; the first says: {next(iter(failed.values()))}")
        if records:
            write_records(folder, records, "frame")
    return failed


def _colour(text: str) -> tuple[int, int, int]:
    try:
        red, green, blue = ImageColor.getcolor(text, "RGB")  # type: ignore[misc]
    except ValueError as error:
        raise StudioError(f"a colour is #rrggbb or a name such as white, got {text[:40]!r}: choose another") from error
    return red, green, blue
