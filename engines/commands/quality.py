"""Find pictures with something wrong: in a folder, or in a collection.

tiny, odd aspect, uniform, dark, blurred (at 64 pixels), soft (at full size), text, wrong name, corrupt; overexposed on request. Each is a
filter of its own with a limit that can be moved, and in a collection --apply drops what they find, each taken back by `catalogue undo`.
Nothing is deleted.

  python -m engines quality photographs --out quality.json --sheet quality.png
  python -m engines quality photographs --only tiny blurred --limit tiny=128 --limit blurred=0.5
  python -m engines quality --collection streets --apply

The sheet has two rows a filter: the last pictures that it drops and the first that it keeps. Calm seas and fog measure like blur, and a
printed shirt like text: look before you apply.
The report: {format, pictures, filters: {name: {limit, dropped: [{name, reason}]}}}
"""

import argparse

from engines import imaging
from engines.commands._curated import Curated, add_report_arguments, add_source_arguments, curated, write_report
from engines.curation import quality
from engines.curation.preview import Cell, preview_sheet
from engines.curation.quality import CORRUPT, FILTERS, SHIPPED, Measures
from engines.errors import StudioError
from engines.progress import TextProgress

HELP = "find blurred, dark, tiny or broken pictures in a folder or a collection"
COLUMNS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--only", nargs="+", metavar="FILTER", help=f"of {', '.join([*FILTERS, CORRUPT])} (default: all but overexposed)")
    parser.add_argument("--limit", action="append", default=[], metavar="FILTER=VALUE", help="another limit, such as tiny=128; repeatable")
    add_report_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    limits = _limits(arguments.limit)
    wanted = list(arguments.only or [*SHIPPED, CORRUPT])
    for name in wanted:
        if name != CORRUPT:
            quality.filter_value(name)
    pictures = curated(arguments)
    measured, corrupt = quality.measure_all(pictures.paths, pictures.names, "text" in wanted, TextProgress())
    found: dict[str, dict[int, str]] = {}
    edges: dict[str, float] = {}
    for name in wanted:
        if name == CORRUPT:
            found[name] = corrupt
            continue
        edges[name] = quality.filter_value(name, limits.get(name))[1]
        found[name] = quality.dropped(measured, name, edges[name])
    cells = _cells(pictures, measured, edges)
    if arguments.sheet and cells:
        imaging.save_png(preview_sheet(cells, COLUMNS), arguments.sheet)
    if arguments.apply and pictures.catalogue:
        for name, dropped in found.items():
            pictures.catalogue.apply_filter(arguments.collection, name, {"limit": edges.get(name)}, dropped, arguments.actor)
    report = {
        "format": 1,
        "pictures": len(pictures.paths),
        "filters": {
            name: {
                "limit": edges.get(name),
                "dropped": [{"name": pictures.names[number], "reason": reason} for number, reason in dropped.items()],
            }
            for name, dropped in found.items()
        },
    }
    counts = ", ".join(f"{len(dropped)} {name}" for name, dropped in found.items() if dropped) or "nothing"
    done = f"; dropped from {arguments.collection}" if arguments.apply else ""
    write_report(arguments, report, f"{len(pictures.paths)} pictures; found {counts}{done}")


def _limits(entries: list[str]) -> dict[str, float]:
    """`["tiny=128"]` → {"tiny": 128.0}, checked."""
    limits = {}
    for entry in entries:
        name, _, text = entry.partition("=")
        try:
            value = float(text)
        except ValueError as error:
            raise StudioError(f"a limit is given as FILTER=VALUE such as tiny=128, got {entry[:40]!r}: write it so") from error
        limits[name.strip()] = quality.filter_value(name.strip(), value)[1]
    return limits


def _cells(pictures: Curated, measured: dict[int, Measures], edges: dict[str, float]) -> list[Cell | None]:
    """Two rows for each filter that drops something: the last pictures dropped, and the first kept."""
    cells: list[Cell | None] = []
    for name, edge in edges.items():
        out, kept = quality.around_limit(measured, name, edge, COLUMNS)
        if not out:
            continue
        for numbers, stays in ((out, False), (kept, True)):
            values = [FILTERS[name].value(measured[number]) or 0.0 for number in numbers]
            row: list[Cell | None] = [
                Cell(pictures.paths[number], f"{name} {value:.3g}", stays) for number, value in zip(numbers, values, strict=True)
            ]
            cells += row + [None] * (COLUMNS - len(row))
    return cells
