import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation.catalogue import Catalogue
from engines.curation.cutout.cut import Cut, Original, Style
from engines.curation.cutout.delivery import REPORT_FILE, into_collection, into_folder
from engines.curation.cutout.whole import originals_of_collection
from engines.curation.manifest import provenance_of_export
from engines.curation.provenance import Provenance
from engines.errors import Cancelled, StudioError

SETTINGS = {"way": "test"}


def cut(number: int, reason: str = "", name: str = "") -> Cut:
    record = Provenance("folder", f"set/{number}", name or f"{number}.jpg", author="Ada", training_allowed="yes")
    picture = Image.fromarray(np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    mask = np.zeros((16, 16), bool)
    mask[4:12, 4:12] = True
    return Cut(Original(Path("none"), record, "car"), "26000", reason, picture, mask, (4, 4, 12, 12))


class Cutting:
    """Gives cuts and remembers which it was asked for; stops before the one at `stop`."""

    def __init__(self, cuts: list[Cut], stop: int = 99) -> None:
        self.cuts, self.stop, self.done = cuts, stop, list[str]()

    def __call__(self, skip: set[str]) -> Iterator[Cut]:
        for place, one in enumerate(self.cuts):
            if one.identity in skip:
                continue
            if place == self.stop:
                raise Cancelled
            self.done.append(one.identity)
            yield one


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_gets_one_png_an_object_a_manifest_and_a_line_for_every_reject(tmp_path: Path) -> None:
    out = tmp_path / "cars"
    report = into_folder(out, Cutting([cut(1), cut(2, "no car is seen: the best has 0.5"), cut(3)]), Style(), SETTINGS)
    assert (report.made, report.already, report.rejected) == (2, 0, (("folder:set/2#26000", "no car is seen: the best has 0.5"),))
    assert report.reasons() == [("no car is seen", 1)]
    assert files(out) == ["ATTRIBUTION.csv", "car/1-26000.png", "car/3-26000.png", "cutouts.jsonl", "manifest.json"]
    lines = [json.loads(line) for line in (out / REPORT_FILE).read_text().splitlines()]
    assert lines[0]["settings"] == {"way": "test", "style": {"background": [51, 255, 51], "feather": 0.0}}
    assert [line.get("reason", line.get("file")) for line in lines[1:]] == [
        "car/1-26000.png",
        "no car is seen: the best has 0.5",
        "car/3-26000.png",
    ]


def test_whoever_takes_the_folder_in_still_knows_author_and_rights(tmp_path: Path) -> None:
    into_folder(tmp_path / "cars", Cutting([cut(1)]), Style(), SETTINGS)
    record = provenance_of_export(tmp_path / "cars")["car/1-26000.png"]
    assert (record.author, record.training_allowed, record.source) == ("Ada", "yes", "cutout")


def test_a_stopped_run_goes_on_where_it_was_and_rejects_are_not_judged_again(tmp_path: Path) -> None:
    cuts = [cut(1), cut(2, "none"), cut(3), cut(4)]
    with pytest.raises(Cancelled):
        into_folder(tmp_path / "cars", Cutting(cuts, stop=2), Style(), SETTINGS)
    assert files(tmp_path / "cars") == ["ATTRIBUTION.csv", "car/1-26000.png", "cutouts.jsonl", "manifest.json"]
    with (tmp_path / "cars" / REPORT_FILE).open("a") as report:
        report.write('{"identity": "folder:set/3#26')  # as a killed run leaves it
    again = Cutting(cuts)
    done = into_folder(tmp_path / "cars", again, Style(), SETTINGS)
    assert again.done == [cuts[2].identity, cuts[3].identity]
    assert (done.made, done.already, len(done.rejected)) == (2, 1, 1)
    assert len(json.loads((tmp_path / "cars" / "manifest.json").read_text())["pictures"]) == 3
    (tmp_path / "cars" / "car" / "1-26000.png").unlink()
    assert into_folder(tmp_path / "cars", Cutting(cuts), Style(), SETTINGS).made == 1


def test_other_settings_or_somebody_elses_files_are_never_mixed_in(tmp_path: Path) -> None:
    into_folder(tmp_path / "cars", Cutting([cut(1)]), Style(), SETTINGS)
    with pytest.raises(StudioError, match="other settings"):
        into_folder(tmp_path / "cars", Cutting([cut(1)]), Style(None), SETTINGS)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(StudioError, match="other files"):
        into_folder(tmp_path / "mine", Cutting([cut(1)]), Style(), SETTINGS)
    assert files(tmp_path / "mine") == ["letter.txt"]


def test_pictures_of_one_name_do_not_overwrite_each_other_and_names_cannot_climb(tmp_path: Path) -> None:
    cuts = [cut(1, name="a/x.jpg"), cut(2, name="b/x.jpg"), cut(3, name="../../..\\evil\n.jpg")]
    into_folder(tmp_path / "deep" / "cars", Cutting(cuts), Style(), SETTINGS)
    written = [path for path in tmp_path.rglob("*.png") if path.is_file()]
    assert len(written) == 3
    assert {path.parent for path in written} == {tmp_path / "deep" / "cars" / "car"}


def test_a_collection_takes_cut_outs_with_their_rights_and_the_rejects_reasons(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue")
    report = into_collection(catalogue, "cars", Cutting([cut(1), cut(2, "no car is seen")]), Style(), SETTINGS)
    assert (report.made, report.already, len(report.rejected)) == (1, 0, 1)
    (picture,) = catalogue.pictures("cars")
    assert (picture.width, picture.height, picture.label) == (8, 8, "car")
    assert (picture.provenance.identity, picture.provenance.author) == ("folder:set/1#26000", "Ada")
    assert ("folder:set/2#26000", "no car is seen") in catalogue.failures("cars")
    assert originals_of_collection(catalogue, "cars")[0].provenance.training_allowed == "yes"


def test_a_collection_is_completed_and_rejects_are_tried_again_only_with_other_settings(tmp_path: Path) -> None:
    catalogue, cuts = Catalogue(tmp_path / "catalogue"), [cut(1), cut(2, "none"), cut(3)]
    with pytest.raises(Cancelled):
        into_collection(catalogue, "cars", Cutting(cuts, stop=2), Style(), SETTINGS)
    again = Cutting(cuts)
    report = into_collection(catalogue, "cars", again, Style(), SETTINGS)
    assert again.done == [cuts[2].identity]
    assert (report.made, report.already, len(report.rejected)) == (1, 1, 1)
    other = Cutting(cuts)
    report = into_collection(catalogue, "cars", other, Style(), {"way": "another"})
    assert other.done == [cuts[1].identity]
    assert (report.made, report.already, len(report.rejected)) == (0, 2, 1)


def test_a_collection_of_rejects_only_is_reported_not_raised(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue")
    report = into_collection(catalogue, "cars", Cutting([cut(1, "none")]), Style(), SETTINGS)
    assert (report.made, report.already, len(report.rejected)) == (0, 0, 1)


def test_cuttings_are_plain_functions_of_what_is_done(tmp_path: Path) -> None:
    def one(skip: set[str]) -> Iterable[Cut]:
        return [] if skip else [cut(1)]

    assert into_folder(tmp_path / "cars", one, Style(), SETTINGS).made == 1
    assert into_folder(tmp_path / "cars", one, Style(), SETTINGS).made == 0
