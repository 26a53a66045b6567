import hashlib

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

from engines.training.split import difference_hash, held_out


def digest(index: int) -> str:
    return hashlib.sha256(str(index).encode()).hexdigest()


def test_about_a_tenth_is_held_out_by_the_hash_alone() -> None:
    hashes = [digest(index) for index in range(5000)]
    looks = [index.to_bytes(4, "big") for index in range(5000)]
    out = held_out(hashes, looks)
    assert out.tolist() == [int(value, 16) % 10 == 0 for value in hashes]
    assert 0.08 < out.mean() < 0.12


def test_copies_never_stand_on_both_sides() -> None:
    hashes = [digest(index) for index in range(3000)]
    looks = [(index // 3).to_bytes(4, "big") for index in range(3000)]
    out = held_out(hashes, looks).reshape(-1, 3)
    assert (out.all(axis=1) | ~out.any(axis=1)).all()


def test_the_split_does_not_depend_on_the_order() -> None:
    hashes = [digest(index % 700) for index in range(1000)]
    looks = [(index // 2).to_bytes(4, "big") for index in range(1000)]
    order = np.random.default_rng(0).permutation(1000)
    shuffled = held_out([hashes[index] for index in order], [looks[index] for index in order])
    assert (shuffled == held_out(hashes, looks)[order]).all()


def test_a_resized_copy_looks_the_same_and_another_photograph_does_not() -> None:
    china, flower = (Image.fromarray(picture) for picture in load_sample_images().images)
    assert difference_hash(china) != difference_hash(flower)
    grown = difference_hash(china.resize((1280, 854), Image.Resampling.NEAREST))
    assert sum((a ^ b).bit_count() for a, b in zip(difference_hash(china), grown, strict=True)) <= 2
