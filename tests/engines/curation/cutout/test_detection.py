import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models.detection import maskrcnn_resnet50_fpn

from engines.curation.cutout.detection import MOST_DETECTIONS, Confirmation, Detection, MaskDetector, load_detector, overlap
from engines.errors import StudioError
from tests.engines.curation.cutout.conftest import CAR
from tests.engines.curation.cutout.streets import street


def seen(name: str, score: float, left: int = 0) -> Detection:
    return Detection(name, score, (left, 0, left + 10, 10), np.ones((20, 60), bool))


def test_the_detector_gives_class_confidence_whole_pixel_box_and_full_size_mask(detector: MaskDetector) -> None:
    found = detector(street([CAR]))
    assert (found[0].name, found[0].score > 0.8) == ("car", True)
    assert found[0].mask.shape == (96, 96)
    left, top, right, bottom = found[0].box
    assert 0 <= left < right <= 96
    assert 0 <= top < bottom <= 96
    assert found[0].mask[top:bottom, left:right].mean() > 0.5
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_an_empty_street_gives_no_sure_detection_and_no_error(detector: MaskDetector) -> None:
    assert not [one for one in detector(street([])) if one.score > 0.6]


def test_an_unknown_class_is_refused_with_the_known_ones(detector: MaskDetector) -> None:
    with pytest.raises(StudioError, match="car, truck"):
        detector.check("lorry")
    detector.check("truck")


def test_exactly_one_of_the_class_counts_or_exactly_one_of_any() -> None:
    of_class, of_any = Confirmation(), Confirmation(any_class=True)
    car, other, weak = seen("car", 0.95), seen("dog", 0.97), seen("car", 0.89)
    assert of_class.the_only_one([car, weak, other]) is car
    assert "several objects are seen: 2" in str(of_any.the_only_one([car, weak, other]))
    assert of_any.the_only_one([car, weak]) is car
    assert of_any.the_only_one([other]) == "another object is seen: dog at 0.97"
    assert "several cars are seen: 2 at 0.9" in str(of_class.the_only_one([car, car]))
    assert of_class.the_only_one([weak]) == "no car is seen: the best has 0.89, below 0.9"
    assert of_class.the_only_one([]) == "no car is seen"


def test_the_best_of_several_is_taken_and_only_where_the_annotation_says() -> None:
    rule = Confirmation(confidence=0.5)
    weak, strong = seen("car", 0.6, left=40), seen("car", 0.99)
    assert rule.the_best([strong, weak]) is strong
    assert rule.the_best([strong, weak], near=(41, 0, 52, 10)) is weak
    assert "not the annotated one" in str(rule.the_best([strong], near=(40, 0, 50, 10)))
    assert "no car is seen" in str(rule.the_best([seen("dog", 0.9)]))


def test_overlap_of_boxes_is_intersection_over_union() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0


@pytest.mark.parametrize("confidence", [0.0, 1.1, float("nan")])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(StudioError, match="confidence"):
        Confirmation(confidence=confidence)


def test_torchvisions_mask_rcnn_is_loaded_from_a_file_with_cocos_classes(tmp_path: Path) -> None:
    state = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    torch.save(state, tmp_path / "mask.pth")
    loaded = load_detector("v1", tmp_path / "mask.pth")
    loaded.check("handbag")
    assert loaded.identity.startswith("v1@")
    assert loaded.network.roi_heads.detections_per_img == MOST_DETECTIONS
    assert all(torch.equal(value, state[key]) for key, value in loaded.network.state_dict().items())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(StudioError, match=r"other\.safetensors does not fit Mask R-CNN v1"):
        load_detector("v1", tmp_path / "other.safetensors")


def test_weights_that_are_missing_damaged_or_run_code_are_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Evil(), protocol=2))
    (tmp_path / "text.pth").write_text("not weights")
    (tmp_path / "text.safetensors").write_text("not weights")
    for name in ("evil.pth", "text.pth", "text.safetensors", "nowhere.pth"):
        with pytest.raises(StudioError, match=name):
            load_detector("v1", tmp_path / name)
    with pytest.raises(StudioError, match="v1"):
        load_detector("v9")
