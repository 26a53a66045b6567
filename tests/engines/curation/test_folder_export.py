import hashlib
import json
import resource
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from engines import imaging
from engines.curation.folder_export import LAYOUTS, SHARD_PICTURES, export_pictures
from engines.curation.framing import Frame
from engines.curation.selection import Selection
from engines.errors import Cancelled, StudioError
from engines.training.dataset import load_pictures
from tests.engines.curation.chosen import RULE, chosen, selection
from tests.engines.curation.test_attribution import rows
from tests.pictures import photograph

FRAME = Frame("centre rectangle", 32, 0.75)


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def written(folder: Path, file: str) -> bytes:
    """A picture of an export, in a folder or in a shard."""
    shard, _, member = file.partition("/")
    if not shard.endswith(".tar"):
        return (folder / file).read_bytes()
    with tarfile.open(folder / shard) as archive:
        return archive.extractfile(member).read()  # type: ignore[union-attr]


@pytest.fixture
def three(tmp_path: Path) -> Selection:
    """A coat, a hat and a picture without a class, of the collection "wardrobe"."""
    return selection(tmp_path / "in")


@pytest.fixture(autouse=True)
def _tell_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` counts loads on the hub, even of local folders."""
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)


def load(kind: str, cache: Path, **where: Any) -> datasets.Dataset:
    return datasets.load_dataset(kind, split="train", cache_dir=str(cache), **where)


def test_a_picture_folder_has_a_sub_folder_for_each_class(three: Selection, tmp_path: Path) -> None:
    done = export_pictures(three, tmp_path / "out")
    assert files_below(done.folder) == {
        "coats/000000-0.png", "hats/000001-1.png", "wardrobe/000002-2.png", "manifest.json", "ATTRIBUTION.csv",
    }  # fmt: skip
    for one, entry in zip(three.chosen, done.manifest["pictures"], strict=True):
        assert (done.folder / entry["file"]).read_bytes() == one.path.read_bytes()


def test_the_trainer_reads_the_picture_folder_with_its_classes(three: Selection, tmp_path: Path) -> None:
    done = export_pictures(three, tmp_path / "out")
    pictures = load_pictures(done.folder, 16, "centre square")
    assert pictures.classes == ("coats", "hats", "wardrobe")
    assert pictures.labels.tolist() == [0, 1, 2]
    assert pictures.failed == ()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("frame", [None, FRAME])
def test_the_manifest_says_how_and_why_and_names_every_byte(three: Selection, tmp_path: Path, layout: str, frame: Frame | None) -> None:
    done = export_pictures(three, tmp_path / "out", layout, frame=frame)
    path = done.folder / "manifest.json"
    assert json.loads(path.read_text()) == done.manifest
    assert sha256(path.read_bytes()) == done.manifest_hash
    facts = {key: done.manifest[key] for key in ("format", "collection", "part", "layout", "purpose", "rule", "model_id")}
    assert facts == {
        "format": 1, "collection": "wardrobe", "part": "kept", "layout": layout, "purpose": "training", "rule": RULE,
        "model_id": "studio-clip@0/float32",
    }  # fmt: skip
    assert done.manifest["counts"] == {"pictures": 3, "kept": 3, "dropped": 0, "exported": 3, "left_out": 0}
    assert done.manifest["classes"] == {"coats": 1, "hats": 1, "wardrobe": 1}
    assert done.manifest["failed"] == [{"name": "poem.jpg", "reason": "it is a poem"}]
    assert done.manifest["frame"] == (frame.as_json() if frame else None)
    for one, entry in zip(three.chosen, done.manifest["pictures"], strict=True):
        assert sha256(written(done.folder, entry["file"])) == entry["file_sha256"]
        assert entry["sha256"] == one.sha256
        assert (entry["kept"], entry["why"], entry["scores"]) == (True, "by rule", {"report": 0.25})
        assert entry["provenance"] == one.provenance.as_json()
    table = rows((done.folder / "ATTRIBUTION.csv").read_bytes())
    assert [row[0] for row in table[1:]] == [entry["file"] for entry in done.manifest["pictures"]]
    assert {row[2] for row in table[1:]} == {"Ana"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_selection_gives_the_same_bytes(three: Selection, tmp_path: Path, layout: str) -> None:
    first, second = (export_pictures(three, tmp_path / name, layout, frame=FRAME) for name in ("a", "b"))
    assert first.manifest_hash == second.manifest_hash
    assert files_below(first.folder) == files_below(second.folder)
    for file in files_below(first.folder):
        assert (first.folder / file).read_bytes() == (second.folder / file).read_bytes(), file


@pytest.mark.parametrize("encoding", ["png", "webp", "jpeg"])
def test_framed_pictures_have_the_pixels_that_were_shown(three: Selection, tmp_path: Path, encoding: str) -> None:
    done = export_pictures(three, tmp_path / "out", frame=FRAME, encoding=encoding)
    for one, entry in zip(three.chosen, done.manifest["pictures"], strict=True):
        shown = np.asarray(FRAME.apply(imaging.safe_open(one.path)), dtype=int)
        found = np.asarray(imaging.safe_open(done.folder / entry["file"]), dtype=int)
        assert np.abs(shown - found).max() <= (16 if encoding == "jpeg" else 0)
    assert done.manifest["framed"] == encoding


@pytest.mark.parametrize("encoding", ["png", "webp", "jpeg"])
def test_a_framed_picture_keeps_its_colours_and_tells_nothing_of_where_it_was_taken(tmp_path: Path, encoding: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.open(photograph(tmp_path / "a.png")).save(tmp_path / "b.jpg", exif=exif, comment=b"at home", icc_profile=colours)
    taken = Selection("wardrobe", "all", (chosen(tmp_path / "b.jpg"),))
    done = export_pictures(taken, tmp_path / "out", frame=FRAME, encoding=encoding)
    with Image.open(done.folder / done.manifest["pictures"][0]["file"]) as picture:
        assert dict(picture.getexif()) == {}
        assert "comment" not in picture.info
        assert picture.info["icc_profile"] == colours


def test_datasets_loads_an_imagefolder_with_a_label_in_every_row(three: Selection, tmp_path: Path) -> None:
    done = export_pictures(three, tmp_path / "out", "imagefolder", frame=FRAME)
    for found in (load("imagefolder", tmp_path / "cache", data_dir=str(done.folder)), load(str(done.folder), tmp_path / "cache")):
        assert found["label"] == ["coats", "hats", "wardrobe"]
        assert found["name"] == ["0.png", "1.png", "2.png"]
        assert found["score report"] == [0.25] * 3
        for one, picture in zip(three.chosen, found["image"], strict=True):
            assert np.array_equal(np.asarray(picture), np.asarray(FRAME.apply(imaging.safe_open(one.path))))
    metadata = [json.loads(line) for line in (done.folder / "metadata.jsonl").read_text().splitlines()]
    assert all((done.folder / row["file_name"]).is_file() and row["label"] for row in metadata)


def test_a_picture_of_a_train_and_a_class_called_test_split_nothing(tmp_path: Path) -> None:
    pictures = selection(tmp_path / "in", ("test", "dev", "train", "coats"))
    names = ("train-station.png", "val-d-isere.png", "a test.png", "coat.png")
    named = replace(pictures, chosen=tuple(replace(one, name=name) for one, name in zip(pictures.chosen, names, strict=True)))
    done = export_pictures(named, tmp_path / "out", "imagefolder")
    for kind, where in (("imagefolder", {"data_dir": str(done.folder)}), (str(done.folder), {})):
        assert load(kind, tmp_path / "cache", **where)["name"] == list(names)


def test_datasets_loads_webdataset_shards(three: Selection, tmp_path: Path) -> None:
    done = export_pictures(three, tmp_path / "out", "webdataset", frame=FRAME, encoding="webp")
    assert files_below(done.folder) == {"webp-00000.tar", "manifest.json", "ATTRIBUTION.csv"}
    found = load("webdataset", tmp_path / "cache", data_files=str(done.folder / "*.tar"))
    classes = list(done.manifest["classes"])
    assert [classes[number] for number in found["cls"]] == ["coats", "hats", "wardrobe"]
    for one, picture, facts in zip(three.chosen, found["webp"], found["json"], strict=True):
        assert np.array_equal(np.asarray(picture), np.asarray(FRAME.apply(imaging.safe_open(one.path))))
        assert facts["sha256"] == one.sha256
        assert facts["provenance"]["author"] == "Ana"


def test_a_shard_holds_one_kind_of_picture_and_not_too_many(tmp_path: Path) -> None:
    jpeg, png = photograph(tmp_path / "a.jpeg", 8, 8), photograph(tmp_path / "b.png", 8, 8)
    pictures = [chosen(jpeg)] * (SHARD_PICTURES + 1) + [chosen(png)]
    done = export_pictures(Selection("wardrobe", "all", tuple(pictures)), tmp_path / "out", "webdataset")
    members = {}
    for shard in sorted(done.folder.glob("*.tar")):
        with tarfile.open(shard) as archive:
            members[shard.name] = [name.rpartition(".")[2] for name in archive.getnames()]
    assert {name: len(kinds) // 3 for name, kinds in members.items()} == {
        "jpg-00000.tar": SHARD_PICTURES, "jpg-00001.tar": 1, "png-00000.tar": 1,
    }  # fmt: skip
    assert all(set(kinds) == {name.partition("-")[0], "cls", "json"} for name, kinds in members.items())


def test_a_picture_gets_the_suffix_of_what_it_is(tmp_path: Path) -> None:
    path = photograph(tmp_path / "a.png")
    Image.open(path).save(tmp_path / "wrong.png", format="JPEG")
    done = export_pictures(Selection("wardrobe", "all", (chosen(tmp_path / "wrong.png"),)), tmp_path / "out")
    assert done.manifest["pictures"][0]["file"] == "wardrobe/000000-wrong.jpg"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_and_classes_from_strangers_stay_inside_and_apart(tmp_path: Path, layout: str) -> None:
    labels = ("../up", "/etc", "Coat", "coat", "CON", "été", "夜景", "..", ".hidden", "a\nb", "n" * 300)
    names = ("../../up.png", "=cmd|' /C calc'.png", "nul.png", ".git", "-rf", "a\x00b", "\udc80.png", "名" * 200, "x/y.png", "", "  ")
    found = selection(tmp_path / "in", labels)
    named = tuple(
        replace(one, name=name, provenance=replace(one.provenance, name=name)) for one, name in zip(found.chosen, names, strict=True)
    )
    done = export_pictures(replace(found, chosen=named), tmp_path / "here" / "out", layout)
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"out"}
    entries = json.loads((done.folder / "manifest.json").read_text())["pictures"]
    assert [sha256(written(done.folder, entry["file"])) for entry in entries] == [one.sha256 for one in found.chosen]
    if layout == "folder":
        assert len({entry["file"].partition("/")[0].casefold() for entry in entries}) == len(labels)
        assert len(load_pictures(done.folder, 16, "centre square").classes) == len(labels)


def test_pictures_without_permission_are_refused_counted_by_source(tmp_path: Path) -> None:
    pictures = [
        chosen(photograph(tmp_path / f"{index}.png", seed=index), allowed=allowed, source=source)
        for index, (source, allowed) in enumerate([("pexels", "no"), ("pexels", "no"), ("folder", "unknown"), ("openverse", "yes")])
    ]
    mixed = Selection("wardrobe", "kept", tuple(pictures))
    with pytest.raises(StudioError, match=r"3 of 4 .* folder 1 \(unknown\), pexels 2 \(no\): leave them out \(--skip-unlicensed\)"):
        export_pictures(mixed, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    left = export_pictures(mixed, tmp_path / "left", skip_unlicensed=True)
    assert [entry["provenance"]["source"] for entry in left.manifest["pictures"]] == ["openverse"]
    assert left.manifest["counts"] == {"exported": 1, "left_out": 3}
    with pytest.raises(StudioError, match="none of 3 pictures came with permission"):
        export_pictures(replace(mixed, chosen=mixed.chosen[:3]), tmp_path / "none", skip_unlicensed=True)


def test_an_export_to_look_at_says_so(tmp_path: Path) -> None:
    done = export_pictures(selection(tmp_path / "in", allowed="unknown"), tmp_path / "out", purpose="inspection")
    assert "no model may learn" in done.manifest["note"]
    assert "no model may learn" in (done.folder / "NOT FOR TRAINING.txt").read_text()
    allowed = export_pictures(selection(tmp_path / "in"), tmp_path / "allowed", "imagefolder", purpose="inspection")
    assert "note" not in allowed.manifest
    assert not (allowed.folder / "NOT FOR TRAINING.txt").exists()


def test_an_existing_folder_is_never_touched(three: Selection, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(StudioError, match="exists already"):
        export_pictures(three, tmp_path / "out")
    assert files_below(tmp_path / "out") == {"mine.txt"}


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Writes past `size` bytes of a file fail as they do on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_full_disk_a_missing_file_and_a_wish_to_stop_leave_nothing(three: Selection, tmp_path: Path, layout: str) -> None:
    out = tmp_path / "here" / "out"

    def stop(done: int, total: int, message: str = "") -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        export_pictures(three, out, layout, progress=stop)
    with no_file_larger_than(2_000), pytest.raises(StudioError, match=r"the disk of .* is full"):
        export_pictures(three, out, layout)
    three.chosen[1].path.write_bytes(three.chosen[0].path.read_bytes())
    with pytest.raises(StudioError, match=r"1.png was changed since it was collected"):
        export_pictures(three, out, layout)
    three.chosen[1].path.unlink()
    with pytest.raises(StudioError, match=r"1.png is gone"):
        export_pictures(three, out, layout)
    assert list((tmp_path / "here").iterdir()) == []


def test_an_impossible_choice_and_an_empty_part_are_named(three: Selection, tmp_path: Path) -> None:
    for choice, words in (({"layout": "heap"}, "the layout"), ({"purpose": "fun"}, "the purpose"), ({"encoding": "gif"}, "the encoding")):
        with pytest.raises(StudioError, match=f"{words} of an export is"):
            export_pictures(three, tmp_path / "out", **choice)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="no picture of wardrobe is kept"):
        export_pictures(replace(three, chosen=()), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_progress_counts_every_picture(three: Selection, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    export_pictures(three, tmp_path / "out", progress=lambda done, total, message="": seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
