"""What other processes do to a catalogue in its tests; each function runs in a process of its own."""

from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from engines.curation import arrivals
from engines.curation.catalogue import Catalogue
from engines.curation.provenance import Fetched, Provenance
from engines.progress import silent

COLLECTION = "skylines"


def fetched(folder: Path) -> Iterator[Fetched]:
    """The pictures of a folder as a web source gives half of them, in bytes, and a folder the other half."""
    for index, path in enumerate(sorted(folder.iterdir())):
        source, content = ("pexels", path.read_bytes()) if index % 2 else ("folder", path)
        yield Fetched(content, Provenance(source, path.name, f"picture {path.stem}", licence="CC0", training_allowed="yes"), path.stem[-1])


def import_pictures(folder: Path, catalogue: Path, told: Connection | None = None) -> None:
    """Import a folder, committing often; tells how many pictures it has begun with."""

    def tell(done: int, total: int, message: str = "") -> None:
        if told is not None:
            told.send(done)

    arrivals._SECONDS = 0.01
    opened = Catalogue(catalogue)
    opened.ensure(COLLECTION)
    opened.add(COLLECTION, fetched(folder), tell if told else silent)


def decide_often(catalogue: Path, actor: str, decision: str, times: int) -> None:
    """Decide about one picture after the other, all of the collection in turn."""
    opened = Catalogue(catalogue)
    ids = [picture.id for picture in opened.pictures(COLLECTION)]
    for turn in range(times):
        opened.decide(COLLECTION, [ids[turn % len(ids)]], decision, actor, f"turn {turn}")


def make_collection(catalogue: Path, name: str) -> None:
    """Open a catalogue that may not be there yet, and make a collection in it."""
    Catalogue(catalogue).create(name)
