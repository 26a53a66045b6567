from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation.encoder import Encoder, encode_pictures, load_encoder
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.paths import SHIPPED_MODELS
from engines.recipe import Mask
from engines.translation.familiarity import FILE, Familiar, garment_view, learn_familiar, read_familiar, unfamiliar, write_familiar
from engines.translation.garment_mask import weight_of
from tests.engines.translation.garments import person


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(zoo=Zoo([SHIPPED_MODELS]))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Jackets on two grounds: what the grounds show should not matter."""
    found: dict[str, list[Path]] = {"leather": [], "denim": []}
    for name in found:
        folder = tmp_path_factory.mktemp(name)
        for index in range(22):
            picture, _ = person(90 + index, 120, (255 - index,) * 3)
            picture.save(folder / f"{index}.png")
            found[name].append(folder / f"{index}.png")
    return found


def test_what_was_learned_from_is_familiar_and_a_landscape_is_not(encoder: Encoder, folders: dict[str, list[Path]], tmp_path: Path) -> None:
    write_familiar(tmp_path, learn_familiar(encoder, folders))
    familiar = read_familiar(tmp_path)
    assert familiar is not None
    picture, _ = person(100, 120)
    assert unfamiliar(familiar, encoder, picture, weight_of(Mask("auto"), picture), "leather") == ""
    hills = Image.fromarray(np.linspace((90, 150, 255), (20, 90, 10), 120).astype(np.uint8)[:, None].repeat(100, axis=1))
    sentence = unfamiliar(familiar, encoder, hills, None, "leather")
    assert "unlike the leather garments" in sentence


def test_vectors_of_another_text_image_model_say_nothing(encoder: Encoder) -> None:
    picture = Image.new("RGB", (30, 30), "green")
    other = Familiar("another-clip/float32", {"leather": encode_pictures(encoder, [picture]).vectors}, {"leather": 2.0})
    assert unfamiliar(other, encoder, picture, None, "leather") == ""
    assert unfamiliar(None, encoder, picture, None, "leather") == ""


def test_the_view_is_the_garment_on_white() -> None:
    picture, parts = person(ground=(0, 120, 0))
    view = garment_view(picture, parts["jacket"].astype(np.float32))
    assert max(view.size) <= 256
    assert not (np.asarray(view).astype(int)[..., 1] > np.asarray(view).astype(int)[..., 0] + 60).any()


def test_a_damaged_file_and_too_few_pictures_get_a_sentence(encoder: Encoder, folders: dict[str, list[Path]], tmp_path: Path) -> None:
    assert read_familiar(tmp_path) is None
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(StudioError, match="damaged"):
        read_familiar(tmp_path)
    with pytest.raises(StudioError, match="at least 20"):
        learn_familiar(encoder, {"leather": folders["leather"][:3]})


def test_the_shipped_translator_knows_its_pictures_by_the_shipped_text_image_model(encoder: Encoder) -> None:
    familiar = read_familiar(SHIPPED_MODELS / "leather-denim")
    assert familiar is not None
    assert familiar.encoder == encoder.model_id
    assert set(familiar.centres) == {"leather", "denim"}
