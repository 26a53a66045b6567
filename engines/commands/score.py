"""Score a folder of pictures against a prompt.

Each picture gets the cosine between it and the prompt; those at or above the threshold are kept. The result is JSON:
{model, prompt, threshold, scores: [{path, score, kept}], failed: [{path, reason}]}

  python -m engines score photographs --prompt cityscape --out scores.json
  python -m engines score photographs --prompt "blue jeans" --threshold 0.25 --out - | less

A threshold belongs to one model and one prompt. Without --threshold a start value of the model is taken (of studio-clip the one in its
card, about where "cityscape" separates): look at the scores near it before you trust it.
"""

import argparse
import json
import sys
from pathlib import Path

from engines import imaging
from engines.curation.encoder import OPENAI_MODEL, SHIPPED_MODEL, load_encoder, prompt_value
from engines.curation.scoring import score_pictures, threshold_value
from engines.errors import StudioError
from engines.paths import replacing
from engines.progress import TextProgress

HELP = "score a folder of pictures against a prompt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with pictures, searched through all sub-folders")
    parser.add_argument("--prompt", required=True, help="what the pictures should show, in English")
    parser.add_argument("--threshold", type=float, help="keep pictures that score at least this (default: the model's start value)")
    parser.add_argument(
        "--model", default=SHIPPED_MODEL, metavar="NAME", help=f"{SHIPPED_MODEL} (default), or {OPENAI_MODEL} (downloads 350 MB)"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="where the JSON goes; - prints it to standard output")


def run(arguments: argparse.Namespace) -> None:
    prompt = prompt_value(arguments.prompt)
    threshold = None if arguments.threshold is None else threshold_value(arguments.threshold)
    paths = imaging.picture_files(arguments.folder)
    if not paths:
        raise StudioError(f"{arguments.folder} has no pictures: name a folder with JPEG, PNG or WEBP files")
    encoder = load_encoder(arguments.model)
    scoring = score_pictures(encoder, paths, prompt, threshold, TextProgress())
    text = json.dumps(scoring.as_json(), indent=1, ensure_ascii=False) + "\n"
    if arguments.out == "-":
        sys.stdout.write(text)
        return
    with replacing(Path(arguments.out)) as temporary:
        temporary.write_text(text)
    kept = sum(one.kept for one in scoring.scores)
    print(
        f"{arguments.out}: {kept} of {len(scoring.scores)} pictures kept at {scoring.threshold:g}, {len(scoring.failed)} not readable",
        file=sys.stderr,
    )
