"""Checkpoints of the `lightweight-gan` package, versions 1.1 and later, as our own networks."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from engines.errors import StudioError
from engines.networks.lightweight_gan import LightweightGanDiscriminator, LightweightGanGenerator

Names = tuple[tuple[str, str], ...]

ATTENTION: Names = (
    (r"norm\.g$", "norm.gain"),
    (r"norm\.b$", "norm.shift"),
    (r"fn\.to_lin_q\.", "far_query."),
    (r"fn\.to_lin_kv\.net\.0\.", "far_spread."),
    (r"fn\.to_lin_kv\.net\.1\.", "far_key_value."),
    (r"fn\.to_q\.", "near_query."),
    (r"fn\.to_kv\.", "near_key_value."),
    (r"fn\.to_out\.", "out."),
)
FALLING: Names = (
    (r"branches\.0\.1\.1\.", "unshuffle.conv."),
    (r"branches\.0\.3\.", "conv."),
    (r"branches\.1\.2\.", "mean."),
)
GENERATOR: Names = (
    (r"^initial_conv\.0\.", "start."),
    (r"^initial_conv\.1\.", "start_norm."),
    (r"^layers\.(\d+)\.0\.0\.net\.0\.", r"stages.\1.shuffle.conv."),
    (r"^layers\.(\d+)\.0\.2\.1\.", r"stages.\1.conv."),
    (r"^layers\.(\d+)\.0\.3\.weight$", r"stages.\1.noise_strength"),
    (r"^layers\.(\d+)\.0\.4\.", r"stages.\1.norm."),
    (r"^layers\.(\d+)\.1\.to_k\.", r"stages.\1.gate.weigh."),
    (r"^layers\.(\d+)\.1\.net\.0\.", r"stages.\1.gate.first."),
    (r"^layers\.(\d+)\.1\.net\.2\.", r"stages.\1.gate.second."),
    (r"^layers\.(\d+)\.1\.dct_weights$", r"stages.\1.gate.waves"),
    *((rf"^layers\.(\d+)\.2\.{theirs}", rf"stages.\1.attention.{ours}") for theirs, ours in ATTENTION),
    (r"^out_conv\.", "to_picture."),
)
DISCRIMINATOR: Names = (
    (r"^non_residual_layers\.(\d+)\.1\.", r"shrink.\1."),
    *((rf"^residual_layers\.(\d+)\.0\.{theirs}", rf"stages.\1.{ours}") for theirs, ours in FALLING),
    *((rf"^residual_layers\.(\d+)\.1\.{theirs}", rf"stages.\1.attention.{ours}") for theirs, ours in ATTENTION),
    (r"^to_shape_disc_out\.0\.", "small_start."),
    *((rf"^to_shape_disc_out\.1\.fn\.{theirs}", rf"small_attention.{ours}") for theirs, ours in ATTENTION),
    *((rf"^to_shape_disc_out\.2\.{theirs}", rf"small_stage.{ours}") for theirs, ours in FALLING),
    *((rf"^to_shape_disc_out\.3\.fn\.{theirs}", rf"small_end_attention.{ours}") for theirs, ours in ATTENTION),
    (r"^to_shape_disc_out\.5\.", "small_logit."),
    (r"^decoder1\.layers\.(\d+)\.0\.net\.0\.", r"recall.shuffles.\1.conv."),
    (r"^decoder1\.layers\.(\d+)\.1\.", r"recall.convs.\1."),
    (r"^decoder2\.layers\.(\d+)\.0\.net\.0\.", r"recall_part.shuffles.\1.conv."),
    (r"^decoder2\.layers\.(\d+)\.1\.", r"recall_part.convs.\1."),
)
LOGITS: dict[int, Names] = {
    5: ((r"^to_logits\.0\.", "gather."), (r"^to_logits\.2\.", "to_logits.")),
    1: ((r"^to_logits\.1\.", "gather."), (r"^to_logits\.3\.", "to_logits.")),
}
FILTER = re.compile(r"\.f$")


def is_package(found: Mapping[str, Any]) -> bool:
    """Whether a file's dictionary is a checkpoint of the package, or its generator's bare weights."""
    held = found.get("GAN", found)
    return isinstance(held, Mapping) and any(str(name).endswith("initial_conv.0.weight") for name in held)


def read_generator(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], LightweightGanGenerator]:
    """The averaged generator of a checkpoint's `GAN` tensors, its sizes read off them, and the settings it was built with.

    Args:
        tensors: by the package's names: with the prefix `GE.` (averaged) or `G.`, or without any.

    Raises:
        StudioError: an older version's, or no such checkpoint.
    """
    own = _below(tensors, "GE.") or _below(tensors, "G.") or dict(tensors)
    count = 1 + max((int(name.split(".")[1]) for name in own if name.startswith("layers.")), default=-1)
    shapes = {name: tuple(value.shape) for name, value in own.items()}
    if not count or "initial_conv.0.weight" not in shapes or any(f"layers.{i}.0.2.1.weight" not in shapes for i in range(count)):
        raise StudioError("these are no weights of the lightweight-gan package from version 1.1 on: choose another file")
    widths = [shapes[f"layers.{stage}.0.2.1.weight"][0] // 2 for stage in range(count)]
    before = [shapes["initial_conv.0.weight"][0], *widths[:-1]]
    settings: dict[str, Any] = {
        "resolution": 2 ** (count + 2),
        "latent_dim": shapes["initial_conv.0.weight"][0],
        "channels": shapes["out_conv.weight"][0],
        **_widths(widths),
        "attention": [4 * 2**stage for stage in range(count) if f"layers.{stage}.2.norm.g" in shapes],
        "frequency_gate": any(name.endswith("dct_weights") for name in shapes),
        "antialias": "layers.0.0.1.f" in shapes,
    }
    if any(shapes.get(f"layers.{stage}.0.0.net.0.weight", ())[:1] != (4 * width,) for stage, width in enumerate(before)):
        raise StudioError("these weights are of the lightweight-gan package before version 1.1: load and save them with a later one")
    network = LightweightGanGenerator(**settings)
    _fill(network, own, GENERATOR)
    return settings, network


def read_discriminator(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], LightweightGanDiscriminator]:
    """The discriminator of a checkpoint's `GAN` tensors, and the settings it was built with.

    Args:
        tensors: by the package's names, with the prefix `D.` or without any.

    Raises:
        StudioError: no such checkpoint.
    """
    own = _below(tensors, "D.") or dict(tensors)
    stages = 1 + max((int(name.split(".")[1]) for name in own if name.startswith("residual_layers.")), default=-1)
    shrinks = 1 + max((int(name.split(".")[1]) for name in own if name.startswith("non_residual_layers.")), default=-1)
    if not stages or "to_shape_disc_out.0.weight" not in own:
        raise StudioError("these are no discriminator's weights of the lightweight-gan package: choose another file")
    widths = [own[f"residual_layers.{stage}.0.branches.1.2.weight"].shape[0] for stage in range(stages)]
    output_size = 5 if "to_logits.0.weight" in own else 1
    settings: dict[str, Any] = {
        "resolution": 2 ** (stages + shrinks + 3),
        "channels": own["to_shape_disc_out.0.weight"].shape[1],
        "base": widths[0] * 2 ** (stages + 2) if not shrinks else 256 * own[f"non_residual_layers.{shrinks - 1}.1.weight"].shape[0],
        "most": max(widths),
        "output_size": output_size,
        "attention": [2 ** (stages + 3 - stage) for stage in range(stages) if f"residual_layers.{stage}.1.norm.g" in own],
        "antialias": "to_shape_disc_out.2.branches.0.0.f" in own,
    }
    network = LightweightGanDiscriminator(**settings)
    _fill(network.heads[0], own, DISCRIMINATOR + LOGITS[output_size])
    return settings, network


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _widths(widths: list[int]) -> dict[str, int]:
    """`base` and `most` from the channels after each stage: the last stage below 256 px is the one that `base` decides."""
    power = min(len(widths) + 1, 7)
    return {"base": widths[power - 2] * 2**power, "most": max(widths)}


def _fill(network: Any, tensors: Mapping[str, Tensor], names: Names) -> None:
    """Put tensors into a network under its own names.

    Raises:
        StudioError: a tensor has no place, or another shape, or one is missing.
    """
    renamed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if FILTER.search(name):
            continue
        matching = ((pattern, ours) for pattern, ours in names if re.search(pattern, name))
        pattern, ours = next(matching, ("", ""))
        if not pattern:
            raise StudioError(
                f"{name[:80]} is no weight that this network knows: choose a file of the lightweight-gan package 1.1 or later"
            )
        renamed[re.sub(pattern, ours, name)] = value
    try:
        missing, _ = network.load_state_dict(renamed, strict=False)
    except RuntimeError as error:
        raise StudioError(f"the weights do not fit together ({str(error).splitlines()[-1].strip()[:160]}): choose another file") from error
    lacking = [name for name in missing if name != "mean_start"]
    if lacking:
        raise StudioError(f"{lacking[0]} and {len(lacking) - 1} more weights are missing: choose a complete file")
