"""Trying settings: a grid or random ones, each trial an ordinary run with the same budget, judged on held-out pictures.

A search's folder: `search.json` (what was asked for), `trial-01`, `trial-02`, … (runs that `train --resume` takes further), `results.json`
and `results.csv`, written anew after each trial, and `lock` with the process's number while it searches.
"""

import ast
import bisect
import csv
import itertools
import json
import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from engines.errors import Cancelled, StudioError
from engines.paths import replacing
from engines.progress import Progress, Told, silent
from engines.training.presets import changed_preset, usual_settings
from engines.training.runs import Run
from engines.training.trainer import Diverged, Plan, Task, Workers, train

LOOK_EVERY = 250
NO_SCORE = "the held-out pictures gave no score: add pictures to each class"
ONE_STEP = "a trial of one step is not judged: give more --steps or --minutes"
TRIES = 100
PARTS = 3
SPAN = re.compile(r"([^,()\[\]{}'\"]+?)\.\.([^,()\[\]{}'\":]+)(:log)?")

Settings = dict[str, Any]
"""Axis → value of one trial."""


@dataclass(frozen=True)
class Span:
    """All numbers from one to another, drawn evenly, or evenly in their logarithm; only whole ones where the setting is whole."""

    low: float
    high: float
    log: bool
    whole: bool

    def at(self, share: float) -> float:
        """The number a share of the way, 0 to 1, from the lower end to the upper one; to three digits, so that it can be written down."""
        if self.whole:
            low, high = self.low - 0.5, self.high + 0.5
            found = low * (high / low) ** share if self.log else low + (high - low) * share
            return int(min(self.high, max(self.low, round(found))))
        found = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        return min(self.high, max(self.low, float(f"{found:.3g}")))


@dataclass(frozen=True)
class Axis:
    """What is tried of a setting.

    Attributes:
        name: the setting; `SETTING.KEY` for a part of one that holds several, several joined by `+` when they go together.
        values: those to choose from; empty for a span.
        span: where any number between two ends may be drawn.
    """

    name: str
    values: tuple[Any, ...] = ()
    span: Span | None = None


