"""Score pictures against prompts, and keep those above a cut.

Of a folder, each picture gets the cosine between it and the prompt; those at or above the threshold are kept. The result is JSON:
{model, prompt, threshold, scores: [{path, score, kept}], failed: [{path, reason}]}

  python -m engines score photographs --prompt cityscape --out scores.json
  python -m engines score photographs --prompt "blue jeans" --threshold 0.25 --out - | less
  python -m engines score scenes --prompt cityscape --suggest --truth buildings --truth street --out scores.json

Of a collection, the rule and what it decides go into the catalogue, where decisions taken by hand stay above it:

  python -m engines score --collection towns --prompt cityscape --suggest --save-rule towns
  python -m engines score --collection towns --rule report --prompt "a street at night" --negative people --top 40%
  python -m engines score --collection towns --rule towns --compare report --preview

A threshold belongs to one model and one prompt. Without --threshold a start value of the model is taken (of studio-clip the one in its
card, about where "cityscape" separates): look at the scores near it before you trust it. --top keeps the best part whatever the numbers
are, and --suggest cuts in the valley when the scores make two humps, and says so when they do not. With --negative or --without the
score is the margin over the unwanted thing that fits best. Prompts after --rule are asked of what the rule keeps. --truth names classes
(sub-folders) that really show what is asked for, and prints how well scores and cut find them.

Vectors are kept below STUDIO_HOME, so a second prompt costs nothing. `--engine ray` computes them on several processes or machines
(pip install -e '.[scale]') and gives the same scores.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engines import compute, imaging
from engines.commands._options import part_of_all, person
from engines.curation.catalogue import Catalogue
from engines.curation.cluster import Cluster, compute_on
from engines.curation.cut import percentile, suggest_cut, top_cut
from engines.curation.embeddings import default_store
from engines.curation.encoder import DECODINGS, OPENAI_MODEL, SHIPPED_MODEL, Encoder, load_encoder, model_name, require_model
from engines.curation.framing import Frame
from engines.curation.prompts import NEGATIVES, TEMPLATES, directions, preset_negatives, prompt_list
from engines.curation.rules import SHIPPED, Disagreement, Judgement, Pass, Rule, disagreements, judge, stacked
from engines.curation.scoring import METHODS, Scored, Scoring, method_scores, threshold_value
from engines.errors import StudioError
from engines.evaluation.retrieval import precision_recall, roc_auc
from engines.paths import replacing
from engines.progress import TextProgress
from engines.recipe import file_hash
from engines.training.split import difference_hash, held_out

HELP = "score a folder or a collection of pictures against prompts"
SHOWN = 10
STARTS = {"margin": 0.0, "softmax": 0.5}


@dataclass(frozen=True)
class Judged:
    """Pictures to score.

    Attributes:
        names, labels: what each is called, and its class.
        files: (sha256, file) of each.
        ids: theirs in a collection; empty for a folder.
        frame: what of each is looked at.
        failed: (name, reason) of files that could not even be hashed.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    files: tuple[tuple[str, Path], ...]
    ids: tuple[int, ...] = ()
    frame: Frame | None = None
    failed: tuple[tuple[str, str], ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="folder with pictures, searched through all sub-folders")
    parser.add_argument("--collection", metavar="NAME", help="a collection of the catalogue instead of a folder")
    parser.add_argument("--prompt", action="append", default=[], help="what the pictures should show, in English; several are averaged")
    parser.add_argument("--ensemble", action="store_true", help="put each prompt into phrases such as “a photo of …”, and average them")
    parser.add_argument("--negative", action="append", default=[], metavar="TEXT", help="what they should not show; may be repeated")
    parser.add_argument(
        "--without", action="append", default=[], choices=list(NEGATIVES), help="a preset of things they should not show; may be repeated"
    )
    parser.add_argument("--method", choices=list(METHODS), help="default: margin with something unwanted, cosine without")
    cut = parser.add_mutually_exclusive_group()
    cut.add_argument("--threshold", type=float, help="keep pictures that score at least this (default: the model's start value)")
    cut.add_argument("--top", type=part_of_all, metavar="PERCENT", help="keep the best part, such as 40%%")
    cut.add_argument("--suggest", action="store_true", help="cut between the two humps of the scores, if there are two")
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="NAME",
        help=f"a saved rule, a rule's .json file, or {', '.join(SHIPPED)}; may repeat",
    )
    parser.add_argument("--save-rule", metavar="NAME", help="keep what was asked under this name (of a folder: in this .json file)")
    parser.add_argument("--compare", metavar="RULE", help="list the pictures on which this rule decides otherwise")
    parser.add_argument("--held-out", action="store_true", help="only those pictures of a folder that training keeps apart")
    parser.add_argument("--truth", action="append", default=[], metavar="CLASS", help="a class that truly matches; may be repeated")
    parser.add_argument("--preview", action="store_true", help="say what would be kept, and leave the collection as it is")
    parser.add_argument("--actor", type=person, default=person(""), metavar="NAME", help="who decides (default: your login name)")
    parser.add_argument(
        "--model", metavar="NAME", help=f"{SHIPPED_MODEL} (default), or {OPENAI_MODEL} (downloads 350 MB); :bf16 after it is faster"
    )
    parser.add_argument(
        "--decoding", choices=DECODINGS, default="full", help="draft decodes large JPEGs at a fraction of their size: faster, scores move"
    )
    parser.add_argument("--engine", choices=["threads", "ray"], default="threads", help="what looks at the pictures")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes of --engine ray")
    parser.add_argument("--gpus", type=float, default=0.0, metavar="N", help="GPUs for each of them")
    parser.add_argument("--address", default="", metavar="ADDRESS", help="of a running Ray cluster (default: one of its own, here)")
    parser.add_argument("--out", metavar="FILE", help="where the JSON goes; - prints it to standard output; needed for a folder")


