"""What lives as long as the studio (services), and what lives as long as one session (a folder of its own)."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
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
from engines.finishing import PrintJob
from engines.models.zoo import Zoo
from engines.production import rendering
from engines.production.printing import page_pixels
from engines.recipe import AS_DRAWN, EVERYWHERE, Drawn, Finish, Look, Mask, Recipe, parents_of
from engines.translation import swap as swapping
from studio import guards
from studio.settings import SESSION_SECONDS, Settings
from studio.views import Views

SWEEP_SECONDS = 300
MOST_PIXELS = 40 * 10**6
"""Pixels of a page that is drawn here."""
MOST_ENLARGED = 2**22
"""Pixels that an upscaler draws for one picture here: about 15 s of one core."""


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
        render: any recipe, and the file that it begins with where it needs one → its picture; no page of more than `MOST_PIXELS`.
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
            object.__setattr__(self, name, guards.gpu(function))

    def session_folder(self, request: gr.Request | None) -> Path:
        """The folder of the session that asks, created on demand; what is written there can be downloaded, and goes with the session."""
        folder = self._folder(request)
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        return folder

    def end_session(self, request: gr.Request | None) -> None:
        """Remove the folder of a session."""
        self.forget(self._folder(request))

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
    """Refuse a recipe before anything of it is drawn, however deep in it the page lies.

    Raises:
        StudioError: a page of more than `MOST_PIXELS`.
    """
    if isinstance(recipe, Finish) and isinstance(recipe.step, PrintJob):
        across, down = page_pixels(recipe.step)
        if across * down > MOST_PIXELS:
            size = f"{across} × {down} pixels"
            raise StudioError(f"{size} are more than the {MOST_PIXELS // 10**6} megapixels that are drawn here: lower the resolution")
    if not isinstance(recipe, Drawn):
        for parent in parents_of(recipe):
            refuse_large_pages(parent)


def sweep(services: Services, older_than: float = SESSION_SECONDS) -> int:
    """Remove session folders that nobody used for `older_than` seconds, such as those of an earlier run; returns how many."""
    removed = 0
    sessions = services.settings.sessions
    for folder in sessions.iterdir() if sessions.is_dir() else ():
        try:
            stale = time.time() - folder.stat().st_mtime > older_than
        except FileNotFoundError:
            continue
        if stale:
            services.forget(folder)
            removed += 1
    return removed


def start_sweeping(services: Services) -> None:
    """Sweep now and every few minutes, in a thread that ends with the process."""

    def keep_sweeping() -> None:
        while True:
            sweep(services)
            time.sleep(SWEEP_SECONDS)

    threading.Thread(target=keep_sweeping, name="sweep", daemon=True).start()
