"""List the networks that can be trained, or show one layer by layer.

  python -m engines networks
  python -m engines networks --json
  python -m engines networks show resnet34 --layers
  python -m engines networks show stylegan2 --layers --resolution 128 --classes 3

Parameters are what is trained; buffers are what is kept beside them, such as the statistics of batch norm.
"""

import argparse
import json
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from engines.errors import StudioError
from engines.evaluation.backbone import feature_pyramid
from engines.networks.families import FAMILIES, Family, build_discriminator, build_encoder, build_generator
from engines.networks.layers import parameter_count
from engines.networks.projected import ProjectedDiscriminator
from engines.networks.registry import NETWORKS
from engines.networks.summary import LayerRow, layer_rows

HELP = "list the networks, or show one layer by layer"
VIEW = 128
BATCH = 2
TRANSLATOR_SIDE = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")
    actions = parser.add_subparsers(dest="action", metavar="show")
    show = actions.add_parser("show", help="the parts of one network")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--layers", action="store_true", help="every layer with its parameters, buffers and output")
    show.add_argument("--resolution", type=int, help="height and width of the pictures (default 64, or what the network has)")
    show.add_argument("--channels", type=int, choices=(1, 3, 4), help="grey, RGB, or RGB and alpha (default RGB)")
    show.add_argument("--classes", type=int, default=0, help="how many classes (default none)")
    show.add_argument("--json", action="store_true", dest="show_json", help="as JSON")


def run(arguments: argparse.Namespace) -> None:
    if arguments.action == "show":
        found = network_parts(arguments.name, arguments.resolution, arguments.channels, arguments.classes)
        parts = {role: layer_rows(*part) for role, part in found.items()}
        if arguments.show_json or arguments.json:
            print(json.dumps({role: _described(rows) for role, rows in parts.items()}, indent=2))
            return
        for role, rows in parts.items():
            _print_part(arguments.name, role, rows, arguments.layers)
        return
    listing = [_listed(name) for name in (*FAMILIES, *translators())]
    if arguments.json:
        print(json.dumps(listing, indent=2, ensure_ascii=False))
        return
    for entry in listing:
        counts = ", ".join(f"{role} {count:,}" for role, count in entry["parameters"].items())
        print(f"{entry['name']:22} {counts}\n{'':22} {entry['summary']}")


def translators() -> list[str]:
    """Names of the networks that turn pictures into pictures: translators, and the upscaler."""
    return [name for name in NETWORKS if name.endswith("translator") or name == "upscaler"]


Part = tuple[nn.Module, list[Tensor | None]]
"""A network and what a forward pass takes; all without values where nothing is loaded, so that only shapes are worked out."""


def network_parts(name: str, resolution: int | None = None, channels: int | None = None, classes: int = 0) -> dict[str, Part]:
    """Each part of a network: generator, discriminator and encoder, or translator.

    Raises:
        StudioError: no such network, or a size that it does not draw.
    """
    try:
        if name in translators():
            side = resolution or TRANSLATOR_SIDE
            with torch.device("meta"):
                return {name.split()[-1]: (NETWORKS[name](), [torch.zeros(1, 3, side, side)])}
        if name in FAMILIES:
            return _family_parts(FAMILIES[name], resolution, channels, classes)
    except (ValueError, RuntimeError) as error:
        raise StudioError(f"{name} cannot be built so: {str(error).splitlines()[0]}") from error
    raise StudioError(f"there is no network {name[:40]!r}: choose one of {', '.join((*FAMILIES, *translators()))}")


def _family_parts(family: Family, resolution: int | None, channels: int | None, classes: int) -> dict[str, Part]:
    if resolution and family.by_widths:
        raise StudioError("this network takes its resolution from the widths of a preset: leave --resolution out")
    settings: dict[str, Any] = {"classes": classes} | ({"channels": channels} if channels else {})
    settings |= {"resolution": resolution} if resolution else {}
    with torch.device("meta"):
        generator = build_generator(family, settings)
        labels = torch.zeros(BATCH, dtype=torch.long) if classes else None
        latents = torch.zeros(BATCH, generator.latent_dim)
        pictures = torch.zeros(BATCH, generator.channels, generator.resolution, generator.resolution)
        parts: dict[str, Part] = {"generator": (generator, [latents, labels])}
        if family.encoder:
            encoder = build_encoder(family, {key: value for key, value in settings.items() if key != "classes"})
            parts["encoder"] = (encoder, [pictures])
            parts["discriminator"] = (build_discriminator(family, settings), [pictures, latents, labels])
        elif family.discriminator != "projected":
            parts["discriminator"] = (build_discriminator(family, settings), [pictures, labels])
    if family.discriminator == "projected":
        try:
            pyramid = feature_pyramid(VIEW)
        except StudioError:  # without the extra its features are not here
            return parts
        judge = ProjectedDiscriminator(pyramid, pyramid.channels, pyramid.sizes, classes=classes)
        parts["discriminator"] = (judge, [torch.zeros(BATCH, 3, VIEW, VIEW), torch.zeros(BATCH, dtype=torch.long) if classes else None])
    return parts


def _described(rows: list[LayerRow]) -> dict[str, Any]:
    return {
        "parameters": sum(row.parameters for row in rows),
        "buffers": sum(row.buffers for row in rows),
        "layers": [asdict(row) for row in rows],
    }


def _listed(name: str) -> dict[str, Any]:
    parts = network_parts(name)
    family = FAMILIES.get(name)
    return {
        "name": name,
        "summary": family.summary if family else (NETWORKS[name].__doc__ or "").splitlines()[0],
        "parameters": {role: parameter_count(network) for role, (network, _) in parts.items()},
        "resolutions": list(family.resolutions) if family else [],
        "classes": family.classes if family else False,
    }


def _print_part(name: str, role: str, rows: list[LayerRow], layers: bool) -> None:
    parameters, buffers = sum(row.parameters for row in rows), sum(row.buffers for row in rows)
    print(f"{name}, {role}: {parameters:,} parameters, {buffers:,} buffers, {parameters + buffers:,} in all")
    if not layers:
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        shape = " × ".join(map(str, row.output)) or "-"
        print(f"  {row.name or '(itself)':{max(width, 8)}}  {row.kind:18} {shape:22} {row.parameters:>12,} {row.buffers:>9,}")
    print()
