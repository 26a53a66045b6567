"""What an evaluation found: figures with their units and numbers of pictures, as JSON, as lines, and as the headline of a card."""

import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engines.errors import StudioError
from engines.models.card import Card
from engines.paths import replacing

FORMAT = 1
Z95 = 1.959964
REPORT_FILE = "evaluation.json"


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured; unit: "%" for shares (whose value stays within 0 to 1), or what the number counts.
        value: the number; error: its standard error, where it has one.
        n: pictures it rests on.
        headline: whether it belongs on the card.
        note: how to read it, a sentence or less; telling: whether the note belongs on the card, too.
        counted: whether the number is how many of the n pictures did something, which gives it an interval.
    """

    name: str
    value: float
    unit: str
    n: int
    error: float | None = None
    headline: bool = False
    note: str = ""
    telling: bool = False
    counted: bool = False

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share of all pictures lies, with 95 % certainty; None for what is no share of n pictures.

        Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
        """
        if not self.counted:
            return None
        spread = Z95**2 / self.n
        middle = (self.value + spread / 2) / (1 + spread)
        reach = math.sqrt(self.value * (1 - self.value) * spread + spread**2 / 4) / (1 + spread)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def text(self) -> str:
        """The number as people read it, with its unit, error or interval, and n."""
        times, digits = (100, ".1f") if self.unit == "%" else (1, ".4g")
        error = f" ± {times * self.error:.2g}" if self.error is not None else ""
        within = f"95 % interval {100 * self.interval[0]:.1f} to {100 * self.interval[1]:.1f}, " if self.interval else ""
        return f"{times * self.value:{digits}}{error} {self.unit}".strip() + f" ({within}n = {self.n})"


WARNINGS: dict[bool | None, tuple[str, ...]] = {
    True: (),
    False: ("These are not the pictures its card names: held-out ones may have been trained on.",),
    None: ("Its card does not name the pictures it learned from: held-out ones may be among them.",),
}


@dataclass(frozen=True)
class Report:
    """All figures of one evaluation of one model.

    Attributes:
        model, kind, weights_sha256: what was measured.
        data_sha256: hash of the pictures; same_data: whether the model's card names the same, None where it names none.
        pictures: how many each part has.
        features: identity of the feature set.
        command: gives these figures again, with DIR and FILE in place of paths.
        figures: in the order in which they are read.
        seconds: each stage took.
    """

    model: str
    kind: str
    weights_sha256: str
    data_sha256: str
    same_data: bool | None
    pictures: dict[str, int]
    features: str
    command: str
    figures: tuple[Figure, ...]
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text of `evaluation.json`."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"

    def lines(self) -> list[str]:
        """The figures for people, one a line."""
        wide = max((len(figure.name) for figure in self.figures), default=0)
        listed = [f"{figure.name:{wide}}  {figure.text()}{'  ' + figure.note if figure.note else ''}" for figure in self.figures]
        parts = ", ".join(f"{count} {name}" for name, count in self.pictures.items())
        return [f"{self.model}: {parts}; features {self.features}", *WARNINGS[self.same_data], *listed]


def headline(report: Report) -> dict[str, str]:
    """What of a report stands in the card's `evaluation`."""
    chief = [figure for figure in report.figures if figure.headline]
    figures = {figure.name: figure.text() + (f"; {figure.note}" if figure.telling else "") for figure in chief}
    return {"command": report.command, **figures}


def write_report(report: Report, path: Path) -> None:
    """Write a report whole or not at all.

    Raises:
        StudioError: a figure is infinite or no number, or the file cannot be written.
    """
    broken = [figure.name for figure in report.figures if not math.isfinite(figure.value)]
    if broken:
        raise StudioError(f"{broken[0]} of {report.model} is no finite number: look at its pictures with --sheet")
    with replacing(path) as temporary:
        temporary.write_text(report.to_json())


def read_report(path: Path) -> Report:
    """A report from its file.

    Raises:
        StudioError: missing, damaged, or of another format.
    """
    try:
        fields: dict[str, Any] = json.loads(Path(path).read_text())
        found = fields.pop("format", None)
        if found != FORMAT:
            raise StudioError(f"{path} is a report of format {found}, this Atelier reads {FORMAT}: evaluate the model again")
        figures = tuple(Figure(**figure) for figure in fields.pop("figures"))
        return Report(figures=figures, **fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudioError(f"{path} cannot be read as a report ({type(error).__name__}): evaluate the model again") from error


def with_headline(card: Card, report: Report) -> Card:
    """The card with the report's headline figures.

    Raises:
        StudioError: the report is about other weights.
    """
    if report.weights_sha256 != card.weights_sha256:
        raise StudioError(f"the report of {report.model} is about other weights than its card names: evaluate the model again")
    return replace(card, evaluation=headline(report))
