"""Write a translator as ONNX files, one for each class it draws, for programs without PyTorch.

Each file is tried before it is written: it must draw what the model draws. Its metadata hold the model's name, class and rights.

  python -m engines export-onnx leather-denim --out onnx
"""

import argparse
from pathlib import Path

from engines.models.zoo import Zoo
from engines.progress import TextProgress
from engines.translation.onnx_export import export_translator

HELP = "write a texture swap as ONNX files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a translator's name")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder for the files")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of models (default: your own, then the shipped ones)")


def run(arguments: argparse.Namespace) -> None:
    zoo = Zoo([arguments.models]) if arguments.models else Zoo()
    for written in export_translator(zoo.translator(arguments.model), arguments.out, TextProgress()):
        size = written.path.stat().st_size / 2**20
        print(f"{written.path}: to {written.target}, {size:.1f} MB, within {written.difference:.1g} of what the model draws")
