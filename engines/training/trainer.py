"""The loop that trains anything: it knows steps, time, checkpoints and reports, and no architecture or loss."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch
from PIL import Image
from torch import Tensor

from engines import compute, imaging
from engines.errors import Cancelled, StudioError
from engines.progress import Progress, silent
from engines.training.runs import Run

if TYPE_CHECKING:
    from accelerate import Accelerator

REPORT_EVERY = 10
SNAPSHOT_EVERY = 250
SAVE_EVERY_SECONDS = 120.0


class Workers:
    """The processes that train together; one in the usual case."""

    def __init__(self, accelerator: "Accelerator | None" = None) -> None:
        self._accelerator = accelerator
        self.process = accelerator.process_index if accelerator else 0
        self.processes = accelerator.num_processes if accelerator else 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files."""
        return self.process == 0

    def descend(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        """One step of an optimiser down the gradient of a loss, averaged over the processes."""
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._average_gradients(optimiser)
        optimiser.step()

    def _average_gradients(self, optimiser: torch.optim.Optimizer) -> None:
        if self._accelerator is None or self.processes == 1:
            return
        for group in optimiser.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = self._accelerator.reduce(parameter.grad, reduction="mean")


class Task(Protocol):
    """What is trained: holds networks and optimisers, and knows how to take a step."""

    def step(self, step: int) -> dict[str, float]: ...

    def state(self) -> dict[str, Any]: ...

    def load(self, state: dict[str, Any]) -> None: ...

    def snapshot(self) -> Image.Image: ...


@dataclass
class Plan:
    """How long to train and what to note.

    Attributes:
        steps: length of the schedule.
        minutes: stop after so long even before the schedule ends; None for no limit. It only stops: nothing else depends on time.
        seed: all randomness is a function of it and of the step.
        facts: what the model was trained on, carried in the checkpoint and from there into its card.
    """

    steps: int
    minutes: float | None = None
    seed: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


def train(task: Task, run: Run, plan: Plan, workers: Workers, resume: bool = False, progress: Progress = silent) -> int:
    """Train until the schedule ends, the budget is spent or the person cancels; the run is saved in each case.

    Returns:
        How many steps the run has taken in all.

    Raises:
        StudioError: a loss became infinite or NaN; the last good checkpoint stays.
    """
    start, spent = 0, 0.0
    if resume:
        saved = run.checkpoint()
        task.load(saved["task"])
        start, spent = saved["step"], saved["seconds"]
    began = saved_at = time.monotonic()

    def save(step: int) -> None:
        if workers.leads:
            run.save({"format": 1, "step": step, "seconds": spent + time.monotonic() - began, "task": task.state(), "facts": plan.facts})

    step = start
    with suppress(Cancelled):
        while step < plan.steps:
            torch.manual_seed(compute.random_generator(plan.seed, step, workers.process).initial_seed())
            losses = task.step(step)
            step += 1
            broken = [name for name, value in losses.items() if not math.isfinite(value)]
            if broken:
                raise StudioError(f"{broken[0]} became {losses[broken[0]]} at step {step}: resume with a lower learning rate")
            elapsed = time.monotonic() - began
            if workers.leads and (step % REPORT_EVERY == 0 or step == start + 1):
                run.report({"step": step, "seconds": round(spent + elapsed, 2), **{k: round(v, 5) for k, v in losses.items()}})
            if workers.leads and (step % SNAPSHOT_EVERY == 0 or step == 1):
                imaging.save_png(task.snapshot(), run.folder / "samples" / f"step-{step:06d}.png")
            if time.monotonic() - saved_at > SAVE_EVERY_SECONDS:
                save(step)
                saved_at = time.monotonic()
            if plan.minutes is not None and elapsed > 60 * plan.minutes:
                break
            progress(step, plan.steps, "training")
    save(step)
    if workers.leads and step > start:
        imaging.save_png(task.snapshot(), run.folder / "samples" / f"step-{step:06d}.png")
    return step
