"""Directions in which pictures of a model change in one way: found, measured, named, kept beside the model.

Three ways to find them: GANSpace (what varies most in the first block), SeFa (what the first weights pass on most), and by measuring (what
changes an attribute such as brightness most). Whatever the way, a direction is worth its name only as far as the attribute rises along it
for most seeds, which is measured and stored with it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engines import compute, paths
from engines.errors import StudioError
from engines.evaluation.features import to_pixels
from engines.exploration.attributes import NAMES, measure
from engines.exploration.choosing import candidate_recipes
from engines.exploration.points import recipe_point
from engines.exploration.sampling import draw
from engines.models.card import Card
from engines.models.zoo import DrawingNetwork, Generator
from engines.progress import Progress, silent
from engines.recipe import MAX_AMOUNT, Drawn, Move, Sample, Steer, family_value, number_value, shift_numbers, shift_text

FORMAT = 1
FILE = "directions.json"
METHODS = ("measured", "ganspace", "sefa")
DRAWS = 2000
SEEDS = 100
FIRST_DRAW = 1_000_000  # apart from the seeds that directions are measured on
AT_ONCE = 64
AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)
STEP = 1.5
"""How far an amount of 1 goes: in standard deviations of the latent, or of w, along the direction."""
HOLDS = 0.8
MAX_NAME = 60
PENALTY = 30.0


@dataclass(frozen=True)
class Direction:
    """One direction of one model.

    Attributes:
        name: for people, who may change it.
        method: one of `METHODS`; index: which of those it found, 0 the strongest.
        shift: what an amount of 1 adds, as a recipe holds it.
        attribute: what it was measured to change; empty where nothing was measured.
        monotone: share of `seeds` for which the attribute rises at every step from -2 to 2.
        change: of the attribute from -2 to 2, in standard deviations among pictures.
    """

    name: str
    method: str
    index: int
    shift: str
    attribute: str = ""
    monotone: float = 0.0
    seeds: int = 0
    change: float = 0.0


@dataclass(frozen=True)
class _Seen:
    """What directions are found in: codes (latents on their sphere, or w), shape (n, d); first features, shape (n, f); attributes."""

    codes: np.ndarray
    features: np.ndarray
    attributes: dict[str, np.ndarray]


# Finding


def find_directions(
    generator: Generator,
    methods: Sequence[str] = METHODS,
    count: int = 8,
    draws: int = DRAWS,
    seeds: int = SEEDS,
    truncation: float = 1.0,
    progress: Progress = silent,
) -> list[Direction]:
    """Find directions and measure them, those that hold best first.

    Each attribute goes to the direction along which it rises for the most seeds; what is left over of GANSpace and SeFa keeps a number.

    Args:
        count: how many of GANSpace and of SeFa each.
        draws: pictures to learn from; seeds: other pictures to measure with.

    Raises:
        StudioError: an unknown method.
        Cancelled: when `progress` says so.
    """
    for method in methods:
        if method not in METHODS:
            raise StudioError(f"directions are found by {', '.join(METHODS)}, got {method[:40]!r}: choose among these")
    seen = _look(generator, draws, truncation, progress)
    measured_on = candidate_recipes(generator, seeds, truncation=truncation)
    still = measure(to_pixels(draw(generator, measured_on)))
    found: list[tuple[str, int, np.ndarray]] = []
    if "measured" in methods:
        found += [("measured", index, _slope(seen, name)) for index, name in enumerate(NAMES)]
    if "ganspace" in methods:
        found += [("ganspace", index, vector) for index, vector in enumerate(ganspace(seen.codes, seen.features, count))]
    if "sefa" in methods:
        found += [("sefa", index, vector) for index, vector in enumerate(sefa(first_weights(generator.network), count))]
    directions = []
    for place, (method, index, vector) in enumerate(found):
        attribute, sign = _likeliest(seen, vector) if method != "measured" else (list(NAMES)[index], 1)
        shift = shift_text((sign * _step(generator.network, seen.codes, vector) * vector).tolist())
        named = Direction(f"{method} {index + 1}", method, index, shift, attribute)
        directions.append(_measured(generator, named, measured_on, still[attribute], seen.attributes[attribute].std()))
        progress(place + 1, len(found), "measuring directions")
    return _best_first(directions)


def shipped_directions(found: Sequence[Direction]) -> list[Direction]:
    """Those that hold: an attribute each, which rises for at least four of five seeds; under the attribute's own name."""
    best: dict[str, Direction] = {}
    for direction in found:
        if direction.monotone >= HOLDS and direction.attribute not in best:
            best[direction.attribute] = replace(direction, name=NAMES[direction.attribute])
    return list(best.values())


