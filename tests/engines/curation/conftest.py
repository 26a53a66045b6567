"""Real photographs that an installed package carries, and the shipped text-image model."""

from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from engines.curation.encoder import Encoder, load_encoder
from engines.models.zoo import Zoo
from engines.paths import SHIPPED_MODELS


@pytest.fixture(scope="package")
def encoder() -> Encoder:
    return load_encoder("studio-clip", Zoo([SHIPPED_MODELS]))


@pytest.fixture(scope="package")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A temple and a flower."""
    folder = tmp_path_factory.mktemp("photographs")
    files = []
    for name, pixels in zip(("temple.jpg", "flower.jpg"), load_sample_images().images, strict=True):
        Image.fromarray(pixels).save(folder / name, quality=95)
        files.append(folder / name)
    return files
