"""Cut-outs on their way out: into a folder or a collection, with every reject and its reason, and never twice."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from engines.curation.catalogue import Catalogue
from engines.curation.cutout.cut import Cut, Style, fetched
from engines.curation.cutout.whole import OBJECT
from engines.curation.manifest import write_records
from engines.curation.provenance import Failure, Fetched, Provenance
from engines.errors import StudioError
from engines.paths import replacing

FORMAT = 1
REPORT_FILE = "cutouts.jsonl"

Cutting = Callable[[set[str]], Iterable[Cut]]


@dataclass(frozen=True)
class CutReport:
    """What became of every object.

    Attributes:
        made: cut out now; already: cut out by an earlier run.
        rejected: (identity, reason), of earlier runs too.
    """

    made: int
    already: int
    rejected: tuple[tuple[str, str], ...]

    def reasons(self) -> list[tuple[str, int]]:
        """How often each kind of reason was given, most frequent first."""
        return Counter(reason.partition(":")[0] for _, reason in self.rejected).most_common()


def into_folder(folder: Path, cutting: Cutting, style: Style, settings: Mapping[str, Any]) -> CutReport:
    """Write one PNG an object, in a sub-folder a class, and beside them `manifest.json`, `ATTRIBUTION.csv` and a report, a line an object.

    A folder that an earlier run with the same settings left is completed: what it made or turned down is not done again. Every file
    appears whole, the report's line after it.

    Args:
        cutting: gives the objects but those whose identities it is handed.
        settings: all that decides how a cut-out looks and whether there is one, as JSON.

    Raises:
        StudioError: the folder holds something else or the work of other settings, or cannot be written to.
        Cancelled: passed on; what is written stays.
    """
    decided = json.loads(json.dumps({**settings, "style": style.as_json()}))
    report = Path(folder) / REPORT_FILE
    entries = _resumed(Path(folder), decided)
    already = sum("file" in entry for entry in entries)
    taken = {entry["file"]: entry["identity"] for entry in entries if "file" in entry}
    try:
        with report.open("a", encoding="utf-8") as lines:
            for cut in cutting({entry["identity"] for entry in entries}):
                item = fetched(cut, style)
                entries.append(_written(item, cut, Path(folder), taken) if isinstance(item, Fetched) else _turned_down(cut))
                lines.write(json.dumps(entries[-1], ensure_ascii=False) + "\n")
                lines.flush()
    finally:
        made = [entry for entry in entries if "file" in entry]
        records = {entry["file"]: (Provenance.from_json(entry["provenance"]), entry["sha256"]) for entry in made}
        write_records(Path(folder), records, "cutout", settings=decided)
    rejected = tuple((entry["identity"], entry["reason"]) for entry in entries if "reason" in entry)
    return CutReport(len(entries) - len(rejected) - already, already, rejected)


def _resumed(folder: Path, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects that an earlier run is done with; a fresh report is begun where there was none."""
    report = folder / REPORT_FILE
    entries: list[dict[str, Any]] = []
    if report.is_file():
        head, *entries = list(_whole_lines(report)) or [{}]
        if head.get("format") != FORMAT or head.get("settings") != settings:
            raise StudioError(f"{folder} holds cut-outs made with other settings: choose another folder, or repeat the settings")
        entries = [entry for entry in entries if "reason" in entry or (folder / entry["file"]).is_file()]
    elif folder.exists() and any(folder.iterdir()):
        raise StudioError(f"{folder} holds other files: choose a new or an empty folder")
    with replacing(report) as temporary:
        lines: list[dict[str, Any]] = [{"format": FORMAT, "settings": settings}, *entries]
        temporary.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return entries


def _whole_lines(report: Path) -> Iterator[dict[str, Any]]:
    """The lines of a report; one that a killed run left half-written ends it."""
    for line in report.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if not isinstance(entry, dict):
            return
        yield entry


def _written(item: Fetched, cut: Cut, folder: Path, taken: dict[str, str]) -> dict[str, Any]:
    assert isinstance(item.content, bytes)
    file = _file_name(cut)
    if taken.get(file, cut.identity) != cut.identity:
        file = f"{file.removesuffix('.png')}-{hashlib.sha256(cut.identity.encode()).hexdigest()[:8]}.png"
    taken[file] = cut.identity
    with replacing(folder / file) as temporary:
        temporary.write_bytes(item.content)
    record = item.provenance.as_json()
    return {"identity": cut.identity, "file": file, "sha256": hashlib.sha256(item.content).hexdigest(), "provenance": record}


def _turned_down(cut: Cut) -> dict[str, Any]:
    return {"identity": cut.identity, "reason": cut.reason}


def _file_name(cut: Cut) -> str:
    """Such as "car/aachen_000000_000019-26003.png", made of letters, digits, dots, dashes and underscores only."""
    stem = PurePosixPath(cut.original.provenance.name).stem
    ending = "" if cut.instance == OBJECT else f"-{cut.instance}"
    label = f"{_safe(cut.original.label)}/" if cut.original.label else ""
    return f"{label}{_safe(stem)}{ending}.png"


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:80] or "picture"


def into_collection(catalogue: Catalogue, name: str, cutting: Cutting, style: Style, settings: Mapping[str, Any]) -> CutReport:
    """Add the cut-outs to a collection, which is made when there is none of the name.

    What the collection has is not cut again, whatever the settings; what was turned down is only tried again with other settings.

    Raises:
        StudioError: the collection's name is impossible.
        Cancelled: passed on; what was added stays.
    """
    catalogue.ensure(name)
    text = json.dumps({**settings, "style": style.as_json()}, sort_keys=True)
    key = f"cutout:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    known = catalogue.known(name, "cutout")
    rejected: dict[str, str] = dict((catalogue.cursor(name, key) or {}).get("rejected", {}))

    made = 0

    def items() -> Iterator[Fetched | Failure]:
        nonlocal made
        for cut in cutting(known | set(rejected)):
            item = fetched(cut, style)
            if isinstance(item, Failure):
                rejected[item.name] = item.reason
            made += isinstance(item, Fetched)
            yield item

    try:
        report = catalogue.add(name, items())
    except StudioError:
        if made:
            raise
        return CutReport(0, len(known), tuple(rejected.items()))  # an object turned down is no picture that could not be taken in
    finally:
        catalogue.set_cursor(name, key, {"rejected": rejected})
    return CutReport(report.added, len(known) + report.already, tuple(rejected.items()))
