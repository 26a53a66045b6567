"""Ways between latents, and through several of them."""

import torch
from torch import Tensor

from engines.errors import StudioError
from engines.recipe import EASINGS


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Interpolate along the great circle between two latents.

    A straight line between Gaussian latents passes near the origin, where the generator was never trained; the arc keeps the norm.

    Args:
        start, end: latents, shape (dim,).
        t: positions in [0, 1], shape (frames,).

    Returns:
        Latents, shape (frames, dim); equal to the inputs at t = 0 and t = 1.

    Raises:
        StudioError: the latents differ in size, or one is zero.

    Source: White, "Sampling Generative Networks", arXiv 1609.04468, section 2.
    """
    if start.shape != end.shape:
        raise StudioError(f"latents of {len(start)} and {len(end)} numbers cannot be blended: take both from one model")
    lengths = start.norm(), end.norm()
    if not all(lengths):
        raise StudioError("a latent of zeros has no direction to blend from: choose another seed")
    angle = torch.arccos(torch.clamp(start @ end / (lengths[0] * lengths[1]), -1, 1))
    t = t[:, None]
    if torch.sin(angle) < 1e-5:
        blended = torch.lerp(start[None], end[None], t)
    else:
        blended = (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle)
    return torch.where(t == 0, start, torch.where(t == 1, end, blended))


def positions(frames: int, loop: bool = False) -> Tensor:
    """Evenly spaced positions from 0 to 1, shape (frames,); a loop stops one step short of 1, which would show its beginning twice."""
    return torch.linspace(0, 1, frames + 1)[:-1] if loop else torch.linspace(0, 1, frames)


def leg(position: float, keyframes: int, loop: bool, easing: str) -> tuple[int, int, float]:
    """Where a position on a way lies: the keyframes before and after it, and how far between them.

    Args:
        position: 0 to 1 over the whole way.
        keyframes: how many; a loop has as many legs, an open way one fewer.
        easing: "even", or "soft": slow at each keyframe, by 3t² - 2t³.

    Raises:
        StudioError: an unknown easing.
    """
    if easing not in EASINGS:
        raise StudioError(f"the easing is one of {', '.join(EASINGS)}, got {str(easing)[:40]!r}: choose one of these")
    legs = keyframes if loop else keyframes - 1
    place = min(int(position * legs), legs - 1)
    t = position * legs - place
    if easing == "soft":
        t = t * t * (3 - 2 * t)
    return place, (place + 1) % keyframes, t
