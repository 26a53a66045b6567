import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.curation.encoder import Encoder, encode_pictures, encode_prompts, load_encoder
from engines.errors import Cancelled, StudioError
from engines.models.zoo import Zoo
from engines.paths import SHIPPED_MODELS
from tests.pictures import animated_gif, enormous_png, photograph, text_named_jpg


def test_the_shipped_model_tells_a_temple_from_a_flower(encoder: Encoder, photographs: list[Path]) -> None:
    pictures = encode_pictures(encoder, photographs).vectors
    temple, flower = encode_prompts(encoder, ["a temple building", "flower"]) @ pictures.T
    assert temple[0] > temple[1]
    assert flower[1] > flower[0]


def test_the_shipped_model_is_a_plain_open_clip_folder(photographs: list[Path], encoder: Encoder) -> None:
    import open_clip

    location = f"local-dir:{SHIPPED_MODELS / 'studio-clip'}"
    model, _, preprocess = open_clip.create_model_and_transforms(location, require_pretrained=True)
    with torch.inference_mode():
        alone = model.eval().encode_image(preprocess(Image.open(photographs[0])).unsqueeze(0), normalize=True).numpy()
    ours = encode_pictures(encoder, photographs[:1]).vectors
    assert np.allclose(alone, ours, atol=2e-3)


def test_the_shipped_model_stays_small() -> None:
    folder = SHIPPED_MODELS / "studio-clip"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 60 * 2**20


def test_vectors_are_unit_length_and_do_not_depend_on_the_batch(encoder: Encoder, photographs: list[Path]) -> None:
    many = [*photographs, *photographs, photographs[0]]
    one_by_one = encode_pictures(encoder, many, batch=1).vectors
    together = encode_pictures(encoder, many, batch=4).vectors
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(one_by_one, together, atol=1e-4)


def test_a_broken_file_is_reported_and_the_others_go_on(encoder: Encoder, photographs: list[Path], tmp_path: Path) -> None:
    bad = [text_named_jpg(tmp_path / "poem.jpg"), enormous_png(tmp_path / "huge.png"), animated_gif(tmp_path / "moving.gif")]
    cmyk = photograph(tmp_path / "print.jpg", mode="CMYK")
    encoded = encode_pictures(encoder, [bad[0], photographs[0], bad[1], cmyk, bad[2]])
    assert encoded.kept.tolist() == [1, 3]
    assert len(encoded.vectors) == 2
    assert [place for place, _ in encoded.failed] == [0, 2, 4]
    assert "poem.jpg" in encoded.failed[0][1]
    assert "megapixels" in encoded.failed[1][1]


def test_pictures_that_are_all_broken_or_none_are_one_clear_error(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"none of the 2 pictures.*poem-0"):
        encode_pictures(encoder, [text_named_jpg(tmp_path / f"poem-{index}.jpg") for index in range(2)])
    with pytest.raises(StudioError, match="no pictures"):
        encode_pictures(encoder, [])


def test_a_palette_picture_scores_like_its_colours(encoder: Encoder, photographs: list[Path], tmp_path: Path) -> None:
    with Image.open(photographs[1]) as picture:
        picture.quantize(256).save(tmp_path / "palette.png")
    first, second = encode_pictures(encoder, [photographs[1], tmp_path / "palette.png"]).vectors
    assert first @ second > 0.9


def test_the_model_is_used_on_the_calling_thread_alone(encoder: Encoder, photographs: list[Path]) -> None:
    seen: set[int] = set()
    handle = encoder.model.visual.register_forward_pre_hook(lambda *_: seen.add(threading.get_ident()))
    try:
        encode_pictures(encoder, photographs * 3, batch=2)
    finally:
        handle.remove()
    assert seen == {threading.get_ident()}


def test_embedding_can_be_stopped(encoder: Encoder, photographs: list[Path]) -> None:
    def impatient(done: int, total: int, message: str = "") -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        encode_pictures(encoder, photographs * 4, impatient, batch=2)


@pytest.mark.parametrize(
    ("prompt", "reason"), [("", "empty"), ("  \n ", "empty"), (None, "empty"), ("a" * 400, "shorten"), ("cat dog " * 30, "shorten")]
)
def test_a_prompt_that_cannot_be_read_whole_is_refused(encoder: Encoder, prompt: str, reason: str) -> None:
    with pytest.raises(StudioError, match=reason):
        encode_prompts(encoder, [prompt])


def test_plain_vit_b_32_with_openai_weights_is_refused() -> None:
    with pytest.raises(StudioError, match="use ViT-B-32-quickgelu/openai"):
        load_encoder("ViT-B-32/openai", Zoo([SHIPPED_MODELS]))


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(StudioError, match="studio-clip"):
        load_encoder("no-such-model", Zoo([SHIPPED_MODELS]))
    with pytest.raises(StudioError, match="no weights"):
        load_encoder("ViT-B-32-quickgelu/no-such-weights", Zoo([SHIPPED_MODELS]))


def test_a_model_without_its_weights_is_an_error_and_not_a_random_model(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_MODELS / "studio-clip", tmp_path / "studio-clip")
    (tmp_path / "studio-clip" / "open_clip_model.safetensors").unlink()
    with pytest.raises(StudioError, match="lacks its weights"):
        load_encoder("studio-clip", Zoo([tmp_path]))


def test_the_model_id_names_model_weights_and_precision(encoder: Encoder) -> None:
    card = json.loads((SHIPPED_MODELS / "studio-clip" / "atelier.json").read_text())
    assert encoder.model_id == f"studio-clip@{card['weights_sha256'][:12]}/float32"
