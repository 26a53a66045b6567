"""The loop that trains anything: it knows steps, time, checkpoints and reports, and no architecture or loss."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

import torch
from PIL import Image
from torch import Tensor

from engines import compute, imaging
from engines.errors import Cancelled, StudioError
from engines.progress import Progress, silent
from engines.training.runs import Run
from engines.training.warm_start import Beginning

if TYPE_CHECKING:
    from accelerate import Accelerator

Choice = TypeVar("Choice")

REPORT_EVERY = 10
BEAT_EVERY_SECONDS = 2.0


class Diverged(StudioError):
    """A loss or a weight became infinite or NaN; the last good checkpoint stays."""


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

    def check_batch(self, batch: int) -> None:
        """Nothing, where a batch divides evenly.

        Raises:
            StudioError: it does not.
        """
        if batch % self.processes:
            raise StudioError(f"a batch of {batch} does not divide by {self.processes} processes: choose another batch or number")

    def wait(self) -> None:
        """Go on when every process has come here."""
        if self._accelerator is not None and self.processes > 1:
            self._accelerator.wait_for_everyone()

    def any(self, wish: bool) -> bool:
        """Whether any process wishes it: all stop at the same step, or those left would wait for gradients for ever."""
        if self._accelerator is None or self.processes == 1:
            return wish
        return bool(self._accelerator.reduce(torch.tensor(float(wish), device=self._accelerator.device), reduction="sum") > 0)

    def mean(self, values: Tensor) -> Tensor:
        """Values of the same shape in every process, averaged over the processes."""
        if self._accelerator is None or self.processes == 1:
            return values
        return self._accelerator.reduce(values, reduction="mean")

    def agree(self, choice: Choice) -> Choice:
        """The leading process's choice, for all."""
        if self._accelerator is None or self.processes == 1:
            return choice
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([choice])[0]

    def descend(self, optimiser: torch.optim.Optimizer, loss: Tensor, before: Callable[[], object] | None = None) -> None:
        """One step of an optimiser down the gradient of a loss, averaged over the processes; `before` may change the gradients."""
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._average_gradients(optimiser)
        if before is not None:
            before()
        optimiser.step()

    def _average_gradients(self, optimiser: torch.optim.Optimizer) -> None:
        if self._accelerator is None or self.processes == 1:
            return
        for group in optimiser.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = self._accelerator.reduce(parameter.grad, reduction="mean")


@dataclass(frozen=True)
class Verdict:
    """How good a task's averaged networks are, measured on held-out pictures.

    Attributes:
        figures: what was measured, by name; all of it goes into the metrics.
        score: the one by which the best snapshot is chosen: lower is better.
        notices: what a person should look at, in sentences.
    """

    figures: dict[str, float]
    score: float
    notices: tuple[str, ...] = ()


class Task(Protocol):
    """What is trained: holds networks and optimisers, and knows how to take a step."""

    def begin(self, beginning: Beginning) -> None: ...

    def step(self, step: int) -> dict[str, float]: ...

    def state(self) -> dict[str, Any]: ...

    def load(self, state: dict[str, Any]) -> None: ...

    def snapshot(self) -> Image.Image: ...

    def judge(self) -> Verdict | None: ...

    def candidate(self) -> dict[str, Any]: ...


@dataclass
class Plan:
    """How long to train and what to note.

    Attributes:
        steps: length of the schedule.
        minutes: stop after so long even before the schedule ends; None for no limit. It only stops: nothing else depends on time.
        seed: all randomness is a function of it and of the step.
        facts: what the model was trained on, carried in the checkpoint and from there into its card.
        look_every: steps between sample sheets, each with a judgement on held-out pictures.
        save_seconds, save_every: write the checkpoint after so long, and at every so many steps.
        keep: of how many snapshots the networks are kept, spread over the run.
        look_where_stopped: look once more where a person stops the run, which may find its best there. Runs that are compared do not: a
            run that was stopped and went on would have been looked at more often than others.
    """

    steps: int
    minutes: float | None = None
    seed: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    look_every: int = 250
    save_seconds: float = 120.0
    save_every: int | None = None
    keep: int = 0
    look_where_stopped: bool = True


