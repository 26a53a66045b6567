"""Scoring a folder with the shipped text-image model, against its bare forward pass."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks import Figure, fastest
from engines.curation.encoder import encode_pictures, load_encoder
from engines.exploration.sampling import draw, sample_recipes
from engines.imaging import SUFFIXES
from engines.models.zoo import Zoo

PICTURES = 192
BATCH = 64


def run() -> Iterator[Figure]:
    encoder, generator = load_encoder(), Zoo().generator("cityscape")
    pixels = encoder.numerics.arrange(torch.zeros(BATCH, 3, 224, 224))

    @torch.inference_mode()
    def bare() -> None:
        with encoder.numerics.autocast():
            for _ in range(PICTURES // BATCH):
                encoder.model.encode_image(pixels, normalize=True)

    with tempfile.TemporaryDirectory() as folder:
        for index, picture in enumerate(draw(generator, sample_recipes(generator, range(PICTURES)))):
            picture.resize((300, 300)).save(Path(folder) / f"{index}{SUFFIXES[0]}")
        files = sorted(Path(folder).iterdir())
        share = fastest(bare, 3) / fastest(lambda: encode_pictures(encoder, files, batch=BATCH), 3)
    yield Figure("scoring, as a share of the bare forward pass", share, 0.7, "%", ratio=True)