def run(arguments: argparse.Namespace) -> None:
    _check(arguments)
    catalogue = Catalogue() if arguments.collection else None
    before = [_rule(text, catalogue) for text in arguments.rule]
    base = stacked("", before) if before else None
    other = _rule(arguments.compare, catalogue) if arguments.compare else None
    pictures = _of_collection(catalogue, arguments.collection) if catalogue else _of_folder(arguments.folder, arguments.held_out)
    compute.keep_memory()
    encoder = load_encoder(arguments.model or (model_name(base.model_id) if base else SHIPPED_MODEL))
    if base:
        require_model(encoder, base.model_id, f"the rule {arguments.rule[0]!r}")
    vectors, failed = _vectors(pictures, encoder, arguments)
    rule, remark = _asked(arguments, base, vectors, encoder)
    judgement = judge(rule, vectors, encoder)
    measured = _measured(arguments.truth, pictures, judgement) if arguments.truth else ""
    differing: tuple[Disagreement, ...] | None = None
    if other:
        differing = disagreements(judgement, _judged_by(other, pictures, vectors, encoder, arguments))
    if arguments.save_rule:
        judgement = replace(judgement, rule=_saved(rule, arguments.save_rule, catalogue))
    if catalogue and not arguments.preview:
        _decide(catalogue, arguments.collection, pictures, judgement, arguments.actor)
    if arguments.out:
        _write(arguments.out, _result(arguments, pictures, judgement, failed, remark, differing))
    _tell(arguments, judgement, failed, [text for text in (remark and f"suggested: {remark}", measured) if text])
    if differing is not None and not arguments.out:
        _list(pictures, differing, other.name if other else "")


def _check(arguments: argparse.Namespace) -> None:
    """Mistakes that can be seen before any work is done."""
    if bool(arguments.folder) == bool(arguments.collection):
        raise StudioError("say what to score: either a folder, or --collection NAME")
    if arguments.folder and not arguments.out:
        raise StudioError("a folder's scores go into a file: add --out scores.json, or --out - to print them")
    if arguments.held_out and arguments.collection:
        raise StudioError("--held-out asks the split of a folder that was trained on: name the folder instead of a collection")
    if not arguments.prompt and not arguments.rule:
        raise StudioError("say what the pictures should show: --prompt cityscape, or --rule with the name of a rule")
    extras = arguments.negative or arguments.without or arguments.method or arguments.ensemble
    cut = arguments.threshold is not None or arguments.top is not None or arguments.suggest
    if not arguments.prompt and (extras or cut):
        raise StudioError("a rule has its own prompts and cuts: add --prompt to ask something more of what it keeps")
    if arguments.threshold is not None:
        threshold_value(arguments.threshold, _method(arguments))
    saved = arguments.save_rule
    if saved and arguments.folder and not saved.endswith(".json"):
        raise StudioError(f"a folder's rule is saved in a .json file, got {saved[:80]!r}: write --save-rule {saved[:80]}.json")
    prompt_list(arguments.prompt)
    prompt_list(arguments.negative)


def _method(arguments: argparse.Namespace) -> str:
    return arguments.method or ("margin" if arguments.negative or arguments.without else "cosine")


