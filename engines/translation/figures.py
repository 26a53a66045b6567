"""Figures of translators in training: original, generated and recovered in rows, both ways, and what runs lost at their end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import nn

from engines import compute, imaging
from engines.errors import StudioError
from engines.training.curves import loss_series
from engines.training.dataset import PictureSet
from engines.training.runs import Run
from engines.translation.presets import build_translator
from engines.translation.publishing import handed_on

LOSSES = ("total", "cycle", "generator", "critic")
ROWS = ("original", "generated", "recovered")
LABEL, GAP = 150, 2
LAST = 0.1


@dataclass(frozen=True)
class TrainedPair:
    """The translators that a run would publish.

    Attributes:
        networks: `networks[i]` draws `classes[i]`.
        preset: of the run; step: which they were taken at.
    """

    networks: tuple[nn.Module, nn.Module]
    classes: tuple[str, ...]
    preset: dict[str, Any]
    step: int


def trained_pair(run: Run) -> TrainedPair:
    """The best averaged translators of a run, or its last when it was never judged.

    Raises:
        StudioError: no run, no checkpoint, or a run that trains no translators.
    """
    config, chosen = run.config(), handed_on(run)
    if "averages" not in chosen["networks"]:
        raise StudioError(f"{run.folder} trains a generator, which swaps nothing: choose a run of a swap")
    preset = config["preset"]
    networks = []
    for state in chosen["networks"]["averages"]:
        network = build_translator(preset)
        network.load_state_dict(state)
        networks.append(network.eval().requires_grad_(False).to(compute.device()))
    first, second = networks
    return TrainedPair((first, second), tuple(config["classes"]), preset, chosen["step"])


@torch.inference_mode()
def three_rows(pair: TrainedPair, pictures: PictureSet, columns: int, title: str) -> Image.Image:
    """Held-out pictures of both classes, drawn by lot: six rows, original, generated and recovered each way.

    Raises:
        StudioError: the pictures are of other classes, or none is held out.
    """
    if pictures.classes != pair.classes:
        raise StudioError(f"the run swaps {', '.join(pair.classes)}, the pictures are {', '.join(pictures.classes)}: choose with --classes")
    held = pictures.part(held_out=True)
    shown: list[tuple[str, list[Image.Image]]] = []
    for source, name in enumerate(pair.classes):
        members = held[pictures.labels[held] == source]
        if not len(members):
            raise StudioError(f"no picture of {name} is held out: add pictures")
        lot = np.sort(np.random.default_rng(0).permutation(members)[:columns])
        original = pictures.tensor(lot).to(compute.device())
        generated = pair.networks[1 - source](original)
        rows = (original, generated, pair.networks[source](generated))
        words = (name, pair.classes[1 - source], name)
        shown += [(f"{row}: {word}", imaging.to_pictures(part)) for row, word, part in zip(ROWS, words, rows, strict=True)]
    return _labelled(shown, columns, title)


def _labelled(rows: list[tuple[str, list[Image.Image]]], columns: int, title: str) -> Image.Image:
    """Rows of pictures with their words at the left and a line above all."""
    width, height = rows[0][1][0].size
    font, head = ImageFont.load_default(14), 24
    canvas = Image.new("RGB", (LABEL + columns * (width + GAP), head + len(rows) * (height + GAP)), imaging.WHITE)
    pen = ImageDraw.Draw(canvas)
    pen.text((6, 4), title, fill="black", font=font)
    for row, (words, pictures) in enumerate(rows):
        top = head + row * (height + GAP)
        pen.text((6, top + height // 2 - 8), words.replace(": ", ":\n"), fill="black", font=font)
        for column, picture in enumerate(pictures):
            canvas.paste(picture, (LABEL + column * (width + GAP), top))
    return canvas


def final_losses(run: Run) -> dict[str, float]:
    """Total, cycle, generator and critic loss of a run: the mean over the last tenth of its reports."""
    series = loss_series(run.metrics())
    ends = {name: [value for _, value in series.get(name, [])] for name in LOSSES}
    return {name: float(np.mean(values[-max(1, round(LAST * len(values))) :])) for name, values in ends.items() if values}
