from dataclasses import asdict, replace

import pytest
from torch import nn

from engines.errors import StudioError
from engines.networks.cyclegan import ConvolutionCritic, PatchCritic, ResidualTranslator
from engines.translation.presets import CYCLE_PRESETS, GENERATORS, build_critic, build_translator, checked, translator_settings

OURS, REPORT, LITERATURE = (CYCLE_PRESETS[name] for name in ("textures-128", "report-resnet-6", "cyclegan-256"))


def test_the_reports_preset_is_the_reports() -> None:
    network, critic = build_translator(asdict(REPORT)), build_critic(REPORT)
    assert isinstance(network, ResidualTranslator)
    assert isinstance(critic, ConvolutionCritic)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 3 + 2 * 6 + 2
    assert sum(isinstance(layer, nn.ConvTranspose2d) for layer in network.modules()) == 2
    assert (REPORT.resolution, REPORT.crop, REPORT.cycle, REPORT.rate, REPORT.batch, REPORT.identity) == (286, 256, 10, 0.002, 10, 0)
    assert len(build_translator(asdict(CYCLE_PRESETS["report-resnet-9"])).transform) == 9  # type: ignore[arg-type]


def test_the_literatures_preset_is_the_literatures() -> None:
    assert isinstance(build_critic(LITERATURE), PatchCritic)
    assert (LITERATURE.batch, LITERATURE.rate, LITERATURE.pool, LITERATURE.cycle, LITERATURE.identity) == (1, 2e-4, 50, 10, 5)
    assert [LITERATURE.rate_at(done) for done in (0, 0.5, 0.75, 1)] == pytest.approx([2e-4, 2e-4, 1e-4, 0])
    assert LITERATURE.identity_at(0.9) == 5


def test_weights_and_rates_follow_their_schedules() -> None:
    assert [OURS.rate_at(done) for done in (0, 0.4, 1)] == pytest.approx([2e-4, 2e-4, 0])
    assert [OURS.identity_at(done) for done in (0, 0.25, 0.5, 1)] == pytest.approx([1, 0.5, 0, 0])
    falling = replace(OURS, cycle=10.0, cycle_left=0.5)
    assert [falling.cycle_at(done) for done in (0, 0.5, 1)] == pytest.approx([10, 7.5, 5])
    assert REPORT.rate_at(0.99) == REPORT.rate


@pytest.mark.parametrize("generator", sorted(GENERATORS))
def test_every_generator_is_built_with_the_settings_it_takes(generator: str) -> None:
    preset = replace(OURS, generator=generator, width=8, growth=4, halvings=5)
    name, settings = translator_settings(asdict(preset))
    assert name == generator
    assert settings["width"] == 8
    assert isinstance(build_translator(asdict(preset)), nn.Module)


def test_a_run_of_before_these_settings_still_names_its_network() -> None:
    name, settings = translator_settings({"width": 16, "blocks": 3})
    assert name == "residual translator"
    assert (settings["width"], settings["blocks"], settings["norm"], settings["sampling"]) == (16, 3, "instance", "resize")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"generator": "transformer"}, "'transformer' is no setting of a translator"),
        ({"norm": "layer"}, "a norm is one of instance, batch, got 'layer'"),
        ({"critic": "jury"}, "there is no critic 'jury': choose one of patches, convolutions"),
        ({"objective": "hinge"}, "there is no objective 'hinge' for a swap"),
        ({"sides": (64, 400)}, "within 192 px, got \\(64, 400\\)"),
        ({"focus": 1.5}, "focus is a share from 0 to 1, got 1.5"),
    ],
)
def test_what_does_not_fit_together_is_said_in_a_sentence(changes: dict[str, object], sentence: str) -> None:
    preset = replace(OURS, **changes)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match=sentence):
        (build_translator(asdict(checked(preset))), build_critic(preset))
