"""Garments drawn by rule, in centimetres from the highest point of the shoulder: outlines, seams, and where their folds lie."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.production.cloth import Fold

Point = tuple[float, float]


@dataclass(frozen=True)
class Garment:
    """All that is drawn of a garment; lines are points, shape (n, 2).

    Attributes:
        body: closed outline of the piece that takes the print; `parts`: those of all other pieces.
        volume: closed outlines of what is inside, which reaches beyond hems and openings: cloth is not round where it is cut.
        inside: closed outline of the cloth's inside that an opening shows, or an empty array.
        seams: lines where pieces meet; `stitches`: lines of thread.
        bands: lines of ribbing or webbing that lies on the cloth, each with its width and whether it is ribbed.
        folds: ridges of the cloth.
        wrinkled: how much the cloth is wrinkled besides, 1 being a worn T-shirt.
        roundness: how many centimetres from its outline the garment is round; `fullness`: how round.
        curve: half width of the round body that the cloth lies around; 0 where it lies flat.
        frame: left, top and span of the square in which it is shown.
        shadow: where the shadow falls: right and down, and how soft.
    """

    body: np.ndarray
    parts: tuple[np.ndarray, ...]
    volume: tuple[np.ndarray, ...]
    inside: np.ndarray
    seams: tuple[np.ndarray, ...]
    stitches: tuple[np.ndarray, ...]
    bands: tuple[tuple[np.ndarray, float, bool], ...]
    folds: tuple[Fold, ...]
    wrinkled: float
    roundness: float
    fullness: float
    curve: float
    frame: tuple[float, float, float]
    shadow: tuple[float, float, float]


def _curve(*points: Point, count: int = 40) -> np.ndarray:
    """A Bézier curve through two, three or four points, shape (count, 2)."""
    given = np.asarray(points, dtype=np.float64)
    t = np.linspace(0, 1, count)[:, None]
    if len(given) == 2:
        return given[0] + t * (given[1] - given[0])
    if len(given) == 3:
        return (1 - t) ** 2 * given[0] + 2 * t * (1 - t) * given[1] + t**2 * given[2]
    return (1 - t) ** 3 * given[0] + 3 * t * (1 - t) ** 2 * given[1] + 3 * t**2 * (1 - t) * given[2] + t**3 * given[3]


def _mirrored(line: np.ndarray) -> np.ndarray:
    return line[::-1] * np.array([-1.0, 1.0])


def _shifted(line: np.ndarray, away: float) -> np.ndarray:
    """A line moved to its right-hand side by centimetres."""
    tangent = np.gradient(line, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    return line + away * normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9)


@dataclass(frozen=True)
class _Cut:
    """The measures of a T-shirt's right half."""

    neck: float
    drop: float
    tip: Point
    cuff_out: Point
    cuff_in: Point
    armpit: Point
    waist: Point
    hem: Point
    hem_sag: float
    outer_bend: float


FLAT = _Cut(9.3, 9.8, (23.2, 4.6), (40.6, 17.6), (31.4, 31.0), (26.2, 24.6), (25.6, 48.0), (26.2, 71.4), 0.9, 0.9)
WORN = _Cut(8.6, 10.4, (21.6, 5.6), (33.2, 23.6), (22.9, 31.4), (21.2, 25.4), (20.0, 49.0), (22.0, 71.0), 1.6, 2.2)


