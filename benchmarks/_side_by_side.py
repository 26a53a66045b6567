"""Which generator draws best after the same time: our `default`, a DCGAN in a plain loop, and the package `lightweight-gan`.

  python -m benchmarks._side_by_side --data DIR --out OUT --minutes 30 --seeds 0,1,2 --docs docs/side-by-side.md

Each learns from the same pictures (scenes/buildings and street at 64 px) with all cores and nothing beside it; run it while nothing else
runs. What is done is not done again, so it may be stopped between two of them, or done in parts with --only; results of another length in
OUT are refused. With --docs a page is written, and beside it, in a folder of its name, the sheets that it shows and the results. The
package is no requirement: see `benchmarks.lightweight_gan` for where it is looked for; without it, it is left out and the table says so.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.dcgan import BATCH, LATENT, plain_step
from benchmarks.lightweight_gan import package_trainer
from engines import compute, imaging
from engines.errors import StudioError
from engines.evaluation.distances import kid, precision_recall
from engines.evaluation.features import compute_features, eight_bit, lite2, to_images
from engines.networks.registry import NETWORKS
from engines.paths import replacing
from engines.progress import TextProgress
from engines.training.adversarial import AdversarialTask
from engines.training.dataset import PictureSet, load_pictures
from engines.training.presets import PRESETS, generator_settings
from engines.training.trainer import Workers

SIDE, DRAWN, SHEET = 64, 1000, 32
AT_ONCE = 50
HALF = 0.5
ABOUT = (
    "Each learned from the same photographs of buildings and streets at 64 px, one after the other with all cores: Atelier's "
    "`default` in bfloat16; the widest-known DCGAN in a plain loop in float32, 128 pictures a step; the package `lightweight-gan` with its "
    "own defaults, which are four batches of ten a step. KID with `lite2` and recall are of 1,000 drawn pictures to the held-out ones. "
    "Trainings may be of different days: the steps tell how fast the machine was."
)
Draw = Callable[[int], Tensor]
"""How many → pictures in [-1, 1], shape (n, 3, 64, 64)."""


@dataclass(frozen=True)
class Outcome:
    """What came of one training: KID with lite2 × 1000 to the held-out pictures, precision and recall."""

    contender: str
    seed: int
    minutes: float
    steps: int
    kid: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Training:
    """A training that goes on step by step, and how its generator draws at any moment."""

    step: Callable[[], object]
    draw: Callable[[], Draw]


def ours(pictures: PictureSet, seed: int, folder: str) -> Training:
    """Our `default`, averaged weights, in bfloat16."""
    preset = PRESETS["default"]
    task = AdversarialTask(preset, pictures, seed, compute.of_precision("bfloat16"), Workers())
    counter = iter(range(10**9))

    def draw() -> Draw:
        generator = NETWORKS[preset.generator](**generator_settings(asdict(preset), 0))
        generator.load_state_dict(task.candidate()["average"])
        return lambda count: generator.eval()(torch.randn(count, preset.latent_dim))

    return Training(lambda: task.step(next(counter)), draw)


def plain_dcgan(pictures: PictureSet, seed: int, folder: str) -> Training:
    """The widest-known DCGAN in float32."""
    real = torch.from_numpy(np.ascontiguousarray(pictures.pixels[pictures.part(held_out=False)]))
    random = torch.Generator().manual_seed(seed)
    step, generator = plain_step(lambda: real[torch.randint(len(real), (BATCH,), generator=random)], seed)
    return Training(step, lambda: lambda count: generator(torch.randn(count, LATENT, 1, 1)))


def package(pictures: PictureSet, seed: int, folder: str) -> Training | None:
    """The package with its own defaults; None where it is not installed."""
    torch.manual_seed(seed)
    real = torch.from_numpy(np.ascontiguousarray(pictures.pixels[pictures.part(held_out=False)])).float() / 255
    found = package_trainer(lambda count: real[torch.randint(len(real), (count,))], folder, accumulate=4, pictures=len(real))
    if found is None:
        return None
    step, trainer = found
    return Training(step, lambda: lambda count: trainer.GAN.G.eval()(torch.randn(count, trainer.latent_dim)) * 2 - 1)


OURS = "Atelier default"
CONTENDERS = {OURS: ours, "plain DCGAN": plain_dcgan, "lightweight-gan": package}


def compete(arguments: argparse.Namespace) -> Iterator[Outcome]:
    """Train each contender that is wanted with each seed; of what was trained before, read what came of it."""
    wanted = arguments.only.split(",") if arguments.only else list(CONTENDERS)
    unknown = [name for name in wanted if name not in CONTENDERS]
    if unknown:
        raise StudioError(f"there is no contender {unknown[0]!r}: choose of {', '.join(CONTENDERS)}")
    classes = {"buildings": "buildings", "street": "street"}
    pictures = load_pictures(arguments.data / "scenes", SIDE, "centre square", 3, classes, TextProgress())
    held = compute_features(lite2(), np.ascontiguousarray(pictures.pixels[pictures.part(held_out=True)]))
    for seed in (int(seed) for seed in arguments.seeds.split(",")):
        for name, contender in CONTENDERS.items():
            path = arguments.out / f"{slug(name, seed)}.json"
            if path.exists():
                yield done_before(path, arguments.minutes)
                continue
            if name not in wanted:
                continue
            with tempfile.TemporaryDirectory() as folder:
                training = contender(pictures, seed, folder)
                if training is None:
                    print(f"{name} is not installed: it is left out")
                    continue
                steps = _train(training, arguments.minutes)
                draw = training.draw()
                torch.manual_seed(seed)
                with torch.no_grad():
                    drawn = np.concatenate([eight_bit(draw(AT_ONCE).float().clamp(-1, 1)) for _ in range(DRAWN // AT_ONCE)])
            features = compute_features(lite2(), drawn)
            precision, recall = precision_recall(features, held)
            outcome = Outcome(name, seed, arguments.minutes, steps, 1000 * kid(features, held), precision, recall)
            with replacing(path.with_suffix(".webp")) as temporary:
                imaging.sheet(to_images(drawn[:SHEET]), 8).save(temporary, quality=85)
            with replacing(path) as temporary:
                temporary.write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")
            yield outcome


def done_before(path: Path, minutes: float) -> Outcome:
    """What came of a training before.

    Raises:
        StudioError: it took another time, so that it cannot stand beside the others.
    """
    outcome = Outcome(**json.loads(path.read_text(encoding="utf-8")))
    if outcome.minutes != minutes:
        raise StudioError(f"{path} is of {outcome.minutes:g} minutes, expected {minutes:g}: choose another --out, or remove it")
    return outcome


def _train(training: Training, minutes: float) -> int:
    end, steps = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        training.step()
        steps += 1
    return steps


def mean_distances(outcomes: list[Outcome]) -> dict[str, float]:
    """Contender → the mean of its distances over the seeds."""
    names = dict.fromkeys(one.contender for one in outcomes)
    return {name: float(np.mean([one.kid for one in outcomes if one.contender == name])) for name in names}


def share_of_best_rival(means: dict[str, float]) -> float:
    """Our mean distance over that of the better rival; infinite where there is none."""
    rivals = [mean for name, mean in means.items() if name != OURS]
    return means.get(OURS, float("inf")) / min(rivals) if rivals else float("inf")


def missing(outcomes: list[Outcome], seeds: Iterable[int]) -> list[str]:
    """Which trainings there are no outcomes of, in words."""
    there = {(one.contender, one.seed) for one in outcomes}
    return [f"{name}, seed {seed}" for seed in seeds for name in CONTENDERS if (name, seed) not in there]


def as_markdown(outcomes: list[Outcome], command: str, lacking: Sequence[str] = ()) -> str:
    """One row a training, then the means, each over as many seeds as there are of it, and what has not been trained."""
    lines = ["| | seed | steps | KID × 1000 | recall |", "|---|---|---|---|---|"]
    lines += [f"| {o.contender} | {o.seed} | {o.steps:,} | {o.kid:.1f} | {o.recall:.0%} |" for o in outcomes]
    means = mean_distances(outcomes)
    seeds = len({one.seed for one in outcomes})
    each = {name: sum(one.contender == name for one in outcomes) for name in means}
    words = ", ".join(f"{name} {mean:.1f} ({each[name]} {'seed' if each[name] == 1 else 'seeds'})" for name, mean in means.items())
    told = f"Mean KID × 1000: {words}. " if seeds > 1 else "One seed alone: another one would give other figures. "
    lines += ["", f"{told}Ours is {share_of_best_rival(means):.2f} of the better rival's."]
    lines += ["", f"Not trained yet: {'; '.join(lacking)}."] if lacking else []
    return "\n".join([f"    {command}", "", ABOUT, "", *lines, ""])


def sheets_of(outcomes: list[Outcome], folder: str) -> str:
    """The first pictures of each training, as a page beside the folder shows them."""
    return "\n\n".join(f"![{o.contender}, seed {o.seed}]({folder}/{slug(o.contender, o.seed)}.webp)" for o in outcomes)


def write_page(outcomes: list[Outcome], table: str, out: Path, docs: Path) -> None:
    """The page, and in a folder of its name the sheets and results that stand in `out`."""
    beside = docs.with_suffix("")
    for name in (f"{slug(o.contender, o.seed)}{suffix}" for o in outcomes for suffix in (".webp", ".json")):
        if out.resolve() != beside.resolve():
            with replacing(beside / name) as temporary:
                shutil.copyfile(out / name, temporary)
    with replacing(docs) as temporary:
        temporary.write_text(f"# Side by side\n\n{table}\n{sheets_of(outcomes, beside.name)}\n", encoding="utf-8")


def slug(contender: str, seed: int) -> str:
    """How the files of a training are called."""
    return f"{contender.replace(' ', '-')}-{seed}"


def main(words: list[str]) -> int:
    """Returns 1 where our mean distance is more than half of the better rival's, 2 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks._side_by_side", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--only", metavar="A,B", help=f"train only these: {', '.join(CONTENDERS)}")
    parser.add_argument("--docs", type=Path)
    arguments = parser.parse_args(words)
    arguments.out.mkdir(parents=True, exist_ok=True)
    compute.keep_memory()
    outcomes = []
    try:
        for outcome in compete(arguments):
            print(outcome, flush=True)
            outcomes.append(outcome)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    words = f"--data DIR --out OUT --minutes {arguments.minutes:g} --seeds {arguments.seeds}"
    lacking = missing(outcomes, map(int, arguments.seeds.split(",")))
    table = as_markdown(outcomes, f"python -m benchmarks._side_by_side {words}", lacking)
    print(table)
    if arguments.docs:
        write_page(outcomes, table, arguments.out, arguments.docs)
    return int(share_of_best_rival(mean_distances(outcomes)) > HALF)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
