"""Collect pictures into a collection of the catalogue: from a folder, files or a ZIP of your own, from Pexels, or from Openverse.

  python -m engines collect folder photographs --into skylines --rights yes --permission "my own photographs"
  python -m engines collect zip wardrobe.zip --into garments --rights unknown
  python -m engines collect openverse --query cityscape --into skylines --pages 1-12
  python -m engines collect pexels --query cityscape --into skylines --pages 1-40 --key-file pexels.key

Pictures are copied; originals are never touched. The same picture is never added twice, so the same command goes on where it was
interrupted, and a later range of pages adds only what is new. What cannot be taken is named on standard error.

A model may learn only from pictures whose rights say so. For your own files you answer with --rights; Pexels asks that its pictures train
no model, so they are marked "no" unless you have its permission and write it with --permission. Openverse's licences answer for themselves.

Keys come from PEXELS_API_KEY and OPENVERSE_TOKEN, or from --key-file; they are neither stored nor shown.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from engines.commands._options import page_range
from engines.curation.arrivals import AddReport
from engines.curation.catalogue import Catalogue, name_value
from engines.curation.collecting import continued_search, take_in
from engines.curation.provenance import RIGHTS, Failure, Fetched
from engines.curation.sources import openverse, pexels
from engines.curation.sources.archive import zip_pictures
from engines.curation.sources.files import file_pictures, folder_pictures
from engines.curation.sources.search import Search
from engines.errors import StudioError
from engines.progress import TextProgress

HELP = "collect pictures into a collection"
SHOWN_FAILURES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    sources = parser.add_subparsers(dest="source", metavar="folder|files|zip|pexels|openverse", required=True)
    folder = sources.add_parser("folder", help="all pictures below a folder; a sub-folder's name is the class")
    folder.add_argument("path", type=Path, metavar="DIR")
    files = sources.add_parser("files", help="single files")
    files.add_argument("paths", type=Path, nargs="+", metavar="FILE")
    archive = sources.add_parser("zip", help="the pictures of a ZIP; a folder's name is the class")
    archive.add_argument("path", type=Path, metavar="FILE")
    for own in (folder, files, archive):
        own.add_argument("--rights", choices=RIGHTS, required=True, help="may these pictures train a model?")
        own.add_argument("--permission", default="", metavar="TEXT", help="who says so, in words; kept with each picture")
    files.add_argument("--label", default="", metavar="CLASS", help="the class of these pictures")
    _add_web_arguments(sources.add_parser("pexels", help="search Pexels, with a key of your own"), pexels.MAX_PER_PAGE, pexels.FILES)
    _add_web_arguments(sources.add_parser("openverse", help="search Openverse, with or without a token"), None, openverse.FILES)
    for name, source in sources.choices.items():
        source.add_argument("--into", required=True, metavar="NAME", help="the collection; made when there is none of that name")
        source.add_argument("--json", action="store_true", help="print the result as JSON")
        if name == "pexels":
            source.add_argument("--colour", metavar="NAME", help=f"{', '.join(pexels.COLOURS)}, or such as #33aa55")
        elif name == "openverse":
            source.add_argument("--licence", default="cc0,pdm", metavar="A,B", help="which licences (default cc0,pdm)")


def _add_web_arguments(parser: argparse.ArgumentParser, per_page: int | None, files: Iterable[str]) -> None:
    parser.add_argument("--query", required=True, metavar="WORDS", help="what the pictures show")
    parser.add_argument("--pages", type=page_range, default=(1, None), metavar="A-B", help="first and last page (default all there are)")
    most = f" (default {per_page}, the most there can be)" if per_page else ""
    parser.add_argument("--per-page", type=int, default=per_page, metavar="N", help=f"pictures a page{most}")
    parser.add_argument("--orientation", metavar="NAME", help="a shape that the service knows, such as landscape")
    parser.add_argument("--size", metavar="NAME", help="large, medium or small: at least so large")
    parser.add_argument("--file", metavar="NAME", help=f"which file is fetched: {', '.join(files)}")
    parser.add_argument("--label", default="", metavar="CLASS", help="the class of these pictures")
    parser.add_argument("--permission", default="", metavar="TEXT", help="a permission to train that you have, in words")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="a file that holds the key")
    parser.add_argument("--again", action="store_true", help="look through pages that were done before, for what is new on them")
    parser.add_argument("--base", default="", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> None:
    catalogue, into = Catalogue(), name_value(arguments.into)
    progress = TextProgress()
    if arguments.source in ("pexels", "openverse"):
        report = take_in(catalogue, into, _search(catalogue, into, arguments, progress))
    else:
        report = take_in(catalogue, into, _own(arguments), progress)
    _tell(catalogue, into, report, arguments.json)


def _own(arguments: argparse.Namespace) -> Iterable[Fetched | Failure]:
    rights, permission = arguments.rights, arguments.permission
    if arguments.source == "folder":
        return folder_pictures(arguments.path, rights, permission)
    if arguments.source == "zip":
        return zip_pictures(arguments.path, rights, permission)
    return file_pictures(arguments.paths, rights, permission, arguments.label)


def _search(catalogue: Catalogue, into: str, arguments: argparse.Namespace, progress: TextProgress) -> Search:
    """The search that was asked for, which goes on where it was left."""
    options = {
        "pages": arguments.pages,
        "per_page": arguments.per_page,
        "orientation": arguments.orientation,
        "size": arguments.size,
        "key": _key(arguments.key_file),
        "permission": arguments.permission,
        "label": arguments.label,
        "progress": progress,
        "base": arguments.base,
    }
    if arguments.file:
        options["file"] = arguments.file
    own = {"colour": arguments.colour} if arguments.source == "pexels" else {"licence": arguments.licence}
    return continued_search(catalogue, into, arguments.source, arguments.query, arguments.again, **options, **own)


def _key(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"the key file {path} cannot be read: name a text file that holds the key and nothing else") from error


def _tell(catalogue: Catalogue, into: str, report: AddReport, as_json: bool) -> None:
    for name, reason in report.failed[:SHOWN_FAILURES]:
        print(f"left out: {name}: {reason}", file=sys.stderr)
    if len(report.failed) > SHOWN_FAILURES:
        more = len(report.failed) - SHOWN_FAILURES
        print(f"and {more:,} more: `catalogue show {into} --failures` names them", file=sys.stderr)
    facts = catalogue.facts(into)
    if as_json:
        result = {"collection": into, "added": report.added, "already": report.already, "restricted": report.restricted}
        result |= {"forbidden": report.forbidden}
        failed = [{"name": name, "reason": reason} for name, reason in report.failed]
        print(json.dumps(result | {"pictures": facts.pictures, "failed": failed}, ensure_ascii=False))
        return
    print(f"{into}: {report.added:,} added, {report.already:,} already there, {len(report.failed):,} left out; {facts.pictures:,} pictures")
    if report.forbidden:
        print(f"{report.forbidden:,} that were there already may not be trained on any more, as is said now")
    if report.restricted:
        print(
            f"{report.restricted:,} of them are on record as not allowed for training and stay so: "
            f'`catalogue rights {into} yes --permission "…"` records a permission'
        )
