"""What lives as long as the studio (services), and what lives as long as one session (a folder of its own)."""

import logging
import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import gradio as gr
from PIL import Image

from engines.curation.catalogue import Catalogue
from engines.curation.encoder import Encoders
from engines.curation.thumbnails import Thumbnails
from engines.errors import StudioError
from engines.exploration import sampling
from engines.finishing import Mockup, PrintJob
from engines.models.zoo import Zoo
from engines.production import rendering
from engines.production.printing import page_pixels
from engines.recipe import AS_DRAWN, EVERYWHERE, Drawn, Finish, Look, Mask, Recipe, parents_of
from engines.translation import swap as swapping
from studio import guards
from studio.settings import SESSION_SECONDS, Settings
from studio.views import Views

log = logging.getLogger(__name__)

SWEEP_SECONDS = 300
COMING_BACK_SECONDS = 900
"""So long a visit is kept whose connection broke: a phone was locked, a network changed."""
MOST_PIXELS = 40 * 10**6
"""Pixels of the pages and garments of one picture that is drawn here."""
MOST_ENLARGED = 2**22
"""Pixels that an upscaler draws for one picture here: about 15 s of one core."""
MOST_HELD = 2 * 2**30
"""Bytes of a visit to a shared studio; with more it takes nothing in."""
LEAST_FREE = 2**30
"""Bytes that a shared studio leaves free on its disk."""
GIVEN = "given-"
"""How the names of files begin that a person gave: they cannot be made again."""
MOST_HANDED_OUT = 2**30
"""Bytes of the files that lie ready for the browser of one visit."""
MOST_SEEN = 256 * 2**20
"""Bytes that are remembered of pictures among which visitors chose."""
HANDING_OUT_SECONDS = 900
"""So long nothing is taken away that was just written."""


class Closing(Protocol):
    """What holds a file open until it is told to let go."""

    def close(self) -> None: ...


Held = TypeVar("Held", bound=Closing)


class OpenedOnce(Generic[Held]):
    """Things that live in a folder, each opened once in this process; safe to share between threads."""

    def __init__(self, opening: Callable[[Path], Held]) -> None:
        self._opening = opening
        self._open: dict[Path, Held] = {}
        self._lock = threading.Lock()

    def get(self, folder: Path) -> Held:
        """What lies in a folder, made when it is not there.

        Raises:
            StudioError: it cannot be opened.
        """
        with self._lock:
            if folder not in self._open:
                self._open[folder] = self._opening(folder)
            return self._open[folder]

    def forget_below(self, folder: Path) -> None:
        """Let go of what lies in a folder that is about to be removed."""
        with self._lock:
            for known in [one for one in self._open if one.is_relative_to(folder)]:
                self._open.pop(known).close()


@dataclass(frozen=True)
class Services:
    """Built once in `studio.app` and handed to every tab builder.

    Attributes:
        zoo: the models at hand.
        settings: what was decided at the start.
        draw: recipes of one generator → their pictures, in order.
        render: any recipe, and the file that it begins with where it needs one → its picture; no pages of more than `MOST_PIXELS`.
        encoders: the text-image models, each loaded once.
        catalogues, thumbnails: those of the person's own machine, or of each session, each opened once.
        views: what the windows of the Curate tab look at.
        once: held while something is made that all sessions share, such as the demo collection.
        swap: (model, picture, class, look, mask, side of the way back) → the picture, its translation and the way back.

    The three that draw go through `guards.gpu`.
    """

    zoo: Zoo
    settings: Settings
    draw: Callable[[Sequence[Drawn]], list[Image.Image]] = field(init=False)
    render: Callable[..., Image.Image] = field(init=False)
    swap: Callable[..., swapping.Swapped] = field(init=False)
    encoders: Encoders = field(init=False)
    catalogues: OpenedOnce[Catalogue] = field(default_factory=lambda: OpenedOnce(Catalogue), init=False, repr=False)
    thumbnails: OpenedOnce[Thumbnails] = field(default_factory=lambda: OpenedOnce(Thumbnails), init=False, repr=False)
    views: Views = field(init=False, repr=False)
    once: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _secret: bytes = field(default_factory=lambda: os.urandom(32), init=False, repr=False)

    def __post_init__(self) -> None:
        zoo = self.zoo
        object.__setattr__(self, "encoders", Encoders(zoo))
        object.__setattr__(self, "views", Views(self.encoders))

        def draw(recipes: Sequence[Drawn]) -> list[Image.Image]:
            return list(sampling.draw(zoo.generator(recipes[0].model), list(recipes)))

        def render(recipe: Recipe, input_file: Path | None = None) -> Image.Image:
            refuse_large_pages(recipe)
            return rendering.render(zoo, recipe, input_file, MOST_ENLARGED)

        def swap(
            model: str, picture: Image.Image, target: str, look: Look = AS_DRAWN, mask: Mask = EVERYWHERE, back_side: int | None = None
        ) -> swapping.Swapped:
            return swapping.swap_and_back(zoo.translator(model), picture, target, look, mask, back_side)

        for name, function in (("draw", draw), ("render", render), ("swap", swap)):
            object.__setattr__(self, name, guards.gpu(function, zoo.place))

    def session_folder(self, request: gr.Request | None) -> Path:
        """The folder of the session that asks, created on demand; what is written there can be downloaded, and goes with the session."""
        folder = self._folder(request)
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        return folder

    def end_session(self, request: gr.Request | None) -> None:
        """Let the folder of a session be swept away soon, unless its page comes back: Gradio calls every broken connection an end."""
        gone = time.time() - SESSION_SECONDS + COMING_BACK_SECONDS
        with suppress(FileNotFoundError):
            os.utime(self._folder(request), (gone, gone))

    def forget(self, folder: Path) -> None:
        """Remove the folder of a session with the catalogue in it."""
        self.views.forget_below(folder)
        self.catalogues.forget_below(folder)
        self.thumbnails.forget_below(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, request: gr.Request | None) -> Path:
        session: Any = getattr(request, "session_hash", None)
        return self.settings.sessions / guards.session_token(self._secret, session)