def t_shirt(look: str, seed: int) -> Garment:
    """A crew-neck T-shirt from the front, "flat" on a table or "worn"."""
    cut = FLAT if look == "flat" else WORN
    neckline = _curve((0, cut.drop), (cut.neck * 0.78, cut.drop), (cut.neck * 0.99, cut.drop * 0.42), (cut.neck, 0))
    shoulder = _curve((cut.neck, 0), ((cut.neck + cut.tip[0]) / 2, cut.tip[1] * 0.40), cut.tip)
    armhole = _curve(cut.tip, (cut.tip[0] - 3.6, 14.0), (cut.armpit[0] - 4.2, 21.5), cut.armpit)
    side = _curve(cut.armpit, (cut.waist[0], 36.0), (cut.waist[0] - 0.3, 56.0), cut.hem)
    hem = _curve(cut.hem, (cut.hem[0] * 0.6, cut.hem[1] + cut.hem_sag), (0, cut.hem[1] + cut.hem_sag))
    if look != "flat":
        hem = hem + np.stack([np.zeros(len(hem)), 0.35 * np.sin(np.linspace(0, 9, len(hem))) * np.linspace(1, 0, len(hem))], axis=1)
    half = np.concatenate([neckline, shoulder, armhole, side, hem])
    body = np.concatenate([half, _mirrored(half)])
    out, into = np.asarray(cut.cuff_out), np.asarray(cut.cuff_in)
    tip = np.asarray(cut.tip)
    along = out - tip
    bend = tip + along * 0.42 + cut.outer_bend * np.array([along[1], -along[0]]) / np.linalg.norm(along)
    cuff = _curve(cut.cuff_out, tuple((out + into) / 2 + 0.6 * along / np.linalg.norm(along)), cut.cuff_in)
    under = _curve(cut.cuff_in, ((cut.cuff_in[0] + cut.armpit[0]) / 2 - 0.4, (cut.cuff_in[1] + cut.armpit[1]) / 2), cut.armpit)
    tucked = armhole[::-1] - np.array([1.2, 0.0])
    sleeve = np.concatenate([_curve(cut.tip, tuple(bend), cut.cuff_out), cuff, under, tucked])
    back_line = _curve((-cut.neck, 0), (-cut.neck * 0.5, 2.3), (cut.neck * 0.5, 2.3), (cut.neck, 0))
    whole_neck = np.concatenate([_mirrored(neckline), neckline])
    inside = np.concatenate([back_line, whole_neck[::-1]])
    whole_hem = np.concatenate([hem[::-1][:0], hem, _mirrored(hem)])
    cuff_stitches = [_shifted(cuff, away) for away in (2.0, 2.5)]
    stitches = [whole_hem - np.array([0, up]) for up in (2.0, 2.6)]
    stitches += [line for cuff_line in cuff_stitches for line in (cuff_line, _mirrored(cuff_line))]
    stitches += [_shifted(whole_neck, 2.45)]
    seams = (armhole, _mirrored(armhole), _shifted(whole_neck, 2.05))
    random = np.random.default_rng(seed)
    folds = _flat_folds(cut, random) if look == "flat" else _worn_folds(cut, random)
    flat = look == "flat"
    longer = body + np.array([0.0, 0.0 if flat else 20.0]) * (body[:, 1:] > cut.hem[1] - 1.5)
    beyond = (
        np.zeros_like(sleeve)
        if flat
        else 9.0 * (along / np.linalg.norm(along)) * (np.isin(np.arange(len(sleeve)), np.arange(39, 81)))[:, None]
    )
    return Garment(
        body=body,
        parts=(sleeve, _mirrored(sleeve)),
        volume=(longer, sleeve + beyond, _mirrored(sleeve + beyond), *(() if flat else (inside,))),
        inside=inside,
        seams=seams,
        stitches=tuple(stitches),
        bands=((whole_neck, 2.0, True),),
        folds=folds,
        wrinkled=0.5 if flat else 1.0,
        roundness=1.3 if flat else 12.0,
        fullness=0.3 if flat else 0.5,
        curve=0.0 if flat else cut.waist[0] + 2.0,
        frame=(-46.0, -9.0, 92.0) if flat else (-43.0, -6.5, 86.0),
        shadow=(0.35, 0.6, 0.7) if flat else (1.2, 2.4, 3.5),
    )


