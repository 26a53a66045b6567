import json
import shutil
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest
import torch
from PIL import Image

from engines.errors import StudioError
from engines.models.card import read_card
from engines.models.zoo import Zoo, fetch_from_hub, publish, write_card
from engines.networks.lightweight import LightweightGenerator
from engines.networks.registry import NETWORKS
from engines.paths import SHIPPED_MODELS
from engines.recipe import file_hash


def copied(zoo: Zoo, name: str, into: Path) -> Path:
    return Path(shutil.copytree(zoo.folder(name), into / name))


def test_models_are_found_by_kind_and_loaded_once(tiny_zoo: Zoo) -> None:
    assert tiny_zoo.names() == ["garments", "leather-denim", "scenes"]
    assert tiny_zoo.names("translator") == ["leather-denim"]
    assert tiny_zoo.generator("scenes") is tiny_zoo.generator("scenes")


@pytest.mark.parametrize("name", ["nothing", "", "../scenes", "scenes/../scenes", "a" * 500])
def test_an_unknown_name_is_answered_with_the_names_there_are(tiny_zoo: Zoo, name: str) -> None:
    with pytest.raises(StudioError, match="choose one of garments, scenes"):
        tiny_zoo.generator(name)
    with pytest.raises(StudioError, match="choose one of garments, leather-denim, scenes"):
        tiny_zoo.card(name)


def test_a_model_of_another_kind_is_refused(tiny_zoo: Zoo) -> None:
    with pytest.raises(StudioError, match="swaps textures"):
        tiny_zoo.generator("leather-denim")
    with pytest.raises(StudioError, match="swaps no textures"):
        tiny_zoo.translator("scenes")


def test_a_model_that_takes_the_place_of_another_is_drawn_with(tiny_zoo: Zoo, tmp_path: Path) -> None:
    folder = copied(tiny_zoo, "scenes", tmp_path)
    zoo = Zoo([tmp_path])
    before = zoo.generator("scenes")
    assert zoo.generator("scenes") is before
    shutil.rmtree(folder)
    publish(folder, replace(before.card, title="Other scenes"), [NETWORKS["lightweight"](**before.card.settings)])
    after = zoo.generator("scenes")
    assert after.card == zoo.card("scenes")
    assert after.card.weights_sha256 != before.card.weights_sha256
    assert not torch.equal(*(next(one.network.parameters()) for one in (before, after)))  # type: ignore[attr-defined]


def test_what_was_loaded_is_placed_as_its_card_says(tiny_zoo: Zoo, tmp_path: Path) -> None:
    copied(tiny_zoo, "scenes", tmp_path)
    copied(tiny_zoo, "leather-denim", tmp_path)
    zoo = Zoo([tmp_path])
    networks = [zoo.generator("scenes").network, *zoo.translator("leather-denim").networks]
    for network in networks:
        network.to(memory_format=torch.channels_last)  # type: ignore[attr-defined]
        assert not all(weight.is_contiguous() for weight in network.parameters())  # type: ignore[attr-defined]
    zoo.place()
    for network in networks:
        assert all(weight.is_contiguous() for weight in network.parameters())  # type: ignore[attr-defined]


def test_changed_weights_are_not_loaded(tiny_zoo: Zoo, tmp_path: Path) -> None:
    folder = copied(tiny_zoo, "scenes", tmp_path)
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(StudioError, match="fetch the model again"):
        Zoo([tmp_path]).generator("scenes")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 9},
        {"network": "unheard of"},
        {"settings": {"widths": [8, 8]}},
        {"settings": {"surprise": 1}},
        {"kind": "pickle"},
        {"surprise": 1},
        {"weights_file": "../../secret.safetensors"},
    ],
)
def test_a_card_that_does_not_fit_is_an_error_and_runs_nothing(tiny_zoo: Zoo, tmp_path: Path, change: dict[str, object]) -> None:
    folder = copied(tiny_zoo, "scenes", tmp_path)
    card = json.loads((folder / "atelier.json").read_text())
    (folder / "atelier.json").write_text(json.dumps(card | change))
    with pytest.raises(StudioError):
        Zoo([tmp_path]).generator("scenes")


@pytest.mark.parametrize(
    ("folder", "card", "why"),
    [
        ("newer", '{"format": 9}', "card of format 9"),
        ("torn", '{"format": 1, "name', "missing or damaged"),
        ("list", "[1, 2]", "no JSON object"),
        ("empty", '{"format": 1}', "damaged card"),
        ("My Model", '{"format": 1}', "no model name"),
    ],
)
def test_a_card_that_cannot_be_read_takes_no_other_model_with_it(
    tiny_zoo: Zoo, tmp_path: Path, caplog: pytest.LogCaptureFixture, folder: str, card: str, why: str
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "atelier.json").write_text(card)
    zoo = Zoo([tmp_path, tiny_zoo.folder("scenes").parent])
    assert zoo.names() == tiny_zoo.names()
    assert zoo.names("generator") == tiny_zoo.names("generator")
    assert [record.message for record in caplog.records if why in record.message] == [record.message for record in caplog.records]
    assert len(caplog.records) == 1
    [(place, said)] = zoo.left_out().items()
    assert place == tmp_path / folder
    assert why in said
    with pytest.raises(StudioError, match="choose one of garments, leather-denim, scenes"):
        zoo.folder("nowhere")


