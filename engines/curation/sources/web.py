"""A polite client for picture services: fixed hosts, documented limits, patience, and a stop that is heard at once."""

import asyncio
import contextvars
import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from engines.errors import Cancelled, StudioError
from engines.imaging import MAX_BYTES
from engines.paths import studio_home

if TYPE_CHECKING:
    import httpx

USER_AGENT = "Atelier/0.1 (curation studio; searches when a person asks)"
MAX_ANSWER = 8 * 2**20
AT_ONCE = 4
LONGEST_WAIT = 3700.0
_POLL = 0.1
_FAR_FUTURE = 4e9
_REDIRECTS = 3
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)

T = TypeVar("T")
Report = Callable[[str], None]


@dataclass(frozen=True)
class Window:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class Site:
    """A picture service.

    Attributes:
        source: its short name; title: its name for people.
        api: where its interface begins, with a slash at the end.
        picture_origins: where picture files may come from ("https://host"), redirects included.
        windows: the documented limits of the interface; file_windows: of the files.
        authorization: the header's form, with {} for the key.
        key_name: the environment variable that holds the key.
    """

    source: str
    title: str
    api: str
    picture_origins: frozenset[str]
    windows: tuple[Window, ...]
    file_windows: tuple[Window, ...]
    authorization: str
    key_name: str

    def at(self, base: str) -> "Site":
        """The same service spoken by a server on this machine.

        Args:
            base: such as "http://127.0.0.1:8000"; "" gives the service itself.

        Raises:
            StudioError: the address is of another machine, so that no key goes where it does not belong.
        """
        if not base:
            return self
        if not origin_of(base).startswith("http://") or _host_of(base) not in _LOOPBACK:
            raise StudioError(f"{base[:80]!r} is not an http address of this machine: leave it out, {self.title} has its own")
        origin = origin_of(base)
        return replace(self, api=f"{origin}/v1/", picture_origins=frozenset({origin}))

    @property
    def local(self) -> bool:
        """Whether it is spoken by a server on this machine."""
        return urlsplit(self.api).hostname in _LOOPBACK

    @property
    def account(self) -> str:
        """The name under which its requests are counted."""
        return self.api if self.local else self.source


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, for the next bytes and for a whole answer; tries of a page and of a file; seconds before the
    second try, when the service is busy (`pause`) and when it asks for less without saying how long (`long_pause`); both double each time.
    """

    connect: float = 10.0
    read: float = 20.0
    whole: float = 120.0
    page_tries: int = 6
    file_tries: int = 3
    pause: float = 1.0
    long_pause: float = 30.0


class Clock:
    """The time, and waiting for it to pass; a test brings its own."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Ledger:
    """When requests were made and what a service says is left: one file in the studio home, so that limits hold across runs."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or studio_home() / "web.sqlite"

    def turn(self, name: str, windows: Sequence[Window], now: float) -> float:
        """Ask for one request: 0 and it is written down, or the seconds until it may be asked for again."""
        if not windows:
            return 0.0
        with closing(self._connect()) as store:
            store.execute("BEGIN IMMEDIATE")
            longest = max(window.seconds for window in windows)
            store.execute("DELETE FROM requests WHERE name = ? AND (at <= ? OR at > ?)", (name, now - longest, now))
            wait = 0.0
            for window in windows:
                oldest = store.execute(
                    "SELECT at FROM requests WHERE name = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
                    (name, now - window.seconds, window.requests - 1),
                ).fetchone()
                wait = max(wait, oldest[0] + window.seconds - now if oldest else 0.0)
            if not wait:
                store.execute("INSERT INTO requests VALUES (?, ?)", (name, now))
            store.execute("COMMIT")
        return wait

    def told(self, name: str, remaining: int, reset: float, now: float) -> None:
        """Write down what the service said: so many requests remain until `reset`, seconds since 1970."""
        with closing(self._connect()) as store:
            store.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", (name, remaining, reset, now))

    def spent_until(self, name: str, now: float) -> float | None:
        """When requests come back, if the service said within the last hour that none remain.

        After an hour one request may ask again: the limit belongs to the key, which may have got a higher one.
        """
        with closing(self._connect()) as store:
            row = store.execute("SELECT remaining, reset, at FROM told WHERE name = ?", (name,)).fetchone()
        if row is None or row[0] > 0 or now >= row[1] or not row[2] <= now < row[2] + 3600:
            return None
        return float(row[1])

    def _connect(self) -> sqlite3.Connection:
        try:
            store = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            store.execute("PRAGMA synchronous = OFF")  # a count of requests is not worth a wait for the disk at each of them
            store.execute("CREATE TABLE IF NOT EXISTS requests (name TEXT, at REAL)")
            store.execute("CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, remaining INTEGER, reset REAL, at REAL)")
        except sqlite3.Error as error:
            raise StudioError(f"{self._path} cannot be used ({error}): remove it, it only counts web requests") from error
        return store


@dataclass(frozen=True)
class Answer:
    """A whole body, and the header fields it came with, in lower case."""

    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Trouble:
    """Why a file did not come; `passing` when a later try may succeed."""

    reason: str
    passing: bool


class _Refused(Exception):
    """No use asking again."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class _Passing(_Refused):
    """Worth another try; `wait` is what the service asked for, in seconds."""

    def __init__(self, reason: str, status: int = 0, wait: float | None = None) -> None:
        super().__init__(reason, status)
        self.wait = wait


