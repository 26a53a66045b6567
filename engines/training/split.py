"""The one split into training and held-out pictures."""

from collections.abc import Sequence

import numpy as np
from PIL import Image


def difference_hash(picture: Image.Image, side: int = 16) -> bytes:
    """Signs of horizontal brightness steps on a `side` × `side` grid: equal for copies that were resized or encoded again."""
    grey = np.asarray(picture.convert("L").resize((side + 1, side), Image.Resampling.BOX), dtype=np.int16)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()


def held_out(hashes: Sequence[str], looks: Sequence[bytes]) -> np.ndarray:
    """Which pictures are held out of training, shape (n,), bool.

    Pictures with equal bytes or an equal look form a duplicate group; a group is held out when its smallest sha256 is 0 modulo 10, so
    a copy never stands on the other side.

    Args:
        hashes: sha256 of each file, in hexadecimal.
        looks: `difference_hash` of each picture.
    """
    parent = list(range(len(hashes)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    keyed: tuple[Sequence[str | bytes], ...] = (hashes, looks)
    for keys in keyed:
        first: dict[str | bytes, int] = {}
        for index, key in enumerate(keys):
            parent[root(index)] = root(first.setdefault(key, index))
    smallest: dict[int, int] = {}
    for index, value in enumerate(hashes):
        group = root(index)
        smallest[group] = min(smallest.get(group, 2**256), int(value, 16))
    return np.array([smallest[root(index)] % 10 == 0 for index in range(len(hashes))], dtype=bool)
