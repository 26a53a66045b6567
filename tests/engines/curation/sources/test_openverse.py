from pathlib import Path
from typing import Any

import pytest

from engines.curation.provenance import Failure, Fetched, Provenance
from engines.curation.sources import openverse
from engines.curation.sources.search import Search
from engines.curation.sources.web import Ledger
from engines.errors import StudioError
from tests.web_sources import PictureServer, QuickClock, openverse_id


def look(server: PictureServer, folder: Path, **options: Any) -> Search:
    common: dict[str, Any] = {"base": server.base, "ledger": Ledger(folder / "web.sqlite"), "clock": QuickClock()}
    return openverse.search("street", **(common | options))


def records(found: Search) -> list[Provenance]:
    return [item.provenance for item in found if isinstance(item, Fetched)]


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENVERSE_TOKEN", raising=False)


def test_a_record_says_who_made_the_picture_where_it_is_and_under_which_licence(picture_server: PictureServer, tmp_path: Path) -> None:
    record = records(look(picture_server, tmp_path, pages=(1, 1), per_page=1))[0]
    assert record == Provenance(
        source="openverse",
        identity=openverse_id(1000),
        name="A street, number 1000",
        page_url="https://www.example.org/photos/1000",
        file_url="https://pictures.example.org/1000.jpg",
        author="Zoë Å. 1000",
        author_url="https://www.example.org/people/1000",
        licence="CC0 1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        training_allowed="yes",
        permission="by the licence CC0 1.0",
        collected=record.collected,
    )
    assert record.collected.startswith("2027-01-15T08:00:0")


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("cc0", "yes"),
        ("pdm", "yes"),
        ("by", "yes"),
        ("by-sa", "unknown"),
        ("sampling+", "unknown"),
        ("by-nc", "no"),
        ("by-nd", "no"),
        ("by-nc-sa", "no"),
        ("by-nc-nd", "no"),
        ("nc-sampling+", "no"),
    ],
)
def test_what_a_licence_says_of_training(licence: str, allowed: str, picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.openverse = [picture_server.result(1000, license=licence)]
    (record,) = records(look(picture_server, tmp_path, licence=licence))
    assert record.training_allowed == allowed
    assert bool(record.permission) == (allowed == "yes")
    (permitted,) = records(look(picture_server, tmp_path, licence=licence, permission="a letter"))
    assert (permitted.training_allowed, permitted.permission) == ("yes", "a letter")


def test_a_licence_that_asks_for_credit_is_recorded_with_it(picture_server: PictureServer, tmp_path: Path) -> None:
    credit = '"A street" by Zoë is licensed under CC BY 2.0.'
    picture_server.openverse = [picture_server.result(1000, license="by", license_version="2.0", attribution=credit)]
    (record,) = records(look(picture_server, tmp_path, licence="by"))
    assert record.licence == "CC BY 2.0"
    assert record.permission == f"by the licence CC BY 2.0, with this credit: {credit}"


def test_a_result_under_a_licence_not_asked_for_is_left_out(picture_server: PictureServer, tmp_path: Path) -> None:
    odd = {"filter ignored": True}
    picture_server.openverse = [picture_server.result(1000), picture_server.result(1001, license="by-nc", **odd)]
    picture_server.openverse.append(picture_server.result(1002, license=None, **odd))
    items = [item for item in look(picture_server, tmp_path, licence="cc0") if isinstance(item, Fetched | Failure)]
    assert [item.reason for item in items if isinstance(item, Failure)] == [
        "its licence is by-nc, which was not asked for",
        "its licence is not stated, which was not asked for",
    ]
    assert len(picture_server.asked_for("/v1/images/0")) == 1


def test_only_free_licences_are_asked_for_by_default(picture_server: PictureServer, tmp_path: Path) -> None:
    list(look(picture_server, tmp_path, pages=(1, 1)))
    assert picture_server.asked[0].parameters == {"q": "street", "license": "cc0,pdm", "page_size": "20", "page": "1"}
    assert "authorization" not in picture_server.asked[0].headers


def test_files_come_through_openverse_in_full_or_as_thumbnails(picture_server: PictureServer, tmp_path: Path) -> None:
    for file, parameters in (("full", {"full_size": "true", "compressed": "false"}), ("thumbnail", {})):
        list(look(picture_server, tmp_path, pages=(1, 1), per_page=1, file=file))
        assert picture_server.asked[-1].path == f"/v1/images/{openverse_id(1000)}/thumb/"
        assert picture_server.asked[-1].parameters == parameters


def test_filters_are_sent_as_openverse_names_them(picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.openverse = []
    list(look(picture_server, tmp_path, orientation="portrait", size="large", category="photograph"))
    sent = picture_server.asked[0].parameters
    assert (sent["aspect_ratio"], sent["size"], sent["category"]) == ("tall", "large", "photograph")


def test_a_token_is_sent_and_allows_longer_pages(picture_server: PictureServer, tmp_path: Path) -> None:
    found = look(picture_server, tmp_path, key=picture_server.key, per_page=40)
    assert len(records(found)) == 12
    assert [one.headers["authorization"] for one in picture_server.asked_for("/v1/images/") if one.path == "/v1/images/"] == [
        f"Bearer {picture_server.key}"
    ]


def test_a_wrong_token_is_one_sentence(picture_server: PictureServer, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"Openverse does not accept the key \(it answered 401\): check OPENVERSE_TOKEN"):
        list(look(picture_server, tmp_path, key="another"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"licence": "mit"}, "licence 'mit' is not known: choose from cc0, pdm, by,"),
        ({"licence": " , "}, "no licence is named: choose from cc0"),
        ({"orientation": "wide"}, "orientation 'wide' is not known: choose one of landscape, portrait, square"),
        ({"size": "huge"}, "size 'huge' is not known"),
        ({"category": "painting"}, "category 'painting' is not known: choose one of photograph"),
        ({"file": "original"}, "file 'original' is not known: choose one of full, thumbnail"),
        ({"per_page": 21}, "a page holds 1 to 20 pictures without a token, got 21"),
        ({"per_page": 81, "key": "token"}, "a page holds 1 to 80 pictures, got 81"),
        ({"pages": (13, 14)}, "page 13 was asked for, and there are 12 at most"),
    ],
)
def test_a_value_that_openverse_does_not_know_is_refused_with_those_it_does(
    options: dict[str, Any], sentence: str, picture_server: PictureServer, tmp_path: Path
) -> None:
    with pytest.raises(StudioError, match=sentence):
        look(picture_server, tmp_path, **options)
    assert picture_server.asked == []


