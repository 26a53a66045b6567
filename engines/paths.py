"""Where things live: the shipped models, the writable home, and files that appear only when they are whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engines.errors import StudioError

REPOSITORY = Path(__file__).resolve().parent.parent
SHIPPED_MODELS = REPOSITORY / "assets" / "models"


def studio_home() -> Path:
    """The one folder Atelier writes to: `STUDIO_HOME`, or `atelier` in the user's cache folder; created on demand.

    Raises:
        StudioError: the folder cannot be created or written to.
    """
    chosen = os.environ.get("STUDIO_HOME")
    home = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atelier"
    try:
        home.mkdir(parents=True, exist_ok=True)
        writable = os.access(home, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise StudioError(f"{home} cannot be written to: set STUDIO_HOME to a folder that can")
    return home


def model_folders() -> list[Path]:
    """Folders searched for models: the user's own (`models` below `studio_home()`), then the shipped ones."""
    with suppress(StudioError):
        return [studio_home() / "models", SHIPPED_MODELS]
    return [SHIPPED_MODELS]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file so that it appears under its name only when whole.

    Yields a temporary path in the same folder with the same suffix; on success it is fsynced and renamed onto `path`, on any
    exception it is removed and `path` stays as it was.

    Raises:
        StudioError: the folder cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:60]}-", suffix=path.suffix)
    except OSError as error:
        raise StudioError(f"cannot write {path}: {error.strerror or error}; choose a folder that can be written to") from error
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Write a new folder so that it appears under its name only when whole; an existing one is never touched.

    Raises:
        StudioError: `path` exists already, or its parent cannot be written to.
    """
    path = Path(path)
    if path.exists():
        raise StudioError(f"{path} exists already: choose another folder, or remove it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:60]}-"))
    except OSError as error:
        raise StudioError(f"cannot write {path}: {error.strerror or error}; choose a folder that can be written to") from error
    try:
        yield temporary
        temporary.chmod(0o755)
        temporary.rename(path)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(temporary)
        raise
