"""Which class a picture shows: a judge trained by a fixed recipe on the training pictures and measured on the held-out ones.

The rule: where there are at least 10,000 training pictures of at most 32 pixels a side, a small convolutional network learns from the
pixels; everywhere else a linear judge learns on Lite2 features of each picture and its mirror image.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import compute, paths
from engines.compute import Numerics
from engines.errors import StudioError
from engines.evaluation.features import FeatureSet, with_mirrored
from engines.evaluation.probe import Probe, accuracy, fit_probe
from engines.networks.layers import pooled_means
from engines.progress import Progress, silent

ENOUGH, SMALL = 10_000, 32
RECIPE = 1
EPOCHS, BATCH, RATE = 4, 128, 4e-3
NUMERICS = Numerics("float32", channels_last=True)
TEACHING = Numerics("bfloat16", channels_last=True)


class SmallClassifier(nn.Module):
    """Three stages of convolutions for small pictures.

    Shapes: pictures (n, channels, h, w) in [-1, 1] → logits (n, classes).
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_stage(channels, 32),
            nn.MaxPool2d(2),
            *_stage(32, 64),
            *_stage(64, 64),
            nn.MaxPool2d(2),
            *_stage(64, 128),
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(128 * 9, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, classes))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(pooled_means(self.body(pictures), 3).flatten(1))


def _stage(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()


@dataclass(frozen=True)
class ClassJudge:
    """A trained judge of classes.

    Attributes:
        recipe: in words, for the report.
        accuracy: on real held-out pictures; by_class: the same for each class; held_out: how many pictures these were.
        network, probe, features: what it judges with: a network of its own, or a linear judge on features.
    """

    recipe: str
    accuracy: float
    by_class: tuple[float, ...]
    held_out: int
    network: SmallClassifier | None = None
    probe: Probe | None = None
    features: FeatureSet | None = None

    def judge(self, pixels: np.ndarray, progress: Progress = silent) -> np.ndarray:
        """The likeliest class of each picture: uint8, shape (n, channels, h, w) → (n,), int64."""
        if self.network is not None:
            return _network_probabilities(self.network, pixels).argmax(axis=1)
        if self.probe is None or self.features is None:
            raise StudioError("this judge has learned nothing: train it with train_class_judge")
        return self.probe.probabilities(with_mirrored(self.features, pixels, progress)).argmax(axis=1)


def train_class_judge(
    pixels: np.ndarray, labels: np.ndarray, held_out: np.ndarray, classes: int, features: FeatureSet, progress: Progress = silent
) -> ClassJudge:
    """Train the judge of a picture set by the rule of this module; features and networks are kept below `studio_home()`.

    Args:
        pixels: uint8, shape (n, channels, h, w), framed and sized exactly as the generator draws.
        labels: shape (n,), int64; held_out: shape (n,), bool.
        features: what the linear judge sees with.

    Raises:
        StudioError: a class has no training picture, or nothing is held out.
        Cancelled: when `progress` says so.
    """
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    missing = [index for index in range(classes) if not (labels[train] == index).any()]
    if missing or not len(test):
        lacking = f"class {missing[0]} has no training picture" if missing else "no picture is held out"
        raise StudioError(f"a judge of classes cannot be trained and measured, {lacking}: add pictures")
    if len(train) >= ENOUGH and max(pixels.shape[-2:]) <= SMALL:
        network = _trained_network(pixels, labels, train, classes, progress)
        chances = _network_probabilities(network, pixels[test])
        recipe = f"convolutional network of its own, {EPOCHS} epochs"
        return ClassJudge(recipe, *_measured(chances, labels[test], classes), network=network)
    probe = fit_probe(with_mirrored(features, pixels[train], progress), labels[train], classes)
    chances = probe.probabilities(with_mirrored(features, pixels[test], progress))
    recipe = f"linear on {features.name} features of the picture and its mirror image"
    return ClassJudge(recipe, *_measured(chances, labels[test], classes), probe=probe, features=features)


def _measured(chances: np.ndarray, labels: np.ndarray, classes: int) -> tuple[float, tuple[float, ...], int]:
    members = [labels == index for index in range(classes)]
    by_class = tuple(accuracy(chances[part], labels[part]) if part.any() else float("nan") for part in members)
    return accuracy(chances, labels), by_class, len(labels)


def _trained_network(pixels: np.ndarray, labels: np.ndarray, train: np.ndarray, classes: int, progress: Progress) -> SmallClassifier:
    network = SmallClassifier(pixels.shape[1], classes)
    digest = hashlib.sha256(f"{RECIPE} {EPOCHS} {BATCH} {RATE} {classes} {pixels.shape}".encode())
    for part in (pixels[train], labels[train]):
        digest.update(np.ascontiguousarray(part).data)
    path = paths.studio_home() / "cache" / "judges" / f"{digest.hexdigest()[:32]}.pt"
    if path.exists():
        network.load_state_dict(torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True))
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = SmallClassifier(pixels.shape[1], classes)
            _teach(network, pixels, labels, train, progress)
        with paths.replacing(path) as temporary:
            torch.save(network.state_dict(), temporary)
    return cast(SmallClassifier, NUMERICS.place(network.eval().requires_grad_(False)))


def _teach(network: SmallClassifier, pixels: np.ndarray, labels: np.ndarray, train: np.ndarray, progress: Progress) -> None:
    """Adam over one rise and fall of the learning rate; half of the pictures are mirrored, targets are smoothed a little."""
    TEACHING.place(network.train())
    steps = EPOCHS * (len(train) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    random = np.random.default_rng(0)
    for step in range(steps):
        if step % (len(train) // BATCH) == 0:
            order = random.permutation(train)
        chosen = order[(step * BATCH) % (len(train) // BATCH * BATCH) :][:BATCH]
        pictures = TEACHING.arrange(_inputs(pixels[chosen]))
        turned = torch.from_numpy(random.random(len(chosen)) < 0.5).to(pictures.device)
        pictures = torch.where(turned[:, None, None, None], pictures.flip(-1), pictures)
        targets = torch.from_numpy(labels[chosen]).to(pictures.device)
        with TEACHING.autocast():
            logits = network(pictures)
        loss = functional.cross_entropy(logits.float(), targets, label_smoothing=0.05)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        progress(step + 1, steps, "training the judge of classes")


def _inputs(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(compute.device()).float().div(127.5).sub(1)


@torch.inference_mode()
def _network_probabilities(network: SmallClassifier, pixels: np.ndarray) -> np.ndarray:
    """Mean over the picture and its mirror image, shape (n, classes)."""
    parts = []
    for begin in range(0, len(pixels), 2 * BATCH):
        pictures = NUMERICS.arrange(_inputs(pixels[begin : begin + 2 * BATCH]))
        parts.append((network(pictures).softmax(dim=1) + network(pictures.flip(-1)).softmax(dim=1)).cpu() / 2)
    return torch.cat(parts).numpy()
