"""The edge between the page and the engines: values checked, files confined, errors turned into sentences."""

import functools
import hashlib
import hmac
import inspect
import logging
import math
import os
import re
import typing
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from engines import compute, imaging
from engines.errors import Cancelled, StudioError
from engines.exploration.seeds import parse_seeds
from engines.recipe import MAX_SEED, seed_value

log = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong that should not have: try once more, and start Atelier again if it comes back"
GPU_SECONDS = 30
BORROWED = "cuda"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 120
"""Of a file or folder, in bytes."""


def finite_float(value: object, name: str, low: float, high: float) -> float:
    """A number given by anybody, checked.

    Raises:
        StudioError: not a finite number from `low` to `high`; a bool or a text is no number.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # type: ignore[operator]  # NaN is not
        raise StudioError(f"{name} is a number from {low:g} to {high:g}, got {str(value)[:40]}: choose another")
    return float(value)  # type: ignore[arg-type]


def finite_int(value: object, name: str, low: int, high: int) -> int:
    """A whole number given by anybody, checked; 3.0 counts as 3.

    Raises:
        StudioError: not a whole number from `low` to `high`.
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value, whole = int(value), True
    if not whole or not low <= value <= high:  # type: ignore[operator]
        raise StudioError(f"{name} is a whole number from {low} to {high}, got {str(value)[:40]}: choose another")
    return value  # type: ignore[return-value]


def seed(value: object) -> int:
    """A seed from a text field or the API.

    Seeds go up to 2⁶³ - 1, which a number in JSON or JavaScript cannot hold (exact only to 2⁵³), so the page asks for them as text.

    Raises:
        StudioError: not a whole number from 0 to 2⁶³ - 1.
    """
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if re.fullmatch(r"-?[0-9]{1,30}", text) else text
    return seed_value("nothing" if value in (None, "") else value)


def seeds(value: object, count: object = 16, most: int = 64) -> list[int]:
    """Seeds from one field: a first seed ("7", then `count` in a row), a list ("1, 2, 9") or a range ("0-15").

    Raises:
        StudioError: an impossible seed, or more than `most`.
    """
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and ("," in text or "-" in text[1:]):
        return parse_seeds(text, most)
    first, many = seed(text), finite_int(count, "the number of pictures", 1, most)
    if first > MAX_SEED - many + 1:
        raise StudioError(f"{many} seeds from {first} go past {MAX_SEED}: start lower")
    return list(range(first, first + many))


def one_of(value: object, choices: Sequence[str], name: str) -> str:
    """A choice given by anybody, checked.

    Raises:
        StudioError: not one of `choices`.
    """
    if not isinstance(value, str) or value not in choices:
        raise StudioError(f"{name} is one of {', '.join(choices)}, got {str(value)[:60]!r}: choose one of these")
    return value


def sentences(function: Callable[..., Any], *bound: object) -> Callable[..., Any]:
    """A handler for Gradio: `function` with its first arguments bound and every error shown as one sentence.

    `StudioError` shows its own sentence and stays until it is closed; anything unexpected is logged and shown as a plain sentence.
    Works for plain functions and for those that yield.
    """
    signature = inspect.signature(function)
    free = list(signature.parameters.values())[len(bound) :]

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def handler(*args: Any, **kwargs: Any) -> Any:
            with _Spoken(function):
                yield from function(*bound, *args, **kwargs)

    else:

        @functools.wraps(function)
        def handler(*args: Any, **kwargs: Any) -> Any:
            with _Spoken(function):
                return function(*bound, *args, **kwargs)

    # Gradio names an event after its function; an event of the page must not take the name of a public endpoint.
    handler.__name__ = f"on_{getattr(function, '__name__', 'event')}"
    hints = typing.get_type_hints(function)
    handler.__annotations__ = {name: hint for name, hint in hints.items() if name in {parameter.name for parameter in free}}
    handler.__signature__ = signature.replace(parameters=free)  # type: ignore[attr-defined]
    return handler


