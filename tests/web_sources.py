"""A server on this machine that speaks as Pexels and Openverse document it, and misbehaves when told to.

The fixture `picture_server` (in tests/conftest.py) gives a fresh one. By default it has twelve distinct drawn photos; give it others with
`show`, for example to collect, score and train on them:

    picture_server.show([path.read_bytes() for path in files])
    pexels.search("cityscape", key=picture_server.key, permission="a letter of 1 May", base=picture_server.base)
    python -m engines collect pexels … --base http://127.0.0.1:PORT      # the commands take the address of this machine only

What the next answers are is said in order, of pages and of files apart; after them it behaves again:

    picture_server.pages_next(Status(429, {"Retry-After": "7"}), Status(503))
    picture_server.files_next(CutOff(), Redirect("http://10.0.0.1/a.jpg"))

`asked` holds every request in order. A `QuickClock` makes the client's waits pass at once. Openverse ids are `openverse_id(k)` for Pexels'
id k.
"""

import asyncio
import io
import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from engines.curation.sources.web import Clock

CAP = 8000


@dataclass(frozen=True)
class Status:
    """Another status, with header fields and a body that is HTML unless said otherwise."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"<html><h1>Something is wrong</h1></html>"


@dataclass(frozen=True)
class Body:
    """Status 200 with another body, type and header fields."""

    body: bytes
    kind: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Headers:
    """The right answer with more header fields."""

    headers: Mapping[str, str]


@dataclass(frozen=True)
class Slow:
    """The right answer after a while."""

    seconds: float


@dataclass(frozen=True)
class CutOff:
    """Half of the right answer, then the connection ends."""


@dataclass(frozen=True)
class Oversized:
    """A body of so many bytes, declared or not."""

    size: int
    declared: bool = True


@dataclass(frozen=True)
class Redirect:
    """To another address."""

    location: str


@dataclass(frozen=True)
class Right:
    """The right answer, to wait with a misbehaviour until a later one."""


Behaviour = Status | Body | Headers | Slow | CutOff | Oversized | Redirect | Right


@dataclass(frozen=True)
class Asked:
    """A request that came: its path, parameters and header fields in lower case."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]


class QuickClock(Clock):
    """Waits pass at once; `slept` holds how long each would have been."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


def drawn_photo(seed: int, width: int = 96, height: int = 64) -> bytes:
    """A JPEG of soft colours, another one for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=90)
    return buffer.getvalue()