def tote(look: str, seed: int) -> Garment:
    """A cotton bag from the front, 38 × 42 cm, lying "flat" or hanging from its handles ("worn")."""
    hang = 0.0 if look == "flat" else 1.0
    left_side = _curve((-19, 0), (-19.4 - 0.4 * hang, 22), (-19 + 0.8 * hang, 42))
    bottom = _curve((-19 + 0.8 * hang, 42), (0, 42.6 + 1.2 * hang), (19 - 0.8 * hang, 42))
    top = _curve((19, 0), (9, 0.9 * hang), (-9, 0.9 * hang), (-19, 0))
    body = np.concatenate([left_side, bottom, _mirrored(left_side), top])
    high = -27.0
    front = _curve((-8.5, 2.0), (-8.8, high * 1.12), (8.8, high * 1.12), (8.5, 2.0), count=60)
    behind = _curve((-7.4, 0.5), (-7.6, high * 1.2), (7.6, high * 1.2), (7.4, 0.5), count=60)
    random = np.random.default_rng(seed)
    folds = [
        Fold(((s * 8.5, 3), (s * 7.5 + _j(random, 2), 16), (s * 12 + _j(random, 3), 34)), 0.22 + 0.22 * hang, 1.6, 1.8) for s in (-1, 1)
    ]
    folds += [Fold(((s * 8.5, 3), (s * 4.5, 12), (s * 2 + _j(random, 2), 26)), 0.16 + 0.22 * hang, 1.3, 1.6) for s in (-1, 1)]
    folds += [Fold(((s * 18.4, 41), (s * 14, 37), (s * 7, 33 + _j(random, 3))), 0.2, 1.5, 1.7) for s in (-1, 1)]
    folds += [Fold(((-18.5, 14 + _j(random, 5)), (-6, 18), (15, 13 + _j(random, 5))), 0.10, 1.0, 1.4)]
    box = [(-10.0, 0.9), (-7.0, 0.9), (-7.0, 4.0), (-10.0, 4.0), (-10.0, 0.9), (-7.0, 4.0)]
    cross = np.concatenate([_curve(start, end, count=20) for start, end in itertools.pairwise(box)])
    stitches = (top + np.array([0, 3.0]), cross, _mirrored(cross))
    return Garment(
        body=body,
        parts=(_strip(behind, 2.6), _strip(front, 2.6)),
        volume=(body, _strip(behind, 2.6), _strip(front, 2.6)),
        inside=np.zeros((0, 2)),
        seams=(_shifted(left_side, -0.5), _shifted(_mirrored(left_side), -0.5)),
        stitches=stitches,
        bands=((front, 2.6, False),),
        folds=tuple(folds),
        wrinkled=0.5 + 0.2 * hang,
        roundness=1.2 + 1.6 * hang,
        fullness=0.35,
        curve=0.0,
        frame=(-41.0, -33.0, 82.0),
        shadow=(0.4, 0.7, 0.8) if look == "flat" else (1.0, 1.8, 2.2),
    )


def _strip(line: np.ndarray, width: float) -> np.ndarray:
    return np.concatenate([_shifted(line, width / 2), _shifted(line, -width / 2)[::-1]])


GARMENTS = {"t-shirt": t_shirt, "tote": tote}
LOOKS = ("worn", "flat")


def _j(random: np.random.Generator, reach: float) -> float:
    return float(random.uniform(-reach, reach))


