"""Selections of drawn pictures, without a catalogue."""

from pathlib import Path

from engines.curation.provenance import Provenance
from engines.curation.selection import Chosen, Selection
from engines.recipe import file_hash
from tests.pictures import photograph

RULE = {"name": "report", "positives": ["cityscape"], "cut": 0.21}


def chosen(path: Path, label: str = "", allowed: str = "yes", name: str = "", source: str = "pexels", kept: bool = True) -> Chosen:
    """One picture with a whole record."""
    record = Provenance(
        source, path.stem, name or path.name, f"https://pages/{path.stem}", f"https://files/{path.name}", "Ana", "https://ana", "Free",
        "https://free", allowed, "by letter" if allowed == "yes" else "", "2026-01-02T03:04:05Z",
    )  # fmt: skip
    return Chosen(path, file_hash(path), name or path.name, label, kept, "by rule", {"report": 0.25}, record)


def selection(folder: Path, labels: tuple[str, ...] = ("coats", "hats", ""), suffix: str = ".png", allowed: str = "yes") -> Selection:
    """A picture for each label, in a collection called "wardrobe"."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [photograph(folder / f"{index}{suffix}", seed=index) for index in range(len(labels))]
    pictures = tuple(chosen(path, label, allowed) for path, label in zip(files, labels, strict=True))
    counts = {"pictures": len(files), "kept": len(files), "dropped": 0}
    return Selection("wardrobe", "kept", pictures, RULE, "studio-clip@0/float32", None, counts, (("poem.jpg", "it is a poem"),))
