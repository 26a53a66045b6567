"""Train every system of the reports for the same time, and write one table of what came of it.

  python -m engines systems --data shared/data --fashion-mnist fashion-mnist --minutes 2 --out systems
  python -m engines systems --data shared/data --only cars-dcgan,cars-logan --minutes 10 --out longer
  python -m engines systems --data shared/data --minutes 2 --out systems --docs docs/systems.md

DIR holds scenes and clothing. Cityscapes learn from scenes/buildings and street; cars from garments of clothing laid on the
green of the reports' cut-outs; scenes from street; fashion from Fashion-MNIST and clothing.
A system that was trained is not trained again; stopped or killed, the command goes on where it was. One that diverges, or for which there
is not memory enough, stands in the table with the reason.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from engines import compute, imaging
from engines.commands._bench import Bench
from engines.commands._options import TRAINED_IN, positive_float, seed_number
from engines.commands.train import Politely
from engines.errors import Cancelled, StudioError
from engines.networks.layers import parameter_count
from engines.paths import replacing, replacing_folder
from engines.progress import Progress, TextProgress, Told
from engines.training.presets import AdversarialPreset, usual_settings
from engines.training.runs import Run
from engines.training.systems import SYSTEMS
from engines.training.systems_table import SystemRow, as_markdown, read_row, row_of, write_row, write_sheet
from engines.training.trainer import Plan, Task, Workers, train
from engines.translation.garment_mask import find_garment

HELP = "train every system of the reports and compare them"
GREEN = (51, 255, 51)
GARMENTS = 700
GARMENT_SIDE = 128
NEVER = 10**9
PRECISION = "bfloat16"


@dataclass(frozen=True)
class Stand:
    """What a system learns from: a folder below --data (or that of Fashion-MNIST), its classes, and both in words."""

    folder: str
    classes: dict[str, str] | None
    words: str


def stand_ins(preset: AdversarialPreset) -> Stand:
    """The pictures that stand in for those of a preset's report."""
    kind = preset.name.partition("-")[0]
    if kind == "cityscape":
        return Stand("scenes", {"buildings": "buildings", "street": "street"}, "buildings and streets")
    if kind == "cars":
        return Stand("garments", None, "garments on green")
    if kind == "scenes":
        return Stand("scenes", {"street": "street"}, "streets")
    if kind == "clothing":
        return Stand("clothing", None, "clothing")
    return Stand("fashion-mnist", None, "Fashion-MNIST")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with scenes and clothing")
    parser.add_argument(
        "--fashion-mnist", type=Path, metavar="DIR", default=Path("/usr/share/datasets/fashion-mnist"), help="its idx files"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the runs and the table")
    parser.add_argument("--minutes", type=positive_float, default=2.0, help="to train each (default 2)")
    parser.add_argument("--only", metavar="A,B", help="only these presets")
    parser.add_argument("--docs", type=Path, metavar="FILE.md", help="write the table here too, and the sheets into a folder of its name")
    parser.add_argument("--seed", type=seed_number, default=0, help="of all randomness (default 0)")
    parser.add_argument("--precision", choices=TRAINED_IN, default=PRECISION, help=f"for all of them (default {PRECISION})")


def run(arguments: argparse.Namespace) -> None:
    wanted = arguments.only.split(",") if arguments.only else list(SYSTEMS)
    unknown = [name for name in wanted if name not in SYSTEMS]
    if unknown:
        raise StudioError(f"there is no system {unknown[0]!r}: choose of {', '.join(SYSTEMS)}")
    budget = f"{arguments.minutes:g} minutes in {arguments.precision}, seed {arguments.seed}"
    folders = {name: Run(arguments.out / name) for name in wanted}
    for row in filter(None, map(read_row, folders.values())):
        if row.budget != budget:
            raise StudioError(f"{folders[row.preset].folder} had {row.budget}, and not {budget}: give the same, or another --out")
    progress = Politely(TextProgress())
    compute.keep_memory()
    rows = []
    for name, folder in folders.items():
        row = read_row(folder) or _trained(arguments, SYSTEMS[name], folder, budget, progress)
        print(f"{row.preset:32} {row.steps:6,} steps  {row.figures or 'not judged'}  {row.remark}", flush=True)
        rows.append(row)
    told = {"--only": arguments.only, "--seed": arguments.seed, "--precision": arguments.precision.replace(PRECISION, "")}
    options = "".join(f" {name} {value}" for name, value in told.items() if value)
    command = f"python -m engines systems --data DIR --minutes {arguments.minutes:g}{options} --out OUT"
    threads = torch.get_num_threads()
    numerics = f"{budget}, each, on {compute.device().type} ({threads} {'thread' if threads == 1 else 'threads'})"
    for page in (arguments.out / "systems.md", arguments.docs):
        if page is not None:
            _write_page(page, rows, command, numerics, arguments.out)
    print(f"{arguments.out / 'systems.md'}: {len(rows)} systems in the table, {sum(bool(row.remark) for row in rows)} with a remark")


def _write_page(page: Path, rows: list[SystemRow], command: str, numerics: str, out: Path) -> None:
    sheets = page.with_suffix("")
    if page.parent != out:
        sheets.mkdir(parents=True, exist_ok=True)
        for row in rows:
            with replacing(sheets / f"{row.preset}.webp") as temporary:
                temporary.write_bytes((out / "systems" / f"{row.preset}.webp").read_bytes())
    page.parent.mkdir(parents=True, exist_ok=True)
    with replacing(page) as temporary:
        temporary.write_text(f"# Every system, trained for the same time\n\n{as_markdown(rows, command, numerics, sheets.name)}")


def _trained(arguments: argparse.Namespace, preset: AdversarialPreset, folder: Run, budget: str, progress: Progress) -> SystemRow:
    stand = stand_ins(preset)
    bench = Bench(_folder(arguments, stand, progress), stand.classes, arguments.seed, compute.of_precision(arguments.precision), progress)
    made = bench.prepare(preset)
    parameters = _parameters(made.task)
    begun, failure = folder.checkpoint_file.exists(), ""
    minutes = arguments.minutes - (folder.checkpoint()["seconds"] / 60 if begun else 0.0)
    plan = Plan(preset.steps, minutes, arguments.seed, made.facts, look_every=NEVER)
    with folder.locked():
        folder.begin(made.config, folder.config_file.exists(), usual_settings(preset))
        told = Told(progress, preset.name)
        try:
            train(made.task, folder, plan, Workers(), begun, told)
        except (StudioError, RuntimeError) as error:
            failure = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if told.cancelled:
            raise Cancelled
    write_sheet(made.task.snapshot(), preset.resolution, arguments.out / "systems" / f"{preset.name}.webp")
    row = row_of(folder, preset, preset.summary.partition(":")[0], stand.words, parameters, budget, failure)
    write_row(folder, row)
    return row


def _parameters(task: Task) -> dict[str, int]:
    """G, D and E → how many parameters are trained; asked before training, which holds some of them still for a while."""
    found = {role[0].upper(): getattr(task, role, None) for role in ("generator", "discriminator", "encoder")}
    return {letter: parameter_count(network) for letter, network in found.items() if isinstance(network, nn.Module)}


def _folder(arguments: argparse.Namespace, stand: Stand, progress: Progress) -> Path:
    """Where the pictures of a stand-in lie; garments on green are made first."""
    if stand.folder == "fashion-mnist":
        return arguments.fashion_mnist
    if stand.folder != "garments":
        return arguments.data / stand.folder
    folder = arguments.out / "garments"
    if not folder.is_dir():
        _lay_on_green(arguments.data / "clothing", folder, progress)
    return folder


def _lay_on_green(clothing: Path, folder: Path, progress: Progress) -> None:
    """Garments, chosen by lot, cut out and laid on the green of the reports' cars; the folder appears when it is whole."""
    files = imaging.picture_files(clothing)
    chosen = [files[place] for place in np.sort(np.random.default_rng(0).permutation(len(files))[:GARMENTS])]
    with replacing_folder(folder) as temporary:
        for done, path in enumerate(chosen):
            progress(done, len(chosen), "laying garments on green")
            picture = imaging.letterbox(imaging.safe_open(path), GARMENT_SIDE)
            inside = Image.fromarray(find_garment(picture).mask)
            laid = Image.composite(picture, Image.new("RGB", picture.size, GREEN), inside)
            (temporary / path.parent.name).mkdir(exist_ok=True)
            laid.save(temporary / path.parent.name / f"{path.stem}.png")
