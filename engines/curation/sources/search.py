"""A search that is walked page by page: each picture once, in the order of the pages, with a cursor to go on from."""

import html
import re
import unicodedata
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from engines.curation.arrivals import Reached
from engines.curation.provenance import Failure, Fetched, Provenance
from engines.curation.sources.web import Answer, Client, Trouble
from engines.errors import StudioError
from engines.progress import Progress, silent

AT_A_TIME = 8
GIVE_UP_AFTER = 12
MAX_QUERY = 200
MAX_PAGE = 100_000
NOT_FOR_TRAINING = "its host asks that it train no model (X-Robots-Tag)"


@dataclass(frozen=True)
class Hit:
    """A picture that was found: where its file is, its record, and whether somebody permitted training in words."""

    url: str
    provenance: Provenance
    permitted: bool


@dataclass(frozen=True)
class ResultPage:
    """One page of results: hits, entries that are none, how many the service counts in all, and whether there is a next page."""

    hits: tuple[Hit | Failure, ...]
    total: int
    more: bool


@dataclass(frozen=True)
class Plan:
    """What is searched for.

    Attributes:
        source_key: names the search, its filters and page size: the name under which its cursor is kept.
        path, parameters: of the request, without the page.
        read: the service's answer to a page of results.
        pages: first and last, from 1; None for as many as there are.
        per_page: how many a full page holds.
    """

    source_key: str
    path: str
    parameters: Mapping[str, str | int]
    read: Callable[[Mapping[str, Any], int], ResultPage]
    pages: tuple[int, int]
    per_page: int


class Search:
    """Pictures of a search, fetched while one iterates.

    Pages that the cursor counts as done are not asked for again, and pictures whose identity is in `known` are passed over before
    their file is fetched; so a later range of pages, or the same one after an interruption, adds only what is new.

    After each page that is done its cursor comes among the pictures, as `Reached`. A page is done when no file of it failed for a
    passing reason; one that is not is asked for again by the next run.

    Attributes:
        source_key: the name under which the cursor is kept.
        cursor: JSON of the pages done so far.
        total: how many pictures the service counts, once a page came.
        skipped: pictures passed over as known, or met twice.
    """

    def __init__(
        self,
        client: Client,
        plan: Plan,
        label: str = "",
        known: Container[str] = frozenset(),
        cursor: Mapping[str, Any] | None = None,
        progress: Progress = silent,
    ) -> None:
        self.source_key = plan.source_key
        self.total: int | None = None
        self.skipped = 0
        self._done = _done_pages(cursor)
        self._client, self._plan, self._label, self._known, self._progress = client, plan, label, known, progress
        self._met: set[str] = set()
        self._taken = 0
        self._lost_in_a_row = 0

    @property
    def cursor(self) -> dict[str, Any]:
        return {"format": 1, "done": [list(span) for span in self._done]}

    def __length_hint__(self) -> int:
        """How many pictures may come at most; 0 when nobody knows yet."""
        return self._expected() or 0

    def __iter__(self) -> Iterator[Fetched | Failure | Reached]:
        """Yield each picture, or why it did not come, and after each page where to go on.

        Raises:
            StudioError: the service refuses, is out of reach, or twelve files in a row failed to come: what was taken so far stays.
            Cancelled: when `progress` says so, within a moment also while waiting.
        """
        first, last = self._plan.pages
        try:
            for number in range(first, last + 1):
                if any(start <= number <= end for start, end in self._done):
                    continue
                page = self._ask(number)
                complete = yield from self._take(page.hits)
                if complete and page.hits:
                    self._done = _with_page(self._done, number)
                    yield Reached(self.source_key, self.cursor)
                if not page.more:
                    break
            if self._taken:
                self._progress(self._taken + self.skipped, self._taken + self.skipped, "fetching pictures")
        finally:
            self._client.close()

    def _ask(self, number: int) -> ResultPage:
        parameters = {**self._plan.parameters, "page": number}
        answer = self._client.ask(self._plan.path, parameters, lambda status: self._report(status or f"page {number}"))
        page = self._plan.read(answer, number)
        self.total = page.total
        return page

    def _take(self, entries: Iterable[Hit | Failure]) -> Generator[Fetched | Failure, None, bool]:
        """Yield a page's pictures; returns whether none was lost for a passing reason."""
        wanted: list[Hit] = []
        for entry in entries:
            if isinstance(entry, Failure):
                yield entry
            elif entry.provenance.identity in self._met or entry.provenance.identity in self._known:
                self.skipped += 1
            else:
                self._met.add(entry.provenance.identity)
                wanted.append(entry)
        complete = True
        for start in range(0, len(wanted), AT_A_TIME):
            some = wanted[start : start + AT_A_TIME]
            answers = self._client.fetch([hit.url for hit in some], lambda status: self._report(status or "fetching pictures"))
            for hit, answer in zip(some, answers, strict=True):
                lost = isinstance(answer, Trouble) and answer.passing
                complete = complete and not lost
                self._lost_in_a_row = self._lost_in_a_row + 1 if lost else 0
                self._taken += 1
                yield self._fetched(hit, answer)
                if self._lost_in_a_row >= GIVE_UP_AFTER:
                    reason = f"{GIVE_UP_AFTER} pictures in a row did not come"
                    raise StudioError(f"{self._client.site.title}: {reason}: check the network and go on later, what came so far is kept")
        return complete

    def _fetched(self, hit: Hit, answer: Answer | Trouble) -> Fetched | Failure:
        name = f"{self._client.site.title} {hit.provenance.identity}"
        if isinstance(answer, Trouble):
            return Failure(name, f"its file {answer.reason}")
        if not is_picture(answer.content):
            declared = plain(answer.headers.get("content-type", ""), 60) or "nothing"
            return Failure(name, f"its file is not a JPEG, PNG or WEBP picture (declared as {declared})")
        now = datetime.fromtimestamp(self._client.clock.now(), UTC).isoformat(timespec="seconds")
        record = replace(hit.provenance, collected=now)
        if "noai" in answer.headers.get("x-robots-tag", "").lower() and not hit.permitted:
            record = replace(record, training_allowed="no", permission=NOT_FOR_TRAINING)
        return Fetched(answer.content, record, self._label)

    def _expected(self) -> int | None:
        first, last = self._plan.pages
        whole = self._plan.per_page * (last - first + 1) if last < MAX_PAGE else None
        left = max(0, self.total - self._plan.per_page * (first - 1)) if self.total is not None else None
        return min((value for value in (whole, left) if value is not None), default=None)

    def _report(self, status: str) -> None:
        done = self._taken + self.skipped
        self._progress(done, max(self._expected() or 0, done + 1), status)


