"""What a run's folder says, and whose it is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.errors import StudioError
from engines.training.background import stop
from engines.training.runs import Run, is_run, is_search, latest_notice
from tests.engines.training.made_runs import made_run

LONGEST_PATH = os.pathconf("/", "PC_PATH_MAX")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with training."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_a_later_process_of_the_same_number_neither_owns_a_run_nor_is_stopped(stranger: subprocess.Popen[bytes], tmp_path: Path) -> None:
    run = Run(tmp_path)
    with run.locked():
        lock = json.loads(run.lock_file.read_text())
    run.lock_file.write_text(json.dumps({"process": stranger.pid, "began": lock["began"] - 3600}))
    assert run.owner() is None
    with pytest.raises(StudioError, match="nothing is training"):
        stop(run)
    assert stranger.poll() is None


def test_a_lock_of_an_earlier_atelier_counts_only_if_its_process_was_there_when_it_was_written(
    stranger: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    run = Run(tmp_path)
    run.lock_file.write_text(str(stranger.pid))
    assert run.owner() == stranger.pid
    os.utime(run.lock_file, (time.time() - 3600,) * 2)
    assert run.owner() is None


@pytest.mark.parametrize("text", ["", "none", "-1", "null", "[]", "{}", '{"process": 0.5, "began": 1}'])
def test_a_lock_that_says_nothing_locks_nothing(text: str, tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.lock_file.write_text(text)
    assert run.owner() is None


def test_a_process_that_ended_and_was_not_waited_for_owns_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        run.lock_file.write_text(str(ended.pid))
        assert ended.stdout is not None
        ended.stdout.read()
        deadline = time.monotonic() + 10
        while run.owner() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert run.owner() is None
        assert ended.returncode is None


def test_a_process_of_another_user_is_told_of_in_a_sentence(
    stranger: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(process: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    run = Run(tmp_path)
    run.lock_file.write_text(str(stranger.pid))
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(StudioError, match=f"process {stranger.pid} belongs to another user"):
        stop(run)


def test_what_fails_before_anything_was_written_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no pictures"), Run(tmp_path / "run").locked():
        raise StudioError("no pictures")
    assert not (tmp_path / "run").exists()


def test_a_torn_last_line_of_the_metrics_is_passed_over_and_spoils_no_other(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.report({"step": 1})
    with run.metrics_file.open("a") as handle:
        handle.write('{"step": 2, "lo')
    assert run.metrics() == [{"step": 1}]
    run.report({"step": 2})
    run.report({"step": 3})
    assert run.metrics() == [{"step": 1}, {"step": 2}, {"step": 3}]


def test_a_notice_counts_until_held_out_pictures_are_looked_at_again() -> None:
    alike: list[dict[str, Any]] = [{"step": 250, "held-out KID": 9.0}, {"step": 250, "notice": "Too much alike"}]
    trained = [*alike, {"step": 260, "seconds": 9.0, "generator": 1.0}]
    assert latest_notice(trained) == "Too much alike"
    assert latest_notice([*trained, {"step": 500, "held-out KID": 5.0}]) == ""
    assert latest_notice([]) == ""


def test_a_run_that_trains_has_no_checkpoint_yet_and_one_that_ended_never_will(stranger: subprocess.Popen[bytes], tmp_path: Path) -> None:
    run = Run(tmp_path)
    with pytest.raises(StudioError, match="ended before its first save; train it anew in another folder"):
        run.checkpoint()
    run.lock_file.write_text(str(stranger.pid))
    with pytest.raises(StudioError, match="wait for its first save"):
        run.checkpoint()


def test_a_folder_is_a_run_by_its_settings_or_while_it_starts_or_by_the_log_of_a_start_that_failed(
    stranger: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    made_run(tmp_path / "made", {})
    folders = {
        name: tmp_path / name for name in ("made", "foreign", "named", "list", "starting", "failed", "killed", "search", "other", "empty")
    }
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    for name, text in (("foreign", '{"model": "of something else"}'), ("named", '{"preset": "fast"}'), ("list", '["preset"]')):
        (folders[name] / "config.json").write_text(text)
    for name in ("starting", "search"):
        (folders[name] / "lock").write_text(str(stranger.pid))
    (folders["search"] / "search.json").write_text("{}")
    (folders["failed"] / "log.txt").write_text("reading pictures: 3 of 9\nerror: none of the 9 pictures can be read\n")
    (folders["killed"] / "log.txt").write_text("reading pictures: 3 of 9\n")
    (folders["killed"] / "lock").write_text("999999999")
    (folders["killed"] / ".config-1a2b.json").write_text("")
    (folders["other"] / "log.txt").write_text("of something else")
    (folders["other"] / "notes.txt").write_text("of something else")
    assert [name for name, folder in folders.items() if is_run(folder)] == ["made", "starting", "failed", "killed"]
    assert Run(folders["starting"]).status()["state"] == "starting"
    assert Run(folders["failed"]).status() == {"state": "failed", "notice": "none of the 9 pictures can be read"}
    assert Run(folders["killed"]).status() == {"state": "failed", "notice": "reading pictures: 3 of 9"}


def test_a_folder_that_cannot_be_read_is_no_run(tmp_path: Path) -> None:
    """The files in it have names longer than the system takes, so that looking for them fails as it does without permission."""
    folder = tmp_path
    while len(str(folder)) < LONGEST_PATH - 250:
        folder = folder / ("d" * 200)
    folder = folder / ("e" * (LONGEST_PATH - 6 - len(str(folder))))
    folder.mkdir(parents=True)
    with pytest.raises(OSError, match="too long"):
        (folder / "config.json").stat()
    assert not is_run(folder)
    assert not is_search(folder)


def test_a_start_in_the_background_has_not_failed_before_it_said_something(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.log_file.write_text("")
    assert run.status()["state"] == "starting"
    os.utime(run.log_file, (time.time() - 3600,) * 2)
    assert run.status()["state"] == "failed"