@pytest.mark.parametrize(
    "change",
    [
        {"title": 5},
        {"classes": None},
        {"classes": "abc"},
        {"evaluation": []},
        {"limits": {}},
        {"classes": ["coat", 7]},
        {"class_pictures": {"coat": "many"}},
        {"pictures": {"preview.webp": None}},
    ],
)
def test_a_card_with_a_field_of_another_kind_is_damaged(tiny_zoo: Zoo, tmp_path: Path, change: dict[str, object]) -> None:
    folder = copied(tiny_zoo, "scenes", tmp_path)
    card = json.loads((folder / "atelier.json").read_text())
    (folder / "atelier.json").write_text(json.dumps(card | change))
    with pytest.raises(StudioError, match="of another kind than expected"):
        read_card(folder)


def test_a_model_that_is_being_written_is_not_there_yet(tiny_zoo: Zoo, tmp_path: Path) -> None:
    copied(tiny_zoo, "scenes", tmp_path).rename(tmp_path / ".mine-x7")
    assert (Zoo([tmp_path]).names(), Zoo([tmp_path]).left_out()) == ([], {})


def test_a_class_is_checked_by_name(tiny_zoo: Zoo) -> None:
    card = tiny_zoo.card("garments")
    assert card.class_index("hat") == card.classes.index("hat")
    with pytest.raises(StudioError, match="got 'sofa': choose one of these classes"):
        card.class_index("sofa")
    with pytest.raises(StudioError, match="got none"):
        card.class_index(None)
    with pytest.raises(StudioError, match="has no classes"):
        tiny_zoo.card("scenes").class_index("hat")


def test_publishing_is_whole_or_not_at_all(tiny_zoo: Zoo, tmp_path: Path) -> None:
    card = tiny_zoo.card("scenes")
    network = LightweightGenerator(**card.settings)
    with pytest.raises(StudioError, match="no model name"):
        publish(tmp_path / "My Model", card, [network])
    made = publish(tmp_path / "mine", card, [network], {"preview.webp": Image.new("RGB", (8, 8))})
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["README.md", "atelier.json", "model.safetensors", "preview.webp"]
    assert read_card(tmp_path / "mine") == made
    with pytest.raises(StudioError, match="exists already"):
        publish(tmp_path / "mine", card, [network])
    loaded = Zoo([tmp_path]).generator("mine").network
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.half().float() if value.is_floating_point() else value)


def test_a_model_that_was_copied_under_another_name_draws_under_that_name(
    tiny_zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(tiny_zoo.folder("scenes"), tmp_path / "mine"))
    assert Zoo([tmp_path]).generator("mine").card.name == "mine"
    monkeypatch.chdir(folder)
    assert read_card(Path()).name == "mine"


def test_a_model_of_a_hub_has_the_name_that_it_is_fetched_under(tiny_zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))
    snapshot = Path(shutil.copytree(tiny_zoo.folder("scenes"), tmp_path / "0a1b2c"))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *asked, **options: str(snapshot))
    assert read_card(fetch_from_hub("org/Streets")).name == "streets"
    for name in ("../elsewhere", "My Model"):
        with pytest.raises(StudioError, match="is no model name"):
            fetch_from_hub("org/streets", name)
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(StudioError, match="again lacks its weights"):
        fetch_from_hub("org/streets", "again")
    assert [path.name for path in (tmp_path / "home" / "models").iterdir()] == ["streets"]


def test_the_user_s_own_model_wins_over_a_shipped_one(tiny_zoo: Zoo, tmp_path: Path) -> None:
    own = copied(tiny_zoo, "scenes", tmp_path / "own")
    shared = tiny_zoo.folder("scenes").parent
    assert Zoo([own.parent, shared]).folder("scenes") == own
    assert Zoo([own.parent, shared]).names() == tiny_zoo.names()


SHIPPED = sorted(path.parent.name for path in SHIPPED_MODELS.glob("*/atelier.json"))


def test_the_seven_models_are_shipped() -> None:
    assert SHIPPED == ["cityscape", "clothing", "fashion-mnist", "leather-denim", "materials", "studio-clip", "upscale-4"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_whole_and_its_readme_is_made_from_its_card(name: str, tmp_path: Path) -> None:
    folder = SHIPPED_MODELS / name
    card = read_card(folder)
    assert card.name == name
    assert file_hash(folder / card.weights_file) == card.weights_sha256
    assert (folder / card.weights_file).stat().st_size <= 60 * 2**20
    assert card.rights
    assert card.limits
    assert card.trained_on
    write_card(tmp_path, card)
    assert (folder / "README.md").read_text() == (tmp_path / "README.md").read_text()
    assert (folder / "atelier.json").read_text() == (tmp_path / "atelier.json").read_text()
    assert card.kind == "clip" or (folder / "preview.webp").stat().st_size > 1000
    assert sum(path.stat().st_size for path in SHIPPED_MODELS.rglob("*") if path.is_file()) < 220 * 2**20
