import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.errors import StudioError
from engines.evaluation import features
from engines.evaluation.features import CHUNK, cached_features, compute_features, eight_bit, inception, lite2, to_images, to_pixels


def pixels(n: int, channels: int = 3, side: int = 24, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def test_a_picture_has_the_same_features_in_any_company() -> None:
    many = pixels(CHUNK + 3)
    together = compute_features(lite2(), many)
    assert together.shape == (CHUNK + 3, 1280)
    for place in (0, CHUNK - 1, CHUNK + 2):
        assert np.array_equal(compute_features(lite2(), many[place : place + 1])[0], together[place])


def test_lite2_sees_as_the_design_says() -> None:
    import timm

    picture = pixels(1, side=90)
    small = Image.fromarray(picture[0].transpose(1, 2, 0)).resize((64, 64), Image.Resampling.LANCZOS)
    view = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None] / 127.5 - 1
    view = torch.nn.functional.interpolate(view, size=(160, 160), mode="bilinear", antialias=True)
    network = timm.create_model("tf_efficientnet_lite2", pretrained=False).eval()
    stored = torch.load(features.backbone.packaged_file(*features.backbone.LITE2_FILE, features.backbone.LITE2_SHA256), weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), stored.values(), strict=True)))
    with torch.no_grad():
        expected = network.forward_features(view).mean(dim=(2, 3)).numpy()
    assert np.abs(compute_features(lite2(), picture) - expected).max() < 1e-3


def test_grey_pictures_are_seen_as_grey_rgb_ones() -> None:
    grey = pixels(2, channels=1, side=28)
    assert np.array_equal(compute_features(lite2(), grey), compute_features(lite2(), np.repeat(grey, 3, axis=1)))


def test_features_of_real_pictures_are_computed_once(studio_home: Path) -> None:
    asked = []

    def embed(pictures: torch.Tensor) -> torch.Tensor:
        asked.append(len(pictures))
        return pictures.float().mean(dim=(2, 3))

    counting = features.FeatureSet("mean", "mean of a test", embed, "distance")
    first = cached_features(counting, pixels(20))
    again = cached_features(counting, pixels(20))
    assert asked == [CHUNK, CHUNK]
    assert np.array_equal(first, again)
    cached_features(counting, pixels(20, seed=1))
    assert len(asked) == 4


def test_drawn_and_saved_pictures_are_the_same_eight_bits() -> None:
    tensor = torch.linspace(-1.2, 1.2, 3 * 16 * 16).reshape(1, 3, 16, 16)
    from engines.imaging import to_pictures

    assert np.array_equal(eight_bit(tensor), to_pixels(to_pictures(tensor)))
    assert np.array_equal(to_pixels(to_images(pixels(2, channels=1)), channels=1), pixels(2, channels=1))


def test_pictures_of_another_kind_are_refused() -> None:
    with pytest.raises(StudioError, match="must be uint8 of shape"):
        compute_features(lite2(), np.zeros((1, 3, 8, 8)))
    with pytest.raises(StudioError, match="no pictures to describe"):
        compute_features(lite2(), pixels(0))


def test_inception_reads_no_pickle_and_only_its_own_weights_give_an_fid(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.pth"
    torch.save({"weight": Path("x")}, hostile)
    with pytest.raises(StudioError, match="does not hold torch-fidelity's Inception weights"):
        inception(hostile)
    with pytest.raises(StudioError, match="does not hold"):
        inception(tmp_path / "missing.pth")


def test_inception_with_other_weights_works_and_is_not_called_fid(tmp_path: Path) -> None:
    path = tmp_path / "random.pth"
    torch.manual_seed(0)
    state = inception_shapes()
    torch.save({name: torch.rand(value.shape) * 0.02 + 0.01 if value.is_floating_point() else value for name, value in state.items()}, path)
    found = inception(path)
    assert found.distance == "Fréchet distance (Inception with other weights)"
    assert found.logits is not None
    vectors = found.embed(torch.from_numpy(np.repeat(pixels(1), 2, axis=0)))
    assert vectors.shape == (2, 2048)
    assert found.logits(vectors.numpy()).shape == (2, 1008)


def inception_shapes() -> dict[str, torch.Tensor]:
    """The names and shapes that torch-fidelity's Inception wants."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Unloaded(FeatureExtractorInceptionV3):
        def load_state_dict(self, *_: object, **__: object) -> None:  # type: ignore[override]
            """Keep what is there."""

    return Unloaded("shapes", ["2048"], feature_extractor_weights_path=_empty()).state_dict()


def _empty() -> io.BytesIO:
    buffer = io.BytesIO()
    torch.save({}, buffer)
    buffer.seek(0)
    return buffer