@dataclass(frozen=True)
class Study:
    """What a search tries.

    Attributes:
        preset: what all trials share.
        axes: what differs.
        random: how many trials are drawn; None for every combination.
        steps: of a trial; None for the preset's whole schedule.
        minutes: after which a trial stops even before; None for no limit.
        seed: of the draw, and of each trial's training.
    """

    preset: Any
    axes: tuple[Axis, ...]
    random: int | None
    steps: int | None
    minutes: float | None
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """As JSON: what a search that goes on must share with how it began."""
        over = {axis.name: asdict(axis.span) if axis.span else list(axis.values) for axis in self.axes}
        way = "grid" if self.random is None else f"{self.random} random trials"
        return {
            "preset": asdict(self.preset),
            "over": over,
            "way": way,
            "steps a trial": self.steps,
            "minutes a trial": self.minutes,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Prepared:
    """A trial that can be trained: the task, its run's settings, and what its checkpoint says of the pictures."""

    task: Task
    config: dict[str, Any]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Row:
    """What became of a trial.

    Attributes:
        trial: the name of its run.
        settings: axis → value.
        state: "finished", "diverged", "failed" where it could not be computed, such as for want of memory, or "not judged".
        score: of its best snapshot on held-out pictures, lower is better; None where it is not to be compared.
        figures: what was measured of that snapshot; step: when.
        steps, seconds: how long it was trained.
        notice: why there is no score.
    """

    trial: str
    settings: Settings
    state: str
    score: float | None
    figures: dict[str, float]
    step: int | None
    steps: int
    seconds: float
    notice: str = ""


def parse_axis(text: str, preset: Any) -> Axis:
    """`batch=24,48`, `rate=1e-4..1e-3:log`, `policy=(),("colour",)`, `discriminator_settings.output_size=1,5` of a preset.

    Raises:
        StudioError: no such setting, a value of another kind, a value twice, or fewer than two.
    """
    name, found, values = text.partition("=")
    if not found or not values:
        raise StudioError(f"--over {text[:60]!r} has no values: write NAME=A,B or NAME=LOW..HIGH, with :log for even in the logarithm")
    span = SPAN.fullmatch(values)
    if span:
        return Axis(name, span=_span(name, span, preset))
    chosen = tuple(_read(name, part, preset) for part in _split(values))
    if len({_text(value) for value in chosen}) < len(chosen) or len(chosen) < 2:
        raise StudioError(f"{name} takes two values or more, each once, got {values[:60]!r}: give others, or fix it with --set")
    return Axis(name, chosen)


def plan_trials(study: Study) -> list[Settings]:
    """The settings of every trial, in order: a function of the study alone.

    Raises:
        StudioError: nothing to try, a setting twice, a span in a grid, or more random trials than there are combinations.
    """
    names = [axis.name for axis in study.axes]
    parts = [part for name in names for part in name.split("+")]
    twice = [part for part in parts if parts.count(part) > 1]
    if not names or twice:
        raise StudioError(f"{twice[0]} is given twice: give all its values at once" if twice else "a search needs --over NAME=A,B")
    spans = [axis.name for axis in study.axes if axis.span]
    if study.random is None:
        if spans:
            raise StudioError(f"{spans[0]} is a span, which has no grid: give its values one by one, or take --random N")
        return [dict(zip(names, values, strict=True)) for values in itertools.product(*(axis.values for axis in study.axes))]
    chance = random.Random(study.seed)
    if not spans:
        grid = list(itertools.product(*(axis.values for axis in study.axes)))
        if study.random > len(grid):
            raise StudioError(f"--random {study.random} is more than the {len(grid)} combinations that there are: take --grid")
        return [dict(zip(names, values, strict=True)) for values in chance.sample(grid, study.random)]
    drawn: dict[str, Settings] = {}
    for _ in range(TRIES * study.random):
        settings = {axis.name: axis.span.at(chance.random()) if axis.span else chance.choice(axis.values) for axis in study.axes}
        drawn.setdefault(_text(settings), settings)
        if len(drawn) == study.random:
            return list(drawn.values())
    raise StudioError(f"--random {study.random} is more than the {len(drawn)} combinations found: give a smaller number or wider spans")


def trial_preset(study: Study, settings: Settings) -> Any:
    """The preset of a trial.

    Raises:
        StudioError: its schedule is shorter than the budget.
    """
    preset = study.preset
    for name, value in settings.items():
        for part in name.split("+"):
            preset = _with(preset, part, value)
    if study.steps and study.steps > preset.steps:
        raise StudioError(
            f"--steps {study.steps} is more than the {preset.steps} steps of {preset.name} with {_shown(settings)}: give fewer, or "
            f"lengthen it with --set {'pictures' if hasattr(preset, 'pictures') else 'steps'}=…"
        )
    return preset


def search(
    study: Study,
    folder: Path,
    prepare: Callable[[Any], Prepared],
    facts: dict[str, Any],
    resume: bool = False,
    save_every: int | None = None,
    progress: Progress = silent,
) -> list[Row]:
    """Train and judge every trial that has no row yet; one that was broken off goes on from its last save.

    Args:
        folder: of the search.
        prepare: a trial's preset → what is trained.
        facts: of pictures and machine, which a search that goes on must share beside the study.
        progress: called between steps; where it raises `Cancelled` the trial is saved, and the search can go on later.

    Returns:
        A row a trial, in order.

    Raises:
        StudioError: a search is there and `resume` is off, or it was begun with other settings; a trial's settings cannot be trained, which
            is found before any is; another process searches here.
        Cancelled: from `progress`.
    """
    trials = plan_trials(study)
    presets = [trial_preset(study, settings) for settings in trials]
    names = [f"trial-{place:0{max(2, len(str(len(trials))))}d}" for place in range(1, len(trials) + 1)]
    asked = json.loads(json.dumps({"format": 1, **study.facts(), **facts}))
    with Run(folder).locked():
        if resume:
            _check_same(folder, asked, usual_settings(study.preset))
        elif (folder / "search.json").exists():
            raise StudioError(f"{folder} holds a search already: go on with --resume, or choose another folder")
        rows = read_rows(folder) if resume else {}
        if not resume:
            for place, (settings, preset) in enumerate(zip(trials, presets, strict=True), start=1):
                progress(place, len(trials), "trying out the settings")
                _try_out(prepare, preset, settings)
            with replacing(folder / "search.json") as temporary:
                temporary.write_text(json.dumps(asked, indent=1) + "\n")
        for place, (name, settings, preset) in enumerate(zip(names, trials, presets, strict=True), start=1):
            if name not in rows:
                told = Told(progress, f"trial {place} of {len(trials)}")
                rows[name] = _trial(study, Run(folder / name), settings, prepare(preset), preset, save_every, told)
                write_results(study, folder, list(rows.values()))
        return [rows[name] for name in names]


def _try_out(prepare: Callable[[Any], Prepared], preset: Any, settings: Settings) -> None:
    try:
        prepare(preset)
    except StudioError as error:
        raise StudioError(f"with {_shown(settings)}: {error}") from error


def _trial(study: Study, run: Run, settings: Settings, prepared: Prepared, preset: Any, save_every: int | None, told: Told) -> Row:
    """Train one trial to the end of its budget, from its last save where there is one."""
    steps = study.steps or preset.steps
    minutes, state, notice = study.minutes, "finished", ""
    with run.locked():
        run.begin(prepared.config, run.config_file.exists(), usual_settings(preset))
        saved = run.checkpoint_file.exists()
        if minutes is not None and saved:
            minutes -= run.checkpoint()["seconds"] / 60
        plan = Plan(steps, minutes, study.seed, prepared.facts, look_every(steps), save_every=save_every, look_where_stopped=False)
        try:
            train(prepared.task, run, plan, Workers(), saved, told)
        except Diverged as error:
            state, notice = "diverged", str(error)
        except RuntimeError as error:
            state, notice = "failed", (str(error).strip().splitlines() or [type(error).__name__])[0]
            run.report({"step": 0, "notice": notice})
    if told.cancelled:
        raise Cancelled
    reached, seconds = run.reached()
    best = run.best() if state == "finished" else None
    if state == "finished" and (best is None or not math.isfinite(best["score"])):
        best, state, notice = None, "not judged", NO_SCORE if reached > 1 else ONE_STEP
    if best is None:
        return Row(run.folder.name, settings, state, None, {}, None, reached, seconds, notice)
    figures = {name: round(value, 5) for name, value in best["figures"].items()}
    return Row(run.folder.name, settings, state, round(best["score"], 5), figures, best["step"], reached, seconds)


def look_every(steps: int) -> int:
    """Steps between judgements: about 250, and such that the last one falls on the end, before the last save."""
    return steps // next(parts for parts in range(max(1, steps // LOOK_EVERY), 0, -1) if steps % parts == 0)


def best_row(rows: Sequence[Row]) -> Row | None:
    """The one with the lowest score, the first of equals; None where none has one."""
    return min((row for row in rows if row.score is not None), key=lambda row: row.score or 0.0, default=None)


def main_effects(axes: Sequence[Axis], rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Axis → of each of its values: the mean score over all trials that have one, how many, and how many have none.

    A span counts in thirds, of its logarithm where it is drawn so.
    """
    effects: dict[str, list[dict[str, Any]]] = {}
    for axis in axes:
        effects[axis.name] = []
        for label in _groups(axis):
            group = [row for row in rows if _group(axis, row.settings[axis.name]) == label]
            scores = [row.score for row in group if row.score is not None]
            mean = round(sum(scores) / len(scores), 5) if scores else None
            effects[axis.name].append({"value": label, "mean": mean, "trials": len(scores), "without score": len(group) - len(scores)})
    return effects


def _groups(axis: Axis) -> list[str]:
    """A label for each value of an axis, or for each third of its span."""
    if axis.span is None:
        return [_text(value) for value in axis.values]
    if _few(axis.span):
        return [str(value) for value in range(int(axis.span.low), int(axis.span.high) + 1)]
    return [f"{low:g} to {high:g}" for low, high in itertools.pairwise(_edges(axis.span))]


def _group(axis: Axis, value: Any) -> str:
    """The label of `_groups` that a value belongs to; an inner edge belongs to the upper third."""
    if axis.span is None or _few(axis.span):
        return _text(value)
    return _groups(axis)[bisect.bisect_right(_edges(axis.span)[1:-1], value)]


def _few(span: Span) -> bool:
    return span.whole and span.high - span.low < PARTS


def _edges(span: Span) -> list[float]:
    return [span.at(part / PARTS) for part in range(PARTS + 1)]


def results(study: Study, rows: Sequence[Row]) -> dict[str, Any]:
    """Rows, the best of them, how to train it further, and the main effects, as JSON."""
    best = best_row(rows)
    return {
        "format": 1,
        "score": "of each trial's best snapshot on held-out pictures, lower is better",
        "planned": len(plan_trials(study)),
        "trials": [asdict(row) for row in rows],
        "best": best.trial if best else None,
        "effects": main_effects(study.axes, rows),
    }


def write_results(study: Study, folder: Path, rows: Sequence[Row]) -> None:
    """Write `results.json` and, the best marked, `results.csv`."""
    with replacing(folder / "results.csv") as temporary, temporary.open("w", newline="") as handle:
        figures = list(dict.fromkeys(name for row in rows for name in row.figures))
        settings = [axis.name for axis in study.axes]
        best = best_row(rows)
        writer = csv.writer(handle)
        writer.writerow(["trial", "best", *settings, "state", "score", *figures, "step", "steps", "seconds", "notice"])
        for row in rows:
            tried = [_text(row.settings[name]) for name in settings]
            measured = [row.figures.get(name, "") for name in figures]
            mark = "best" if best and row.trial == best.trial else ""
            score = "" if row.score is None else row.score
            step = "" if row.step is None else row.step
            writer.writerow([row.trial, mark, *tried, row.state, score, *measured, step, row.steps, row.seconds, row.notice])
    with replacing(folder / "results.json") as temporary:
        temporary.write_text(json.dumps(results(study, rows), indent=1) + "\n")


def read_rows(folder: Path) -> dict[str, Row]:
    """The rows that a search has so far, by the name of the trial; what was no setting of JSON comes back as a list."""
    try:
        return {row["trial"]: Row(**row) for row in json.loads((folder / "results.json").read_text())["trials"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(f"{folder / 'results.json'} cannot be read: remove it, and the trials are judged anew") from error


def table(study: Study, rows: Sequence[Row]) -> str:
    """The rows from best to worst, the best marked with `*`, then the main effect of each setting."""
    best = best_row(rows)
    ranked = sorted(rows, key=lambda row: math.inf if row.score is None else row.score)
    lines = [["", "trial", *(axis.name for axis in study.axes), "score", "step", "seconds", ""]]
    for row in ranked:
        tried = [_text(row.settings[axis.name]) for axis in study.axes]
        score = "-" if row.score is None else f"{row.score:.4g}"
        remark = "" if row.state == "finished" else f"{row.state}: {row.notice}"
        mark = "*" if best and row.trial == best.trial else ""
        lines.append([mark, row.trial, *tried, score, "-" if row.step is None else str(row.step), f"{row.seconds:.0f}", remark])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    shown += ["", "mean score by value (trials):"]
    for name, values in main_effects(study.axes, rows).items():
        parts = []
        for entry in values:
            mean = "-" if entry["mean"] is None else f"{entry['mean']:.4g}"
            lost = f", {entry['without score']} without a score" if entry["without score"] else ""
            parts.append(f"{entry['value']}: {mean} ({entry['trials']}{lost})")
        shown.append(f"  {name}  {'; '.join(parts)}")
    return "\n".join(shown)


def changes_between(plain: Any, preset: Any) -> list[str]:
    """The `NAME=VALUE` that make one preset of another, as `changed_preset` takes them."""
    named = [entry.name for entry in fields(preset)]
    return [f"{name}={getattr(preset, name)!r}" for name in named if getattr(preset, name) != getattr(plain, name)]


def search_facts(folder: Path) -> dict[str, Any]:
    """What the search in a folder was begun with.

    Raises:
        StudioError: there is none.
    """
    try:
        return json.loads((folder / "search.json").read_text())
    except (OSError, ValueError) as error:
        raise StudioError(f"{folder} holds no search: start it without --resume") from error


def _check_same(folder: Path, asked: dict[str, Any], usual: dict[str, Any]) -> None:
    begun = search_facts(folder)
    begun["preset"] = json.loads(json.dumps(usual)) | begun["preset"] | {"summary": asked["preset"]["summary"]}  # which is no setting
    before, now = _flat(begun), _flat(asked)
    changed = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    if changed:
        detail = "; ".join(f"{name} was {before.get(name)!r} and is now {now.get(name)!r}" for name in changed)
        raise StudioError(f"{folder} was begun with other settings ({detail}): go on with the same ones, or choose another folder")


def _flat(facts: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in facts.items():
        found |= _flat(value, f"{above}{name}: ") if isinstance(value, dict) and value else {above + name: value}
    return found


def _split(values: str) -> list[str]:
    """At the commas that stand in no bracket and no quotation."""
    parts, depth, quote = [""], 0, ""
    for letter in values:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        depth += 0 if quote else (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _read(name: str, text: str, preset: Any) -> Any:
    """A value of a setting, or of several that go together."""
    found = [_read_one(part, text, preset) for part in name.split("+")]
    if any(type(value) is not type(found[0]) for value in found):
        raise StudioError(f"{name} are of different kinds: give each an --over of its own")
    return found[0]


def _read_one(name: str, text: str, preset: Any) -> Any:
    setting, inner, key = name.partition(".")
    if not inner:
        return getattr(changed_preset(preset, [f"{name}={text}"]), name)
    if not isinstance(getattr(changed_preset(preset, [f"{setting}={{}}"]), setting), dict) or not key:
        raise StudioError(f"{setting} holds no settings of its own: write {setting}=A,B")
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    present = getattr(preset, setting).get(key)
    if present is not None and type(value) is not type(present) and {type(value), type(present)} != {int, float}:
        raise StudioError(f"{name} must be like {present!r}, got {text[:40]!r}: write a value of that kind")
    return value


def _span(name: str, match: re.Match[str], preset: Any) -> Span:
    low, high = (_read(name, text, preset) for text in match.groups()[:2])
    if type(low) not in (int, float) or type(high) not in (int, float):
        raise StudioError(f"{name} is no number and has no span {match[0]!r}: give its values one by one")
    log = bool(match[3])
    if not (math.isfinite(low) and math.isfinite(high) and low < high) or (log and low <= 0):
        expected = "two numbers above 0" if log else "two numbers"
        raise StudioError(f"{name} spans {match[0]!r}, expected {expected}, the lower one first: change it")
    return Span(low, high, log, isinstance(low, int) and isinstance(high, int))


def _with(preset: Any, name: str, value: Any) -> Any:
    setting, inner, key = name.partition(".")
    return replace(preset, **{setting: getattr(preset, setting) | {key: value} if inner else value})


def _text(value: Any) -> str:
    """A value as people read it; the same whether it came from JSON or not."""
    return value if isinstance(value, str) else json.dumps(value)


def _shown(settings: Settings) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in settings.items())
