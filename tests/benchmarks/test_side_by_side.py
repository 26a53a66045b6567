"""What stands beside what, without any training."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks._side_by_side import OURS, Outcome, as_markdown, done_before, main, missing, slug, write_page
from engines.errors import StudioError
from engines.paths import REPOSITORY

PAGE = REPOSITORY / "docs" / "side-by-side.md"
OUTCOMES = [Outcome(OURS, 0, 30.0, 9, 40.0, 0.5, 0.1), Outcome("plain DCGAN", 0, 30.0, 9, 80.0, 0.1, 0.0)]


def left_in(folder: Path) -> Path:
    folder.mkdir()
    for one in OUTCOMES:
        (folder / f"{slug(one.contender, one.seed)}.json").write_text(json.dumps(asdict(one)))
        (folder / f"{slug(one.contender, one.seed)}.webp").write_bytes(b"sheet")
    return folder


def test_a_result_of_another_length_is_refused(tmp_path: Path) -> None:
    path = left_in(tmp_path / "out") / f"{slug(OURS, 0)}.json"
    assert done_before(path, 30) == OUTCOMES[0]
    with pytest.raises(StudioError, match="is of 30 minutes, expected 2"):
        done_before(path, 2)


def test_one_seed_is_called_no_mean_and_several_are() -> None:
    assert "Mean" not in as_markdown(OUTCOMES, "run")
    assert "Ours is 0.50 of the better rival's" in as_markdown(OUTCOMES, "run")
    other = [Outcome(one.contender, 1, 30.0, 9, one.kid + 20, 0.5, 0.1) for one in OUTCOMES]
    assert f"KID × 1000: {OURS} 50.0 (2 seeds), plain DCGAN 90.0 (2 seeds)" in as_markdown([*OUTCOMES, *other], "run")
    assert f"KID × 1000: {OURS} 50.0 (2 seeds), plain DCGAN 80.0 (1 seed)" in as_markdown([*OUTCOMES, other[0]], "run")


def test_what_has_not_been_trained_is_said() -> None:
    lacking = missing(OUTCOMES, (0, 1))
    assert lacking == ["lightweight-gan, seed 0", f"{OURS}, seed 1", "plain DCGAN, seed 1", "lightweight-gan, seed 1"]
    assert "Not trained yet: lightweight-gan, seed 0; " in as_markdown(OUTCOMES, "run", lacking)
    assert "Not trained" not in as_markdown(OUTCOMES, "run")


def test_a_contender_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path), "--only", "StyleGAN9"]) == 2
    assert f"there is no contender 'StyleGAN9': choose of {OURS}" in capsys.readouterr().err


def test_a_page_has_its_sheets_and_results_beside_it(tmp_path: Path) -> None:
    write_page(OUTCOMES, "table", left_in(tmp_path / "out"), tmp_path / "docs" / "page.md")
    assert "(page/plain-DCGAN-0.webp)" in (tmp_path / "docs" / "page.md").read_text()
    assert (tmp_path / "docs" / "page" / "plain-DCGAN-0.webp").read_bytes() == b"sheet"
    assert done_before(tmp_path / "docs" / "page" / "plain-DCGAN-0.json", 30) == OUTCOMES[1]


def test_the_page_in_the_documentation_shows_the_results_beside_it() -> None:
    text = PAGE.read_text()
    for path in sorted(PAGE.with_suffix("").glob("*.json")):
        one = Outcome(**json.loads(path.read_text()))
        assert f"| {one.contender} | {one.seed} | {one.steps:,} | {one.kid:.1f} | {one.recall:.0%} |" in text
        assert f"({PAGE.stem}/{path.stem}.webp)" in text
