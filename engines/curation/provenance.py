"""Where a picture comes from, who made it, and what may be done with it."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engines.errors import StudioError

RIGHTS = ("yes", "no", "unknown")
SAID_ON_IMPORT = "said to be allowed on import"
"""The permission of a person who answers yes on import and says no more."""


@dataclass(frozen=True)
class Provenance:
    """The record that travels with a picture from its source to the training set.

    Attributes:
        source: "pexels", "openverse", "folder", "zip", "files", "cutout" or "drawn".
        identity: the source's own id of the picture: a Pexels id, an Openverse uuid, the path below the folder.
        name: what people see.
        page_url, file_url: the picture's page and its file.
        author, author_url, licence, licence_url: as the source gives them.
        training_allowed: "yes", "no" or "unknown".
        permission: the recorded permission or the person's answer about rights, in words.
        collected: when, ISO time in UTC.
    """

    source: str
    identity: str
    name: str
    page_url: str = ""
    file_url: str = ""
    author: str = ""
    author_url: str = ""
    licence: str = ""
    licence_url: str = ""
    training_allowed: str = "unknown"
    permission: str = ""
    collected: str = ""

    def as_json(self) -> dict[str, str]:
        """All fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Provenance":
        """The record that `as_json` wrote; fields of a later version are passed over.

        Raises:
            StudioError: a field is missing or is not text, or the rights are none of yes, no and unknown.
        """
        known = {field.name for field in fields(cls)}
        values = {key: value for key, value in entry.items() if key in known}
        missing = [name for name in ("source", "identity", "name") if name not in values]
        wrong = [key for key, value in values.items() if not isinstance(value, str)]
        if missing or wrong:
            raise StudioError(f"a provenance record has {(missing or wrong)[0]!r} missing or not as text: write it anew")
        return cls(**values | {"training_allowed": rights_value(values.get("training_allowed", "unknown"))})


@dataclass(frozen=True)
class Fetched:
    """A picture that a source yields: its bytes or its file, its record, and its class (the sub-folder's name) if it has one."""

    content: bytes | Path
    provenance: Provenance
    label: str = ""


@dataclass(frozen=True)
class Failure:
    """A picture that a source could not yield, and why."""

    name: str
    reason: str


def rights_value(value: str) -> str:
    """The answer to "may these pictures train a model?".

    Raises:
        StudioError: it is none of yes, no and unknown.
    """
    if value not in RIGHTS:
        raise StudioError(f"rights are {', '.join(RIGHTS[:2])} or {RIGHTS[2]}, got {str(value)[:40]!r}: choose one of them")
    return value


def permission_value(training_allowed: str, permission: str = "") -> str:
    """The permission that a record keeps: what the person wrote, or, after a bare yes, that they said so.

    Raises:
        StudioError: the answer is none of yes, no and unknown.
    """
    said = SAID_ON_IMPORT if rights_value(training_allowed) == "yes" else ""
    return " ".join(permission.split()) or said


def now() -> str:
    """The present time in UTC, ISO, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
