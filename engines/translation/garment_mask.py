"""Where a picture shows a garment: found by itself, drawn by hand, feathered towards the inside."""

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.cutout.plain import PlainRule, plain_mask
from engines.errors import StudioError
from engines.evaluation.materials import skin_mask
from engines.recipe import MAX_DRAWN, Mask
from engines.translation.detail import enlarged, local_fit, reduced

DETAIL = 384
ROOM_DETAIL = 224
UPPER = 0.34
LEAST_FACE = 0.004
MOST_FACE = 0.15
FACE_SHARE = 0.3
LEAST_PART = 0.02
LEAST_HOLE = 0.0015
TAN_GARMENT = 0.3
FACE_CHROMA = 11.0
HAIR_DISTANCE = 20.0
HAIR_REACH = 0.9
ROOM_ROUNDS = 3
LEAST_GUESS = 0.06
CERTAIN = 0.35
CRISP = 1.6
ROUND = 1.2
EDGE = 0.025
CHECK = "check the mask"


@dataclass(frozen=True)
class FoundGarment:
    """A mask that was found, and what to doubt about it.

    Attributes:
        mask: uint8, shape (h, w) of the picture; 255 inside, 0 outside, between on the outline.
        doubt: a sentence, or "" when nothing speaks against it.
    """

    mask: np.ndarray
    doubt: str = ""


