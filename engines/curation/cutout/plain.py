"""The object before a plain background: flood fill from the borders, or GrabCut started from it."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from engines.errors import StudioError

METHODS = ("grabcut", "flood")
BORDER_SHARE = 0.02
BORDER_COLOURS = 4
CORNER_SHARE = 0.15
LEAST_IN_CORNER = 0.15
FILLS_CORNER = 0.6
GRABCUT_ROUNDS = 3
EDGE = 2.7
SMALLEST_PART = 0.08
SMALLEST_HOLE = 0.004
LIGHTNESS_WEIGHT = 0.6


@dataclass(frozen=True)
class PlainRule:
    """How the object is found, and when the result is not believed.

    Attributes:
        method: "grabcut" also follows patterned floors and sheets; "flood" is faster and wants one even colour.
        tolerance: CIELAB distance up to which a pixel counts as background; lightness counts 0.6, because shadows are background too.
        detail: longest side in pixels at which the outline is found; larger pictures are reduced to it first.
        least_plain: share of the border that has to look like background.
        least, most: share of the picture the object may cover.
        most_border: share of the border the object may cover; 0.02 takes only objects that are whole, which are also the surest.
        most_busy: share of the background that may lie on edges; more means a pattern, or an object that was taken for background.
    """

    method: str = "grabcut"
    tolerance: float = 12.0
    detail: int = 384
    least_plain: float = 0.6
    least: float = 0.03
    most: float = 0.85
    most_border: float = 0.35
    most_busy: float = 0.2

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise StudioError(f"the method is {' or '.join(METHODS)}, got {self.method!r}: choose one of them")
        if not 1 <= self.tolerance <= 100:
            raise StudioError(f"the tolerance is 1 to 100, got {self.tolerance:g}: 12 is usual")
        if not 32 <= self.detail <= 2048:
            raise StudioError(f"the detail is 32 to 2048 pixels, got {self.detail}: 384 is usual")
        shares = {name: getattr(self, name) for name in ("least_plain", "least", "most", "most_border", "most_busy")}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise StudioError(f"{name.replace('_', ' ')} is a share from 0 to 1, got {share:g}: leave it out for the usual one")


def plain_mask(picture: Image.Image, rule: PlainRule) -> tuple[np.ndarray, str]:
    """Find the object.

    Args:
        picture: RGB, any size.

    Returns:
        The mask, bool, shape (height, width), and why it should not be used ("" when it should).

    Source: Rother, Kolmogorov, Blake, "GrabCut: Interactive Foreground Extraction using Iterated Graph Cuts", SIGGRAPH 2004.
    """
    scale = min(1.0, rule.detail / max(picture.size))
    size = (max(8, round(picture.width * scale)), max(8, round(picture.height * scale)))
    pixels = np.asarray(picture.resize(size, Image.Resampling.BOX) if size != picture.size else picture)
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 0] *= LIGHTNESS_WEIGHT
    border = _border(lab.shape[:2])
    ring = border > 0
    colours = _background_colours(lab[ring], border[ring])
    distance = np.sqrt(((lab[..., None, :] - colours) ** 2).sum(-1)).min(-1)
    like_background = distance < rule.tolerance
    plain = float(like_background[ring].mean())
    if plain < rule.least_plain:
        return _full_size(np.zeros(size[::-1], bool), picture.size), f"the background is not plain: {plain:.0%} of the border is of a kind"
    background = _reached_from_border(like_background, ring)
    mask = ~background if rule.method == "flood" else _grabcut(pixels, background, ring & like_background)
    mask = _tidied(mask, ring)
    return _full_size(mask, picture.size), _doubt(mask, ring, rule) or _busy(lab, mask, rule)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """What part of the border a pixel belongs to: 1 to 4 are the corners, 5 the rest, 0 is inside. Shape (height, width), uint8."""
    height, width = shape
    depth, reach = max(2, round(BORDER_SHARE * max(shape))), (round(CORNER_SHARE * height), round(CORNER_SHARE * width))
    inside = np.zeros(shape, bool)
    inside[depth:-depth, depth:-depth] = True
    border = np.full(shape, 5, np.uint8)
    border[: reach[0], : reach[1]], border[: reach[0], -reach[1] :] = 1, 2
    border[-reach[0] :, : reach[1]], border[-reach[0] :, -reach[1] :] = 3, 4
    return np.where(inside, 0, border)


def _background_colours(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The colours of the border that belong to the background, shape (colours, 3).

    They show in two corners or fill one; a colour of the border that does neither is most likely an object that the edge cuts off.
    """
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, labels, centres = cv2.kmeans(pixels, BORDER_COLOURS, None, stop, 2, cv2.KMEANS_PP_CENTERS)
    labels = labels.ravel()
    in_corner = np.array([[np.mean(labels[border == corner] == colour) for corner in (1, 2, 3, 4)] for colour in range(BORDER_COLOURS)])
    kept = ((in_corner > LEAST_IN_CORNER).sum(1) >= 2) | (in_corner.max(1) > FILLS_CORNER)
    kept[in_corner.sum(1).argmax()] = True
    return centres[kept]


