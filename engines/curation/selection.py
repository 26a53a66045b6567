"""Pictures chosen for export, each with why it was chosen and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.curation.provenance import Provenance

PARTS = ("kept", "dropped", "all")


@dataclass(frozen=True)
class Chosen:
    """One picture.

    Attributes:
        path: its file, as it came.
        sha256: of that file.
        name: what people see.
        label: its class; empty when it has none.
        kept, why: the decision about it, and who or what took it.
        scores: by the name of the rule or filter that gave them.
    """

    path: Path
    sha256: str
    name: str
    label: str
    kept: bool
    why: str
    scores: Mapping[str, float]
    provenance: Provenance


@dataclass(frozen=True)
class Selection:
    """A part of a collection, with what decided.

    Attributes:
        collection: its name.
        part: "kept", "dropped" or "all".
        chosen: the pictures of that part, in the collection's order.
        rule: the rule as JSON, or None.
        model_id: the encoder whose vectors the rule belongs to; empty without a rule.
        frame: the frozen frame as JSON, or None.
        counts: of the whole collection: pictures, kept, dropped.
        failed: (name, reason) of what could not be taken in.
    """

    collection: str
    part: str
    chosen: tuple[Chosen, ...]
    rule: dict[str, Any] | None = None
    model_id: str = ""
    frame: dict[str, Any] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    failed: tuple[tuple[str, str], ...] = ()