def is_picture(content: bytes) -> bool:
    """Whether bytes begin as JPEG, PNG or WEBP do, whatever their name or declared type says."""
    return content[:3] == b"\xff\xd8\xff" or content[:8] == b"\x89PNG\r\n\x1a\n" or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def plain(value: object, longest: int = 200) -> str:
    """One line of text from a stranger: no markup, no control signs, cut to `longest`; "" for what is no text or number."""
    if not isinstance(value, str | int):
        return ""
    text = html.unescape(re.sub(r"<[^<>]*>", " ", str(value)[: 20 * longest]))
    printable = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in unicodedata.normalize("NFC", text))
    return " ".join(printable.split())[:longest]


def web_address(value: object) -> str:
    """An http or https address as it is, "" for everything else."""
    if not isinstance(value, str) or len(value) > 2000 or any(sign <= " " or sign in '<>"\\' for sign in value):
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in ("http", "https") and parts.hostname else ""


def whole_number(value: object) -> int:
    """A count from a stranger; 0 for what is none."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18 else 0


def query_value(query: str) -> str:
    """The words to search for.

    Raises:
        StudioError: none, or too many.
    """
    words = " ".join(query.split())
    if not 1 <= len(words) <= MAX_QUERY:
        raise StudioError(f"a query has 1 to {MAX_QUERY} characters, got {len(words)}: say in a few words what the pictures show")
    return words


def pages_value(pages: tuple[int, int | None], deepest: int = MAX_PAGE) -> tuple[int, int]:
    """First and last page; no last one, or one beyond the deepest there can be, becomes the deepest.

    Raises:
        StudioError: not in order, or the first one is beyond the deepest.
    """
    first, last = pages
    if first < 1 or (last is not None and last < first):
        raise StudioError(f"pages go from a first to a last one, from 1 on, got {first} to {last}: write such as 1-40")
    if first > deepest:
        raise StudioError(f"page {first} was asked for, and there are {deepest} at most: search for other words or with other filters")
    return first, min(last or deepest, deepest)


def choice(name: str, value: str | None, allowed: tuple[str, ...]) -> str | None:
    """A value that must be one of a few, or None for any.

    Raises:
        StudioError: it is none of them.
    """
    if value is not None and value not in allowed:
        raise StudioError(f"{name} {value[:40]!r} is not known: choose one of {', '.join(allowed)}")
    return value


def per_page_value(per_page: int, most: int, why: str = "") -> int:
    """Pictures a page.

    Raises:
        StudioError: fewer than 1 or more than the service gives.
    """
    if not 1 <= per_page <= most:
        raise StudioError(f"a page holds 1 to {most} pictures{why}, got {per_page}: ask for a number between them")
    return per_page


def key_of_search(source: str, query: str, filters: Mapping[str, str | int | None]) -> str:
    """A name for a search that is the same for the same words, filters and page size."""
    return ":".join([source, query.casefold(), *(f"{name}={value}" for name, value in sorted(filters.items()) if value is not None)])


def _done_pages(cursor: Mapping[str, Any] | None) -> tuple[tuple[int, int], ...]:
    """Spans of pages from a cursor's JSON."""
    if cursor is None:
        return ()
    spans = cursor.get("done")
    sound = isinstance(spans, list) and all(
        isinstance(span, list | tuple) and len(span) == 2 and all(isinstance(page, int) for page in span) for span in spans
    )
    if cursor.get("format") != 1 or not sound:
        raise StudioError("the kept cursor of this search is of another format: start the search again without it")
    return tuple((span[0], span[1]) for span in cursor["done"])


def _with_page(done: tuple[tuple[int, int], ...], page: int) -> tuple[tuple[int, int], ...]:
    """Spans with one more page, joined where they touch."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((*done, (page, page))):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
