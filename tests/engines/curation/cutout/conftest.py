"""A detector that has learned drawn vehicles, and a street with every kind of trouble."""

from pathlib import Path

import pytest

from engines.curation.cutout.detection import MaskDetector
from tests.engines.curation.cutout.streets import Vehicle, street, trained_detector, write_scene

CAR, SECOND, TRUCK = Vehicle("car", 20, 30, 32), Vehicle("car", 50, 60, 36), Vehicle("truck", 30, 30, 32)


@pytest.fixture(scope="package")
def detector() -> MaskDetector:
    return trained_detector()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A car; two cars in one polygon; a truck that is annotated as a car; a car hidden by half; a street without any."""
    root = tmp_path / "cityscapes"
    two = Vehicle("car", 20, 8, 32)
    write_scene(root, "aachen_000000_000001", street([CAR]), [("car", CAR.outline())])
    both = [*two.outline(), two.outline()[0], SECOND.outline()[0], *SECOND.outline()[1:], SECOND.outline()[0]]
    write_scene(root, "aachen_000000_000002", street([two, SECOND]), [("car", both)])
    write_scene(root, "bonn_000000_000001", street([TRUCK]), [("car", TRUCK.outline())])
    wall = [(36, 0), (95, 0), (95, 95), (36, 95)]
    write_scene(root, "bonn_000000_000002", street([CAR]), [("sky", wall), ("car", CAR.outline()), ("building", wall)], split="val")
    write_scene(root, "bonn_000000_000003", street([]), [("road", wall)])
    return root