def ganspace(codes: np.ndarray, features: np.ndarray, count: int) -> np.ndarray:
    """Principal components of the first block, carried back to the latent: codes (n, d), features (n, f) → unit vectors (count, d).

    Source: Härkönen et al., "GANSpace: Discovering Interpretable GAN Controls", arXiv 2004.02546, sections 2.1 and 2.2.
    """
    centred = torch.from_numpy(features - features.mean(axis=0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        left, strength, _ = torch.svd_lowrank(centred, q=min(count + 8, *centred.shape), niter=4)
    coordinates = (left[:, :count] * strength[:count]).numpy()
    vectors = np.linalg.lstsq(codes - codes.mean(axis=0), coordinates, rcond=None)[0].T
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sefa(weights: Tensor, count: int) -> np.ndarray:
    """Directions that the first weights, shape (outputs, d), stretch most: unit vectors, shape (count, d).

    Source: Shen and Zhou, "Closed-Form Factorization of Latent Semantics in GANs", arXiv 2007.06600, section 3.2.
    """
    _, vectors = torch.linalg.eigh((weights.t() @ weights).double())
    return vectors.flip(1).t()[:count].float().contiguous().numpy()


def first_weights(network: DrawingNetwork) -> Tensor:
    """The weights that meet the latent first, or those of all styles where there is a w: shape (outputs, d).

    Raises:
        StudioError: the network begins with something else.
    """
    module = network if isinstance(network, nn.Module) else nn.Module()
    if network.has_w:
        affine = [weight for name, weight in module.named_parameters() if name.endswith("affine.weight")]
        return torch.cat([weight.detach().cpu() for weight in affine])
    for layer in module.modules():
        if isinstance(layer, nn.Linear) and layer.in_features >= network.latent_dim:
            return layer.weight.detach().cpu()[:, : network.latent_dim]
        if isinstance(layer, nn.ConvTranspose2d) and layer.in_channels >= network.latent_dim:
            return layer.weight.detach().cpu()[: network.latent_dim].flatten(1).t()
    raise StudioError("this network does not begin with a linear layer: find directions by measured,ganspace")


@torch.no_grad()
def _look(generator: Generator, draws: int, truncation: float, progress: Progress) -> _Seen:
    network, where = generator.network, compute.device()
    recipes = candidate_recipes(generator, draws, truncation=truncation, first=FIRST_DRAW)
    starts = [recipe_point(generator, recipe).start for recipe in recipes]
    latents = torch.stack([start.latents[0] for start in starts])
    classes = torch.stack([start.classes[0] for start in starts])
    parts, values = [], []
    for begin in range(0, draws, AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        known = classes[some].to(where) if network.classes else None
        parts.append(network.begin(latents[some].to(where), known).flatten(1).float().cpu())
        values.append(measure(to_pixels(draw(generator, recipes[some]))))
        progress(min(some.stop, draws), draws, "drawing pictures to learn from")
    features = torch.cat(parts)
    on_sphere = latents * (network.latent_dim**0.5 / latents.norm(dim=1, keepdim=True))
    codes = features if network.has_w else on_sphere if network.prior == "normal" else latents
    if network.classes:  # a direction must not lead from one class to another
        mean = classes.t() @ features / classes.sum(dim=0)[:, None].clamp_min(1)
        features = features - classes @ mean
    attributes = {name: np.concatenate([part[name] for part in values]) for name in NAMES}
    if network.classes:
        share = (classes / classes.sum(dim=0).clamp_min(1)).numpy()
        attributes = {name: value - classes.numpy() @ (share.T @ value) for name, value in attributes.items()}
    return _Seen(codes.numpy(), features.numpy(), attributes)


def _slope(seen: _Seen, attribute: str) -> np.ndarray:
    """The unit vector along which an attribute rises most, by ridge regression."""
    codes = seen.codes - seen.codes.mean(axis=0)
    value = seen.attributes[attribute]
    weight = np.linalg.solve(codes.T @ codes + PENALTY * np.eye(codes.shape[1]), codes.T @ (value - value.mean()))
    return weight / max(float(np.linalg.norm(weight)), 1e-12)


def _likeliest(seen: _Seen, vector: np.ndarray) -> tuple[str, int]:
    """The attribute that goes with a direction most, and whether it rises or falls."""
    along = seen.codes @ vector
    correlation = {name: float(np.nan_to_num(np.corrcoef(along, value)[0, 1])) for name, value in seen.attributes.items()}
    name = max(correlation, key=lambda each: abs(correlation[each]))
    return name, 1 if correlation[name] >= 0 else -1


def _step(network: DrawingNetwork, codes: np.ndarray, vector: np.ndarray) -> float:
    """How far an amount of 1 goes along a direction; a latent varies by 1 along each."""
    return STEP * (float((codes @ vector).std()) if network.has_w else 1.0)


def _measured(generator: Generator, direction: Direction, recipes: Sequence[Sample], still: np.ndarray, spread: float) -> Direction:
    """A direction with what its attribute does along it.

    Args:
        still: the attribute of the recipes' own pictures, shape (n,); spread: its standard deviation among pictures.
    """
    moved = [steer_recipe(recipe, [(direction, amount)]) for amount in AMOUNTS if amount for recipe in recipes]
    values = measure(to_pixels(draw(generator, moved)), [direction.attribute])[direction.attribute].reshape(-1, len(recipes))
    values = np.insert(values, AMOUNTS.index(0.0), still, axis=0)
    rises = (np.diff(values, axis=0) > 0).all(axis=0)
    change = float((values[-1] - values[0]).mean() / max(float(spread), 1e-9))
    return replace(direction, monotone=round(float(rises.mean()), 3), seeds=len(recipes), change=round(change, 2))


def _best_first(directions: list[Direction]) -> list[Direction]:
    return sorted(directions, key=lambda direction: -direction.monotone)


# Moving


def steer_recipe(parent: Drawn, amounts: Sequence[tuple[Direction, object]]) -> Steer:
    """The recipe of a picture moved along directions, every value checked.

    Raises:
        StudioError: no direction, or an amount that is no number from -5 to 5.
    """
    if not amounts:
        raise StudioError("a picture is moved along a direction: choose one")
    moves = tuple(Move(direction.name, number_value(amount, "an amount", MAX_AMOUNT, -MAX_AMOUNT)) for direction, amount in amounts)
    shifts = np.array([shift_numbers(direction.shift) for direction, _ in amounts])
    total = (np.array([move.amount for move in moves])[:, None] * shifts).sum(axis=0)
    return Steer(*family_value([parent]), parent, moves, shift_text(total.tolist()))


# Keeping


def load_directions(folder: Path, card: Card) -> list[Direction]:
    """The directions of a model: those that the person found or named, else those that came with it; none for other weights.

    Args:
        folder: of the model.
    """
    for path in (own_file(card.name), folder / FILE):
        found = _read(path, card)
        if found is not None:
            return found
    return []


def own_file(model: str) -> Path:
    """Where a person's own directions of a model lie."""
    return paths.studio_home() / "directions" / f"{Path(model).name}.json"


def save_directions(path: Path, card: Card, directions: Sequence[Direction]) -> None:
    """Write directions for the weights of a card; the file appears only when whole."""
    fields = {"format": FORMAT, "weights": card.weights_sha256, "directions": [asdict(direction) for direction in directions]}
    with paths.replacing(path) as temporary:
        temporary.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def renamed(directions: Sequence[Direction], name: str, new: object) -> list[Direction]:
    """Directions of which one has another name.

    Raises:
        StudioError: no direction of that name, or a new name that is empty, too long or taken.
    """
    text = " ".join(new.split()) if isinstance(new, str) else ""
    known = [direction.name for direction in directions]
    if name not in known:
        raise StudioError(f"there is no direction {str(name)[:60]!r}: choose one of {', '.join(known) or 'none, find some first'}")
    if not 1 <= len(text) <= MAX_NAME or (text in known and text != name):
        raise StudioError(f"a direction's name has 1 to {MAX_NAME} letters and is not taken, got {text[:80]!r}: choose another")
    return [replace(direction, name=text) if direction.name == name else direction for direction in directions]


def _read(path: Path, card: Card) -> list[Direction] | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields["format"] != FORMAT or fields["weights"] != card.weights_sha256:
            return None
        found = [Direction(**direction) for direction in fields["directions"]]
        for direction in found:
            shift_numbers(direction.shift)
    except (OSError, ValueError, KeyError, TypeError, StudioError):
        return None
    return found