class _Training:
    """One stretch of training, from its start or a resume to its end."""

    def __init__(self, task: Task, run: Run, plan: Plan, workers: Workers, resume: bool) -> None:
        self.task, self.run, self.plan, self.workers = task, run, plan, workers
        self.step, self.spent = 0, 0.0
        if resume:
            saved = run.checkpoint()
            task.load(saved["task"])
            self.step, self.spent = saved["step"], saved["seconds"]
        self.start = self.step
        best = run.best() if resume else None
        self.best = best["score"] if best else math.inf
        self.began = self.saved_at = time.monotonic()
        self.beat_at = -math.inf

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def save(self) -> None:
        state = self.task.state()
        if not _finite(state):
            self.diverged("a weight became infinite or NaN")
        self.saved_at = time.monotonic()
        self.run.save({"format": 1, "step": self.step, "seconds": self.spent + self.seconds, "task": state, "facts": self.plan.facts})

    def diverged(self, what: str) -> NoReturn:
        text = (
            f"{what} at step {self.step}: begin again with a lower rate (--set rate=…), afresh or --from this run, whose last save is good"
        )
        if self.workers.leads:
            self.run.report({"step": self.step, "notice": text})
            self.run.rest(self.step, self.plan.steps, diverged=True)
        raise Diverged(text)

    def note(self, losses: dict[str, float], last: bool = False) -> None:
        """What the leading process writes down after a step."""
        if self.step % REPORT_EVERY == 0 or self.step == self.start + 1:
            figures = {name: round(value, 5) for name, value in losses.items()}
            self.run.report({"step": self.step, "seconds": round(self.spent + self.seconds, 2), **figures})
        if self.step % self.plan.look_every == 0 or self.step == 1:
            self.look()
        if time.monotonic() - self.beat_at > BEAT_EVERY_SECONDS:
            self.beat_at = time.monotonic()
            self.run.beat(self.step, self.plan.steps, self.seconds / max(1, self.step - self.start))
        due = self.plan.save_every is not None and self.step % self.plan.save_every == 0
        if due or time.monotonic() - self.saved_at > self.plan.save_seconds:
            self.save()

    def look(self) -> None:
        """A sample sheet, and what held-out pictures say; the best candidate so far is kept."""
        imaging.save_png(self.task.snapshot(), self.run.folder / "samples" / f"step-{self.step:06d}.png")
        verdict = self.task.judge() if self.step > 1 else None
        keep, better = self.plan.keep and self.step > 1, verdict is not None and verdict.score < self.best
        networks = self.task.candidate() if keep or better else {}
        if keep:
            self.run.save_snapshot({"format": 1, "step": self.step, "networks": networks})
            self.run.thin_snapshots(self.plan.keep)
        if verdict is None:
            return
        self.run.report({"step": self.step, **{name: round(value, 5) for name, value in verdict.figures.items()}})
        for notice in verdict.notices:
            self.run.report({"step": self.step, "notice": notice})
        if better:
            self.best = verdict.score
            self.run.save_best({"format": 1, "step": self.step, "score": verdict.score, "figures": verdict.figures, "networks": networks})


def _finite(state: Any) -> bool:
    """Whether all numbers of a state are finite."""
    if isinstance(state, Tensor):
        return not state.is_floating_point() or bool(state.isfinite().all())
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return all(map(_finite, parts))


def train(task: Task, run: Run, plan: Plan, workers: Workers, resume: bool = False, progress: Progress = silent) -> int:
    """Train until the schedule ends, the budget is spent or the person cancels; the run is saved in each case.

    `progress` is called between steps: it may raise `Cancelled` there and nowhere else, so that what is saved is always a whole step.

    Returns:
        How many steps the run has taken in all.

    Raises:
        Diverged: a loss or a weight became infinite or NaN; the last good checkpoint stays.
    """
    training = _Training(task, run, plan, workers, resume)
    over, cancelled = training.step >= plan.steps, False
    while not over:
        torch.manual_seed(compute.random_generator(plan.seed, training.step, workers.process).initial_seed())
        losses = task.step(training.step)
        training.step += 1
        broken = [f"{name} became {value}" for name, value in losses.items() if not math.isfinite(value)]
        if workers.any(bool(broken)):
            training.diverged(broken[0] if broken else "a loss became infinite or NaN in another process")
        if workers.leads:
            training.note(losses)
        stop = plan.minutes is not None and training.seconds > 60 * plan.minutes
        try:
            progress(training.step, plan.steps, "training")
        except Cancelled:
            stop = cancelled = True
        over = workers.any(stop) or training.step >= plan.steps
    if workers.leads:
        training.save()
        looks = plan.look_where_stopped or not cancelled
        if looks and training.step > training.start and training.step % plan.look_every:
            with suppress(Cancelled):
                training.look()
        run.rest(training.step, plan.steps)
    return training.step