class _Spoken:
    """Turns what is raised inside into a `gr.Error` with one sentence."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StudioError):
            raise spoken(error) from error
        if isinstance(error, Cancelled):
            raise spoken("Stopped, as you asked") from error
        if isinstance(error, Exception) and not isinstance(error, gr.Error):
            log.exception("unexpected error in %s", getattr(self._function, "__name__", self._function), exc_info=error)
            raise spoken(UNEXPECTED) from error


def spoken(error: Exception | str) -> gr.Error:
    """An error as the page shows it: one sentence, until it is closed.

    The page reads the message as HTML, so angle brackets from file names or fields become ‹ and ›. A file keeps its name.
    """
    text = str(error).replace("<", "‹").replace(">", "›")
    named = "." in text.split(" ")[0].rstrip(".")
    return gr.Error(
        (text[:1] if named else text[:1].upper()) + text[1:] + "." * (not text.endswith((".", "!", "?"))),
        duration=None,
        print_exception=False,
    )


def plain(text: str) -> str:
    """Text for a Markdown field in which nothing is markup: names come from anybody."""
    marks = {"<": "‹", ">": "›", "*": "∗", "_": "\\_", "`": "'", "[": "(", "]": ")", "#": "\\#", "|": "/", "$": "＄", "\n": " "}
    return "".join(marks.get(letter, letter) for letter in text)


def gpu(function: Callable[..., Any], place: Callable[[], object]) -> Callable[..., Any]:
    """The one wrapper of what draws much: borrows a GPU on a ZeroGPU Space, does nothing elsewhere.

    There the work runs in another process: arguments and results must be picklable, and nothing it changes comes back. All else works on
    the CPU there.

    Args:
        place: moves what was loaded before to the device that is there now.
    """
    if not compute.borrows():
        return function
    import spaces

    @functools.wraps(function)
    def borrowed(*args: Any, **kwargs: Any) -> Any:
        compute.use(BORROWED)
        place()
        return function(*args, **kwargs)

    return spaces.GPU(duration=GPU_SECONDS)(borrowed)


def uploaded_file(path: str | Path | None, folder: Path | None = None) -> Path:
    """A file that came from the page, confined to the folder where uploads and our own downloads lie.

    Raises:
        StudioError: nothing was given, a file from elsewhere, or one that was swept away.
    """
    if not path:
        raise StudioError("no file was given: upload one first")
    root = Path(folder or get_upload_folder()).resolve()
    found = Path(path).resolve()
    name = Path(path).name[:80]
    if not found.is_relative_to(root):
        raise StudioError(f"{name} was not uploaded here: upload it first")
    if not found.is_file():
        raise StudioError(f"{name} is not here any more, for files are kept for an hour: choose it again")
    return found


def uploaded_picture(path: str | Path | None, folder: Path | None = None) -> Path:
    """An uploaded picture that `engines.imaging.safe_open` opens.

    Raises:
        StudioError: nothing given, from elsewhere, too large, another format, or damaged.
    """
    found = uploaded_file(path, folder)
    imaging.safe_open(found)
    return found


def session_token(secret: bytes, session: str | None) -> str:
    """An unguessable name for a session; the page chooses its own session id, so the id alone is no secret.

    Without a session (a bare API call) each call gets its own.
    """
    key = session.encode() if session else os.urandom(16)
    return hmac.new(secret, key, hashlib.sha256).hexdigest()[:32]


def file_name(*parts: object, suffix: str) -> str:
    """A safe name for a download: letters, digits, dots and dashes, at most 120 characters.

    >>> file_name("cityscape", "seed", 7, suffix=".png")
    'cityscape-seed-7.png'
    """
    stem = "-".join(_UNSAFE.sub("-", str(part)).strip("-.") for part in parts if str(part))
    return (stem or "atelier")[:LONGEST_NAME].rstrip("-.") + suffix


def folder_name(name: str) -> str:
    """A safe name for a folder of a person's own, in whatever script it is written: letters, digits, dots and dashes, at most 120 bytes.

    >>> folder_name("夏服 / 2026")
    '夏服-2026'
    """
    letters = unicodedata.normalize("NFC", name)  # with the signs that many scripts set above and below them
    safe = "".join(one if one in "._-" or unicodedata.category(one)[0] in "LMN" else "-" for one in letters)
    stem = re.sub("-+", "-", safe).strip("-._")
    short = stem.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip("-._")
    return short or "atelier"