def _worn_folds(cut: _Cut, random: np.random.Generator) -> tuple[Fold, ...]:
    found: list[Fold] = []
    for s in (-1, 1):
        ax, ay = cut.armpit[0] - 1.2, cut.armpit[1]
        ends: Sequence[tuple[float, float, float, float]] = (
            (6.5, 20.5, 0.34, 0.9), (3.0, 30.0, 0.55, 1.0), (4.5, 41.0, 0.66, 1.1), (11.0, 50.0, 0.55, 1.2),
        )  # fmt: skip
        for x, y, height, width in ends:
            end = (x + _j(random, 2.0), y + _j(random, 2.5))
            middle = ((ax + end[0]) / 2 + _j(random, 1.0) + 1.2, (ay + end[1]) / 2 + _j(random, 1.0) + 1.0)
            found.append(_flip(Fold(((ax, ay - 0.5), middle, end), height * random.uniform(0.7, 1.2), width, 2.0), s))
        for x in (5.0, 11.5, 16.5):
            x0 = x + _j(random, 1.6)
            start, end = (x0 * 0.92, 36 + _j(random, 5)), (x0 + _j(random, 2.2) + 0.6, 73.5)
            line = (end, (x0 + _j(random, 1.4), 55.0), start)
            found.append(_flip(Fold(line, random.uniform(0.28, 0.55), random.uniform(1.3, 2.1), 1.7), s))
        for y in (46.0, 53.0, 60.0):
            y0 = y + _j(random, 2.0)
            line = ((20.6, y0 - 1.5), (15.5, y0 + 1.2), (7.5 + _j(random, 4), y0 + 2.5 + _j(random, 2)))
            found.append(_flip(Fold(line, random.uniform(0.25, 0.5), random.uniform(0.8, 1.1), 1.8), s))
        tx, ty = cut.tip
        ox, oy = cut.cuff_out
        for share in (0.25, 0.6, 0.9):
            end = (tx + (ox - tx) * share - 1.0, ty + (oy - ty) * share + 1.0 + _j(random, 1))
            middle = ((cut.armpit[0] + end[0]) / 2 + _j(random, 0.8), (cut.armpit[1] + end[1]) / 2 + 1.0)
            found.append(_flip(Fold(((cut.armpit[0] + 0.2, cut.armpit[1] + 1.0), middle, end), random.uniform(0.3, 0.5), 0.9, 1.8), s))
        line = ((tx - 1.0, ty + 1.5), (tx - 4, 10 + _j(random, 1)), (cut.neck + 2.5, 15 + _j(random, 2)))
        found.append(_flip(Fold(line, 0.22, 1.2, 1.8), s))
    for _ in range(3):
        x0, y0, s = random.uniform(2, 11), random.uniform(24, 40), random.choice((-1, 1))
        line = ((x0, y0), (x0 - 4 + _j(random, 2), y0 + 6), (x0 - 5 + _j(random, 3), y0 + random.uniform(14, 22)))
        found.append(_flip(Fold(line, random.uniform(0.16, 0.3), random.uniform(0.7, 1.1), 1.8), s))
    return tuple(found)


def _flat_folds(cut: _Cut, random: np.random.Generator) -> tuple[Fold, ...]:
    found: list[Fold] = []
    for s in (-1, 1):
        ax, ay = cut.armpit[0] - 0.6, cut.armpit[1]
        for x, y in ((12.0, 22.0), (9.0, 33.0), (15.0, 44.0)):
            end = (x + _j(random, 4), y + _j(random, 4))
            line = ((ax, ay), ((ax + end[0]) / 2 + 1.0, (ay + end[1]) / 2 + 1.6), end)
            found.append(_flip(Fold(line, random.uniform(0.2, 0.36), random.uniform(0.8, 1.2), 2.0), s))
        for _ in range(3):
            y0 = random.uniform(36, 66)
            line = ((25.4, y0), (18.0, y0 + _j(random, 4)), (8.0 + _j(random, 6), y0 + _j(random, 8)))
            found.append(_flip(Fold(line, random.uniform(0.08, 0.2), random.uniform(0.9, 1.6), 1.8), s))
        for share in (0.35, 0.8):
            ox = cut.tip[0] + (cut.cuff_out[0] - cut.tip[0]) * share - 1.5
            oy = cut.tip[1] + (cut.cuff_out[1] - cut.tip[1]) * share + 2.5
            line = ((cut.armpit[0] + 0.8, cut.armpit[1] + 0.6), (29.0, 18.0 + 6 * share), (ox, oy))
            found.append(_flip(Fold(line, random.uniform(0.14, 0.26), 1.0, 1.8), s))
    for _ in range(4):
        x0, y0 = _j(random, 16), random.uniform(28, 56)
        line = ((x0, y0), (x0 + _j(random, 5), y0 + 8), (x0 + _j(random, 9), y0 + random.uniform(12, 22)))
        found.append(Fold(line, random.uniform(0.1, 0.22), random.uniform(0.8, 1.8), 1.7))
    return tuple(found)


def _flip(fold: Fold, sign: int) -> Fold:
    if sign > 0:
        return fold
    first, middle, last = ((-x, y) for x, y in fold.points)
    return Fold((first, middle, last), fold.height, fold.width, fold.skew)
