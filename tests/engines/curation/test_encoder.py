import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.curation.encoder import Encoder, encode_pictures, encode_prompts, encoder_of, load_encoder, model_name, require_model
from engines.curation.framing import Frame
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


def test_what_the_model_sees_is_what_open_clip_would_show_it(encoder: Encoder, photographs: list[Path]) -> None:
    import open_clip

    _, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{SHIPPED_MODELS / 'studio-clip'}", require_pretrained=True)
    with Image.open(photographs[0]) as picture:
        theirs = preprocess(picture)
        ours = torch.from_numpy(np.array(encoder.shape(picture))).permute(2, 0, 1) * encoder.scale.cpu() + encoder.shift.cpu()
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_only_what_the_frame_keeps_is_looked_at(encoder: Encoder, photographs: list[Path]) -> None:
    frame = Frame("centre square", 128)
    with Image.open(photographs[0]) as picture:
        cut_out = frame.apply(picture.convert("RGB"))
    framed, shown = encode_pictures(encoder, photographs[:1], frame=frame).vectors[0], encode_pictures(encoder, [cut_out]).vectors[0]
    assert np.allclose(framed, shown, atol=1e-5)
    assert not np.allclose(framed, encode_pictures(encoder, photographs[:1]).vectors[0], atol=1e-3)


def test_a_draft_of_a_large_jpeg_scores_nearly_the_same(encoder: Encoder, photographs: list[Path], tmp_path: Path) -> None:
    with Image.open(photographs[0]) as picture:
        picture.resize((2560, 1708)).save(tmp_path / "large.jpg", quality=90)
    full, draft = (encode_pictures(encoder, [tmp_path / "large.jpg"], decoding=decoding).vectors[0] for decoding in ("full", "draft"))
    assert 0.99 < full @ draft < 1
    with pytest.raises(StudioError, match="full or draft"):
        encode_pictures(encoder, photographs, decoding="rough")


def test_bf16_is_another_model_id_whose_vectors_are_close(encoder: Encoder, photographs: list[Path]) -> None:
    fast = load_encoder("studio-clip:bf16", Zoo([SHIPPED_MODELS]))
    assert fast.model_id == encoder.model_id.replace("/float32", "/bf16")
    assert (fast.name, model_name(fast.model_id), model_name(encoder.model_id)) == ("studio-clip:bf16", "studio-clip:bf16", "studio-clip")
    assert {value.dtype for value in fast.model.visual.parameters()} == {torch.bfloat16}
    exact, rough = (encode_pictures(one, photographs).vectors for one in (encoder, fast))
    assert (exact * rough).sum(axis=1).min() > 0.995
    assert np.array_equal(encode_prompts(encoder, ["cityscape"]), encode_prompts(fast, ["cityscape"]))


def test_a_model_of_open_clip_is_held_whole_in_bf16(photographs: list[Path], tmp_path: Path) -> None:
    import open_clip

    vision = {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 16}
    text = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
    config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}
    (tmp_path / "tiny-vision-for-encoder-tests.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path)
    vectors = []
    for precision in ("float32", "bf16"):
        torch.manual_seed(0)
        model, _, preprocess = open_clip.create_model_and_transforms("tiny-vision-for-encoder-tests", pretrained=None)
        tiny = encoder_of(f"tiny/random/{precision}", 0.2, model, preprocess, open_clip.get_tokenizer("tiny-vision-for-encoder-tests"))
        assert {value.dtype for value in tiny.model.visual.parameters()} == {torch.float32 if precision == "float32" else torch.bfloat16}
        assert encode_prompts(tiny, ["cityscape"]).dtype == np.float32
        assert tiny.side == 32
        vectors.append(encode_pictures(tiny, photographs).vectors)
    assert (vectors[0] * vectors[1]).sum(axis=1).min() > 0.99


def test_vectors_of_another_model_are_refused_and_both_are_named(encoder: Encoder) -> None:
    require_model(encoder, encoder.model_id, "the rule")
    with pytest.raises(StudioError, match=r"the rule belongs to m@1/bf16.*those of studio-clip@.*score with m:bf16"):
        require_model(encoder, "m@1/bf16", "the rule")
    with pytest.raises(StudioError, match="float32 or bf16"):
        load_encoder("studio-clip:int8", Zoo([SHIPPED_MODELS]))


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
