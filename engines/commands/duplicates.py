"""Find the same picture twice: in a folder, or in a collection.

Copies of a file and of its pixels, and near ones: encoded again, resized, turned by a quarter or half, mirrored. Of each group the largest
stays (then the one that came first). Nothing is ever deleted: a report says what was found, --sheet shows it, and in a collection --apply
drops the copies, which `catalogue undo` takes back.

  python -m engines duplicates photographs --out duplicates.json --sheet duplicates.png
  python -m engines duplicates --collection streets --apply

With --model, pictures whose vectors are alike count too: the same thing photographed twice. Look at the sheet before you trust that.
The report: {format, likeness, pictures, groups: [{kept, copies: [{name, how, likeness}]}], failed: [{name, reason}]}
"""

import argparse

import numpy as np
from PIL import Image

from engines import imaging
from engines.commands._curated import Curated, add_report_arguments, add_source_arguments, curated, write_report
from engines.curation import duplicates
from engines.curation.duplicates import Group
from engines.curation.embeddings import default_store
from engines.curation.encoder import load_encoder
from engines.curation.preview import Cell, preview_sheet
from engines.progress import TextProgress
from engines.recipe import file_hash

HELP = "find copies of pictures in a folder or a collection"
FILTER = "duplicates"
COLUMNS, ROWS = 8, 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--likeness", type=float, default=duplicates.LIKENESS, help="looks from this cosine on are the same (default 0.94)")
    parser.add_argument("--model", metavar="NAME", help="compare vectors of this model too, such as studio-clip")
    parser.add_argument(
        "--similarity", type=float, default=duplicates.SIMILARITY, help="vectors from this cosine on are the same (default 0.97)"
    )
    add_report_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    duplicates.fraction_value("likeness", arguments.likeness)
    duplicates.fraction_value("similarity", arguments.similarity)
    pictures = curated(arguments)
    progress = TextProgress()
    seen, failed = duplicates.appearances(pictures.paths, progress)
    vectors = _vectors(pictures, list(seen), arguments.model) if arguments.model else None
    groups = duplicates.find_duplicates(
        seen, arguments.likeness, vectors=vectors, similarity=arguments.similarity, progress=progress
    )  # fmt: skip
    dropped = duplicates.dropped(groups, pictures.names)
    settings = {"likeness": arguments.likeness} | (
        {"model": arguments.model, "similarity": arguments.similarity} if arguments.model else {}
    )  # fmt: skip
    if arguments.sheet and groups:
        imaging.save_png(_sheet(groups, pictures), arguments.sheet)
    if arguments.apply and pictures.catalogue:
        pictures.catalogue.apply_filter(arguments.collection, FILTER, settings, dropped, arguments.actor)
    report = {
        "format": 1,
        **settings,
        "pictures": len(seen),
        "groups": duplicates.as_json(groups, pictures.names),
        "failed": [{"name": pictures.names[number], "reason": reason} for number, reason in failed.items()],
    }
    kinds = [copy.how for group in groups for copy in group.copies]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "none"
    done = f"; dropped from {arguments.collection}" if arguments.apply else ""
    write_report(
        arguments,
        report,
        f"{len(seen)} pictures, {len(failed)} not readable; {len(dropped)} copies in {len(groups)} groups ({counts}){done}",
    )


def _vectors(pictures: Curated, numbers: list[int], model: str) -> dict[int, np.ndarray]:
    keyed = [(pictures.hashes.get(number) or file_hash(pictures.paths[number]), pictures.paths[number]) for number in numbers]
    matrix, _ = default_store().vectors(keyed, load_encoder(model), progress=TextProgress())
    return dict(zip(numbers, matrix, strict=True))


def _sheet(groups: tuple[Group, ...], pictures: Curated) -> Image.Image:
    """A row a group, the picture that stays first; as many groups and copies as there is room for."""
    cells: list[Cell | None] = []
    for group in groups[:ROWS]:
        row: list[Cell | None] = [Cell(pictures.paths[group.kept], pictures.names[group.kept], True)]
        row += [Cell(pictures.paths[copy.picture], f"{copy.how} {copy.likeness:.3f}", False) for copy in group.copies[: COLUMNS - 1]]
        cells += row + [None] * (COLUMNS - len(row))
    return preview_sheet(cells, COLUMNS)