def openverse_id(identity: int) -> str:
    """The uuid under which Openverse shows a photo."""
    return str(uuid.UUID(int=identity))


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away."""


class PictureServer:
    """The server; also a context manager.

    Attributes:
        base: its address. key: the only one it accepts, for both services.
        photos: Pexels' entries in the order of the results; openverse: Openverse's. Tests change them freely.
        total: what Pexels claims to have; None for the truth, capped at 8,000.
        always_next: give `next_page` on the last page too; never_next: on no page.
        gone: ids whose file answers 404.
        asked: the requests so far.
    """

    def __init__(self, photos: int = 12) -> None:
        self.key = "k3y-0f-the-test-5erver-6f1c"
        self.total: int | None = None
        self.always_next = self.never_next = False
        self.gone: set[int] = set()
        self.asked: list[Asked] = []
        self._pictures: dict[int, bytes] = {}
        self._pages: list[Behaviour] = []
        self._files: list[Behaviour] = []
        self._lock = threading.Lock()
        self._server = _QuietServer(("127.0.0.1", 0), _handler(self))
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.show([drawn_photo(seed) for seed in range(photos)])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self) -> "PictureServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def show(self, pictures: Sequence[bytes], first_id: int = 1000) -> None:
        """Have these picture files and no others, under ids from `first_id` on."""
        self._pictures = {first_id + place: content for place, content in enumerate(pictures)}
        self.photos = [self.photo(identity) for identity in self._pictures]
        self.openverse = [self.result(identity) for identity in self._pictures]

    def photo(self, identity: int, **changes: Any) -> dict[str, Any]:
        """An entry as Pexels documents it."""
        file = f"{self.base}/pictures/{identity}.jpeg"
        entry = {
            "id": identity,
            "width": 3000,
            "height": 2000,
            "url": f"https://www.pexels.com/photo/a-street-{identity}/",
            "photographer": f"Zoë Å. {identity}",
            "photographer_url": f"https://www.pexels.com/@zoe-{identity}",
            "photographer_id": identity * 7,
            "avg_color": "#336699",
            "src": {size: f"{file}?size={size}" for size in ("original", "large2x", "large", "medium", "small", "portrait", "tiny")},
            "liked": False,
            "alt": f"A street, number {identity}",
        }
        return entry | changes

    def result(self, identity: int, **changes: Any) -> dict[str, Any]:
        """An entry as Openverse documents it."""
        entry = {
            "id": openverse_id(identity),
            "title": f"A street, number {identity}",
            "foreign_landing_url": f"https://www.example.org/photos/{identity}",
            "url": f"https://pictures.example.org/{identity}.jpg",
            "creator": f"Zoë Å. {identity}",
            "creator_url": f"https://www.example.org/people/{identity}",
            "license": "cc0",
            "license_version": "1.0",
            "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "attribution": f'"A street, number {identity}" by Zoë Å. {identity} is marked with CC0 1.0.',
            "provider": "example",
            "source": "example",
            "filetype": "jpg",
            "thumbnail": f"{self.base}/v1/images/{openverse_id(identity)}/thumb/",
            "width": 3000,
            "height": 2000,
        }
        return entry | changes

    def pages_next(self, *behaviours: Behaviour) -> None:
        """How the next requests for pages of results are answered."""
        self._pages.extend(behaviours)

    def files_next(self, *behaviours: Behaviour) -> None:
        """How the next requests for picture files are answered."""
        self._files.extend(behaviours)

    def asked_for(self, start: str) -> list[Asked]:
        """The requests whose path begins so."""
        return [one for one in self.asked if one.path.startswith(start)]

    def answer(self, one: Asked) -> tuple[Behaviour, bytes, str, dict[str, str]]:
        """What to do about a request: a behaviour, and the right body, type and header fields."""
        with self._lock:
            self.asked.append(one)
            pages = one.path in ("/v1/search", "/v1/images/")
            queue = self._pages if pages else self._files
            behaviour = queue.pop(0) if queue else Right()
        if one.path == "/v1/search":
            return self._pexels(one, behaviour)
        if one.path == "/v1/images/":
            return self._openverse(one, behaviour)
        identity = self._identity(one.path)
        if identity is None or identity in self.gone or identity not in self._pictures:
            return Status(404) if isinstance(behaviour, Right) else behaviour, b"", "", {}
        return behaviour, self._pictures[identity], "image/jpeg", {}

    def _pexels(self, one: Asked, behaviour: Behaviour) -> tuple[Behaviour, bytes, str, dict[str, str]]:
        if one.headers.get("authorization") != self.key:
            return Status(401), b"", "", {}
        page, per_page = int(one.parameters.get("page", 1)), int(one.parameters.get("per_page", 15))
        total = min(CAP, len(self.photos)) if self.total is None else self.total
        here = self.photos[(page - 1) * per_page : page * per_page]
        found: dict[str, Any] = {"page": page, "per_page": per_page, "total_results": total, "photos": here}
        if (page * per_page < total or self.always_next) and not self.never_next:
            found["next_page"] = f"{self.base}/v1/search?page={page + 1}&per_page={per_page}&query=elsewhere"
        quota = {"X-Ratelimit-Limit": "20000", "X-Ratelimit-Remaining": "19684", "X-Ratelimit-Reset": "4000000000"}
        return behaviour, json.dumps(found).encode(), "application/json", quota

    def _openverse(self, one: Asked, behaviour: Behaviour) -> tuple[Behaviour, bytes, str, dict[str, str]]:
        page, per_page = int(one.parameters.get("page", 1)), int(one.parameters.get("page_size", 20))
        token = one.headers.get("authorization")
        if (token is None and per_page > 20) or page * per_page > 240 or token not in (None, f"Bearer {self.key}"):
            return Status(401), b"", "", {}
        licences = one.parameters.get("license", "").split(",")
        fitting = [entry for entry in self.openverse if entry.get("license") in licences or entry.get("filter ignored")]
        found = {
            "result_count": min(240, len(fitting)),
            "page_count": -(-min(240, len(fitting)) // per_page),
            "page_size": per_page,
            "page": page,
            "results": fitting[(page - 1) * per_page : page * per_page],
        }
        return behaviour, json.dumps(found).encode(), "application/json", {"X-Ratelimit-Limit-Anon_burst": "20/min"}

    @staticmethod
    def _identity(path: str) -> int | None:
        parts = path.strip("/").split("/")
        try:
            if parts[0] == "pictures":
                return int(parts[1].removesuffix(".jpeg"))
            return uuid.UUID(parts[2]).int if parts[:2] == ["v1", "images"] and parts[3:] == ["thumb"] else None
        except (ValueError, IndexError):
            return None


def _handler(server: PictureServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer: a small second one would wait for the first's receipt

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            behaviour, body, kind, more = server.answer(Asked(parts.path, parameters, headers))
            try:
                self._give(behaviour, body, kind, more)
            except OSError:
                self.close_connection = True  # the client has gone, as it may

        def _give(self, behaviour: Behaviour, body: bytes, kind: str, more: dict[str, str]) -> None:
            match behaviour:
                case Status(code, headers, page):
                    self._send(code, page, "text/html", dict(headers))
                case Body(page, other, headers):
                    self._send(200, page, other, more | dict(headers))
                case Headers(headers):
                    self._send(200, body, kind, more | dict(headers))
                case Slow(seconds):
                    time.sleep(seconds)
                    self._send(200, body, kind, more)
                case CutOff():
                    self._send(200, body, kind, more, only=len(body) // 2)
                case Oversized(size, declared):
                    self._send(200, b"\xff\xd8\xff" + bytes(size - 3), "image/jpeg", more, declared=declared)
                case Redirect(location):
                    self._send(302, b"", "text/html", {"Location": location})
                case Right():
                    self._send(200, body, kind, more)

        def _send(self, code: int, body: bytes, kind: str, headers: dict[str, str], only: int | None = None, declared: bool = True) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            for name, value in headers.items():
                self.send_header(name, value)
            if declared:
                self.send_header("Content-Length", str(len(body)))
            if only is not None or not declared:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body[:only])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