def _reached_from_border(like_background: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """The part of the background-like pixels that hangs together with the border."""
    _, parts = cv2.connectedComponents(like_background.astype(np.uint8), connectivity=4)
    reached = np.unique(parts[ring & like_background])
    return np.isin(parts, reached[reached > 0])


def _grabcut(pixels: np.ndarray, background: np.ndarray, certain: np.ndarray) -> np.ndarray:
    if background.all():
        return np.zeros_like(background)
    marks = np.where(background, cv2.GC_PR_BGD, cv2.GC_PR_FGD).astype(np.uint8)
    marks[certain] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(pixels[..., ::-1]), marks, None, *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)


def _tidied(mask: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Without crumbs, pinholes and whiskers; beside an object that stands free, nothing that comes in from the border either."""
    count, parts, facts, _ = cv2.connectedComponentsWithStats(cv2.medianBlur(mask.astype(np.uint8), 5), connectivity=4)
    if count == 1:
        return np.zeros_like(mask)
    areas = np.append(0, facts[1:, cv2.CC_STAT_AREA])
    kept = areas >= SMALLEST_PART * areas.max()
    at_border = np.isin(np.arange(count), parts[ring])
    if not at_border[areas.argmax()]:
        kept &= ~at_border
    _, holes, facts, _ = cv2.connectedComponentsWithStats(1 - kept[parts].astype(np.uint8), connectivity=4)
    large = facts[:, cv2.CC_STAT_AREA] >= SMALLEST_HOLE * mask.size
    large[0] = False
    return ~large[holes]


def _doubt(mask: np.ndarray, ring: np.ndarray, rule: PlainRule) -> str:
    share, border = float(mask.mean()), float(mask[ring].mean())
    if share < rule.least:
        return f"no object stands out: it would cover {share:.1%} of the picture"
    if share > rule.most:
        return f"the object fills the picture: it would cover {share:.0%}"
    if border > rule.most_border:
        return f"the object runs off the picture: it covers {border:.0%} of the border"
    return ""


def _busy(lab: np.ndarray, mask: np.ndarray, rule: PlainRule) -> str:
    blurred = cv2.GaussianBlur(lab, (0, 0), 1.5)
    across, down = (cv2.Sobel(blurred, -1, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    edges = np.sqrt((across**2 + down**2).sum(-1)) > EDGE
    away = cv2.dilate(mask.astype(np.uint8), np.ones((13, 13), np.uint8)) == 0
    busy = float(edges[away].mean()) if away.any() else 0.0
    return f"the background is busy: {busy:.0%} of it lies on edges" if busy > rule.most_busy else ""


def _full_size(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if mask.shape == size[::-1]:
        return mask
    grown = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(grown) > 127
