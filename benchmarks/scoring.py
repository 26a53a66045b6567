"""Looking at pictures with text-image models, and asking about vectors that are there.

The ViT-B/32 here has random weights, because only its speed counts: its own are a download. Files are JPEGs of 300 × 300 pixels; the share
of the bare forward pass falls with larger ones, because on a CPU decoding takes from the same cores.
"""

import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import Figure, fastest
from engines import compute
from engines.curation.encoder import HALF, Encoder, encode_pictures, encoder_of, load_encoder
from engines.curation.prompts import ensemble
from engines.curation.scoring import cosine_scores, kept_mask
from engines.exploration.sampling import draw, sample_recipes
from engines.imaging import SUFFIXES
from engines.models.zoo import Zoo

PICTURES = 96
SIDE = 300
BATCH = 32
LARGE = "ViT-B-32-quickgelu"
DIMENSIONS = 512
PART = 20_000
PROMPTS = {100_000: 0.03, 1_000_000: 0.2}
PACE = {"studio-clip": 60, "ViT-B/32": 18, f"ViT-B/32:{HALF}": 60}


def run() -> Iterator[Figure]:
    yield from _looking()
    yield from _asking()
    yield Figure("most memory of all this", _peak_gigabytes(), 5, "GB")


def _looking() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        files = _drawn(Path(folder))
        plain = _plain_loop(files)
        compute.keep_memory()  # as the score command does; a plain loop does not
        for name, encoder, share in (
            ("studio-clip", load_encoder(), 0.7),
            ("ViT-B/32", _large("float32"), 0.85),
            (f"ViT-B/32:{HALF}", _large(HALF), 0.85),
        ):
            bare, ours = _seconds(encoder, files)
            yield Figure(f"{name}, pictures looked at", PICTURES / ours, PACE[name], "/s")
            yield Figure(f"{name}, share of the bare forward pass", bare / ours, share, "%", ratio=True)
        yield Figure(f"ViT-B/32:{HALF}, against a plain open_clip loop", plain / ours, 3, "×", ratio=True)


def _asking() -> Iterator[Figure]:
    random = np.random.default_rng(0)
    for count, goal in PROMPTS.items():
        vectors = np.empty((count, DIMENSIONS), np.float32)
        for start in range(0, count, PART):
            part = random.standard_normal((min(PART, count - start), DIMENSIONS), dtype=np.float32)
            vectors[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
        yield Figure(f"a new prompt over {count:,} pictures", _prompt_seconds(vectors), goal)


def _seconds(encoder: Encoder, files: list[Path]) -> tuple[float, float]:
    """Of the forward pass alone, and of looking at the files."""
    return fastest(lambda: _bare(encoder), 3), fastest(lambda: encode_pictures(encoder, files, batch=BATCH), 3)


def _plain_loop(files: list[Path]) -> float:
    model, preprocess = _open_clip()
    return fastest(lambda: _plain(model, preprocess, files), 2)


def _prompt_seconds(vectors: np.ndarray) -> float:
    prompt = ensemble(vectors[:1])
    return fastest(lambda: kept_mask(cosine_scores(vectors, prompt), 0.2).sum())


def _drawn(folder: Path) -> list[Path]:
    """Pictures as far as speed goes: drawn ones, enlarged."""
    generator = Zoo().generator("cityscape")
    files = []
    for index, picture in enumerate(draw(generator, sample_recipes(generator, range(PICTURES)))):
        files.append(folder / f"{index:03}{SUFFIXES[0]}")
        picture.resize((SIDE, SIDE)).save(files[-1])
    return files


def _open_clip() -> tuple[Any, Any]:
    import open_clip

    model, _, preprocess = open_clip.create_model_and_transforms(LARGE, pretrained=None)
    return model.eval(), preprocess


def _large(precision: str) -> Encoder:
    return encoder_of(f"{LARGE}/random/{precision}", 0.2, *_open_clip(), None)


@torch.inference_mode()
def _bare(encoder: Encoder) -> None:
    pixels = encoder.numerics.arrange(torch.zeros(BATCH, 3, encoder.side, encoder.side))
    with encoder.numerics.autocast():
        for _ in range(PICTURES // BATCH):
            encoder.model.encode_image(pixels)


@torch.inference_mode()
def _plain(model: Any, preprocess: Any, files: list[Path]) -> None:
    """As open_clip's documentation looks at pictures, in batches of the same size."""
    for start in range(0, len(files), BATCH):
        pixels = torch.stack([preprocess(Image.open(file)) for file in files[start : start + BATCH]])
        model.encode_image(pixels, normalize=True)


def _peak_gigabytes() -> float:
    """Most memory that this process has held so far, in gigabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)
