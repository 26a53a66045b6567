"""Device, precision and memory format: the one place that decides them, and the one that builds an Accelerator."""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from engines.errors import StudioError

if TYPE_CHECKING:
    from accelerate import Accelerator

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEVICES = ("cpu", "cuda", "mps")


@cache
def device() -> torch.device:
    """The device to compute on: `STUDIO_DEVICE`, else CUDA, else MPS, else the CPU; where a GPU is only lent, the CPU.

    Raises:
        StudioError: `STUDIO_DEVICE` names a device that does not exist here.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    chosen = os.environ.get("STUDIO_DEVICE") or ("cpu" if borrows() else "")
    if chosen:
        if not available.get(chosen.split(":")[0], False):
            usable = ", ".join(name for name in DEVICES if available[name])
            raise StudioError(f"STUDIO_DEVICE is {chosen!r}, which this machine does not offer: choose one of {usable}")
        return _exact(torch.device(chosen))
    return _exact(torch.device("cuda" if available["cuda"] else "mps" if available["mps"] else "cpu"))


def use(name: str) -> None:
    """Compute on another device from now on: in a process that was lent one."""
    os.environ["STUDIO_DEVICE"] = name
    device.cache_clear()


def borrows() -> bool:
    """Whether there is no GPU but one that is lent for a moment, to a process of its own: a ZeroGPU Space."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def _exact(where: torch.device) -> torch.device:
    """The device, on which float32 means float32: newer GPUs would round what convolutions take to 10 bits, and draw other pixels."""
    if where.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
    return where


@dataclass(frozen=True)
class Numerics:
    """How a network is run.

    Attributes:
        precision: a key of `PRECISIONS`; anything but float32 means autocast, with float32 weights.
        channels_last: keep four-dimensional tensors in the channels_last memory format.
    """

    precision: str = "float32"
    channels_last: bool = False

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise StudioError(f"precision must be one of {', '.join(PRECISIONS)}, got {self.precision!r}")

    def autocast(self, where: torch.device | None = None) -> AbstractContextManager[Any]:
        """The context in which forward passes run."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast((where or device()).type, dtype=PRECISIONS[self.precision])

    def place(self, module: nn.Module, where: torch.device | None = None) -> nn.Module:
        """Move a module to its device and memory format, in place."""
        module.to(where or device())
        return module.to(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)

    def arrange(self, batch: Tensor, where: torch.device | None = None) -> Tensor:
        """Move pictures, shape (n, channels, height, width), to the device and memory format."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return batch.to(where or device(), non_blocking=True).contiguous(memory_format=layout)


@dataclass(frozen=True)
class HeldNumerics(Numerics):
    """Weights and pictures are held in the precision itself, without autocast: for networks that are only looked through.

    On a CPU with bfloat16 instructions this is several times faster than float32, where autocast brings little.
    """

    def autocast(self, where: torch.device | None = None) -> AbstractContextManager[Any]:
        """Nothing: all is in one precision already."""
        return nullcontext()

    def place(self, module: nn.Module, where: torch.device | None = None) -> nn.Module:
        """Move a module to its device, precision and memory format, in place."""
        return super().place(module, where).to(PRECISIONS[self.precision])

    def arrange(self, batch: Tensor, where: torch.device | None = None) -> Tensor:
        """Move pictures, shape (n, channels, height, width), to the device, precision and memory format."""
        return super().arrange(batch, where).to(PRECISIONS[self.precision])


def candidates(where: torch.device | None = None) -> list[Numerics]:
    """The combinations worth measuring on a device."""
    kind = (where or device()).type
    if kind == "cuda":
        half = "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
        return [Numerics("float32", True), Numerics(half, True), Numerics(half, False)]
    if kind == "mps":
        return [Numerics("float32", False)]
    return [Numerics(precision, last) for precision in ("float32", "bfloat16") for last in (False, True)]


def of_precision(precision: str) -> Numerics:
    """The numerics of a precision that was asked for by name: half precision in channels_last, in which its convolutions are faster."""
    return Numerics(precision, channels_last=precision != "float32")


def measure(run: Callable[[Numerics], object], choices: list[Numerics] | None = None, repeats: int = 3) -> dict[Numerics, float]:
    """Time some work under each combination of precision and memory format.

    Args:
        run: does the work once under the given numerics; called once to warm up and `repeats` times for the clock.
        choices: what to compare; by default all that make sense here.

    Returns:
        Seconds of the fastest repeat for each choice, fastest choice first.
    """
    seconds: dict[Numerics, float] = {}
    for choice in choices or candidates():
        run(choice)
        best = float("inf")
        for _ in range(repeats):
            synchronise()
            start = time.perf_counter()
            run(choice)
            synchronise()
            best = min(best, time.perf_counter() - start)
        seconds[choice] = best
    return dict(sorted(seconds.items(), key=lambda entry: entry[1]))


def synchronise() -> None:
    """Wait until the device has done all that was asked of it, so that a clock tells the truth."""
    if device().type == "cuda":
        torch.cuda.synchronize(device())
    elif device().type == "mps":
        torch.mps.synchronize()


def keep_memory() -> None:
    """Let the C library keep freed memory for the next step instead of handing it back to the system, where it can (glibc).

    Training frees and takes the same large buffers every step; getting them from the system anew costs up to a third of a step.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD, M_MMAP_MAX of malloc.h
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(mmap_max, 0)


def peak_memory() -> int | None:
    """The most bytes of memory that this process has held, on its device where that has memory of its own; None where nobody counts."""
    if device().type == "cuda":
        return int(torch.cuda.max_memory_allocated(device()))
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def give_way() -> None:
    """Lower this process's priority, where the system knows one: long work beside which a person wants to go on working."""
    if hasattr(os, "nice"):
        os.nice(10)


def accelerator() -> "Accelerator":
    """The Hugging Face Accelerator that training loops use for processes and for averaging gradients.

    Autocast stays with `Numerics`, so the Accelerator itself runs in full precision.

    Raises:
        StudioError: the `[train]` extra is not installed.
    """
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise StudioError("training needs the accelerate package: pip install -e '.[train]'") from error
    return Accelerator(cpu=device().type == "cpu", mixed_precision="no")


def random_generator(*seed: int) -> torch.Generator:
    """A CPU generator whose stream is a function of the given whole numbers alone."""
    state = 0x9E3779B97F4A7C15
    for part in seed:
        state = (state ^ (part & (2**64 - 1))) * 0xBF58476D1CE4E5B9 % 2**64
        state ^= state >> 31
    return torch.Generator("cpu").manual_seed(state & (2**63 - 1))