def _rule(text: str, catalogue: Catalogue | None) -> Rule:
    """A rule by name, or from a JSON file."""
    saved = catalogue.rules() if catalogue else {}
    if text in saved:
        return Rule.from_json(saved[text])
    if text in SHIPPED:
        return SHIPPED[text]
    if not text.endswith(".json"):
        raise StudioError(f"there is no rule {text[:80]!r}: choose one of {', '.join([*saved, *SHIPPED])}, or a rule's .json file")
    try:
        entry = json.loads(Path(text).read_text())
    except (OSError, ValueError) as error:
        raise StudioError(f"{text} cannot be read as a rule ({error}): name a file that --save-rule wrote") from error
    return Rule.from_json(entry)


def _held_out(files: list[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Those of (sha256, file) that the one split keeps from training; files that are no pictures count as training's."""
    readable: list[tuple[str, Path]] = []
    looks: list[bytes] = []
    for digest, path in files:
        with suppress(StudioError):
            looks.append(difference_hash(imaging.safe_open(path)))
            readable.append((digest, path))
    apart = held_out([digest for digest, _ in readable], looks)
    found = [one for one, out in zip(readable, apart, strict=True) if out]
    if not found:
        raise StudioError(f"the split keeps none of these {len(readable)} pictures from training: leave --held-out away, or add pictures")
    return found


def _of_folder(folder: Path, held_out_only: bool = False) -> Judged:
    paths = imaging.picture_files(folder)
    if not paths:
        raise StudioError(f"{folder} has no pictures: name a folder with JPEG, PNG or WEBP files")
    files: list[tuple[str, Path]] = []
    failed: list[tuple[str, str]] = []
    for path in paths:
        try:
            files.append((file_hash(path), path))
        except OSError as error:
            failed.append((str(path), f"{path.name} cannot be read: {error.strerror or error}"))
    if not files:
        raise StudioError(f"none of the {len(paths)} pictures can be read; the first says: {failed[0][1]}")
    if held_out_only:
        files = _held_out(files)
    return Judged(tuple(str(path) for _, path in files), tuple(path.parent.name for _, path in files), tuple(files), failed=tuple(failed))


def _of_collection(catalogue: Catalogue, name: str) -> Judged:
    pictures = catalogue.pictures(name)
    if not pictures:
        raise StudioError(f"the collection {name} has no pictures: add some with python -m engines collect")
    frame = catalogue.facts(name).frame
    names = tuple(picture.provenance.name for picture in pictures)
    files = tuple((picture.sha256, picture.path) for picture in pictures)
    labels = tuple(picture.label for picture in pictures)
    return Judged(names, labels, files, tuple(picture.id for picture in pictures), Frame.from_json(frame) if frame else None)


def _vectors(pictures: Judged, encoder: Encoder, arguments: argparse.Namespace) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """A vector a picture, NaN for those that cannot be read; and (name, reason) of these."""
    store = default_store()
    if arguments.engine == "ray":
        cluster = Cluster(arguments.workers, arguments.address, arguments.gpus)
        compute_on(cluster, store, pictures.files, encoder, pictures.frame, TextProgress(), arguments.decoding)
    vectors, failed = store.vectors(pictures.files, encoder, pictures.frame, TextProgress(), arguments.decoding)
    return vectors, [*pictures.failed, *((pictures.names[place], reason) for place, reason in failed)]


def _asked(arguments: argparse.Namespace, base: Rule | None, vectors: np.ndarray, encoder: Encoder) -> tuple[Rule, str]:
    """The whole rule, and what there is to say about its last cut."""
    kept = judge(base, vectors, encoder).kept if base else np.ones(len(vectors), bool)
    passes = base.passes if base else ()
    if not arguments.prompt:
        return Rule(arguments.rule[0] if len(arguments.rule) == 1 else "", encoder.model_id, passes), ""
    positives = prompt_list(arguments.prompt, TEMPLATES if arguments.ensemble else ("{}",))
    negatives = prompt_list([*arguments.negative, *preset_negatives(arguments.without)])
    method, remark = _method(arguments), ""
    cut = STARTS.get(method, encoder.default_threshold)
    scores = method_scores(vectors, directions(encoder, positives, negatives), method)[kept]
    if arguments.threshold is not None:
        cut = arguments.threshold
    elif arguments.top is not None:
        cut = top_cut(scores, arguments.top)
    elif arguments.suggest:
        suggestion = suggest_cut(scores)
        if suggestion.cut is None:
            raise StudioError(f"no cut can be suggested: {suggestion.reason}; give --threshold or --top instead")
        cut, remark = suggestion.cut, suggestion.reason
    return Rule("", encoder.model_id, (*passes, Pass(positives, negatives, method, cut))), remark


def _judged_by(other: Rule, pictures: Judged, vectors: np.ndarray, encoder: Encoder, arguments: argparse.Namespace) -> Judgement:
    """Another rule's judgement, by its own model."""
    if other.model_id == encoder.model_id:
        return judge(other, vectors, encoder)
    its = load_encoder(model_name(other.model_id))
    return judge(other, _vectors(pictures, its, arguments)[0], its)


def _saved(rule: Rule, name: str, catalogue: Catalogue | None) -> Rule:
    named = replace(rule, name=name if catalogue else Path(name).stem)
    if catalogue is not None:
        catalogue.save_rule(name, named.as_json())
        return named
    with replacing(Path(name)) as temporary:
        temporary.write_text(json.dumps(named.as_json(), indent=1, ensure_ascii=False) + "\n")
    return named


def _decide(catalogue: Catalogue, name: str, pictures: Judged, judgement: Judgement, actor: str) -> None:
    """Write the rule and what it keeps into the catalogue; pictures that cannot be read are left as they are."""
    scores, cut = judgement.standing
    seen = np.flatnonzero(np.isfinite(scores)).tolist()
    values = {pictures.ids[place]: float(scores[place]) for place in seen}
    kept = [pictures.ids[place] for place in seen if judgement.kept[place]]
    catalogue.set_rule(name, judgement.rule.as_json() | {"cut": cut}, values, kept, actor)


def _result(
    arguments: argparse.Namespace,
    pictures: Judged,
    judgement: Judgement,
    failed: Sequence[tuple[str, str]],
    remark: str,
    differing: Sequence[Disagreement] | None,
) -> dict[str, Any]:
    """The promised JSON; what goes beyond one prompt adds the rule, the suggestion's reason and the disagreements."""
    scores, cut = judgement.standing
    rows = tuple(
        Scored(pictures.names[place], round(float(scores[place]), 6), bool(judgement.kept[place]))
        for place in np.flatnonzero(np.isfinite(scores)).tolist()
    )
    rule = judgement.rule
    prompts = [text for one in rule.passes for text in one.positives]
    found = Scoring(rule.model_id, ", ".join(prompts), cut, rows, tuple(failed)).as_json()
    if len(prompts) > 1 or rule.passes[0].method != "cosine" or arguments.save_rule:
        found["rule"] = rule.as_json()
    if remark:
        found["suggestion"] = remark
    if differing is not None:
        found["disagreements"] = [
            {"path": pictures.names[one.place], "kept_by_first": one.kept_by_first, "amount": round(one.amount, 6)} for one in differing
        ]
    return found


def _write(out: str, found: dict[str, Any]) -> None:
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    if out == "-":
        sys.stdout.write(text)
        return
    with replacing(Path(out)) as temporary:
        temporary.write_text(text)


def _tell(arguments: argparse.Namespace, judgement: Judgement, failed: Sequence[tuple[str, str]], remarks: Sequence[str]) -> None:
    scores, cut = judgement.standing
    known, kept = int(np.isfinite(scores).sum()), int(judgement.kept.sum())
    would = "would be kept" if arguments.preview else "kept"
    share = f"{100 * kept / known:.1f} %, the cut is at percentile {percentile(scores, cut):.1f}"
    print(
        f"{arguments.collection or arguments.out}: {kept} of {known} pictures {would} ({share}) by {judgement.rule.sentence()}, "
        f"{len(failed)} not readable",
        file=sys.stderr,
    )
    for remark in remarks:
        print(remark, file=sys.stderr)
    if arguments.collection:
        for name, reason in failed[:SHOWN]:
            print(f"not readable: {name}: {reason}", file=sys.stderr)


def _measured(truth: Sequence[str], pictures: Judged, judgement: Judgement) -> str:
    """How well scores and cut find the pictures of some classes, in words."""
    labels = np.array(pictures.labels)
    unknown = sorted(set(truth) - set(pictures.labels))
    if unknown:
        raise StudioError(f"no picture is of the class {unknown[0][:40]!r}: choose among {', '.join(sorted(set(pictures.labels)))[:200]}")
    scores, _ = judgement.standing
    seen = np.isfinite(scores)
    matching = np.isin(labels, truth) & seen
    precision, recall = precision_recall(judgement.kept, matching)
    area = roc_auc(scores[matching], scores[seen & ~matching])
    found = f"AUC {area:.3f}; at the cut precision {precision:.3f}, recall {recall:.3f}"
    return f"against {', '.join(truth)} ({int(matching.sum())} of {int(seen.sum())} pictures): {found}"


def _list(pictures: Judged, differing: Sequence[Disagreement], other: str) -> None:
    """The pictures on which two rules disagree most."""
    print(f"{len(differing)} pictures are decided otherwise by {other or 'the other rule'}")
    for one in differing[:SHOWN]:
        verdict = "dropped by it" if one.kept_by_first else "kept by it"
        print(f"  {verdict:14} {100 * one.amount:5.1f} % apart  {pictures.names[one.place]}")