class Client:
    """Asks one service; used by one thread at a time, closed after use.

    Redirects are followed only to the site's own hosts, over HTTPS on the usual port; hence never to a private address. The key goes to the
    interface alone, in a header; no message, log line or representation holds it.
    """

    def __init__(
        self, site: Site, key: str = "", ledger: Ledger | None = None, clock: Clock | None = None, patience: Patience | None = None
    ) -> None:
        self.site = site
        self.clock = clock or Clock()
        self.patience = patience or Patience()
        self._key = key
        self._ledger = ledger or Ledger()
        self._thread: ThreadPoolExecutor | None = None  # of its own, because the caller's may run an event loop already
        self._runner: asyncio.Runner | None = None
        self._http: httpx.AsyncClient | None = None
        self._status = ""
        self._draw = random.Random()

    def ask(self, path: str, parameters: Mapping[str, str | int], report: Report) -> dict[str, Any]:
        """A JSON object from the interface.

        Args:
            path: below the site's `api`.
            report: called ten times a second with what is being waited for ("" when nothing unusual is); may raise `Cancelled`.

        Raises:
            StudioError: no key or a wrong one, a limit that lasts for more than an hour, or no sensible answer after several tries.
        """
        headers = {"Authorization": self.site.authorization.format(self._key)} if self._key else {}
        origins = frozenset({origin_of(self.site.api)})
        url = str(self._client().build_request("GET", self.site.api + path, params=dict(parameters)).url)

        async def once() -> dict[str, Any]:
            answer = await self._once(url, origins, MAX_ANSWER, headers)
            self._note(answer.headers)
            try:
                found = json.loads(answer.content)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise _Passing("gave an answer that is not what its documentation says")
            return found

        try:
            return self._run(self._patiently(once, self.site.account, self.site.windows, self.patience.page_tries), report)
        except _Refused as trouble:
            raise self._sentence(trouble) from None

    def fetch(self, urls: Sequence[str], report: Report) -> list[Answer | Trouble]:
        """Files of at most 40 MB, four at a time; the result has one entry a URL, in their order.

        Raises:
            StudioError: a limit that lasts for more than an hour.
        """

        async def one(url: str, turns: asyncio.Semaphore) -> Answer | Trouble | StudioError:
            async def once() -> Answer:
                return await self._once(url, self.site.picture_origins, MAX_BYTES, {"Accept-Encoding": "identity"})

            async with turns:
                try:
                    return await self._patiently(once, f"{self.site.account} files", self.site.file_windows, self.patience.file_tries)
                except _Refused as trouble:
                    return Trouble(str(trouble), isinstance(trouble, _Passing))
                except StudioError as error:
                    return error

        async def every() -> list[Answer | Trouble | StudioError]:
            turns = asyncio.Semaphore(AT_ONCE)
            return await asyncio.gather(*(one(url, turns) for url in urls))

        answers: list[Answer | Trouble] = []
        for answer in self._run(every(), report):
            if isinstance(answer, StudioError):
                raise answer
            answers.append(answer)
        return answers

    def close(self) -> None:
        """Give back connections; the client may be used again."""
        if self._thread is not None and self._runner is not None:
            if self._http is not None:
                self._thread.submit(self._runner.run, self._http.aclose()).result()
            self._thread.submit(self._runner.close).result()
            self._thread.shutdown()
        self._thread = self._runner = self._http = None

    def _client(self) -> "httpx.AsyncClient":
        if self._http is None:
            import httpx

            waits = httpx.Timeout(self.patience.read, connect=self.patience.connect, pool=None)
            self._http = httpx.AsyncClient(
                headers={"User-Agent": USER_AGENT}, timeout=waits, follow_redirects=False, trust_env=not self.site.local
            )
        return self._http

    def _run(self, work: Coroutine[Any, Any, T], report: Report) -> T:
        """Run to the end while reporting; when `report` raises, or the caller is interrupted, the work is stopped first."""
        stopped = threading.Event()

        async def watched() -> T:
            task = asyncio.ensure_future(work)
            try:
                while not task.done():
                    if stopped.is_set():
                        raise Cancelled
                    report(self._status)
                    await asyncio.wait({task}, timeout=_POLL)
            finally:
                if not task.done():
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            return task.result()

        self._client()
        self._status = ""
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="web")
        self._runner = self._runner or asyncio.Runner()
        # What `report` tells may depend on whose work it is, which a thread of its own does not know by itself.
        running = self._thread.submit(partial(self._runner.run, watched(), context=contextvars.copy_context()))
        try:
            return running.result()
        except BaseException:
            stopped.set()
            wait([running])
            raise

    async def _patiently(self, once: Callable[[], Awaitable[T]], name: str, windows: Sequence[Window], tries: int) -> T:
        for attempt in range(tries):
            await self._take_turn(name, windows)
            try:
                return await once()
            except _Passing as trouble:
                if attempt + 1 == tries:
                    raise
                pause = self.patience.long_pause if trouble.status == 429 else self.patience.pause
                delay = (
                    pause * 2**attempt * self._draw.uniform(0.5, 1) if trouble.wait is None else trouble.wait * self._draw.uniform(1, 1.1)
                )
                await self._wait(delay, f"it {trouble}")
        raise AssertionError("unreachable: tries are at least 1")

    async def _take_turn(self, name: str, windows: Sequence[Window]) -> None:
        """Wait until the documented limits allow a request."""
        until = self._ledger.spent_until(name, self.clock.now())
        if until is not None:
            raise StudioError(f"{self.site.title} allows no more requests until {_moment(until)}: go on then, what came so far is kept")
        while wait := self._ledger.turn(name, windows, self.clock.now()):
            await self._wait(wait, "its limit of requests is reached")

    async def _wait(self, seconds: float, why: str) -> None:
        if seconds > LONGEST_WAIT:
            until = _moment(self.clock.now() + seconds)
            raise StudioError(f"{self.site.title} allows no more requests until {until}: go on then, what came so far is kept")
        if seconds >= 1:
            self._status = f"{self.site.title}: waiting {seconds:.0f} s, {why}"
        await self.clock.sleep(seconds)
        self._status = ""

    async def _once(self, url: str, origins: frozenset[str], cap: int, headers: Mapping[str, str]) -> Answer:
        """One request and its redirects."""
        import httpx

        for _ in range(_REDIRECTS + 1):
            if origin_of(url) not in origins:
                raise _Refused(f"leads to {_host_of(url) or 'nowhere'}, which is not one of {self.site.title}'s hosts")
            try:
                async with asyncio.timeout(self.patience.whole), self._client().stream("GET", url, headers=dict(headers)) as response:
                    if response.status_code not in _MOVED:
                        return Answer(await self._body(response, cap), {name.lower(): value for name, value in response.headers.items()})
                    url = urljoin(url, response.headers.get("location", ""))
            except (TimeoutError, httpx.TimeoutException):
                raise _Passing("did not answer in time") from None
            except httpx.ConnectError:
                raise _Passing("cannot be reached") from None
            except (httpx.TransportError, httpx.DecodingError):
                raise _Passing("broke off in the middle") from None
            except (httpx.InvalidURL, ValueError):
                raise _Refused("gave an address that is none") from None
        raise _Refused("redirects without an end")

    async def _body(self, response: "httpx.Response", cap: int) -> bytes:
        status = response.status_code
        if status in _PASSING:
            raise _Passing(f"answered {status}", status, self._asked_wait(response.headers.get("retry-after", "")))
        if status != 200:
            raise _Refused(f"answered {status}", status)
        body = bytearray()
        if (_number(response.headers.get("content-length", "")) or 0) <= cap:
            async for chunk in response.aiter_bytes(65536):
                body += chunk
                if len(body) > cap:
                    break
            else:
                return bytes(body)
        raise _Refused(f"has more than the {cap // 2**20} MB allowed")

    def _asked_wait(self, value: str) -> float | None:
        """Seconds from a Retry-After header, which holds seconds or a date."""
        if (seconds := _number(value)) is not None:
            return seconds
        with suppress(ValueError, TypeError):
            return max(0.0, parsedate_to_datetime(value).timestamp() - self.clock.now())
        return None

    def _note(self, headers: Mapping[str, str]) -> None:
        remaining, reset = _number(headers.get("x-ratelimit-remaining", "")), _number(headers.get("x-ratelimit-reset", ""))
        if remaining is not None and reset is not None:
            self._ledger.told(self.site.account, int(remaining), reset, self.clock.now())

    def _sentence(self, trouble: _Refused) -> StudioError:
        title, key_name = self.site.title, self.site.key_name
        if trouble.status in (401, 403):
            said = "does not accept the key" if self._key else "asks for a key"
            return StudioError(f"{title} {said} (it answered {trouble.status}): check {key_name} or the key's file")
        if isinstance(trouble, _Passing):
            return StudioError(f"{title} {trouble}, after {self.patience.page_tries} tries: go on later, what came so far is kept")
        return StudioError(f"{title} {trouble}: check the search, or look for a newer version of Atelier")


def key_value(given: str | None, site: Site, needed: bool) -> str:
    """The key to use: the one given, or the environment's; "" when there is none and none is needed.

    Raises:
        StudioError: it is missing, or is no text that a header can hold; the sentence never repeats it.
    """
    key = (given or os.environ.get(site.key_name, "")).strip()
    if needed and not key:
        raise StudioError(
            f"{site.title} needs a key and {site.key_name} is not set: get one from the service, then set it or name a key file"
        )
    if len(key) > 1000 or not all("!" <= character <= "~" for character in key):
        raise StudioError(f"the key for {site.title} holds spaces or signs that no key has: copy it again")
    return key


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; "" when it has none or carries a name and password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname or "@" in parts.netloc:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:80]
    except ValueError:
        return ""


def _number(header: str) -> float | None:
    """A count in a header, or None."""
    text = header.strip()
    return float(text) if text.isdecimal() and len(text) <= 15 else None


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(min(seconds, _FAR_FUTURE), UTC).strftime("%Y-%m-%d %H:%M UTC")
