"""The Models page shows every model with its rights and its faults, and opens it where it works."""

import shutil
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.exploration.directions import Direction, own_file, save_directions
from engines.exploration.sampling import sample_recipes
from engines.models.card import read_card
from engines.models.zoo import Zoo, write_card
from engines.recipe import shift_text, to_json
from studio import app, guards
from studio.settings import Settings
from studio.state import Services
from studio.tabs import classes, explore, models, swap


def test_every_model_at_hand_has_a_card_with_its_rights_and_what_it_cannot_do(services: Services) -> None:
    cards = {card.name: card for card in models.cards(services)}
    assert set(cards) == set(services.zoo.names())
    for name, card in cards.items():
        known = services.zoo.card(name)
        assert (card.rights, card.limits, card.trained_on) == (known.rights, known.limits, known.trained_on)
    assert cards["scenes"].action != cards["leather-denim"].action
    assert cards["garments"].preview is None
    assert ("Classes", "coat, hat, shoes") in cards["garments"].facts


def test_a_preview_is_written_anew_into_the_folder_that_is_served(shipped_zoo: Zoo, tmp_path: Path) -> None:
    services = Services(shipped_zoo, Settings(home=tmp_path))
    card = next(card for card in models.cards(services) if card.name == "cityscape")
    assert card.preview is not None
    assert card.preview.is_relative_to(tmp_path / "served")
    with Image.open(card.preview) as preview:
        assert preview.size == card.size
    assert ("recall (lite2)", shipped_zoo.card("cityscape").evaluation["recall (lite2)"]) in card.numbers
    assert "command" not in dict(card.numbers)


def test_a_damaged_preview_costs_a_model_its_picture_alone_and_a_new_one_is_shown(tiny_zoo: Zoo, tmp_path: Path) -> None:
    for name in ("garments", "scenes"):
        shutil.copytree(tiny_zoo.folder(name), tmp_path / "models" / name)
    services, preview = Services(Zoo([tmp_path / "models"]), Settings(home=tmp_path)), tmp_path / "models" / "garments" / models.PREVIEW
    preview.write_bytes(b"RIFF")
    assert {card.name: card.preview for card in models.on_open(services)[1]} == {"garments": None, "scenes": None}
    seen = []
    for colour in ("navy", "white"):
        Image.new("RGB", (8, 8), colour).save(preview)
        shown = models.shown(services, services.zoo.card("garments")).preview
        assert shown is not None
        seen.append(shown.read_bytes())
    assert len(set(seen)) == 2


def test_a_summary_is_plain_words(shipped_zoo: Zoo) -> None:
    for name in shipped_zoo.names():
        assert "`" not in shipped_zoo.card(name).summary


def test_a_generator_opens_in_explore_and_a_translator_in_the_swap(services: Services) -> None:
    explored = app.pick_model(services, gr.EventData(None, {"name": "garments"}))
    assert explored[1]["value"] == "garments"
    assert explored[2]["choices"] == ["coat", "hat", "shoes"]
    swapped = app.pick_model(services, gr.EventData(None, {"name": "leather-denim"}))
    assert swapped[-3]["value"] == "leather-denim"
    assert len(swapped) == len(explored)


def test_a_model_that_came_after_the_page_was_built_is_offered_wherever_it_works(tiny_zoo: Zoo, tmp_path: Path) -> None:
    late = Services(Zoo([tmp_path / "models", tiny_zoo.folder("scenes").parent]), Settings(home=tmp_path))
    names = {"garments": "mine", "leather-denim": "washed"}
    for source, name in names.items():
        folder = Path(shutil.copytree(tiny_zoo.folder(source), tmp_path / "models" / name))
        write_card(folder, replace(read_card(folder), name=name))
    for tab, chosen, newcomer in ((explore, "scenes", "mine"), (classes, "garments", "mine"), (swap, "leather-denim", "washed")):
        field, *rest = tab.offer_models(late, chosen)
        assert newcomer in str(field["choices"])
        assert "value" not in field, "a choice of one's own was changed"
        assert set(map(str, rest)) == {str(gr.skip())}
        field, *rest = tab.offer_models(late, "went away")
        assert (field["value"] in str(field["choices"]), str(gr.skip()) in map(str, rest)) == (True, False)
    assert swap.offer_models(late, "leather-denim")[0]["visible"]
    explored = app.pick_model(late, gr.EventData(None, {"name": "mine"}))[1]
    assert (explored["value"], ("Tiny", "mine") in explored["choices"]) == ("mine", True)
    swapped = app.pick_model(late, gr.EventData(None, {"name": "washed"}))[-3]
    assert (swapped["value"], swapped["choices"], swapped["visible"]) == ("washed", ["leather-denim", "washed"], True)


def test_a_model_that_cannot_be_read_is_named_with_the_reason(services: Services, tmp_path: Path, tiny_zoo: Zoo) -> None:
    assert models.on_open(services)[0] == gr.update(value="", visible=False)
    (tmp_path / "models" / "old_one").mkdir(parents=True)
    (tmp_path / "models" / "old_one" / "atelier.json").write_text('{"format": 9}')
    zoo = Zoo([tmp_path / "models", tiny_zoo.folder("scenes").parent])
    told, cards = models.on_open(Services(zoo, services.settings))
    assert told["visible"]
    assert guards.plain(f"{tmp_path}/models/old_one has a card of format 9") in told["value"]
    assert [card.name for card in cards] == [card.name for card in models.cards(services)]
    shared = models.left_out(Services(zoo, Settings(home=tmp_path, space=True)))
    assert guards.plain("- old_one has a card of format 9") in shared
    assert str(tmp_path.parent) not in shared


def test_explore_offers_the_directions_of_the_model_that_was_opened(services: Services) -> None:
    of_model = explore.change_model(services, "garments")
    assert app.pick_model(services, gr.EventData(None, {"name": "garments"}))[2 : 2 + len(of_model)] == list(of_model)
    assert app.new_model(services, "garments")[2:] == list(of_model)


def test_a_picture_sent_to_explore_comes_with_the_fields_and_directions_of_its_model(
    services: Services, request_of_ann: gr.Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    [recipe] = sample_recipes(services.zoo.generator("garments"), [5], "shoes", 0.6)
    card = services.zoo.card("garments")
    save_directions(own_file("garments"), card, [Direction("Up", "sefa", 0, shift_text([0.5] * 16))])
    sent = app.send(services, gr.EventData(None, {"to": "explore", "recipe": to_json(recipe)}), request_of_ann)
    strip, shown, model, class_name, truncation, seed, rights, _, _, first, second, *_ = sent[2:]
    assert (model["value"], class_name["value"], truncation, seed) == ("garments", "shoes", 0.6, "5")
    assert card.rights in rights
    elsewhere = app.send(services, gr.EventData(None, {"to": "swap", "recipe": to_json(recipe)}), request_of_ann)
    assert (len(elsewhere), str(elsewhere[4])) == (len(sent), str(gr.skip()))
    assert shown.recipes == (recipe,)
    assert strip.actions
    assert (first["label"], first["visible"], second["visible"]) == ("Up", True, False)


@pytest.mark.parametrize("name", [None, "../secrets", "nowhere", 7])
def test_no_other_model_is_opened(services: Services, name: object) -> None:
    with pytest.raises(StudioError, match="the model is one of"):
        app.pick_model(services, gr.EventData(None, {"name": name}))
