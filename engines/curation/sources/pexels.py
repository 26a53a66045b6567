"""Pictures from Pexels, with a key of one's own.

Pexels' help centre bars collecting its photos through this interface to train a model unless Pexels has given permission. So every picture
is marked as not allowed for training; only a permission in words, which goes into its record, changes that.
"""

import re
from collections.abc import Container, Mapping
from typing import Any

from engines.curation.provenance import Failure, Provenance
from engines.curation.sources.search import (
    Hit,
    Plan,
    ResultPage,
    Search,
    choice,
    key_of_search,
    pages_value,
    per_page_value,
    plain,
    query_value,
    web_address,
    whole_number,
)
from engines.curation.sources.web import Client, Clock, Ledger, Patience, Site, Window, key_value
from engines.errors import StudioError
from engines.progress import Progress, silent

SITE = Site(
    source="pexels",
    title="Pexels",
    api="https://api.pexels.com/v1/",
    picture_origins=frozenset({"https://images.pexels.com"}),
    windows=(Window(200, 3600.0),),
    file_windows=(),
    authorization="{}",
    key_name="PEXELS_API_KEY",
)
LICENCE = "Pexels License"
LICENCE_URL = "https://www.pexels.com/license/"
MAX_PER_PAGE = 80
ORIENTATIONS = ("landscape", "portrait", "square")
SIZES = ("large", "medium", "small")
COLOURS = ("red", "orange", "yellow", "green", "turquoise", "blue", "violet", "pink", "brown", "black", "gray", "white")
FILES = ("original", "large2x", "large", "medium", "small")
CROPPED = ("portrait", "landscape", "tiny")


def search(
    query: str,
    pages: tuple[int, int | None] = (1, None),
    per_page: int = MAX_PER_PAGE,
    orientation: str | None = None,
    size: str | None = None,
    colour: str | None = None,
    file: str = "large2x",
    key: str | None = None,
    permission: str = "",
    label: str = "",
    known: Container[str] = frozenset(),
    cursor: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    base: str = "",
    ledger: Ledger | None = None,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> Search:
    """Search Pexels; nothing is asked before the result is iterated.

    A search gives about 8,000 pictures at most, whatever the words. The interface allows 200 requests an hour, one a page, and a number a
    month that it tells; both are kept to across runs.

    Args:
        pages: first and last page; per_page: up to 80.
        orientation: landscape, portrait or square.
        size: large, medium or small: at least 24, 12 or 4 megapixels.
        colour: one of `COLOURS`, or a hexadecimal one such as #33aa55.
        file: which file is fetched: original, large2x (to 1880 × 1300), large (to 940 × 650), medium (350 high), small (130 high).
        key: the Pexels key; without it the environment's PEXELS_API_KEY.
        permission: Pexels' permission to train, in words; recorded with every picture.
        label: the class of what is found.
        known: ids of pictures that one has already.
        cursor: `Search.cursor` of an earlier run with the same `Search.source_key`.
        base: a server on this machine that speaks for Pexels, for tests.
        ledger, clock, patience: how limits are kept; the usual ones by default.

    Raises:
        StudioError: a value that Pexels does not know, or no key.
    """
    words = query_value(query)
    wanted = {
        "orientation": choice("orientation", orientation, ORIENTATIONS),
        "size": choice("size", size, SIZES),
        "color": _colour(colour),
        "per_page": per_page_value(per_page, MAX_PER_PAGE),
    }
    if file in CROPPED:
        raise StudioError(f"file {file!r} is cropped by Pexels and no use for training: choose one of {', '.join(FILES)}")
    choice("file", file, FILES)
    parameters: dict[str, str | int] = {"query": words, **{name: value for name, value in wanted.items() if value is not None}}
    allowed = plain(permission, 2000)

    def read(answer: Mapping[str, Any], page: int) -> ResultPage:
        photos, total = answer.get("photos"), whole_number(answer.get("total_results"))
        entries = photos if isinstance(photos, list) else []
        more = bool(entries) and (bool(answer.get("next_page")) or page * per_page < total)
        return ResultPage(tuple(_hit(entry, file, allowed) for entry in entries), total, more)

    client = Client(SITE.at(base), key_value(key, SITE, needed=True), ledger, clock, patience)
    plan = Plan(key_of_search("pexels", words, wanted), "search", parameters, read, pages_value(pages), per_page)
    return Search(client, plan, label, known, cursor, progress)


def _colour(colour: str | None) -> str | None:
    if colour is None or colour in COLOURS:
        return colour
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", colour):
        raise StudioError(f"colour {colour[:40]!r} is not known: choose one of {', '.join(COLOURS)}, or a hexadecimal one such as #33aa55")
    return "#" + colour.lstrip("#").lower()


def _hit(photo: object, file: str, permission: str) -> Hit | Failure:
    """One entry of a page; what is not essential may be missing."""
    fields = photo if isinstance(photo, dict) else {}
    identity, files = whole_number(fields.get("id")), fields.get("src")
    if not identity:
        return Failure("Pexels, an entry without an id", "the answer does not say which photo it is")
    url = web_address(files.get(file)) if isinstance(files, dict) else ""
    if not url:
        return Failure(f"Pexels {identity}", f"it has no file of the size {file}")
    return Hit(
        url,
        Provenance(
            source="pexels",
            identity=str(identity),
            name=plain(fields.get("alt")) or f"Pexels {identity}",
            page_url=web_address(fields.get("url")),
            file_url=url,
            author=plain(fields.get("photographer")),
            author_url=web_address(fields.get("photographer_url")),
            licence=LICENCE,
            licence_url=LICENCE_URL,
            training_allowed="yes" if permission else "no",
            permission=permission,
        ),
        permitted=bool(permission),
    )
