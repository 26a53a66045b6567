"""Write a curated collection into a folder that trainers read.

  python -m engines export skylines --out sets/skylines
  python -m engines export skylines --out sets/skylines-256 --framed --size 256 --as imagefolder
  python -m engines export skylines --out look-at --part dropped --purpose inspection

The folder holds the pictures, manifest.json (the rule, the model, the frame, and of each picture its hash, scores, why it was chosen and
where it comes from) and ATTRIBUTION.csv (author, licence and page of each picture). It appears only when whole and replaces nothing.

Layouts: "folder" has a sub-folder for each class, as `train --data` reads it; "imagefolder" is Hugging Face's, with metadata.jsonl;
"webdataset" is tar shards. Pictures leave as they came, or with --framed as the collection's frame cuts them.

Pictures without permission to train a model are refused: leave them out with --skip-unlicensed, or export them only to look at with
--purpose inspection, and `train` will not take them.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from engines.curation.catalogue import Catalogue
from engines.curation.folder_export import ENCODINGS, LAYOUTS, PURPOSES, export_pictures
from engines.curation.framing import Frame
from engines.curation.selection import PARTS, Selection
from engines.errors import StudioError
from engines.progress import TextProgress

HELP = "write a curated collection into a folder that trainers read"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the collection; `catalogue list` shows them")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder that does not exist yet")
    parser.add_argument("--as", dest="layout", choices=list(LAYOUTS), default="folder", help="how to lay the pictures out (default folder)")
    parser.add_argument("--part", choices=PARTS, default="kept", help="which pictures (default kept)")
    parser.add_argument("--framed", action="store_true", help="crop and resize as the collection's frame says")
    parser.add_argument("--size", type=int, metavar="N", help="with --framed: pixels a side, if not the frame's own")
    parser.add_argument("--encoding", choices=list(ENCODINGS), help="with --framed: png (default), jpeg at quality 95, or lossless webp")
    parser.add_argument("--purpose", choices=PURPOSES, default="training", help="what for (default training)")
    parser.add_argument("--skip-unlicensed", action="store_true", help="leave out pictures without permission to train")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> None:
    if not arguments.framed and (arguments.size or arguments.encoding):
        raise StudioError("--size and --encoding are for framed pictures: add --framed")
    selection = Catalogue().selection(arguments.name, arguments.part)
    frame = _frame(selection, arguments.size) if arguments.framed else None
    done = export_pictures(
        selection,
        arguments.out,
        arguments.layout,
        arguments.purpose,
        arguments.skip_unlicensed,
        frame,
        arguments.encoding or "png",
        TextProgress(),
    )
    counts = done.manifest["counts"]
    if arguments.json:
        print(
            json.dumps({"folder": str(done.folder), "manifest": done.manifest_hash, "counts": counts, "classes": done.manifest["classes"]})
        )
        return
    left = f", {counts['left_out']:,} left out without permission to train" if counts["left_out"] else ""
    print(f"{done.folder}: {counts['exported']:,} pictures{left}; manifest {done.manifest_hash[:12]}")


def _frame(selection: Selection, size: int | None) -> Frame:
    if selection.frame is None:
        name = selection.collection
        raise StudioError(f"{name} has no frame yet: choose one with `frame --collection {name} --size 256`, or export without --framed")
    frame = Frame.from_json(selection.frame)
    return frame if size is None else replace(frame, size=size)
