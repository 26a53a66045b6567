import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.curation import embeddings
from engines.curation.embeddings import EmbeddingStore, View
from engines.curation.encoder import Encoder, encode_pictures
from engines.curation.framing import Frame
from engines.errors import Cancelled, StudioError
from engines.recipe import file_hash
from tests.pictures import photograph, text_named_jpg

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("drawn")
    files = [photograph(folder / f"{index}.png", 160, 90, seed=index) for index in range(12)]
    return [(file_hash(path), path) for path in files]


@pytest.fixture
def looked(encoder: Encoder) -> Iterator[list[int]]:
    """How many pictures went through the model each time."""
    counts: list[int] = []
    handle = encoder.model.visual.register_forward_pre_hook(lambda _, inputs: counts.append(len(inputs[0])))
    yield counts
    handle.remove()


def test_a_second_call_looks_at_nothing_and_gives_the_same_bits(
    encoder: Encoder, pictures: list[tuple[str, Path]], looked: list[int], tmp_path: Path
) -> None:
    first, failed = EmbeddingStore(tmp_path).vectors(pictures[:8], encoder)
    assert (sum(looked), failed, first.dtype, first.shape) == (8, (), np.float32, (8, encoder.dimensions))
    again, _ = EmbeddingStore(tmp_path).vectors(pictures[:8], encoder)
    assert sum(looked) == 8
    assert np.array_equal(first, again)
    more, _ = EmbeddingStore(tmp_path).vectors(pictures[::-1], encoder)
    assert sum(looked) == 12
    assert np.array_equal(more[::-1][:8], first)
    assert np.allclose(first, encode_pictures(encoder, [path for _, path in pictures[:8]]).vectors, atol=2e-4)


def test_a_file_that_comes_twice_is_looked_at_once(
    encoder: Encoder, pictures: list[tuple[str, Path]], looked: list[int], tmp_path: Path
) -> None:
    found, _ = EmbeddingStore(tmp_path).vectors([pictures[0], pictures[1], pictures[0]], encoder)
    assert sum(looked) == 2
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], found[1])


def test_another_frame_model_precision_or_decoding_is_looked_at_anew(
    encoder: Encoder, pictures: list[tuple[str, Path]], looked: list[int], tmp_path: Path
) -> None:
    store = EmbeddingStore(tmp_path)
    whole, _ = store.vectors(pictures[:2], encoder)
    framed, _ = store.vectors(pictures[:2], encoder, Frame("centre square", 64))
    store.vectors(pictures[:2], encoder, decoding="draft")
    store.vectors(pictures[:2], replace(encoder, model_id="studio-clip@other/float32"))
    assert sum(looked) == 8
    assert not np.allclose(whole, framed, atol=1e-3)
    views = [View(a, b, c) for a in ("m/float32", "m/bf16") for b in ("", "square-64") for c in ("full", "draft")]
    assert len({view.folder_name for view in views}) == 8


def test_the_frame_is_what_is_looked_at(encoder: Encoder, pictures: list[tuple[str, Path]], tmp_path: Path) -> None:
    from engines.imaging import safe_open

    frame = Frame("centre square", 64)
    found, _ = EmbeddingStore(tmp_path).vectors(pictures[:3], encoder, frame)
    shown = encode_pictures(encoder, [frame.apply(safe_open(path)) for _, path in pictures[:3]]).vectors
    assert np.allclose(found, shown, atol=2e-4)


def test_a_picture_that_cannot_be_read_is_a_row_of_nothing_and_a_reason(
    encoder: Encoder, pictures: list[tuple[str, Path]], tmp_path: Path
) -> None:
    poem = text_named_jpg(tmp_path / "poem.jpg")
    found, failed = EmbeddingStore(tmp_path / "store").vectors([pictures[0], (file_hash(poem), poem), pictures[1]], encoder)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False]
    assert [place for place, _ in failed] == [1]
    assert "poem.jpg" in failed[0][1]
    with pytest.raises(StudioError, match=r"none of the 1 pictures.*poem"):
        EmbeddingStore(tmp_path / "store").vectors([(file_hash(poem), poem)], encoder)
    with pytest.raises(StudioError, match="no pictures"):
        EmbeddingStore(tmp_path / "store").vectors([], encoder)


def test_cancelled_work_keeps_what_was_done(encoder: Encoder, pictures: list[tuple[str, Path]], looked: list[int], tmp_path: Path) -> None:
    def impatient(done: int, total: int, message: str = "") -> None:
        if done == 35:
            raise Cancelled

    many = [(f"{index:064x}", pictures[index % 12][1]) for index in range(37)]
    with pytest.raises(Cancelled):
        EmbeddingStore(tmp_path).vectors(many, encoder, progress=impatient)
    before = sum(looked)
    EmbeddingStore(tmp_path).vectors(many, encoder)
    assert before == 32
    assert sum(looked) == 37


def test_a_shard_without_its_digests_or_a_damaged_one_is_computed_again(
    encoder: Encoder, pictures: list[tuple[str, Path]], looked: list[int], tmp_path: Path
) -> None:
    store = EmbeddingStore(tmp_path)
    first, _ = store.vectors(pictures[:3], encoder)
    (keys,) = tmp_path.rglob("*.keys.npy")
    (kept,) = tmp_path.rglob("*.vectors.npy")
    keys.unlink()
    assert np.array_equal(store.vectors(pictures[:3], encoder)[0], first)
    kept.write_bytes(kept.read_bytes()[:100])
    assert np.array_equal(store.vectors(pictures[:3], encoder)[0], first)
    assert sum(looked) == 9


def test_a_killed_process_loses_no_whole_shard(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from engines.curation.embeddings import EmbeddingStore, View\n"
        "store = EmbeddingStore(Path(sys.argv[1]))\n"
        "for shard in range(10**6):\n"
        "    names = [f'{shard * 50 + row:064x}' for row in range(50)]\n"
        "    store.write(View('m/float32'), names, np.full((50, 8), shard % 100, np.float32))\n"
        "    print(shard, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(5):
        child.stdout.readline()
    time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    told = 4 + len(child.stdout.read().splitlines())
    child.wait()
    names = [f"{row:064x}" for row in range((told + 1) * 50)]
    matrix, found = EmbeddingStore(tmp_path).read(View("m/float32"), names, 8)
    assert found.all()
    assert np.array_equal(matrix[:, 0], np.repeat(np.arange(told + 1) % 100, 50))


def test_a_shard_holds_no_more_than_it_should(
    encoder: Encoder, pictures: list[tuple[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "SHARD", 32)
    many = [(f"{index:064x}", pictures[index % 12][1]) for index in range(36)]
    EmbeddingStore(tmp_path).vectors(many, encoder)
    assert sorted(len(np.load(path)) for path in tmp_path.rglob("*.keys.npy")) == [4, 32]
    assert {np.load(path).dtype for path in tmp_path.rglob("*.vectors.npy")} == {np.dtype(np.float16)}