def test_a_search_ends_after_the_240_pictures_that_it_shows(picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.openverse = [picture_server.result(number, filetype="svg") for number in range(1, 251)]
    items = list(look(picture_server, tmp_path, pages=(1, 40)))
    assert len([item for item in items if isinstance(item, Failure)]) == 240
    assert len(picture_server.asked) == 12


@pytest.mark.parametrize(("kind", "times", "seconds"), [("", 20, 60), (" files", 150, 60)], ids=["searches", "files"])
def test_searches_keep_to_twenty_a_minute_and_files_to_150(
    kind: str, times: int, seconds: int, picture_server: PictureServer, tmp_path: Path
) -> None:
    picture_server.openverse = picture_server.openverse[:1]
    clock, ledger, site = QuickClock(), Ledger(tmp_path / "web.sqlite"), openverse.SITE.at(picture_server.base)
    for _ in range(times):
        assert ledger.turn(site.account + kind, site.file_windows if kind else site.windows[1:], clock.now()) == 0
    assert len(records(look(picture_server, tmp_path, clock=clock))) == 1
    assert clock.slept == [seconds]


def test_a_day_of_two_hundred_searches_ends_with_the_time_to_go_on(picture_server: PictureServer, tmp_path: Path) -> None:
    clock, ledger, site = QuickClock(), Ledger(tmp_path / "web.sqlite"), openverse.SITE.at(picture_server.base)
    for _ in range(200):
        assert ledger.turn(site.account, site.windows[2:], clock.now()) == 0
    with pytest.raises(StudioError, match="Openverse allows no more requests until 2027-01-16 08:00 UTC: go on then"):
        list(look(picture_server, tmp_path, clock=clock))
    assert picture_server.asked == []


@pytest.mark.parametrize("identity", ["../../../etc/passwd", "12", None, "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_none_leads_nowhere(identity: str | None, picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.openverse = [picture_server.result(1000, id=identity)]
    (failure,) = [item for item in look(picture_server, tmp_path) if isinstance(item, Failure)]
    assert failure.reason == "the answer does not say which picture it is"
    assert len(picture_server.asked) == 1


def test_a_drawing_is_left_out_before_it_is_fetched(picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.openverse = [picture_server.result(1000, filetype="svg")]
    items = list(look(picture_server, tmp_path))
    assert isinstance(items[0], Failure)
    assert "SVG" in items[0].reason
    assert len(picture_server.asked) == 1
