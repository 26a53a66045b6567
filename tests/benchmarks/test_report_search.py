"""The report's sixteen rows beside those of a search, without any training."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks._report_search import ATTENTION, BATCH, PARTS, RATE, REPORT, Setting, as_markdown, main, mean_by_value
from engines.paths import REPOSITORY
from engines.training.search import Row

PAGE = REPOSITORY / "docs" / "search.md"


def row(setting: Setting, score: float | None, number: int = 1, **changes: Any) -> Row:
    batch, rate, attention, parts = setting
    settings: dict[str, Any] = {BATCH: batch, RATE: rate, ATTENTION: [32] if attention else [], PARTS: parts}
    state = "finished" if score is not None else "diverged"
    return Row(f"trial-{number:02d}", settings | changes, state, score, {}, 40, 40, 9.0, "" if score is not None else "a loss is no number")


def searched(folder: Path, rows: list[Row]) -> Path:
    (folder / "search.json").write_text(json.dumps({"steps a trial": 40, "numerics": {"precision": "bfloat16"}}))
    (folder / "results.json").write_text(json.dumps({"trials": [asdict(one) for one in rows]}))
    return folder


def test_the_report_has_sixteen_rows_and_its_best_is_the_one_that_it_names() -> None:
    assert len(REPORT) == 16
    assert min(REPORT, key=lambda setting: REPORT[setting]) == (10, 1e-3, True, 1)
    rates = mean_by_value(REPORT)[1]
    assert rates == {2e-4: pytest.approx(407.7875), 1e-3: pytest.approx(301.2)}


def test_rows_stand_side_by_side_with_their_ranks_and_the_best_marked(tmp_path: Path) -> None:
    rows = [row(setting, fid + 100, number) for number, (setting, fid) in enumerate(REPORT.items(), 1)]
    assert main([str(searched(tmp_path, rows)), "--docs", str(tmp_path / "docs" / "page.md")]) == 0
    page = (tmp_path / "docs" / "page.md").read_text()
    assert "| 10 | 0.001 | yes | 1 | **270.0** | 1 | **370.0** | 1 |" in page
    assert "| 10 | 0.0002 | no | 1 | 442.3 | 16 | 542.3 | 16 |" in page
    assert "Spearman) of the two: 1.00 over 16 rows" in page
    assert "after 40 steps" in page
    assert "--grid --steps 40 --precision bfloat16 --out OUT" in page
    assert "| attention at 32 px | no: 366.0; yes: 343.0 | no: 466.0; yes: 443.0 |" in page


def test_a_row_without_a_score_is_said_and_ranks_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third, *_ = REPORT
    rows = [row(first, 800.0), row(second, None, 2), row(third, 700.0, 3)]
    assert main([str(searched(tmp_path, rows))]) == 0
    page = capsys.readouterr().out
    assert "| 10 | 0.0002 | yes | 5 | 403.4 |  | – |  |" in page
    assert "Without a score: trial-02 (diverged: a loss is no number)." in page
    assert "Spearman" not in page


def test_what_the_report_did_not_search_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = next(iter(REPORT))
    assert main([str(searched(tmp_path, [row(first, 1.0, **{BATCH: 12})]))]) == 2
    assert "which the report did not" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere")]) == 2


def test_the_page_in_the_documentation_has_every_row_of_the_report() -> None:
    text = PAGE.read_text()
    for setting, fid in REPORT.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {setting[0]} | {setting[1]:g} |") and f"{fid}" in line]
        assert "–" not in line
    assert as_markdown({}, {}, [], "run").splitlines()[0] == text.splitlines()[0]
