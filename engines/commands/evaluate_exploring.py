"""Measure exploring: whether diverse pictures differ and are no worse, and whether words find what they say.

  python -m engines evaluate-exploring cityscape --data DIR --classes buildings,street --out FILE
  python -m engines evaluate-exploring clothing --data DIR --out FILE

studio-clip chooses, EfficientNet-Lite2 judges. What directions do is measured where they are found: python -m engines directions MODEL.
"""

import argparse

import numpy as np

from engines.commands._evaluated import add_evaluation_arguments, framed_pictures, opened, reported
from engines.curation.encoder import SHIPPED_MODEL, load_encoder
from engines.evaluation.classifier import train_class_judge
from engines.evaluation.features import cached_features, lite2
from engines.evaluation.generators import Findings
from engines.evaluation.report import Figure, write_report
from engines.exploration.choosing import AMONG
from engines.exploration.directions import load_directions
from engines.exploration.measuring import measure_diverse, measure_find
from engines.progress import TextProgress

HELP = "measure finding, diverse sampling and directions"
MOST_REAL = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_evaluation_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    zoo, card = opened(arguments)
    progress = TextProgress()
    generator, encoder = zoo.generator(arguments.model), load_encoder(SHIPPED_MODEL)
    pictures = framed_pictures(arguments, card, None, progress)
    chosen = np.sort(np.random.default_rng(0).permutation(len(pictures.pixels))[:MOST_REAL])
    real = cached_features(lite2(), np.ascontiguousarray(pictures.pixels[chosen]), progress)
    figures = measure_diverse(generator, encoder, real, progress=progress)
    if card.classes:
        judge = train_class_judge(pictures.pixels, pictures.labels, pictures.held_out, len(card.classes), lite2(), progress)
        figures.append(Figure("the judge's accuracy on held-out pictures", judge.accuracy, "%", judge.held_out))
        figures += measure_find(generator, encoder, judge.judge, AMONG, progress)
    for direction in load_directions(zoo.folder(arguments.model), card):
        note = f"{direction.attribute}, by {direction.method}"
        figures.append(Figure(f"direction “{direction.name}” holds for", direction.monotone, "%", direction.seeds, note=note))
    report = reported(arguments, card, pictures, lite2().identity, Findings(tuple(figures)))
    print("\n".join(report.lines()))
    if arguments.out is not None:
        write_report(report, arguments.out)
