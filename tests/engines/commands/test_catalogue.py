"""Collections on the command line."""

import json
from pathlib import Path

import pytest

from engines.curation.catalogue import Catalogue
from tests.engines.commands.command_line import atelier
from tests.pictures import photograph


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the collection `skylines` of three pictures."""
    (tmp_path / "in").mkdir()
    for index in range(3):
        photograph(tmp_path / "in" / f"{index}.jpg", seed=index)
    atelier("collect", "folder", tmp_path / "in", "--into", "skylines", "--rights", "unknown", home=tmp_path)
    return tmp_path


def test_decisions_are_taken_shown_taken_back_and_done_again(home: Path) -> None:
    first, second, _ = (picture.id for picture in Catalogue(home / "catalogue").pictures("skylines"))
    decided = atelier("catalogue", "decide", "skylines", "drop", first, second, "--reason", "a logo", "--actor", "anna", home=home)
    assert decided.stdout == "skylines: 3 pictures, 1 kept, 2 dropped\n"
    assert "dropped by hand: 2" in atelier("catalogue", "show", "skylines", home=home).stdout
    assert "0.jpg (hand: a logo)" in atelier("catalogue", "show", "skylines", "--pictures", home=home).stdout
    nothing = atelier("catalogue", "undo", "skylines", "--actor", "ben", home=home)
    assert (nothing.returncode, "ben has nothing to take back" in nothing.stderr) == (2, True)
    undone = atelier("catalogue", "undo", "skylines", "--actor", "anna", home=home)
    assert undone.stdout.startswith("took back: dropped 2 pictures by hand (a logo)\nskylines: 3 pictures, 3 kept")
    atelier("catalogue", "redo", "skylines", "--actor", "anna", home=home)
    history = json.loads(atelier("catalogue", "history", "skylines", "--json", home=home).stdout)
    assert [(event["kind"], event["actor"]) for event in history] == [("decide", "anna"), ("undo", "anna"), ("redo", "anna")]
    assert json.loads(atelier("catalogue", "list", "--json", home=home).stdout)[0]["dropped"] == 2


def test_rights_are_recorded_for_the_whole_collection(home: Path) -> None:
    refused = atelier("catalogue", "rights", "skylines", "yes", home=home)
    assert (refused.returncode, "a yes needs the permission in words" in refused.stderr) == (2, True)
    atelier("catalogue", "rights", "skylines", "yes", "--permission", "my own", home=home)
    assert "from folder, training allowed: yes: 3" in atelier("catalogue", "show", "skylines", home=home).stdout


def test_decisions_travel_in_a_file(home: Path, tmp_path: Path) -> None:
    (first, *_) = Catalogue(home / "catalogue").pictures("skylines")
    atelier("catalogue", "decide", "skylines", "drop", first.id, home=home)
    assert atelier("catalogue", "decisions", "export", tmp_path / "log.jsonl", home=home).stdout.endswith("1 events\n")
    other = tmp_path / "other"
    atelier("collect", "folder", home / "in", "--into", "skylines", "--rights", "unknown", home=other)
    taken = atelier("catalogue", "decisions", "import", tmp_path / "log.jsonl", home=other)
    assert taken.stdout == "1 events taken over, 0 known already\n"
    assert Catalogue(other / "catalogue").facts("skylines").dropped == 1


def test_removing_needs_a_yes_and_renaming_keeps_everything(home: Path) -> None:
    refused = atelier("catalogue", "remove", "skylines", home=home)
    assert (refused.returncode, "say --yes" in refused.stderr) == (2, True)
    atelier("catalogue", "rename", "skylines", "cities", home=home)
    assert "3 pictures" in atelier("catalogue", "list", home=home).stdout
    assert atelier("catalogue", "remove", "cities", "--yes", home=home).returncode == 0
    assert atelier("catalogue", "list", home=home).stdout == "no collections yet: `collect --help` shows how to begin one\n"
    assert len(list((home / "in").iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "nothing"], "there is no collection 'nothing': choose one of skylines"),
        (["decide", "skylines", "drop", "999999"], "are not in this collection"),
        (["decide", "skylines", "maybe", "1"], "maybe"),
        (["decisions", "import", "missing.jsonl"], "missing.jsonl cannot be read"),
        (["decisions", "export", "log.jsonl", "--collection", "nothing"], "there is no collection 'nothing'"),
        ([], "list|show"),
    ],
)
def test_a_mistake_is_one_clear_line(home: Path, arguments: list[str], sentence: str) -> None:
    done = atelier("catalogue", *arguments, home=home)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