def refuse_large_pages(recipe: Recipe) -> None:
    """Refuse a recipe before anything of it is drawn, however deep in it its pages lie, and however many they are.

    Raises:
        StudioError: pages and garments of more than `MOST_PIXELS` together.
    """
    asked = asked_pixels(recipe)
    if asked > MOST_PIXELS:
        raise StudioError(
            f"{asked / 10**6:.0f} megapixels are more than the {MOST_PIXELS // 10**6} that are drawn here: lower the resolution or the size"
        )


def asked_pixels(recipe: Recipe) -> int:
    """Pixels of all pages and garments in a recipe, which their steps alone decide."""
    if isinstance(recipe, Drawn):
        return 0
    own = 0
    if isinstance(recipe, Finish) and isinstance(recipe.step, PrintJob):
        own = abs(math.prod(page_pixels(recipe.step)))
    elif isinstance(recipe, Finish) and isinstance(recipe.step, Mockup):
        own = recipe.step.side**2
    return own + sum(map(asked_pixels, parents_of(recipe)))


def refuse_full(services: Services, request: gr.Request | None) -> None:
    """Refuse to take more pictures in than a visit to a shared studio may hold; on one's own machine nothing is refused.

    Raises:
        StudioError: the visit holds `MOST_HELD`, or the disk has less than `LEAST_FREE` left.
    """
    if services.settings.local:
        return
    folder = services.session_folder(request)
    held = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            held += path.stat().st_size
    if held > MOST_HELD:
        raise StudioError(
            f"this visit holds {held / 2**30:.1f} GB, more than the {MOST_HELD // 2**30} GB of a shared studio: load the page again and "
            "begin anew, or use Atelier on your own machine"
        )
    if shutil.disk_usage(folder).free < LEAST_FREE:
        raise StudioError("the disk of this studio is full: try again in an hour, when other visits have gone")


def sweep(services: Services, older_than: float = SESSION_SECONDS) -> int:
    """Remove session folders that nobody used for `older_than` seconds, such as those of an earlier run; returns how many.

    Of the others the oldest files go that lie ready for the browser, as far as they are too many: all of them can be made again. What was
    given stays.
    """
    removed = 0
    sessions = services.settings.sessions
    for folder in sessions.iterdir() if sessions.is_dir() else ():
        try:
            used = folder.stat().st_mtime
        except FileNotFoundError:
            continue
        if time.time() - used > older_than:
            services.forget(folder)
            removed += 1
        else:
            trim(folder, MOST_HANDED_OUT, GIVEN)
    if not services.settings.local:
        trim(services.settings.home / "cache" / "candidates", MOST_SEEN)
    return removed


def trim(folder: Path, most: int, but: str = "") -> None:
    """Remove the oldest files of a folder until the others have at most `most` bytes together; what is new stays, and what is called so.

    Args:
        but: beginning of the names of those that stay; empty for none.
    """
    found = []
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and not (but and path.name.startswith(but)):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
    held = 0
    for written, size, path in sorted(found, reverse=True):
        held += size
        if held > most and time.time() - written > HANDING_OUT_SECONDS:
            path.unlink(missing_ok=True)


def start_sweeping(services: Services) -> None:
    """Sweep now and every few minutes, in a thread that ends with the process."""

    def keep_sweeping() -> None:
        while True:
            try:
                sweep(services)
            except Exception:
                log.exception("forgotten sessions could not be swept away")
            time.sleep(SWEEP_SECONDS)

    threading.Thread(target=keep_sweeping, name="sweep", daemon=True).start()
