"""A run's folder: what was asked for, what happened, and where to go on from.

`config.json`, `metrics.jsonl` (one line a report; a torn last line is tolerated), `samples/step-000500.png`, `checkpoints/latest.pt` to go
on from and `checkpoints/best.pt` to publish (both readable with `weights_only=True`), `heartbeat.json` with how far it is, `lock` with the
process's number while it runs, and `log.txt` of a run in the background.
"""

import json
import os
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from engines.errors import StudioError
from engines.paths import replacing


class Run:
    """One training run on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.config_file = self.folder / "config.json"
        self.metrics_file = self.folder / "metrics.jsonl"
        self.checkpoint_file = self.folder / "checkpoints" / "latest.pt"
        self.best_file = self.folder / "checkpoints" / "best.pt"
        self.heartbeat_file = self.folder / "heartbeat.json"
        self.lock_file = self.folder / "lock"

    def begin(self, config: dict[str, Any], resume: bool) -> None:
        """Create the folder, or check that a resumed run has the same settings.

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
        earlier = self.config()
        changed = [key for key in sorted({*config, *earlier}) if config.get(key) != earlier.get(key)]
        if changed:
            detail = "; ".join(f"{key} was {earlier.get(key)!r} and is now {config.get(key)!r}" for key in changed)
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
        """Keep a second process out of the folder; a lock whose process is gone is taken over.

        Raises:
            StudioError: another living process trains here.
        """
        lock = self.lock_file
        self.folder.mkdir(parents=True, exist_ok=True)
        owner = self.owner()
        if owner is not None:
            raise StudioError(f"process {owner} is training in {self.folder}: stop it first, or choose another folder")
        lock.unlink(missing_ok=True)
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        os.write(descriptor, str(os.getpid()).encode())
        os.close(descriptor)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)

    def owner(self) -> int | None:
        """The living process that trains here, or None."""
        try:
            owner = self.lock_file.read_text().strip()
        except OSError:
            return None
        return int(owner) if owner.isdigit() and _alive(int(owner)) else None

    def beat(self, step: int, steps: int, step_seconds: float) -> None:
        """Tell those who watch that the run is alive and how far it is."""
        self._write_heartbeat({"state": "training", "step": step, "steps": steps, "seconds a step": round(step_seconds, 3)})

    def rest(self, step: int, steps: int) -> None:
        """Tell those who watch that the run has ended in good order."""
        self._write_heartbeat({"state": "finished" if step >= steps else "stopped", "step": step, "steps": steps})

    def _write_heartbeat(self, facts: dict[str, Any]) -> None:
        with replacing(self.heartbeat_file) as temporary:
            temporary.write_text(json.dumps({**facts, "process": os.getpid(), "time": time.time()}) + "\n")

    def status(self) -> dict[str, Any]:
        """How the run stands: "training", "starting", "stopped", "finished", or "died" when its process is gone without a word; how far;
        the last notice, if any."""
        try:
            facts = json.loads(self.heartbeat_file.read_text())
        except (OSError, ValueError):
            facts = {}
        if self.owner() is not None:
            facts["state"] = "training" if facts.get("process") == self.owner() else "starting"
        elif facts.get("state", "training") == "training":
            facts["state"] = "died"
        notices = [line["notice"] for line in self.metrics() if "notice" in line]
        return facts | ({"notice": notices[-1]} if notices else {})

    def report(self, line: dict[str, Any]) -> None:
        """Append one line to the metrics."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.metrics_file.open("a") as handle:
            handle.write(json.dumps(line) + "\n")

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

    def checkpoint(self) -> dict[str, Any]:
        """The last checkpoint, on the CPU.

        Raises:
            StudioError: none was written, or it cannot be read.
        """
        try:
            return torch.load(self.checkpoint_file, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise StudioError(f"{self.folder} has no checkpoint: it stopped before its first save; train it anew") from error
        except Exception as error:
            raise StudioError(f"{self.checkpoint_file} cannot be read: it is damaged; train the run anew") from error


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
