"""How fast Atelier is: `make bench`. Run it while nothing else runs.

A benchmark is a module here with `run()`, which yields `Figure`s. Times are printed beside goals for 2 cores; only a figure that is a
ratio of two measurements in one run can fail.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured; unit: "s", "GB", "kB", "%", "×" or "/s".
        value, goal: of seconds and bytes less is better, of all others more is.
        ratio: whether the goal is a bound that can fail.
    """

    name: str
    value: float
    goal: float
    unit: str = "s"
    ratio: bool = False

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal if self.unit in ("s", "GB", "kB") else self.value >= self.goal


def fastest(work: Callable[[], object], repeats: int = 5) -> float:
    """Seconds of the fastest of several runs, after one to warm up."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
