"""Checkpoints of CycleGAN and CUT in their usual PyTorch form, and of the report's own trainer.

The key names were read in the public repositories junyanz/pytorch-CycleGAN-and-pix2pix and taesungp/contrastive-unpaired-translation.
Instance norms of before PyTorch 0.4 saved running statistics, which nothing uses: they are left out.
"""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engines.errors import StudioError
from engines.models.importers.checkpoint import state_of
from engines.models.importers.foreign import Foreign
from engines.networks.registry import NETWORKS
from engines.networks.translating import BlurDoubling, BlurHalving

RESIDUAL, U_NET = "residual translator", "u-net translator"
PARTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_PLACE = re.compile(r"\d+")


def recognise(found: dict[str, Any]) -> list[Foreign]:
    """The translators in a checkpoint: one, or the report's two in the order of the domains that they draw.

    Args:
        found: what `read_checkpoint` gave.

    Raises:
        StudioError: the keys are of no known translator, or it has a part that ours have not.
    """
    pair = [found.get(name) for name in ("GenA", "GenB")]
    if all(isinstance(part, dict) for part in pair):
        return [_report(state_of(part)) for part in pair]  # type: ignore[arg-type]
    state = state_of(found)
    if "model.model.0.weight" in state:
        return [_u_net(state)]
    if any(".conv_block." in key for key in state):
        return [_residual(state)]
    if "layer1.1.weight" in state:
        return [_report(state)]
    some = ", ".join(list(found)[:4]) or "no keys"
    raise StudioError(f"the keys ({some}, …) are of no generator that is known here: expected those of CycleGAN, CUT or pix2pix's U-Net")


def _residual(state: dict[str, Tensor]) -> Foreign:
    filters = [key for key in state if key.endswith(".filt")]
    modules = _modules({key: value for key, value in state.items() if key not in filters})
    convolutions = [name for name in modules if modules[name]["weight"].ndim == 4]
    inside = [name for name in convolutions if ".conv_block." in name]
    ends = [name for name in convolutions if name not in inside]
    if len(ends) != 6 or len(inside) % 2:
        raise StudioError(f"the network has {len(ends)} convolutions outside its blocks, expected 6: its form is not known here")
    first, last, up = modules[ends[0]]["weight"], modules[ends[-1]]["weight"], modules[ends[3]]["weight"]
    width = len(first)
    sampling = "blurred" if filters else "transposed"
    if (up.shape[0] > up.shape[1]) != (sampling == "transposed"):
        raise StudioError("the network doubles in a way of its own: only transposed convolutions, or CUT's filters on both ways, are known")
    settings = {
        "width": width,
        "blocks": len(inside) // 2,
        "norm": _norm_of([modules[name] for name in modules if name not in convolutions]),
        "sampling": sampling,
        "reflect": True,
        "bias": "bias" in modules[ends[0]],
    }
    _expect_rgb(first, last)
    _expect_filters([state[key] for key in filters], width)
    source = "CUT" if filters else "CycleGAN"
    return Foreign(RESIDUAL, settings, _in_order(modules, RESIDUAL, settings), f"{source}'s ResNet of {len(inside) // 2} blocks")


def _u_net(state: dict[str, Tensor]) -> Foreign:
    """Blocks lie within one another; each is a convolution, a norm, the next block, a transposed convolution and a norm."""
    prefix, down, down_norms, up, up_norms = "model.model.1.model", ["model.model.0"], [], ["model.model.3"], []
    while f"{prefix}.3.model.1.weight" in state:
        down.append(f"{prefix}.1")
        down_norms.append(f"{prefix}.2")
        up.append(f"{prefix}.5")
        up_norms.append(f"{prefix}.6")
        prefix = f"{prefix}.3.model"
    down.append(f"{prefix}.1")
    up.append(f"{prefix}.3")
    up_norms.append(f"{prefix}.4")
    lists = {"down": down, "down_norms": down_norms, "up": up, "up_norms": up_norms}
    modules = _modules(state)
    missing = [name for name in (*down, *up) if name not in modules]
    if missing:
        raise StudioError(f"the U-Net lacks {missing[0]}: its form is not known here")
    _expect_rgb(modules[down[0]]["weight"], modules[up[0]]["weight"].transpose(0, 1))
    norm = _norm_of([modules[name] for name in (*down_norms, *up_norms) if name in modules])
    settings = {"width": len(modules[down[0]]["weight"]), "halvings": len(down), "norm": norm}
    names = {f"{ours}.{place}": theirs for ours, found in lists.items() for place, theirs in enumerate(found)}
    return Foreign(U_NET, settings, _fitting(modules, names, U_NET, settings), f"pix2pix's U-Net of {len(down)} halvings")


