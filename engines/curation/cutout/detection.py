"""A COCO Mask R-CNN that says what it sees in a picture, and the rules by which its word is taken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from engines import compute
from engines.curation.cutout.cut import Box
from engines.errors import StudioError
from engines.recipe import file_hash

NETWORKS = ("v2", "v1")
MOST_DETECTIONS = 20


@dataclass(frozen=True)
class Detection:
    """One object that the detector sees.

    Attributes:
        name: its class; score: its confidence in [0, 1].
        box: left, top, right, bottom in pixels, whole numbers that contain the predicted box, inside the picture.
        mask: bool, shape (height, width) of the picture.
    """

    name: str
    score: float
    box: Box
    mask: np.ndarray


Detector = Callable[[Image.Image], Sequence[Detection]]


class MaskDetector:
    """A network with torchvision's detection interface.

    Args:
        network: takes a list of float pictures in [0, 1], shape (3, height, width); gives boxes, labels, scores and masks.
        categories: class names by label; label 0 is the background.
        identity: which weights these are.
    """

    def __init__(self, network: nn.Module, categories: Sequence[str], identity: str = "") -> None:
        self.network = compute.Numerics().place(network.eval())
        self.categories = tuple(categories)
        self.identity = identity

    def check(self, name: str) -> None:
        """Raises:
        StudioError: the detector does not know the class.
        """
        if name not in self.categories[1:] or name == "N/A":
            known = ", ".join(category for category in self.categories[1:] if category != "N/A")
            raise StudioError(f"the detector knows no class {name[:40]!r}: choose one of {known}")

    def __call__(self, picture: Image.Image) -> list[Detection]:
        """What the detector sees in an RGB picture, most confident first."""
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().div(255)
        with torch.inference_mode():
            found = {key: value.cpu() for key, value in self.network([pixels.to(compute.device())])[0].items()}
        masks = (found["masks"][:, 0] > 0.5).numpy()
        boxes = np.stack([found["boxes"][:, :2].floor().numpy(), found["boxes"][:, 2:].ceil().numpy()], 1).reshape(-1, 4)
        limits = np.array([picture.width, picture.height] * 2)
        seen = [
            Detection(self.categories[int(label)], float(score), _box(box, limits), mask)
            for label, score, box, mask in zip(found["labels"], found["scores"], boxes, masks, strict=True)
        ]
        return sorted(seen, key=lambda one: -one.score)


def _box(edges: np.ndarray, limits: np.ndarray) -> Box:
    left, top, right, bottom = np.clip(edges, 0, limits).astype(int).tolist()
    return left, top, right, bottom


def load_detector(network: str = "v2", weights: Path | None = None) -> MaskDetector:
    """torchvision's Mask R-CNN (ResNet-50, feature pyramid) with COCO weights.

    Args:
        network: "v2" (box AP 47.4, mask AP 41.8 on COCO) or "v1" (37.9, 34.6; lighter), as torchvision reports them.
        weights: a file with the state dictionary (.pth or .safetensors); without one torchvision downloads its own (about 180 MB) once.

    Raises:
        StudioError: the file is not of this network, or the download fails.
    """
    from torchvision.models import detection

    if network not in NETWORKS:
        raise StudioError(f"the detector is {' or '.join(NETWORKS)}, got {network!r}: choose one of them")
    build, known = {
        "v2": (detection.maskrcnn_resnet50_fpn_v2, detection.MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1),
        "v1": (detection.maskrcnn_resnet50_fpn, detection.MaskRCNN_ResNet50_FPN_Weights.COCO_V1),
    }[network]
    if weights is None:
        try:
            state, identity = known.get_state_dict(progress=False, check_hash=True), str(known)
        except (OSError, RuntimeError) as error:
            raise StudioError(
                f"Mask R-CNN's weights could not be downloaded: get {known.url} on another machine and name the file with --weights"
            ) from error
    else:
        state, identity = _state(weights), f"{network}@{file_hash(weights)[:16]}"
    # Fewer detections than COCO's 100: each brings a mask of the picture's full size, and a rule never asks for the 21st.
    model = build(weights=None, weights_backbone=None, num_classes=len(known.meta["categories"]), box_detections_per_img=MOST_DETECTIONS)
    try:
        model.load_state_dict(state, strict=True)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise StudioError(
            f"{weights.name if weights else known} does not fit Mask R-CNN {network} with COCO's classes: try another"
        ) from error
    return MaskDetector(model, known.meta["categories"], identity)


def _state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise StudioError(f"{path} is not a file: name the weights of Mask R-CNN, a .pth or .safetensors file")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise StudioError(f"{path.name} cannot be read as weights: it has to be a state dictionary, .pth or .safetensors") from error
    except Exception as error:
        raise StudioError(f"{path.name} holds more than weights and is not read: save the network's state dictionary alone") from error


@dataclass(frozen=True)
class Confirmation:
    """When a detector confirms an object.

    Attributes:
        name: the class it has to be.
        confidence: detections below it do not count.
        any_class: count detections of every class, not only those of `name`.
    """

    name: str = "car"
    confidence: float = 0.9
    any_class: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.confidence <= 1:
            raise StudioError(f"the confidence is above 0 and at most 1, got {self.confidence:g}: 0.9 is usual")

    def the_only_one(self, detections: Sequence[Detection]) -> Detection | str:
        """The one detection that counts, or why there is not exactly one."""
        sure = [one for one in detections if one.score >= self.confidence and (self.any_class or one.name == self.name)]
        if not sure:
            return self._missing(detections)
        if len(sure) > 1:
            return f"several {'objects' if self.any_class else self.name + 's'} are seen: {len(sure)} at {self.confidence:g} or more"
        return sure[0] if sure[0].name == self.name else f"another object is seen: {sure[0].name} at {sure[0].score:.2f}"

    def the_best(self, detections: Sequence[Detection], near: Box | None = None) -> Detection | str:
        """The most confident detection of the class, or why there is none.

        Args:
            near: where the object is known to be; a detection has to cover it by half (intersection over union).
        """
        of_class = [one for one in detections if one.name == self.name and one.score >= self.confidence]
        if not of_class:
            return self._missing(detections)
        placed = [one for one in of_class if near is None or overlap(one.box, near) >= 0.5]
        return max(placed, key=lambda one: one.score) if placed else f"the {self.name} seen is not the annotated one"

    def _missing(self, detections: Sequence[Detection]) -> str:
        best = max((one.score for one in detections if one.name == self.name), default=None)
        text = f"no {self.name} is seen"
        return f"{text}: the best has {best:.2f}, below {self.confidence:g}" if best is not None else text


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width, height = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0, width) * max(0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared) if shared else 0.0
