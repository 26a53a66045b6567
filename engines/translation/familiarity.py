"""Whether a picture is like those that a translator learned from: a warning before a swap, never a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engines import imaging
from engines.curation.encoder import Encoder, encode_pictures
from engines.errors import StudioError
from engines.paths import replacing
from engines.progress import Progress, silent
from engines.recipe import Mask, file_hash
from engines.training.split import difference_hash, held_out
from engines.translation.garment_mask import weight_of

FILE = "familiar.safetensors"
FORMAT = "1"
CENTRES = 6
RARE = 0.02
SIDE = 256
LEAST = 20


@dataclass(frozen=True)
class Familiar:
    """What the pictures of each class look like to a text-image model.

    Attributes:
        encoder: its model id; vectors of another one say nothing here.
        centres: class → unit vectors of typical pictures, shape (k, d), float32.
        least: class → the similarity to the nearest centre that all but a fiftieth of its held-out pictures reach.
    """

    encoder: str
    centres: dict[str, np.ndarray]
    least: dict[str, float]

    def similarity(self, vectors: np.ndarray, name: str) -> np.ndarray:
        """Cosine similarity to the nearest typical picture of a class: unit vectors, shape (n, d) → (n,)."""
        return (vectors @ self.centres[name].T).max(axis=1)


def garment_view(picture: Image.Image, weight: np.ndarray | None) -> Image.Image:
    """What a translator sees of a picture: the garment on white, without what lies around it, at most `SIDE` pixels a side."""
    if weight is None or not weight.any():
        return imaging.within(picture, SIDE)
    rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    part = imaging.within(picture.crop(box), SIDE)
    alpha = Image.fromarray((weight[box[1] : box[3], box[0] : box[2]] * 255).astype(np.uint8)).resize(part.size, Image.Resampling.BOX)
    return Image.composite(part, Image.new("RGB", part.size, imaging.WHITE), alpha)


def learn_familiar(encoder: Encoder, files: dict[str, Sequence[Path]], progress: Progress = silent) -> Familiar:
    """Look at the garments of training pictures: typical ones from the training part, the limit from the held-out part.

    Args:
        files: class → picture files; those that cannot be read are left out.

    Raises:
        StudioError: a class with too few pictures.
        Cancelled: when `progress` says so.
    """
    centres, least = {}, {}
    for name, paths in files.items():
        vectors, apart = _garment_vectors(encoder, name, paths, progress)
        if len(vectors) < LEAST:
            raise StudioError(f"{name} has {len(vectors)} pictures that can be read, at least {LEAST} are needed: add some")
        apart = apart if apart.sum() >= LEAST // 4 else np.ones_like(apart)
        kept = vectors[~apart] if not apart.all() else vectors
        centres[name] = _typical(kept)
        least[name] = float(np.quantile((vectors[apart] @ centres[name].T).max(axis=1), RARE))
    return Familiar(encoder.model_id, centres, least)


def unfamiliar(familiar: Familiar | None, encoder: Encoder, picture: Image.Image, weight: np.ndarray | None, source: str) -> str:
    """A sentence when a picture's garment is unlike those of the class `source`; "" when it is like them or nobody can say."""
    if familiar is None or familiar.encoder != encoder.model_id or source not in familiar.centres:
        return ""
    vectors = encode_pictures(encoder, [garment_view(picture, weight)]).vectors
    found, expected = float(familiar.similarity(vectors, source)[0]), familiar.least[source]
    if found >= expected:
        return ""
    return (
        f"This is unlike the {source} garments that the model learned from (similarity {found:.2f}, theirs is at least {expected:.2f}): "
        "the swap may look odd."
    )


def write_familiar(folder: Path, familiar: Familiar) -> Path:
    """Write what is familiar to a model beside its card."""
    tensors = {name: centres.astype(np.float16) for name, centres in familiar.centres.items()}
    facts = {"format": FORMAT, "encoder": familiar.encoder} | {f"least {name}": f"{value:.4f}" for name, value in familiar.least.items()}
    with replacing(folder / FILE) as temporary:
        save_file(tensors, temporary, facts)
    return folder / FILE


def read_familiar(folder: Path) -> Familiar | None:
    """What is familiar to the model in a folder, or None where nobody has written it.

    Raises:
        StudioError: the file is damaged, or of a newer format.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as opened:
            facts = opened.metadata() or {}
            centres = {name: opened.get_tensor(name).astype(np.float32) for name in opened.keys()}  # noqa: SIM118 (no mapping)
        if facts.get("format") != FORMAT:
            raise StudioError(f"{path} has the format {facts.get('format')}, this Atelier reads {FORMAT}: update it")
        return Familiar(facts["encoder"], centres, {name: float(facts[f"least {name}"]) for name in centres})
    except (SafetensorError, KeyError, ValueError) as error:
        raise StudioError(f"{path} is damaged: make it again with the command familiar") from error


def _garment_vectors(encoder: Encoder, name: str, paths: Sequence[Path], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of the garments in some files, and which of these the split holds out."""
    views, hashes, looks = [], [], []
    for place, path in enumerate(paths):
        try:
            picture = imaging.safe_open(path, enough=SIDE)
            views.append(garment_view(picture, weight_of(Mask("auto"), picture)))
        except StudioError:
            continue
        finally:
            progress(place + 1, len(paths), f"looking at {name}")
        hashes.append(file_hash(path))
        looks.append(difference_hash(picture))
    if not views:
        return np.empty((0, encoder.dimensions), np.float32), np.empty(0, bool)
    return encode_pictures(encoder, views).vectors, held_out(hashes, looks)


def _typical(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors in the middle of a few groups of unit vectors."""
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-4)
    _, _, middles = cv2.kmeans(np.ascontiguousarray(vectors), min(CENTRES, len(vectors)), None, stop, 3, cv2.KMEANS_PP_CENTERS)
    return middles / np.linalg.norm(middles, axis=1, keepdims=True)
