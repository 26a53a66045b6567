"""Bringing pictures into a collection: a web search that goes on where it was left, and a collection that is made for what comes."""

from collections.abc import Callable, Iterable
from typing import Any

from engines.curation.arrivals import AddReport, Reached
from engines.curation.catalogue import Catalogue
from engines.curation.provenance import Failure, Fetched
from engines.curation.sources import openverse, pexels
from engines.curation.sources.search import Search
from engines.errors import Cancelled, StudioError
from engines.progress import Progress, silent

WEB_SOURCES: dict[str, Callable[..., Search]] = {"openverse": openverse.search, "pexels": pexels.search}


def continued_search(catalogue: Catalogue, into: str, source: str, query: str, again: bool = False, **options: Any) -> Search:
    """A web search for a collection, which passes over what that has and goes on behind the pages that are done.

    Args:
        source: a key of `WEB_SOURCES`; options: of its `search`.
        again: look through pages that were done before, for what is new on them.

    Raises:
        StudioError: options that cannot be.
    """
    search = WEB_SOURCES[source]
    if into not in catalogue.names():
        return search(query, **options)
    known = catalogue.known(into, source)
    found = search(query, **options, known=known)
    cursor = None if again else catalogue.cursor(into, found.source_key)
    return found if cursor is None else search(query, **options, known=known, cursor=cursor)


def take_in(catalogue: Catalogue, into: str, items: Iterable[Fetched | Failure | Reached], progress: Progress = silent) -> AddReport:
    """Add to a collection, which is made first; one that stays empty because nothing could be had is not left behind.

    Raises:
        StudioError: the name cannot be used, nothing could be taken in, or the disk is full.
        Cancelled: when `progress` says so; what came so far stays.
    """
    made = catalogue.ensure(into)
    try:
        return catalogue.add(into, items, progress)
    except (StudioError, Cancelled):
        if made and not catalogue.pictures(into):
            catalogue.remove(into)
        raise