def find_garment(picture: Image.Image) -> FoundGarment:
    """Find the garment of an RGB picture of any size, the same one every time.

    A plain ground is flooded from the border and cut along colours (GrabCut); on any other ground GrabCut begins with what is in the
    middle. Then the head (face, hair) and skin are left out. The outline follows the picture at its full size.
    """
    scale = min(1.0, DETAIL / max(picture.size))
    size = (max(8, round(picture.width * scale)), max(8, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BOX) if size != picture.size else picture
    figure, reason = plain_mask(small, PlainRule(detail=DETAIL, most_border=0.6, most=0.95))
    doubt = ""
    pixels = np.asarray(small)
    if reason:
        figure = _in_the_middle(pixels)
        doubt = f"{reason[:1].upper()}{reason[1:]}, so the garment was guessed from the middle: {CHECK}."
    garment = _tidied(figure & ~_person(pixels, figure))
    if not garment.any():
        garment, doubt = _middle(pixels.shape), f"No garment stands out, so the middle was taken for it: {CHECK}."
    if not doubt and garment.mean() < LEAST_PART:
        doubt = f"Only {garment.mean():.1%} of the picture was taken for a garment: {CHECK}."
    return FoundGarment(_outlined(picture, small, garment), doubt)


def feathered(mask: np.ndarray, feather: float) -> np.ndarray:
    """The weight of each pixel: 0 outside the mask and rising inside over `feather` pixels.

    Args:
        mask: uint8, shape (h, w).

    Returns:
        float32 in [0, 1], shape (h, w); exactly 0 wherever the mask is 0.
    """
    weight = mask.astype(np.float32) / 255
    if feather < 1:
        return weight
    inside = cv2.copyMakeBorder((mask > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    near = depth < feather + 0.5
    rise = np.clip((depth[near] - 0.5) / feather, 0, 1)
    weight[near] = np.minimum(weight[near], rise * rise * (3 - 2 * rise))
    return weight


def weight_of(mask: Mask, picture: Image.Image) -> np.ndarray | None:
    """How much of each pixel of an RGB picture is swapped: float32 in [0, 1], shape (h, w); None for all of everything.

    Raises:
        StudioError: nothing is inside the mask, or it is damaged.
    """
    if mask.kind == "none":
        return None
    inside = find_garment(picture).mask if mask.kind == "auto" else fitted(read_drawn(mask.drawn), picture)
    if mask.inverted:
        inside = 255 - inside
    if not inside.any():
        raise StudioError("nothing is inside the mask: draw where the garment is, or swap the whole picture")
    return feathered(inside, mask.feather / 100 * max(picture.size))


def read_mask(picture: Image.Image) -> np.ndarray:
    """A mask from a picture that is white where the garment is: uint8, shape (h, w)."""
    return np.asarray(picture.convert("L"))


def drawn_mask(inside: np.ndarray, feather: float = Mask().feather, inverted: bool = False) -> Mask:
    """A mask that travels in a recipe, from uint8, shape (h, w); made smaller by halves until it is small enough to travel."""
    while True:
        stream = io.BytesIO()
        Image.fromarray(inside).save(stream, "PNG")
        text = base64.b64encode(stream.getvalue()).decode()
        if len(text) <= MAX_DRAWN:
            return Mask("drawn", text, feather, inverted)
        inside = cv2.resize(inside, (max(1, inside.shape[1] // 2), max(1, inside.shape[0] // 2)), interpolation=cv2.INTER_AREA)


def read_drawn(text: str) -> np.ndarray:
    """The mask in a recipe, uint8, shape (h, w).

    Raises:
        StudioError: no grey or black-and-white PNG, too large, or damaged.
    """
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as opened:
            if opened.width * opened.height > imaging.MAX_PIXELS:
                raise ValueError("too large")
            return np.array(opened.convert("L"))
    except Exception as error:  # Pillow raises many kinds of error on damaged files
        raise StudioError("this mask is damaged or too large: draw it again") from error


def fitted(inside: np.ndarray, picture: Image.Image) -> np.ndarray:
    """A mask at the size of its picture: uint8, shape (h, w). A smaller one is enlarged, and its outline follows the picture's edges.

    Where all of a smaller mask nearby is 0 the result is 0 as well.
    """
    width, height = picture.size
    if inside.shape == (height, width):
        return inside
    if inside.shape[0] >= height or inside.shape[1] >= width:
        return cv2.resize(inside, (width, height), interpolation=cv2.INTER_AREA)
    small = picture.resize(inside.shape[::-1], Image.Resampling.BOX)
    return _outlined(picture, small, inside > 127)


def _in_the_middle(pixels: np.ndarray) -> np.ndarray:
    """GrabCut from a guess, shape (h, w), bool: the border is not the garment, the middle may be.

    A garment that runs off the picture on all sides leaves next to nothing of that; then its very middle is the garment for certain, and
    the border may be too.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, ROOM_DETAIL / max(height, width))
    small = reduced(pixels, (max(1, round(scale * height)), max(1, round(scale * width))))
    middle = _middle(small.shape)
    if middle.all():
        return np.ones((height, width), bool)
    marks = np.where(middle, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[:, [0, -1]] = marks[0] = cv2.GC_BGD
    cut = _grabcut(small, marks)
    if cut.mean() < LEAST_GUESS:
        marks = np.where(middle, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        marks[_middle(small.shape, CERTAIN)] = cv2.GC_FGD
        cut = _grabcut(small, marks)
    return enlarged(cut.astype(np.float32), (height, width)) > 0.5


def _grabcut(pixels: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """What GrabCut makes of pixels, uint8, shape (h, w, 3), and its marks, which it changes: shape (h, w), bool."""
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(pixels[..., ::-1]), marks, None, *models, ROOM_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)


def _middle(shape: tuple[int, ...], size: float = 1.0) -> np.ndarray:
    """The ellipse in the middle of a picture of this shape (h, w, …), larger or smaller by `size`: bool, shape (h, w)."""
    down, across = ((np.arange(side) + 0.5) / side * 2 - 1 for side in shape[:2])
    return (across / 0.66) ** 2 + (down[:, None] / 0.92) ** 2 < size**2


def _person(pixels: np.ndarray, figure: np.ndarray) -> np.ndarray:
    """Face, hair and bare skin inside a figure, shape (h, w), bool."""
    skin = skin_mask(pixels.transpose(2, 0, 1)) & figure
    face = _face(skin, figure)
    if face is None:
        return skin if skin.sum() < TAN_GARMENT * figure.sum() else np.zeros_like(skin)
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    chroma = np.median(lab[face][:, 1:], axis=0)
    skin &= np.hypot(*np.moveaxis(lab[..., 1:] - chroma, -1, 0)) < FACE_CHROMA
    return skin | _head(lab, face, figure)


def _face(skin: np.ndarray, figure: np.ndarray) -> np.ndarray | None:
    """The piece of skin that is a face by its place and shape, or None.

    It lies near the middle of the top of the figure and is not much wider than tall.
    """
    rows, columns = np.flatnonzero(figure.any(axis=1)), np.flatnonzero(figure.any(axis=0))
    if not len(rows):
        return None
    top, tall, left, wide = rows[0], len(rows), columns[0], columns[-1] - columns[0] + 1
    upper = np.zeros_like(skin)
    upper[top : top + max(2, int(UPPER * tall))] = True
    opened = cv2.morphologyEx((skin & upper).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, parts, facts, centres = cv2.connectedComponentsWithStats(opened, connectivity=4)
    best, most = None, LEAST_FACE * figure.sum()
    for index in range(1, count):
        _, _, width, height, area = facts[index]
        across = (centres[index][0] - left) / wide
        likely = 0.2 < across < 0.8 and 0.6 < height / width < 3.2 and area > 0.3 * width * height and width < 0.45 * wide
        row = figure[round(centres[index][1])]
        likely &= (parts[round(centres[index][1])] == index).sum() > FACE_SHARE * row.sum()  # a label in a collar is no face
        if likely and most < area < MOST_FACE * figure.sum():
            best, most = index, area
    return None if best is None else parts == best


def _head(lab: np.ndarray, face: np.ndarray, figure: np.ndarray) -> np.ndarray:
    """All of the figure above the chin, and hair that falls below it beside the face, shape (h, w), bool."""
    rows, columns = np.flatnonzero(face.any(axis=1)), np.flatnonzero(face.any(axis=0))
    widths = face.sum(axis=1)
    broad = widths.max()
    top = rows[0]
    tall = min(len(rows), round(1.6 * broad))  # the neck belongs to the same piece of skin
    chin = top + tall
    above = np.zeros_like(figure)
    middle, reach, beside = int(columns.mean()), round(1.5 * broad), round(0.7 * broad)
    above[: top + round(0.55 * tall), max(0, middle - reach) : middle + reach] = True
    above[:chin, max(0, middle - beside) : middle + beside] = True
    head = above & figure
    hair = head & ~face
    hair[top + tall // 2 :] = False
    if hair.sum() < 0.1 * face.sum():
        return head
    colour = np.median(lab[hair], axis=0)
    below = figure & ~above & ~face
    cloth = np.median(lab[below], axis=0) if below.any() else colour + 100
    if np.linalg.norm(colour - cloth) < HAIR_DISTANCE:
        return head
    near = np.zeros_like(figure)
    near[: chin + round(HAIR_REACH * tall), max(0, middle - reach) : middle + reach] = True
    alike = near & figure & (np.linalg.norm(lab - colour, axis=-1) < HAIR_DISTANCE / 2)
    _, parts = cv2.connectedComponents((alike | head).astype(np.uint8), connectivity=4)
    return head | np.isin(parts, np.setdiff1d(np.unique(parts[head]), [0]))


def _tidied(garment: np.ndarray) -> np.ndarray:
    """Without crumbs and pinholes."""
    smooth = cv2.medianBlur(garment.astype(np.uint8), 5)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(smooth, connectivity=4)
    if count == 1:
        return np.zeros_like(garment)
    areas = np.append(0, facts[1:, cv2.CC_STAT_AREA])
    kept = (areas >= LEAST_PART * areas.max())[parts]
    _, holes, facts, _ = cv2.connectedComponentsWithStats(1 - kept.astype(np.uint8), connectivity=4)
    large = facts[:, cv2.CC_STAT_AREA] >= LEAST_HOLE * garment.size
    large[0] = False
    return ~large[holes]


def _outlined(picture: Image.Image, small: Image.Image, garment: np.ndarray) -> np.ndarray:
    """The mask at the picture's size, its outline drawn along the picture's own edges; uint8, shape (h, w)."""
    radius = max(2, round(max(garment.shape) / 160))
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    solid = garment.astype(np.uint8)
    near = cv2.dilate(solid, kernel) != cv2.erode(solid, kernel)
    guide = np.asarray(small.convert("L"), np.float32) / 255
    even = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), ROUND)
    fit = local_fit(guide, even[..., None], np.ones_like(guide), radius, EDGE**2)
    soft = np.asarray(picture.convert("L"), np.float32)
    soft *= enlarged(fit.slope[..., 0], soft.shape)  # in place: a photograph has many pixels
    soft += enlarged((fit.offset[..., 0] - 0.5) * 255, soft.shape)
    soft *= CRISP
    soft += 127.5
    hard = cv2.resize(solid * 255, picture.size, interpolation=cv2.INTER_LINEAR)
    band = cv2.resize(near.astype(np.uint8) * 255, picture.size, interpolation=cv2.INTER_LINEAR)
    return np.where(band > 127, np.clip(soft, 0, 255, out=soft).round(out=soft).astype(np.uint8), np.uint8(255) * (hard > 127))
