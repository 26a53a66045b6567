"""Openly licensed pictures from Openverse, with or without a token.

Openverse is an index: it passes on the licence that a provider states and does not vouch for it. What a licence says of training:

- cc0 and pdm ask for nothing: yes.
- by asks that the author is named, which the record and the attribution list do: yes.
- by-sa and sampling+ allow changes on conditions whose reach over a trained model nobody has settled: unknown.
- nc excludes what is sold, and nd excludes changed pictures, which every crop is: no.

A permission in words, which goes into the record, makes any of them a yes.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import replace
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
    source="openverse",
    title="Openverse",
    api="https://api.openverse.org/v1/",
    picture_origins=frozenset({"https://api.openverse.org"}),
    windows=(Window(1, 1.0), Window(20, 60.0), Window(200, 86400.0)),
    file_windows=(Window(150, 60.0),),
    authorization="Bearer {}",
    key_name="OPENVERSE_TOKEN",
)
TOKEN_WINDOWS = (Window(1, 1.0), Window(100, 60.0), Window(10_000, 86400.0))
TOKEN_FILE_WINDOWS = (Window(500, 60.0),)
PER_PAGE = 20
MAX_PER_PAGE = 80
DEPTH = 240
ALLOWS_TRAINING = {
    "cc0": "yes",
    "pdm": "yes",
    "by": "yes",
    "by-sa": "unknown",
    "sampling+": "unknown",
    "by-nc": "no",
    "by-nc-sa": "no",
    "by-nd": "no",
    "by-nc-nd": "no",
    "nc-sampling+": "no",
}
NAMES = {"cc0": "CC0", "pdm": "Public Domain Mark"}
ASPECTS = {"landscape": "wide", "portrait": "tall", "square": "square"}
SIZES = ("large", "medium", "small")
CATEGORIES = ("photograph", "illustration", "digitized_artwork")
FILES = ("full", "thumbnail")


def search(
    query: str,
    licence: str = "cc0,pdm",
    pages: tuple[int, int | None] = (1, None),
    per_page: int | None = None,
    orientation: str | None = None,
    size: str | None = None,
    category: str | None = None,
    file: str = "full",
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
    """Search Openverse; nothing is asked before the result is iterated.

    A search shows its first 240 pictures, with a token too. Files come through Openverse, never from the many hosts it indexes. Without a
    token it allows 20 searches a minute and 200 a day, and 150 files a minute; with one 100, 10,000 and 500. All are kept to across runs.

    Args:
        licence: names of licences, with commas between: cc0, pdm, by, by-sa, by-nc, by-nc-sa, by-nd, by-nc-nd, sampling+, nc-sampling+.
        pages: first and last page; per_page: up to 20, which is the default, or 80 with a token.
        orientation: landscape, portrait or square.
        size: large, medium or small; category: photograph, illustration or digitized_artwork.
        file: full size, or a thumbnail 600 pixels wide.
        key: an access token; without it the environment's OPENVERSE_TOKEN; none is needed.
        permission, label, known, cursor, base, ledger, clock, patience: as in `pexels.search`.

    Raises:
        StudioError: a value that Openverse does not know.
    """
    words = query_value(query)
    token = key_value(key, SITE, needed=False)
    most = MAX_PER_PAGE if token else PER_PAGE
    a_page = per_page_value(PER_PAGE if per_page is None else per_page, most, "" if token else " without a token")
    licences = _licences(licence)
    aspect = choice("orientation", orientation, tuple(ASPECTS))
    choice("file", file, FILES)
    wanted: dict[str, str | int | None] = {
        "license": ",".join(licences),
        "aspect_ratio": ASPECTS[aspect] if aspect else None,
        "size": choice("size", size, SIZES),
        "category": choice("category", category, CATEGORIES),
        "page_size": a_page,
    }
    parameters: dict[str, str | int] = {"q": words, **{name: value for name, value in wanted.items() if value is not None}}
    site = SITE.at(base)
    allowed = plain(permission, 2000)

    def read(answer: Mapping[str, Any], page: int) -> ResultPage:
        results, total = answer.get("results"), whole_number(answer.get("result_count"))
        entries = results if isinstance(results, list) else []
        more = bool(entries) and page < whole_number(answer.get("page_count"))
        return ResultPage(tuple(_hit(entry, licences, f"{site.api}images/", file, allowed) for entry in entries), total, more)

    if token:
        site = replace(site, windows=TOKEN_WINDOWS, file_windows=TOKEN_FILE_WINDOWS)
    client = Client(site, token, ledger, clock, patience)
    plan = Plan(key_of_search("openverse", words, wanted), "images/", parameters, read, pages_value(pages, DEPTH // a_page), a_page)
    return Search(client, plan, label, known, cursor, progress)


def _licences(names: str) -> tuple[str, ...]:
    found = sorted({name.strip().lower() for name in names.split(",") if name.strip()})
    unknown = [name for name in found if name not in ALLOWS_TRAINING]
    if unknown or not found:
        got = f"licence {unknown[0][:40]!r} is not known" if unknown else "no licence is named"
        raise StudioError(f"{got}: choose from {', '.join(ALLOWS_TRAINING)}, with commas between them")
    return tuple(found)


def _hit(result: object, licences: tuple[str, ...], images: str, file: str, permission: str) -> Hit | Failure:
    """One entry of a page; the licence is looked at again here, because the filter of the search is only a wish."""
    fields = result if isinstance(result, dict) else {}
    identity, licence = plain(fields.get("id")).lower(), plain(fields.get("license")).lower()
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity):
        return Failure("Openverse, an entry without an id", "the answer does not say which picture it is")
    if licence not in licences:
        return Failure(f"Openverse {identity}", f"its licence is {licence[:40] or 'not stated'}, which was not asked for")
    if plain(fields.get("filetype")).lower() == "svg":
        return Failure(f"Openverse {identity}", "it is a drawing (SVG), not a JPEG, PNG or WEBP picture")
    version = plain(fields.get("license_version"), 20)
    name = f"{NAMES.get(licence) or 'CC ' + licence.upper()} {version}".strip()
    granted = f"by the licence {name}" + (f", with this credit: {plain(fields.get('attribution'), 1000)}" if licence == "by" else "")
    says = ALLOWS_TRAINING[licence]
    return Hit(
        f"{images}{identity}/thumb/" + ("?full_size=true&compressed=false" if file == "full" else ""),
        Provenance(
            source="openverse",
            identity=identity,
            name=plain(fields.get("title")) or f"Openverse {identity}",
            page_url=web_address(fields.get("foreign_landing_url")),
            file_url=web_address(fields.get("url")),
            author=plain(fields.get("creator")),
            author_url=web_address(fields.get("creator_url")),
            licence=name,
            licence_url=web_address(fields.get("license_url")),
            training_allowed="yes" if permission else says,
            permission=permission or (granted if says == "yes" else ""),
        ),
        permitted=bool(permission),
    )
