"""A run's folder: what was asked for, what happened, and where to go on from.

`config.json`, `metrics.jsonl` (one line a report; a torn last line is tolerated), `samples/step-000500.png`, `checkpoints/latest.pt` to go
on from, `checkpoints/best.pt` to publish and `checkpoints/step-000500.pt` of snapshots that are kept (all readable with
`weights_only=True`), `heartbeat.json` with how far it is, `command.json` with how it was started, `marks.json` with what a person thinks of
its snapshots, `lock` with the process's number and beginning while it runs, and `log.txt` of a run in the background.
"""

import hashlib
import json
import os
import pickle
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import torch
from filelock import FileLock

from engines import compute
from engines.errors import StudioError
from engines.paths import replacing, studio_home

TURN_SECONDS = 20.0
SILENT_SECONDS = 120.0
SAME_SECONDS = 2.0
"""Within which two readings of when a process began may differ: systems count the seconds since their own beginning coarsely."""


@dataclass(frozen=True)
class Mark:
    """What a person thinks of a snapshot: a star, a note, both or neither."""

    star: bool = False
    note: str = ""


class Run:
    """One training run on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.config_file = self.folder / "config.json"
        self.metrics_file = self.folder / "metrics.jsonl"
        self.checkpoint_file = self.folder / "checkpoints" / "latest.pt"
        self.best_file = self.folder / "checkpoints" / "best.pt"
        self.heartbeat_file = self.folder / "heartbeat.json"
        self.command_file = self.folder / "command.json"
        self.marks_file = self.folder / "marks.json"
        self.lock_file = self.folder / "lock"
        self.log_file = self.folder / "log.txt"

    def begin(self, config: dict[str, Any], resume: bool, usual: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Create the folder, or check that a resumed run has the same settings.

        Args:
            usual: what settings of the preset are where nobody sets them; a run of an earlier Atelier, which did not know them, had these.

        Raises:
            StudioError: a run is there and `resume` is off; or none is there to resume; or its settings differ.
        """
        config = json.loads(json.dumps(config))
        if not resume:
            if self.config_file.exists():
                raise StudioError(f"{self.folder} holds a run already: go on with --resume, or choose another folder")
            with replacing(self.config_file) as temporary:
                temporary.write_text(json.dumps(config, indent=2) + "\n")
            return
        known = json.loads(json.dumps(dict(usual)))
        before, now = _flat(self.config(), known), _flat(config, known)
        changed = [key for key in sorted({*now, *before}) if now.get(key) != before.get(key)]
        if changed:
            detail = "; ".join(f"{key} was {before.get(key)!r} and is now {now.get(key)!r}" for key in changed)
            raise StudioError(f"{self.folder} was started with other settings ({detail}): resume with the same ones")

    def config(self) -> dict[str, Any]:
        """The settings the run was started with.

        Raises:
            StudioError: there is no run in the folder.
        """
        try:
            return json.loads(self.config_file.read_text())
        except (OSError, ValueError) as error:
            raise StudioError(f"{self.folder} holds no run: start one with `train`") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second process out of the folder; a lock whose process is gone is taken over. A folder made for nothing is removed.

        Raises:
            StudioError: another living process trains here.
        """
        lock, made = self.lock_file, not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        turn = studio_home() / "turns" / hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:24]
        turn.parent.mkdir(exist_ok=True)
        with FileLock(turn, timeout=TURN_SECONDS):
            owner = self.owner()
            if owner is not None:
                raise StudioError(f"process {owner} is training in {self.folder}: stop it first, or choose another folder")
            with replacing(lock) as temporary:
                temporary.write_text(json.dumps({"process": os.getpid(), "began": _began(os.getpid())}))
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            if made:
                with suppress(OSError):
                    self.folder.rmdir()

    def owner(self) -> int | None:
        """The living process that trains here, or None; a later process of the same number is another one."""
        try:
            written, lock = self.lock_file.stat().st_mtime, json.loads(self.lock_file.read_text())
        except (OSError, ValueError):
            return None
        process, began = (lock.get("process"), lock.get("began")) if isinstance(lock, dict) else (lock, None)
        now = _began(process) if isinstance(process, int) else None
        if now is None:
            return None
        if began is None:  # of an earlier Atelier: whoever has the number now holds the lock if it was there when that was written
            return process if psutil.boot_time() + now <= written + SAME_SECONDS else None
        return process if abs(now - began) <= SAME_SECONDS else None

    def beat(self, step: int, steps: int, step_seconds: float) -> None:
        """Tell those who watch that the run is alive and how far it is."""
        facts = {"state": "training", "step": step, "steps": steps, "seconds a step": round(step_seconds, 3)}
        self._write_heartbeat(facts | {"memory": compute.peak_memory()})

    def rest(self, step: int, steps: int, diverged: bool = False) -> None:
        """Tell those who watch that the run has ended: in good order, or because it diverged."""
        facts = {"state": "diverged" if diverged else "finished" if step >= steps else "stopped", "step": step, "steps": steps}
        self._write_heartbeat(facts | {"memory": compute.peak_memory()})

    def note_command(self, arguments: list[str]) -> None:
        """Write down how the run was started, for who resumes it."""
        with replacing(self.command_file) as temporary:
            temporary.write_text(json.dumps({"format": 1, "arguments": arguments}) + "\n")

    def command(self) -> list[str]:
        """How the run was started: the arguments of `python -m engines`.

        Raises:
            StudioError: it was not written down, as by an earlier Atelier.
        """
        try:
            return [str(argument) for argument in json.loads(self.command_file.read_text())["arguments"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StudioError(f"{self.folder} does not know how it was started: go on with the command `train … --resume`") from error

    def reached(self) -> tuple[int, float]:
        """Steps and seconds that it was trained: as saved, or as last reported where it broke."""
        lines = [line for line in self.metrics() if "step" in line]
        step = max((line["step"] for line in lines), default=0)
        seconds = max((line["seconds"] for line in lines if "seconds" in line), default=0.0)
        with suppress(StudioError):
            saved = self.checkpoint()
            step, seconds = max(step, saved["step"]), max(seconds, saved["seconds"])
        return step, round(seconds, 1)

    def _write_heartbeat(self, facts: dict[str, Any]) -> None:
        with replacing(self.heartbeat_file) as temporary:
            temporary.write_text(json.dumps({**facts, "process": os.getpid(), "time": time.time()}) + "\n")

    def status(self) -> dict[str, Any]:
        """How the run stands: "training", "starting", "stopped", "finished", "diverged", "failed" when a start in the background came to
        nothing, or "died" when its process is gone without a word; how far; what a person should know of it, if anything."""
        try:
            facts = json.loads(self.heartbeat_file.read_text())
        except (OSError, ValueError):
            facts = {}
        owner = self.owner()
        if owner is not None:
            facts["state"] = "training" if facts.get("process") == owner else "starting"
        elif self.log_file.exists() and not self.config_file.exists():
            words, age = self.last_words(), time.time() - self.log_file.stat().st_mtime
            return {"state": "failed", "notice": words} if words or age > SILENT_SECONDS else {"state": "starting"}
        elif facts.get("state", "training") == "training":
            facts["state"] = "died"
        notice = latest_notice(self.metrics())
        return facts | ({"notice": notice} if notice else {})

    def last_words(self) -> str:
        """The last line that a run in the background printed; empty where there is none."""
        try:
            lines = self.log_file.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1].removeprefix("error: ") if lines else ""

    def report(self, line: dict[str, Any]) -> None:
        """Append one line to the metrics; what a kill tore before it stays a line of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.metrics_file.open("ab+") as handle:
            handle.seek(max(0, handle.tell() - 1))
            torn = handle.read(1) not in (b"", b"\n")
            handle.write(b"\n" * torn + json.dumps(line).encode() + b"\n")

    def metrics(self) -> list[dict[str, Any]]:
        """All whole lines of the metrics, in order."""
        lines = self.metrics_file.read_text().splitlines() if self.metrics_file.exists() else []
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # torn by a kill while it was written
        return found

    def save(self, checkpoint: dict[str, Any]) -> None:
        """Write the checkpoint that `--resume` goes on from."""
        with replacing(self.checkpoint_file) as temporary:
            torch.save(checkpoint, temporary)

    def save_best(self, snapshot: dict[str, Any]) -> None:
        """Write the networks that are published."""
        with replacing(self.best_file) as temporary:
            torch.save(snapshot, temporary)

    def best(self) -> dict[str, Any] | None:
        """The best snapshot so far, on the CPU, or None when none was judged or it cannot be read."""
        try:
            return torch.load(self.best_file, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
            return None

    def snapshot_file(self, step: int) -> Path:
        """Where the networks of a snapshot lie, if they are kept."""
        return self.checkpoint_file.with_name(f"step-{step:06d}.pt")

    def kept_steps(self) -> list[int]:
        """Steps of the snapshots whose networks are kept, in order."""
        found = self.checkpoint_file.parent.glob("step-*.pt")
        return sorted(int(path.stem[5:]) for path in found if path.stem[5:].isdigit())

    def save_snapshot(self, snapshot: dict[str, Any]) -> None:
        """Write the networks of a snapshot, in half precision, as they would be published."""
        with replacing(self.snapshot_file(snapshot["step"])) as temporary:
            torch.save(_halved(snapshot), temporary)

    def thin_snapshots(self, most: int) -> None:
        """Let go of the networks of all snapshots but so many, evenly spread; the first, the last and those with a star stay."""
        kept, marks = self.kept_steps(), self.marks()
        while len(kept) > most:
            gaps = {kept[place]: kept[place + 1] - kept[place - 1] for place in range(1, len(kept) - 1)}
            free = [step for step in gaps if not marks.get(step, Mark()).star]
            if not free:
                return
            least = min(free, key=lambda step: gaps[step])
            self.snapshot_file(least).unlink(missing_ok=True)
            kept.remove(least)

    def marks(self) -> dict[int, Mark]:
        """What a person thinks of snapshots, by their steps."""
        try:
            found = json.loads(self.marks_file.read_text())["marks"]
            return {int(step): Mark(bool(mark["star"]), str(mark["note"])) for step, mark in found.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def mark(self, step: int, mark: Mark) -> None:
        """Write down what a person thinks of a snapshot; nothing is a thought taken back."""
        marks = {**self.marks(), step: mark}
        entries = {str(one): asdict(marks[one]) for one in sorted(marks) if marks[one] != Mark()}
        with replacing(self.marks_file) as temporary:
            temporary.write_text(json.dumps({"format": 1, "marks": entries}, indent=1, ensure_ascii=False) + "\n")

    def snapshot(self, step: int) -> dict[str, Any]:
        """The networks of a snapshot that was kept, on the CPU.

        Raises:
            StudioError: it was not kept, or cannot be read.
        """
        try:
            return torch.load(self.snapshot_file(step), map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            kept = ", ".join(map(str, self.kept_steps())) or "none"
            raise StudioError(f"the networks of step {step} are not kept, those of these steps are: {kept}") from error
        except Exception as error:
            raise StudioError(f"{self.snapshot_file(step)} cannot be read: it is damaged; choose another snapshot") from error

    def checkpoint(self) -> dict[str, Any]:
        """The last checkpoint, on the CPU.

        Raises:
            StudioError: none was written, or it cannot be read.
        """
        try:
            return torch.load(self.checkpoint_file, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            if self.owner() not in (None, os.getpid()):
                raise StudioError(f"{self.folder} has no checkpoint yet: wait for its first save, or stop it, which saves") from error
            raise StudioError(
                f"{self.folder} has no checkpoint: it ended before its first save; train it anew in another folder"
            ) from error
        except Exception as error:
            raise StudioError(f"{self.checkpoint_file} cannot be read: it is damaged; train the run anew in another folder") from error


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run: its settings, or while it has none yet a living process, or nothing but the log of one that failed or
    was killed. A folder that cannot be read holds none."""
    run = Run(folder)
    try:
        if run.config_file.is_file():
            return isinstance(run.config().get("preset"), dict)
        if run.owner() is not None:
            return not is_search(folder)
        left = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    except (OSError, StudioError, AttributeError):
        return False
    return run.log_file.name in left <= {run.log_file.name, run.lock_file.name}


def is_search(folder: Path) -> bool:
    """Whether a folder holds a search. One that cannot be read holds none."""
    try:
        return (folder / "search.json").is_file()
    except OSError:
        return False


def latest_notice(metrics: Sequence[dict[str, Any]]) -> str:
    """What a person should know of a run: the last notice, unless held-out pictures have been looked at again since; empty for nothing."""
    notice = ""
    for line in metrics:
        if "notice" in line:
            notice = line["notice"]
        elif "seconds" not in line:
            notice = ""
    return notice


def _flat(config: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run, those of its preset beside the others; `usual` stands where the preset lacks one. What a preset says of itself
    is no setting."""
    preset = config.get("preset")
    return {**config, "preset": None, **usual, **preset, "summary": None} if isinstance(preset, dict) else config


def _halved(value: Any) -> Any:
    """Weights in half precision, whatever they lie in."""
    if isinstance(value, dict):
        return {key: _halved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_halved(inner) for inner in value]
    return value.half() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _began(process: int) -> float | None:
    """When a living process began, in seconds since the machine did, which no setting of a clock changes; None where there is none."""
    try:
        found = psutil.Process(process)
        return None if found.status() == psutil.STATUS_ZOMBIE else found.create_time() - psutil.boot_time()
    except (psutil.Error, ValueError):
        return None