def _report(state: dict[str, Tensor]) -> Foreign:
    modules = _modules(state)
    convolutions = [name for name in modules if modules[name]["weight"].ndim == 4]
    blocks = (len(convolutions) - 6) // 2
    if len(convolutions) < 8 or "layer7.1" not in modules:
        raise StudioError("the keys begin as those of the report's generator and end otherwise: its form is not known here")
    settings = {
        "width": len(modules["layer1.1"]["weight"]),
        "blocks": blocks,
        "norm": _norm_of([modules[name] for name in modules if name not in convolutions]),
        "sampling": "transposed",
        "reflect": True,
        "bias": "bias" in modules["layer1.1"],
    }
    return Foreign(RESIDUAL, settings, _in_order(modules, RESIDUAL, settings), f"the report's ResNet of {blocks} blocks")


def _modules(state: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Module → its tensors by name, in the order of the places in their names; those without a weight, which compute nothing, left out."""
    modules: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        name, _, part = key.rpartition(".")
        if part not in PARTS:
            raise StudioError(f"the weights hold {key[:80]!r}, which no generator known here has: choose a generator's file")
        modules.setdefault(name, {})[part] = value
    named = {name: parts for name, parts in modules.items() if "weight" in parts}
    return dict(sorted(named.items(), key=lambda entry: [int(place) for place in _PLACE.findall(entry[0])]))


def _norm_of(norms: Sequence[dict[str, Tensor]]) -> str:
    """Batch norms have a scale and statistics; instance norms, as these projects use them, neither."""
    if not norms:
        return "instance"
    if any("running_mean" not in parts for parts in norms):
        raise StudioError("the network's norms have a scale and no statistics, which ours have not: its form is not known here")
    return "batch"


def _expect_rgb(first: Tensor, last: Tensor) -> None:
    if first.shape[1] != 3 or last.shape[0] != 3:
        raise StudioError(f"the network reads {first.shape[1]} and draws {last.shape[0]} channels, expected RGB pictures: choose another")


def _expect_filters(filters: Sequence[Tensor], width: int) -> None:
    """CUT keeps its fixed filters among the weights; ours are the usual ones of 3 and 4 taps."""
    ours = {3: BlurHalving(width).filter[:1], 4: BlurDoubling(width).filter[:1]}
    for found in filters:
        expected = ours.get(found.shape[-1])
        if expected is None or not torch.allclose(found[:1].float(), expected, atol=1e-6):
            raise StudioError(f"the network blurs with a filter of {found.shape[-1]} taps of its own, expected the usual 3 and 4")


def _in_order(modules: dict[str, dict[str, Tensor]], network: str, settings: dict[str, Any]) -> dict[str, Tensor]:
    """Weights under our names, where both networks have their convolutions and norms in the same order."""
    bare = _bare(network, settings)
    names: dict[str, str] = {}
    kinds: tuple[tuple[tuple[type[nn.Module], ...], int], ...] = (((nn.Conv2d, nn.ConvTranspose2d), 4), ((nn.BatchNorm2d,), 1))
    for classes, dimensions in kinds:
        ours = [name for name, module in bare.named_modules() if isinstance(module, classes)]
        theirs = [name for name, parts in modules.items() if parts["weight"].ndim == dimensions]
        if len(ours) != len(theirs):
            raise StudioError(f"the checkpoint has {len(theirs)} layers where a {network} has {len(ours)}: its form is not known here")
        names |= dict(zip(ours, theirs, strict=True))
    return _fitting(modules, names, network, settings)


def _fitting(modules: dict[str, dict[str, Tensor]], names: dict[str, str], network: str, settings: dict[str, Any]) -> dict[str, Tensor]:
    """The weights that our network has, by our names, each of the shape it needs.

    Raises:
        StudioError: one is missing or of another shape.
    """
    weights: dict[str, Tensor] = {}
    for key, own in _bare(network, settings).state_dict().items():
        module, _, part = key.rpartition(".")
        value = modules.get(names.get(module, ""), {}).get(part)
        if value is None and part == "num_batches_tracked":
            value = torch.zeros((), dtype=torch.int64)
        if value is None or value.shape != own.shape:
            shape = "nothing" if value is None else tuple(value.shape)
            raise StudioError(f"{names.get(module, module)}.{part} is {shape}, expected {tuple(own.shape)}: its form is not known here")
        weights[key] = value.to(own.dtype).clone()
    return weights


def _bare(network: str, settings: dict[str, Any]) -> nn.Module:
    """A network whose weights take no memory, to look at its form."""
    with torch.device("meta"):
        return NETWORKS[network](**settings)
