"""All figures of a generator: distances, recall, classes, copies, variety."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.evaluation.classifier import train_class_judge
from engines.evaluation.distances import NEIGHBOURS, SPLITS, frechet, inception_score, kid_with_error, precision_recall
from engines.evaluation.diversity import relative_diversity
from engines.evaluation.features import FeatureSet, cached_features, lite2
from engines.evaluation.neighbours import BLOCK, Copies, Nearest, closest_pairs, copies, small_pixels, unit_vectors
from engines.evaluation.report import Figure
from engines.progress import Progress, silent

A_CLASS = 100
MOST = 2000
MOST_DESCRIBED = 10_000
FEW = 1000
REAL_BY_CLASS = "judge's accuracy on real held-out pictures, mean over classes"

Draw = Callable[[str | None, int], np.ndarray]
"""Class and count → the pictures of seeds 0 to count - 1 at ψ = 1, uint8, shape (count, channels, size, size)."""


class Pictures(Protocol):
    """Real pictures with their split, framed and sized as the model draws them; `training.dataset.PictureSet` is one."""

    @property
    def pixels(self) -> np.ndarray: ...

    @property
    def labels(self) -> np.ndarray: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def held_out(self) -> np.ndarray: ...

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True)
class Findings:
    """What an evaluation gives: figures, sheets to look at by name, seconds each stage took."""

    figures: tuple[Figure, ...]
    sheets: dict[str, Image.Image] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class Clock:
    """Seconds of each stage, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def stage(self, name: str) -> None:
        """Book the time since the last call under a name."""
        now = time.monotonic()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 1)
        self._last = now


