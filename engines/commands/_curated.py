"""What the curation commands share: pictures of a folder or of a collection, by id."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines import imaging
from engines.commands._options import person
from engines.curation.catalogue import Catalogue
from engines.errors import StudioError
from engines.paths import replacing


@dataclass(frozen=True)
class Curated:
    """Pictures to look at: files, names and (of a collection) sha256 by id, in the order of arrival."""

    paths: dict[int, Path]
    names: dict[int, str]
    hashes: dict[int, str]
    catalogue: Catalogue | None


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """A folder, or `--collection NAME`."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="folder with pictures, searched through all sub-folders")
    parser.add_argument("--collection", metavar="NAME", help="pictures of the catalogue instead of a folder")
    parser.add_argument("--actor", type=person, default=person(""), metavar="NAME", help="who decides (default: your login name)")


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the report and the sheet go, and whether the catalogue learns of it."""
    parser.add_argument("--apply", action="store_true", help="with --collection: drop what was found (`catalogue undo` takes it back)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write a PNG with the pictures in question")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a summary")


def curated(arguments: argparse.Namespace) -> Curated:
    """The pictures that the arguments name.

    Raises:
        StudioError: neither or both of folder and collection, `--apply` without a collection, or no pictures.
    """
    if (arguments.folder is None) == (arguments.collection is None):
        raise StudioError("say which pictures: either a folder, or --collection NAME")
    if getattr(arguments, "apply", False) and arguments.collection is None:
        raise StudioError("--apply writes into the catalogue: name a collection with --collection NAME")
    if arguments.folder is not None:
        files = imaging.picture_files(arguments.folder)
        if not files:
            raise StudioError(f"{arguments.folder} has no pictures: name a folder with JPEG, PNG or WEBP files")
        names = {number: str(path.relative_to(arguments.folder)) for number, path in enumerate(files)}
        return Curated(dict(enumerate(files)), names, {}, None)
    catalogue = Catalogue()
    pictures = catalogue.pictures(arguments.collection)
    if not pictures:
        raise StudioError(f"{arguments.collection} has no pictures: collect some first")
    return Curated(
        {one.id: one.path for one in pictures},
        {one.id: one.provenance.name for one in pictures},
        {one.id: one.sha256 for one in pictures},
        catalogue,
    )


def write_report(arguments: argparse.Namespace, report: dict[str, Any], summary: str) -> None:
    """The report as JSON into `--out` and, with `--json`, onto standard output; the summary otherwise."""
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    if arguments.out is not None:
        with replacing(arguments.out) as temporary:
            temporary.write_text(text)
    sys.stdout.write(text if arguments.json else f"{summary}\n")
