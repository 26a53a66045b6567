from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import pytest
from torch import nn

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.networks.registry import NETWORKS
from engines.training.presets import PRESETS
from engines.training.runs import Run
from engines.training.warm_start import begin_from, begin_from_model, begin_from_run, copy_fitting
from engines.translation.training import ALL_PRESETS
from tests.tiny import CLASSES

ONE_OF_EACH = {"swap": ALL_PRESETS["textures-128"], "upscaler": ALL_PRESETS["upscale-4"], "generator": PRESETS["plain-64"]}


def ended(folder: Path, preset: Any) -> Run:
    run = Run(folder)
    run.begin({"preset": asdict(preset), "classes": ["coat", "hat"]}, resume=False)
    run.save({"step": 3, "task": {"generator": {}}})
    return run


@pytest.mark.parametrize("before", ONE_OF_EACH)
@pytest.mark.parametrize("now", ONE_OF_EACH)
def test_a_training_begins_with_the_weights_of_its_own_kind_only(before: str, now: str, tmp_path: Path) -> None:
    run = ended(tmp_path / "run", ONE_OF_EACH[before])
    if before == now:
        assert begin_from_run(run, ONE_OF_EACH[now]).pictures == 3 * ONE_OF_EACH[before].batch
        return
    with pytest.raises(StudioError, match=f"trains a {before}, and {ONE_OF_EACH[now].name} a {now}: begin --from a run of the same kind"):
        begin_from_run(run, ONE_OF_EACH[now])


def test_only_a_run_that_drew_classes_by_their_names_hands_them_on(tmp_path: Path) -> None:
    named = replace(PRESETS["plain-64"], conditional=True)
    assert begin_from_run(ended(tmp_path / "named", named)).classes == ("coat", "hat")
    assert begin_from_run(ended(tmp_path / "unnamed", PRESETS["plain-64"])).classes == ()


def test_a_generator_begins_with_the_weights_and_classes_of_a_model(tiny_zoo: Zoo) -> None:
    folder = tiny_zoo.folder("garments")
    found = begin_from(folder, PRESETS["default"])
    assert found.classes == CLASSES
    assert found.facts() == {"model": "garments", "sha256": tiny_zoo.card("garments").weights_sha256, "pictures": 0}
    weights = cast(nn.Module, tiny_zoo.generator("garments").network).state_dict()
    assert all(found.networks["generator"][name].equal(value) for name, value in weights.items())


def test_a_swap_begins_with_both_translators_of_a_model(tiny_zoo: Zoo) -> None:
    found = begin_from_model(tiny_zoo.folder("leather-denim"), ONE_OF_EACH["swap"])
    assert len(found.networks["translators"]) == 2
    with pytest.raises(StudioError, match="leather-denim is a swap, and plain-64 trains a generator"):
        begin_from_model(tiny_zoo.folder("leather-denim"), ONE_OF_EACH["generator"])


def test_weights_of_other_widths_are_refused_though_counters_and_biases_fit() -> None:
    """What is left of a network where only those fit would begin afresh."""
    narrow, wide = (NETWORKS["lightweight"](widths=widths, latent_dim=8) for widths in ((16, 12, 8), (24, 20, 16)))
    with pytest.raises(StudioError, match=r"^\d % of the weights fit a .*: start from a run with the same widths"):
        copy_fitting(wide, narrow.state_dict())
    assert copy_fitting(wide, narrow.state_dict(), least=0) < 0.1
    assert copy_fitting(wide, wide.state_dict()) == 1.0


def test_what_is_neither_run_nor_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="neither a run nor a model"):
        begin_from(tmp_path / "nothing", PRESETS["default"])


def test_a_card_tells_how_many_pictures_its_weights_learned_from(tiny_zoo: Zoo) -> None:
    card = tiny_zoo.card("garments")
    assert card.pictures_seen == 0
    assert replace(card, training={"steps": 10, "pictures a step": 4}).pictures_seen == 40
    assert replace(card, training={"steps": 10, "pictures a step": 4, "pictures seen in all": "1,040"}).pictures_seen == 1040