@dataclass(frozen=True)
class Sampled:
    """Drawn pictures.

    Attributes:
        parts: one array a class, at least a hundred pictures each; a single one without classes.
        counts: how many of each part make up `matched`, which has as many of each class as the held-out pictures.
    """

    parts: tuple[np.ndarray, ...]
    counts: tuple[int, ...]

    def matched(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """The first pictures of each part, or whatever was made of each picture, joined."""
        return np.concatenate([part[:count] for part, count in zip(parts, self.counts, strict=True)])


@dataclass(frozen=True)
class Compared:
    """What is compared: places of the real pictures, the drawn pictures, and Lite2 features of both.

    Attributes:
        train, test: places among the pictures; `described` are the training pictures that have features: all, or many by lot.
        seen_train, seen_test, seen_drawn: features of `described`, of `test`, and of each part drawn.
    """

    train: np.ndarray
    test: np.ndarray
    described: np.ndarray
    drawn: Sampled
    seen_train: np.ndarray
    seen_test: np.ndarray
    seen_drawn: tuple[np.ndarray, ...]


def evaluate_generator(
    pictures: Pictures, classes: tuple[str, ...], draw: Draw, features: FeatureSet, most: int = MOST, progress: Progress = silent
) -> Findings:
    """Measure a generator against the held-out pictures.

    Args:
        pictures: framed and sized as the generator draws.
        classes: of the generator, the same as the pictures'; empty if it has none.
        features: for distances, precision and recall; variety, copies and the judge of classes rest on Lite2 in any case.
        most: held-out pictures used; of more, so many are drawn by lot.

    Raises:
        StudioError: classes differ, or a part of the split is too small.
        Cancelled: when `progress` says so.
    """
    if classes and classes != pictures.classes:
        raise StudioError(
            f"the model draws {', '.join(classes)}, the pictures are {', '.join(pictures.classes)}: choose folders and names with --classes"
        )
    train, test = np.flatnonzero(~pictures.held_out), np.flatnonzero(pictures.held_out)
    if min(len(train), len(test)) < NEIGHBOURS + 2:
        raise StudioError(f"the split gives {len(train)} pictures for training and {len(test)} held out, too few to compare: add some")
    random = np.random.default_rng(0)
    test = _by_lot(test, most, random)
    clock = Clock()
    drawn = _sampled(pictures, classes, draw, test)
    clock.stage("drawing")
    described = train if len(train) <= MOST_DESCRIBED else _by_lot(train, most, random)
    seen_train, seen_test = (cached_features(lite2(), pictures.pixels[part], progress) for part in (described, test))
    seen_drawn = tuple(cached_features(lite2(), part, progress) for part in drawn.parts)
    compared = Compared(train, test, described, drawn, seen_train, seen_test, seen_drawn)
    clock.stage("features")
    baseline = _by_lot(np.arange(len(described)), len(test), random)
    if features.name == "lite2":
        figures = _distances(drawn.matched(seen_drawn), seen_test, seen_train[baseline], features)
    else:
        ours, real, ground = (
            cached_features(features, part, progress)
            for part in (drawn.matched(drawn.parts), pictures.pixels[test], pictures.pixels[described[baseline]])
        )
        figures = _distances(ours, real, ground, features)
    clock.stage("distances")
    if classes:
        figures += _class_figures(pictures, classes, drawn, progress)
        clock.stage("classes")
    figures += _variety(pictures, classes, compared)
    clock.stage("variety")
    copied, sheet = _copies(pictures, compared, progress)
    clock.stage("copies")
    return Findings(tuple(figures + copied), {"closest": sheet}, clock.seconds)


def _by_lot(places: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(places, most, replace=False)) if len(places) > most else places


def _sampled(pictures: Pictures, classes: tuple[str, ...], draw: Draw, test: np.ndarray) -> Sampled:
    if not classes:
        return Sampled((draw(None, len(test)),), (len(test),))
    counts = tuple(np.bincount(pictures.labels[test], minlength=len(classes)).tolist())
    return Sampled(tuple(draw(name, max(A_CLASS, count)) for name, count in zip(classes, counts, strict=True)), counts)


def _distances(drawn: np.ndarray, real: np.ndarray, training: np.ndarray, features: FeatureSet) -> list[Figure]:
    n = len(real)
    few = f"fewer than {FEW} pictures: unbiased, but noisy" if n < FEW else ""
    biased = f"fewer than {FEW} pictures: biased upwards, compare only with the same n" if n < FEW else "compare only with the same n"
    distance, floor = kid_with_error(drawn, real), kid_with_error(training, real)
    precision, recall = precision_recall(drawn, real)
    real_precision, real_recall = precision_recall(training, real)
    k = f"k = {NEIGHBOURS}"
    name = features.name
    figures = [
        Figure(f"KID ({name})", distance.value, "", n, distance.error, headline=True, note=few),
        Figure(f"KID ({name}), real training pictures", floor.value, "", len(training), floor.error, note="the floor: real against real"),
        Figure(features.distance, frechet(drawn, real), "", n, headline=name == "inception", note=biased),
        Figure(f"{features.distance}, real training pictures", frechet(training, real), "", len(training), note=biased),
        _share(f"precision ({name})", precision, len(drawn), k, headline=True),
        _share(f"recall ({name})", recall, n, k, headline=True),
        _share(f"precision ({name}), real training pictures", real_precision, len(training), k),
        _share(f"recall ({name}), real training pictures", real_recall, n, f"{k}; as good as it gets", headline=True),
    ]
    if features.logits is not None and n >= SPLITS:
        score = inception_score(features.logits(drawn))
        figures.append(Figure("Inception Score", score.value, "", n, score.error, note=f"of the drawn pictures, {SPLITS} splits"))
    return figures


def _share(name: str, value: float, n: int, note: str = "", headline: bool = False) -> Figure:
    """How many of n pictures did something."""
    return Figure(name, value, "%", n, headline=headline, note=note, counted=True)


def _class_figures(pictures: Pictures, classes: tuple[str, ...], drawn: Sampled, progress: Progress) -> list[Figure]:
    judge = train_class_judge(pictures.pixels, pictures.labels, pictures.held_out, len(classes), lite2(), progress)
    hits = [float((judge.judge(part, progress) == index).mean()) for index, part in enumerate(drawn.parts)]
    n, alike = sum(len(part) for part in drawn.parts), len({len(part) for part in drawn.parts}) == 1
    note = f"judge: {judge.recipe}"
    figures = [
        Figure("shows its class, mean over classes", float(np.mean(hits)), "%", n, headline=True, note=note, counted=alike),
        Figure(REAL_BY_CLASS, float(np.nanmean(judge.by_class)), "%", judge.held_out, headline=True, note="what to compare it with"),
        _share("judge's accuracy on real held-out pictures", judge.accuracy, judge.held_out, headline=True),
    ]
    for name, hit, real, part in zip(classes, hits, judge.by_class, drawn.parts, strict=True):
        note = f"real held-out ones: {100 * real:.0f} %" if np.isfinite(real) else "no held-out picture of this class"
        figures.append(_share(f"shows its class: {name}", hit, len(part), note))
    return figures


def _variety(pictures: Pictures, classes: tuple[str, ...], compared: Compared) -> list[Figure]:
    labels = pictures.labels[compared.described]
    note = "1 is as varied as real pictures"
    if not classes:
        ratio = relative_diversity(compared.seen_drawn[0], compared.seen_train)
        return [Figure("variety", ratio, "× real", len(compared.seen_drawn[0]), headline=True, note=note)]
    each = [
        (name, relative_diversity(part, compared.seen_train[labels == index]), len(part))
        for index, (name, part) in enumerate(zip(classes, compared.seen_drawn, strict=True))
        if (labels == index).sum() > 1  # of a class of one picture nobody can tell
    ]
    if not each:
        return []
    least, ratio, fewest = min(each, key=lambda one: one[1])
    mean = float(np.mean([one[1] for one in each]))
    figures = [
        Figure("variety within a class, mean", mean, "× real", sum(one[2] for one in each), headline=True, note=note),
        Figure("variety within a class, least", ratio, "× real", fewest, headline=True, note=least),
    ]
    return figures + [Figure(f"variety within {name}", ratio, "× real", count) for name, ratio, count in each]


def _copies(pictures: Pictures, compared: Compared, progress: Progress) -> tuple[list[Figure], Image.Image]:
    """By pixels in any case; by features, too, where all training pictures have them, which is then what the sheet goes by."""
    train, drawn = compared.train, compared.drawn.matched(compared.drawn.parts)
    # Where there are many pictures they lie on the disk: a block at a time is read.
    small = [small_pixels(pictures.pixels[train[begin : begin + BLOCK]]) for begin in range(0, len(train), BLOCK)]
    small_mirrored = [small_pixels(pictures.pixels[train[begin : begin + BLOCK], ..., ::-1]) for begin in range(0, len(train), BLOCK)]
    views = [np.concatenate(small), np.concatenate(small_mirrored)]
    found = copies(small_pixels(drawn), small_pixels(pictures.pixels[compared.test]), views)
    figures = _copy_figures(found, "pixels", len(drawn))
    if len(compared.described) == len(train):
        mirrored = np.ascontiguousarray(pictures.pixels[train][..., ::-1])
        views = [unit_vectors(compared.seen_train), unit_vectors(cached_features(lite2(), mirrored, progress))]
        found = copies(unit_vectors(compared.drawn.matched(compared.seen_drawn)), unit_vectors(compared.seen_test), views)
        figures += _copy_figures(found, "lite2", len(drawn))
    return figures, closest_pairs(drawn, pictures.pixels, Nearest(found.nearest.distance, train[found.nearest.index]))


def _copy_figures(found: Copies, space: str, n: int) -> list[Figure]:
    return [
        _share(f"nearer to a training picture than 99 % of held-out ones ({space})", found.share, n, "1 % is as real ones", headline=True),
        Figure(f"median distance to the nearest training picture ({space})", found.closeness, "× held-out", n),
    ]
