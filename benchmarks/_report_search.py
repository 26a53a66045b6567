"""The search of the report on cityscapes (A.6), its sixteen rows beside ours.

  python -m engines search cityscape-run-1 --data DIR --classes buildings,street … --grid --steps N --out OUT
  python -m benchmarks._report_search OUT --docs docs/search.md

`make report-search DATA=DIR` does both. The report measured FID after 100 steps on cityscapes of its own; a search here gives KID with
`lite2` on held-out pictures of ours. So the figures do not compare, but what they say of a setting does: which value is better, and how the
sixteen are ranked.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scipy.stats import spearmanr

from engines.errors import StudioError
from engines.paths import replacing
from engines.training.search import Row, read_rows, search_facts

BATCH, RATE, ATTENTION, PARTS = (
    "batch",
    "rate",
    "generator_settings.attention+discriminator_settings.attention",
    "discriminator_settings.output_size",
)
Setting = tuple[int, float, bool, int]
"""Batch, learning rate, whether attention at 32 pixels, output size of the discriminator."""

REPORT: dict[Setting, float] = {
    (10, 2e-4, True, 1): 408.8,
    (10, 2e-4, True, 5): 403.4,
    (10, 2e-4, False, 1): 442.3,
    (10, 2e-4, False, 5): 424.1,
    (10, 1e-3, True, 1): 270.0,
    (10, 1e-3, True, 5): 317.7,
    (10, 1e-3, False, 1): 285.8,
    (10, 1e-3, False, 5): 352.6,
    (16, 2e-4, True, 1): 379.5,
    (16, 2e-4, True, 5): 403.5,
    (16, 2e-4, False, 1): 412.2,
    (16, 2e-4, False, 5): 388.5,
    (16, 1e-3, True, 1): 288.7,
    (16, 1e-3, True, 5): 272.2,
    (16, 1e-3, False, 1): 325.5,
    (16, 1e-3, False, 5): 297.1,
}
"""FID after 100 steps, as the report gives it."""
NAMES = ("batch", "learning rate", "attention at 32 px", "`disc_output_size`")


def setting_of(row: Row) -> Setting:
    """What a trial tried.

    Raises:
        StudioError: not one of the report's sixteen.
    """
    try:
        tried = row.settings[BATCH], float(row.settings[RATE]), bool(row.settings[ATTENTION]), row.settings[PARTS]
    except KeyError as error:
        raise StudioError(f"{row.trial} says nothing of {error}: search over what the report searched over") from error
    if tried not in REPORT:
        raise StudioError(f"{row.trial} tried {tried}, which the report did not: search over what the report searched over")
    return tried


def mean_by_value(scores: Mapping[Setting, float]) -> list[dict[object, float]]:
    """For each of the four settings: value → mean score of the trials that have it."""
    effects: list[dict[object, float]] = []
    for place in range(len(NAMES)):
        values = sorted({setting[place] for setting in scores}, key=float)
        groups = {value: [score for setting, score in scores.items() if setting[place] == value] for value in values}
        effects.append({value: sum(group) / len(group) for value, group in groups.items()})
    return effects


def as_markdown(ours: Mapping[Setting, float], steps: Mapping[Setting, int], missing: Sequence[str], command: str) -> str:
    """The page: every row with both figures and both ranks, the mean by value, and how alike the two rankings are.

    Args:
        ours: KID × 1000 of the trials that have one.
        steps: after how many; missing: trials without a score, in words.
    """
    shared = {setting: REPORT[setting] for setting in REPORT if setting in ours}
    places = {name: sorted(scores, key=lambda setting: scores[setting]) for name, scores in (("report", shared), ("ours", ours))}
    counted = ", ".join(f"{count:,}" for count in sorted(set(steps.values())))
    lines = [
        "# The report's search, and ours",
        "",
        f"    {command}",
        "    python -m benchmarks._report_search OUT --docs docs/search.md",
        "",
        "The grid of the report on cityscapes (A.6) for its Lightweight GAN: batch, learning rate, attention, and how many outputs the "
        "discriminator has. The report gives FID after 100 steps on cityscapes from Pexels; ours is KID × 1000 with `lite2` to held-out "
        f"photographs of buildings and streets at 64 px, after {counted} steps. The figures do not compare; ranks and directions do. Each "
        "row is one training of one seed: small differences are chance.",
        "",
        f"| {' | '.join(NAMES)} | report: FID | rank | ours: KID × 1000 | rank |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for setting in REPORT:
        batch, rate, attention, parts = setting
        told = f"{batch} | {rate:g} | {'yes' if attention else 'no'} | {parts}"
        if setting not in ours:
            lines.append(f"| {told} | {REPORT[setting]} |  | – |  |")
            continue
        ranks = [places[name].index(setting) + 1 for name in ("report", "ours")]
        figures = [f"{REPORT[setting]}", f"{ours[setting]:.1f}"]
        figures = [f"**{figure}**" if rank == 1 else figure for figure, rank in zip(figures, ranks, strict=True)]
        lines.append(f"| {told} | {figures[0]} | {ranks[0]} | {figures[1]} | {ranks[1]} |")
    lines += ["", "The mean by value, over the rows that both have:", "", "| setting | report | ours |", "|---|---|---|"]
    for name, theirs, own in zip(NAMES, mean_by_value(shared), mean_by_value(ours), strict=True):
        sides = ["; ".join(f"{_word(value)}: {mean:.1f}" for value, mean in side.items()) for side in (theirs, own)]
        lines.append(f"| {name} | {sides[0]} | {sides[1]} |")
    if len(shared) > 2:
        alike = spearmanr(list(shared.values()), [ours[setting] for setting in shared])
        lines += ["", f"Rank correlation (Spearman) of the two: {alike.statistic:.2f} over {len(shared)} rows, p = {alike.pvalue:.2g}."]
    lines += ["", f"Without a score: {'; '.join(missing)}."] if missing else []
    return "\n".join([*lines, ""])


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:g}"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks._report_search", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="OUT", help="folder of the search")
    parser.add_argument("--docs", type=Path, help="page to write")
    arguments = parser.parse_args(words)
    try:
        facts, rows = search_facts(arguments.folder), read_rows(arguments.folder).values()
        tried = {setting_of(row): row for row in rows}
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    ours = {setting: row.score for setting, row in tried.items() if row.score is not None}
    steps = {setting: row.step or row.steps for setting, row in tried.items()}
    missing = [f"{row.trial} ({row.state}: {row.notice})" for row in tried.values() if row.score is None]
    command = (
        "python -m engines search cityscape-run-1 --data DIR/scenes --classes buildings,street --over batch=10,16 --over rate=2e-4,1e-3 "
        f'--over "{ATTENTION}=(32,),()" --over {PARTS}=1,5 --grid --steps {facts["steps a trial"]} '
        f"--precision {facts['numerics']['precision']} --out OUT"
    )
    page = as_markdown(ours, steps, missing, command)
    print(page)
    if arguments.docs:
        with replacing(arguments.docs) as temporary:
            temporary.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
