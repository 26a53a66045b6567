"""A linear judge on frozen features: multinomial logistic regression."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from engines.errors import StudioError

STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
SLICE = 5
ITERATIONS = 80


@dataclass(frozen=True)
class Probe:
    """A fitted linear judge.

    Attributes:
        mean, scale: what features are centred and divided by, shape (d,).
        weight, bias: shapes (d, classes) and (classes,).
        strength: of the L2 penalty that was chosen.
    """

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    strength: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Of each class for each picture: features of its views, shape (n, views, d) → (n, classes), the mean over the views."""
        logits = (features - self.mean) / self.scale @ self.weight + self.bias
        return torch.from_numpy(logits).softmax(dim=-1).mean(dim=1).numpy()


def fit_probe(features: np.ndarray, labels: np.ndarray, classes: int, strengths: Sequence[float] = STRENGTHS) -> Probe:
    """Fit a linear judge; the strength of its L2 penalty is the one that serves best on every fifth picture, then all are learned from.

    Args:
        features: of the views of each picture (itself and its mirror image, or crops of it), shape (n, views, d).
        labels: shape (n,), int64.
        classes: how many there are.

    Raises:
        StudioError: a class has no picture, or there are fewer than ten pictures.
    """
    if len(np.unique(labels)) < classes or len(labels) < 2 * SLICE:
        counts = np.bincount(labels, minlength=classes).tolist()
        raise StudioError(f"a judge needs ten pictures and one of every class to learn from, got {counts} a class: add pictures")
    aside = np.arange(len(labels)) % SLICE == 0
    losses = []
    for strength in strengths:
        trial = _fit(features[~aside], labels[~aside], classes, strength)
        chance = trial.probabilities(features[aside])[np.arange(int(aside.sum())), labels[aside]]
        losses.append(-np.log(np.maximum(chance, 1e-12)).mean())
    return _fit(features, labels, classes, strengths[int(np.argmin(losses))])


def _fit(features: np.ndarray, labels: np.ndarray, classes: int, strength: float) -> Probe:
    flat = features.reshape(-1, features.shape[-1]).astype(np.float32)
    mean, scale = flat.mean(axis=0), flat.std(axis=0) + 1e-3
    inputs = torch.from_numpy((flat - mean) / scale)
    targets = torch.from_numpy(np.repeat(labels, features.shape[1]))
    weight = torch.zeros(flat.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=ITERATIONS, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(inputs @ weight + bias, targets) + strength * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return Probe(mean, scale, weight.detach().numpy(), bias.detach().numpy(), strength)


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose likeliest class is theirs: (n, classes) and (n,)."""
    return float((probabilities.argmax(axis=1) == labels).mean())
