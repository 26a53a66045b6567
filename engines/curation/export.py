"""What leaves curation: a ZIP of pictures with a manifest that says how they were chosen."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from engines.curation.attribution import harmless
from engines.curation.collection import Collection
from engines.curation.scoring import kept_mask
from engines.curation.selection import PARTS
from engines.errors import StudioError
from engines.paths import replacing
from engines.recipe import file_hash

FORMAT = 1
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def export_zip(collection: Collection, scores: np.ndarray, prompt: str, threshold: float, part: str, out: Path) -> dict[str, Any]:
    """Write a ZIP with pictures as they came, `manifest.json` and `scores.csv`; it appears only when whole.

    Args:
        scores: of each picture of the collection, shape (n,).
        part: "kept", "dropped" or "all".

    Returns:
        The manifest: format, origin, model, prompt, threshold, part, training_allowed, and of each picture its file in the ZIP, name,
        score, whether it is kept, and sha256; failed pictures with the reason.

    Raises:
        StudioError: an unknown part, or one without pictures; a picture that is gone.
    """
    if part not in PARTS:
        raise StudioError(f"export kept, dropped or all, got {str(part)[:40]!r}: choose one of these")
    kept = kept_mask(scores, threshold)
    places = [index for index in np.argsort(-scores, kind="stable").tolist() if part == "all" or kept[index] == (part == "kept")]
    if not places:
        raise StudioError(f"no picture is {part} at {threshold:g}: move the threshold")
    pictures = []
    with replacing(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for index in places:
            source = collection.sources.pictures[index]
            if not source.path.is_file():
                raise StudioError(f"{source.name} is gone: score the pictures again")
            name = f"{'kept' if kept[index] else 'dropped'}/{index:05}-{_safe(source.name)}{source.path.suffix.lower()}"
            archive.write(source.path, name)
            facts = {"file": name, "name": source.name, "score": float(scores[index]), "kept": bool(kept[index])}
            pictures.append({**facts, "sha256": file_hash(source.path)})
        manifest = {
            "format": FORMAT,
            "origin": collection.sources.origin,
            "model": collection.model_id,
            "prompt": prompt,
            "threshold": threshold,
            "part": part,
            "training_allowed": collection.sources.training_allowed,
            "pictures": pictures,
            "failed": [{"path": name, "reason": reason} for name, reason in collection.sources.failed],
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        archive.writestr("scores.csv", _as_csv(pictures))
    return manifest


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", Path(name).stem).strip("-.")[:60] or "picture"


def _as_csv(pictures: list[dict[str, Any]]) -> str:
    """Scores as CSV, safe in a spreadsheet."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["file", "name", "score", "kept", "sha256"])
    for picture in pictures:
        rows.writerow(
            [picture["file"], harmless(picture["name"]), f"{picture['score']:.6f}", "yes" if picture["kept"] else "no", picture["sha256"]]
        )
    return text.getvalue()
