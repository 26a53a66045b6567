"""Rules: what pictures must show to be kept, in a form that is saved by name, written into manifests and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engines.curation.encoder import OPENAI_MODEL, OPENAI_THRESHOLD, Encoder, require_model
from engines.curation.prompts import directions, prompt_list
from engines.curation.scoring import METHODS, kept_mask, method_scores, threshold_value
from engines.errors import StudioError

FORMAT = 1
MAX_NAME = 80
MAX_PASSES = 16


@dataclass(frozen=True)
class Pass:
    """One question to each picture.

    Attributes:
        positives: what it should show; several prompts are one ensemble.
        negatives: what it should not.
        method: "cosine", "margin" or "softmax"; see `scoring.method_scores`.
        cut: pictures that score at least this pass.

    Raises:
        StudioError: no prompt, one that is too long, an unknown method, or an impossible cut.
    """

    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    method: str = "cosine"
    cut: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise StudioError(f"the method is {', '.join(METHODS)}, got {str(self.method)[:40]!r}: choose one of these")
        if not self.positives:
            raise StudioError("a pass needs at least one prompt: write what the pictures should show, such as cityscape")
        if self.method == "margin" and not self.negatives:
            raise StudioError("a margin needs something unwanted to be measured against: add a negative prompt, or score by cosine")
        object.__setattr__(self, "positives", prompt_list(self.positives))
        object.__setattr__(self, "negatives", prompt_list(self.negatives))
        object.__setattr__(self, "cut", threshold_value(self.cut, self.method))

    def sentence(self) -> str:
        """The pass in words, such as "cityscape ≥ 0.21"."""
        against = f" against {', '.join(self.negatives)}" if self.negatives else ""
        method = "" if self.method == "cosine" else f" ({self.method})"
        return f"{', '.join(self.positives)}{against}{method} ≥ {self.cut:g}"


@dataclass(frozen=True)
class Rule:
    """Passes in a row: a picture is kept when it passes all. A rule belongs to one model, for cuts mean nothing under another.

    Attributes:
        name: what people call it; may be empty.
        model_id: of the encoder, weights and precision included.

    Raises:
        StudioError: no model, no passes, too many, or too long a name.
    """

    name: str
    model_id: str
    passes: tuple[Pass, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or len(self.name) > MAX_NAME or not self.name.isprintable():
            raise StudioError(f"a rule's name has at most {MAX_NAME} letters, got {str(self.name)[:100]!r}: choose another")
        if not isinstance(self.model_id, str) or not self.model_id:
            raise StudioError("the rule names no model: score with one and save the rule again")
        if not 1 <= len(self.passes) <= MAX_PASSES:
            raise StudioError(f"a rule has 1 to {MAX_PASSES} passes, got {len(self.passes)}: stack fewer")

    def sentence(self) -> str:
        """The rule in words, such as "cityscape ≥ 0.21, then night ≥ 0.2"."""
        return ", then ".join(one.sentence() for one in self.passes)

    def as_json(self) -> dict[str, Any]:
        """`{format, name, model_id, passes: [{positives, negatives, method, cut}]}`."""
        passes = [asdict(one) | {"positives": list(one.positives), "negatives": list(one.negatives)} for one in self.passes]
        return {"format": FORMAT, "name": self.name, "model_id": self.model_id, "passes": passes}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Rule":
        """The rule that `as_json` wrote, checked.

        Raises:
            StudioError: a later format, or a value missing or out of its range.
        """
        if not isinstance(entry, Mapping) or entry.get("format") != FORMAT:
            raise StudioError(f"a rule of format {FORMAT} was expected, got {str(entry)[:80]}: save it anew, or update Atelier")
        try:
            passes = tuple(
                Pass(_texts(one["positives"]), _texts(one.get("negatives", ())), one.get("method", "cosine"), one["cut"])
                for one in entry["passes"]
            )
            return cls(entry.get("name", ""), entry["model_id"], passes)
        except (KeyError, TypeError, AttributeError) as error:
            raise StudioError(
                f"a rule needs a model_id and passes with positives and a cut, got {str(entry)[:120]}: save it anew"
            ) from error


REPORT = Rule("report", f"{OPENAI_MODEL}/float32", (Pass(("cityscape",), cut=OPENAI_THRESHOLD),))
SHIPPED = {REPORT.name: REPORT}


@dataclass(frozen=True)
class Judgement:
    """What a rule makes of pictures.

    Attributes:
        rule: with the cuts that were used.
        scores: of each picture in each pass, shape (n, passes), float64; NaN where a picture could not be read.
        kept: shape (n,), bool.
    """

    rule: Rule
    scores: np.ndarray
    kept: np.ndarray

    @property
    def surplus(self) -> np.ndarray:
        """By how much each picture passes, in the pass where it does worst; negative when it fails; shape (n,)."""
        return (self.scores - [one.cut for one in self.rule.passes]).min(axis=1)

    @property
    def standing(self) -> tuple[np.ndarray, float]:
        """One score a picture, shape (n,), and the cut at or above which it is kept: of one pass its own, of several the surplus and 0."""
        return (self.scores[:, 0], self.rule.passes[0].cut) if len(self.rule.passes) == 1 else (self.surplus, 0.0)


@dataclass(frozen=True)
class Disagreement:
    """A picture that one rule keeps and the other drops.

    Attributes:
        place: among the pictures judged.
        kept_by_first: whether the first rule is the one that keeps it.
        amount: how far apart the rules see it: the part of the pictures, 0 to 2, that lies between it and the cut, added for both.
    """

    place: int
    kept_by_first: bool
    amount: float


def judge(rule: Rule, vectors: np.ndarray, encoder: Encoder) -> Judgement:
    """Apply a rule to pictures.

    Args:
        vectors: of the encoder, shape (n, dimensions), float32; rows of NaN are pictures that could not be read, which are never kept.

    Raises:
        StudioError: the rule belongs to another model.
    """
    require_model(encoder, rule.model_id, f"the rule {rule.name or rule.sentence()!r}")
    columns = [method_scores(vectors, directions(encoder, one.positives, one.negatives), one.method) for one in rule.passes]
    kept = np.logical_and.reduce([kept_mask(column, one.cut) for column, one in zip(columns, rule.passes, strict=True)])
    return Judgement(rule, np.stack(columns, axis=1), kept)


def stacked(name: str, rules: Sequence[Rule]) -> Rule:
    """One rule that asks everything that several rules ask, each question once, in order.

    Raises:
        StudioError: no rules, or rules of different models.
    """
    models = list(dict.fromkeys(rule.model_id for rule in rules))
    if len(models) != 1:
        raise StudioError(f"rules can be stacked when they belong to one model, got {' and '.join(models) or 'none'}: save them for one")
    return Rule(name, models[0], tuple(dict.fromkeys(one for rule in rules for one in rule.passes)))


def disagreements(first: Judgement, second: Judgement) -> tuple[Disagreement, ...]:
    """The pictures on which two rules disagree, the greatest disagreement first.

    Scores of different prompts and models cannot be compared; ranks can. Each rule's distance is the part of all pictures between the
    picture and its cut.

    Raises:
        StudioError: the rules have judged different numbers of pictures.
    """
    if len(first.kept) != len(second.kept):
        raise StudioError(
            f"the rules have judged {len(first.kept)} and {len(second.kept)} pictures: judge the same pictures with both to compare them"
        )
    amounts = _distance(first.surplus) + _distance(second.surplus)
    known = np.isfinite(first.surplus) & np.isfinite(second.surplus)
    places = np.flatnonzero((first.kept != second.kept) & known)
    places = places[np.argsort(-amounts[places], kind="stable")]
    return tuple(Disagreement(int(place), bool(first.kept[place]), float(amounts[place])) for place in places)


def _distance(surplus: np.ndarray) -> np.ndarray:
    """Part of the pictures, 0 to 1, that lies between each picture and the cut at 0; shape (n,)."""
    ranked = np.sort(surplus[np.isfinite(surplus)])
    cut = np.searchsorted(ranked, 0)
    ends = np.where(surplus < 0, np.searchsorted(ranked, surplus), np.searchsorted(ranked, surplus, side="right"))
    return np.abs(ends - cut) / max(1, len(ranked))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        raise TypeError("prompts are a list of texts")
    return tuple(value)
