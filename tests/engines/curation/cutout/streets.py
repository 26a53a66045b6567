"""Drawn street scenes with Cityscapes' annotations, and a Mask R-CNN small enough to learn their cars in a test."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads
from torchvision.ops import MultiScaleRoIAlign

from engines.curation.cutout.cut import GREEN, mask_box
from engines.curation.cutout.detection import MaskDetector

SIDE = 96
CATEGORIES = ("__background__", "car", "truck")
BODY, BOX = (200, 40, 40), (40, 60, 190)
Corners = list[tuple[int, int]]


@dataclass(frozen=True)
class Vehicle:
    """A car (a body and a cabin) or a truck (one tall box) whose outline is a polygon."""

    kind: str
    left: int
    top: int
    size: int

    def outline(self) -> Corners:
        x, y, s = self.left, self.top, self.size
        if self.kind == "truck":
            return [(x, y), (x + s * 2 // 3, y), (x + s * 2 // 3, y + s), (x, y + s)]
        roof, waist, floor = y, y + s // 4, y + s // 2
        cabin = [(x + s // 4, waist), (x + s // 3, roof), (x + s * 2 // 3, roof), (x + s * 3 // 4, waist)]
        return [(x, waist), *cabin, (x + s, waist), (x + s, floor), (x, floor)]

    def draw(self, brush: ImageDraw.ImageDraw, shade: int = 0) -> None:
        colour = tuple(max(0, min(255, level + shade)) for level in (BOX if self.kind == "truck" else BODY))
        brush.polygon(self.outline(), fill=colour)


def street(vehicles: list[Vehicle], ground: tuple[int, int, int] = (120, 120, 120), shade: int = 0) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    for vehicle in vehicles:
        vehicle.draw(ImageDraw.Draw(picture), shade)
    return picture


def write_scene(root: Path, name: str, picture: Image.Image, objects: list[tuple[str, Corners]], split: str = "train") -> None:
    """A picture and its polygon annotation at the places where Cityscapes has them."""
    city = name.split("_")[0]
    for kind, suffix in (("leftImg8bit", "_leftImg8bit.png"), ("gtFine", "_gtFine_polygons.json")):
        (root / kind / split / city).mkdir(parents=True, exist_ok=True)
        path = root / kind / split / city / f"{name}{suffix}"
        if kind == "leftImg8bit":
            picture.save(path)
        else:
            entries = [{"label": label, "polygon": [list(corner) for corner in corners]} for label, corners in objects]
            path.write_text(json.dumps({"imgHeight": picture.height, "imgWidth": picture.width, "objects": entries}))


def polygons_to_ids(polygons: Path, ids: np.ndarray) -> Path:
    """Replace a polygon annotation by instance ids."""
    path = polygons.with_name(polygons.name.replace("polygons.json", "instanceIds.png"))
    Image.fromarray(ids.astype(np.uint16)).save(path)
    polygons.unlink()
    return path


def small_mask_rcnn() -> MaskRCNN:
    """Mask R-CNN with a backbone of three convolutions and anchors that fit `SIDE` pixels."""

    def layer(inside: int, outside: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(inside, outside, 3, 2, 1), nn.GroupNorm(4, outside), nn.ReLU())

    backbone = nn.Sequential(layer(3, 16), layer(16, 24), layer(24, 24))
    backbone.out_channels = 24  # type: ignore[assignment]
    return MaskRCNN(
        backbone,
        min_size=SIDE,
        max_size=SIDE,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
        rpn_anchor_generator=AnchorGenerator(((24, 36),), ((0.6, 1.3),)),
        rpn_pre_nms_top_n_train=60,
        rpn_post_nms_top_n_train=20,
        rpn_pre_nms_top_n_test=60,
        rpn_post_nms_top_n_test=20,
        rpn_batch_size_per_image=32,
        box_batch_size_per_image=12,
        box_roi_pool=MultiScaleRoIAlign(["0"], 5, 1),
        mask_roi_pool=MultiScaleRoIAlign(["0"], 10, 1),
        box_head=TwoMLPHead(24 * 5 * 5, 64),
        box_predictor=FastRCNNPredictor(64, len(CATEGORIES)),
        mask_head=MaskRCNNHeads(24, (16,), 1),
        mask_predictor=nn.Sequential(nn.ConvTranspose2d(16, 16, 2, 2), nn.ReLU(), nn.Conv2d(16, len(CATEGORIES), 1)),
    )


def _height(kind: str, size: int) -> int:
    return size if kind == "truck" else size // 2


def _lesson(random: np.random.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """One or two vehicles apart from each other on the green of cut-outs or on a street, with their boxes, classes and masks."""
    count = int(random.integers(1, 3))
    vehicles = []
    for place in range(count):
        size = int(random.integers(24, 40))
        kind = "car" if random.random() < 0.7 else "truck"
        vehicles.append(
            Vehicle(kind, int(random.integers(2, SIDE - size - 1)), place * 46 + int(random.integers(2, 46 - _height(kind, size))), size)
        )
    ground = GREEN if random.random() < 0.6 else tuple(random.integers(60, 200, 3).tolist())
    picture = street(vehicles, ground, int(random.integers(-30, 31)))
    masks = []
    for vehicle in vehicles:
        mask = Image.new("1", (SIDE, SIDE))
        ImageDraw.Draw(mask).polygon(vehicle.outline(), fill=1)
        masks.append(np.asarray(mask))
    boxes = [mask_box(mask) for mask in masks]
    target = {
        "boxes": torch.tensor(np.array(boxes), dtype=torch.float32),
        "labels": torch.tensor([CATEGORIES.index(vehicle.kind) for vehicle in vehicles]),
        "masks": torch.tensor(np.stack(masks), dtype=torch.uint8),
    }
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255, target


def trained_detector(steps: int = 140, batch: int = 4) -> MaskDetector:
    """A detector that has learned the drawn vehicles."""
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    network = small_mask_rcnn().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(steps):
        pictures, targets = zip(*(_lesson(random) for _ in range(batch)), strict=True)
        loss = sum(network(list(pictures), list(targets)).values())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
    return MaskDetector(network, CATEGORIES, "drawn")
