"""Cut objects out of their pictures and lay them on one colour.

From street scenes with Cityscapes' fine annotations: every car that a COCO Mask R-CNN confirms as exactly one, cropped to its box:
  python -m engines cutout cityscapes /pictures/cityscapes --out cars
From pictures of one whole object each, in any folders or as Stanford Cars comes (cars_train beside its devkit):
  python -m engines cutout objects stanford_cars/cars_train --out cars
From pictures before a plain background, without any detector:
  python -m engines cutout plain garments --out cut --background transparent
Look first; nothing else is written:
  python -m engines cutout plain garments --preview look.png

Results go into a folder (--out) or a collection (--into), with the rights of their originals. Running the same command again goes on
where it stopped. What is left out is in cutouts.jsonl in the folder, and in the collection's failures, each with its reason.

The detector's weights (about 180 MB) are downloaded once; --weights names a file instead, --unconfirmed does without.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from engines import imaging
from engines.curation.catalogue import Catalogue
from engines.curation.cutout.cityscapes import coco_name, cut_scenes, find_scenes, label_ids
from engines.curation.cutout.cut import Cut, Original, Style, parse_background, preview_sheet
from engines.curation.cutout.delivery import into_collection, into_folder
from engines.curation.cutout.detection import NETWORKS, Confirmation, MaskDetector, load_detector
from engines.curation.cutout.plain import METHODS, PlainRule
from engines.curation.cutout.whole import cut_objects, cut_plain, originals_of_collection, originals_of_folder, stanford_annotations
from engines.curation.provenance import RIGHTS
from engines.errors import StudioError
from engines.progress import Progress, TextProgress, silent

HELP = "cut objects out and lay them on one colour"
PREVIEWED = 12

Cutting = Callable[[set[str], Progress], Iterable[Cut]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    ways = parser.add_subparsers(dest="way", metavar="cityscapes|objects|plain", required=True)
    scenes = ways.add_parser("cityscapes", help="every instance in street scenes with Cityscapes' fine annotations")
    objects = ways.add_parser("objects", help="the most confident object of each picture, as Mask R-CNN sees it")
    plain = ways.add_parser("plain", help="the object before a plain background")
    for way in (objects, plain):
        way.add_argument("source", metavar="DIR|NAME", help="folder of pictures (sub-folder = class), or with --collection a collection")
        way.add_argument("--collection", action="store_true", help="take the kept pictures of the collection of this name")
    scenes.add_argument("source", metavar="DIR", help="folder that holds gtFine and leftImg8bit")
    for way in (scenes, objects):
        way.add_argument("--class", dest="name", default="car", metavar="NAME", help="a class of COCO (default car)")
        way.add_argument("--confidence", type=float, default=0.9, help="detections below it do not count (default 0.9)")
        way.add_argument("--detector", default="v2", choices=NETWORKS, help="torchvision's Mask R-CNN (default v2; v1 is lighter)")
        way.add_argument("--weights", type=Path, metavar="FILE", help="its weights, .pth or .safetensors, instead of a download")
    scenes.add_argument("--any-class", action="store_true", help="exactly one detection of any class, and it is of this one")
    scenes.add_argument("--unconfirmed", action="store_true", help="take every instance as annotated, without a detector")
    scenes.add_argument(
        "--crop",
        choices=("predicted", "annotated", "none"),
        help="to the detector's box (default), to the annotated one (default when unconfirmed), or not at all",
    )
    objects.add_argument(
        "--crop", choices=("predicted", "none"), default="predicted", help="to the detector's box (default), or not at all"
    )
    plain.add_argument("--crop", choices=("object", "none"), default="object", help="to the object's box (default), or not at all")
    plain.add_argument("--method", choices=METHODS, default="grabcut", help="grabcut (default), or flood: faster, even colours only")
    plain.add_argument("--tolerance", type=float, default=12.0, help="how far a colour may be from the background's (CIELAB, default 12)")
    plain.add_argument("--detail", type=int, default=384, help="longest side in pixels at which outlines are found (default 384)")
    plain.add_argument(
        "--most-border",
        type=float,
        default=0.35,
        metavar="SHARE",
        help="share of the border an object may cover (default 0.35; 0.02: whole objects only)",
    )
    for way in (scenes, objects, plain):
        _add_common(way)


def _add_common(way: argparse.ArgumentParser) -> None:
    way.add_argument(
        "--background", default="#33ff33", metavar="COLOUR", help="#hex, a name, or transparent (default #33ff33 = 51, 255, 51)"
    )
    way.add_argument("--feather", type=float, default=0.0, metavar="PX", help="soften the edge inwards by this many pixels (default 0)")
    way.add_argument("--min-side", type=int, default=0, metavar="PX", help="leave out objects with a shorter side below this")
    way.add_argument("--rights", choices=RIGHTS, default="unknown", help="may these pictures train a model? (default unknown)")
    way.add_argument("--permission", default="", metavar="TEXT", help="whose permission, in words")
    where = way.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="DIR", help="folder for the cut-outs")
    where.add_argument("--into", metavar="NAME", help="collection for the cut-outs")
    where.add_argument(
        "--preview", type=Path, metavar="FILE", help=f"only a PNG of the first objects ({PREVIEWED}): original, mask, cut-out"
    )


def run(arguments: argparse.Namespace) -> None:
    style = Style(parse_background(arguments.background), arguments.feather)
    if arguments.min_side < 0:
        raise StudioError(f"--min-side is 0 pixels or more, got {arguments.min_side}: 0 takes every object")
    make = {"cityscapes": _scenes, "objects": _objects, "plain": _plain}[arguments.way]
    cutting, settings = make(arguments)
    if arguments.preview:
        imaging.save_png(preview_sheet(list(islice(cutting(set(), silent), PREVIEWED)), style), arguments.preview)
        print(f"{arguments.preview}: the first objects as original, mask and cut-out", file=sys.stderr)
        return
    settings = {"way": arguments.way, "source": _source_name(arguments), "crop": arguments.crop, "min side": arguments.min_side, **settings}
    progress = TextProgress()

    def rest(done: set[str]) -> Iterable[Cut]:
        return cutting(done, progress)

    if arguments.into:
        report = into_collection(Catalogue(), arguments.into, rest, style, settings)
    else:
        report = into_folder(arguments.out, rest, style, settings)
    where = f"the collection {arguments.into}" if arguments.into else str(arguments.out)
    print(f"{where}: {report.made} cut out, {report.already} already there, {len(report.rejected)} left out", file=sys.stderr)
    for reason, count in report.reasons():
        print(f"  {count:6} {reason}", file=sys.stderr)
    if not report.made + report.already:
        first = f"; the first: {report.rejected[0][0]}, {report.rejected[0][1]}" if report.rejected else ""
        raise StudioError(f"nothing was cut out of {arguments.source}: look at a --preview and choose other settings{first}")


def _source_name(arguments: argparse.Namespace) -> str:
    return arguments.source if getattr(arguments, "collection", False) else str(Path(arguments.source).resolve())


def _scenes(arguments: argparse.Namespace) -> tuple[Cutting, dict[str, Any]]:
    arguments.crop = arguments.crop or ("annotated" if arguments.unconfirmed else "predicted")
    confirmation = Confirmation(coco_name(arguments.name), arguments.confidence, arguments.any_class)
    label_ids(arguments.name)
    find_scenes(Path(arguments.source))
    detector = None if arguments.unconfirmed else _detector(arguments, confirmation.name)

    def cutting(skip: set[str], progress: Progress) -> Iterable[Cut]:
        return cut_scenes(
            Path(arguments.source),
            arguments.name,
            detector,
            confirmation,
            arguments.crop,
            arguments.min_side,
            skip,
            arguments.rights,
            arguments.permission,
            progress,
        )

    return cutting, {"class": arguments.name, "detector": detector.identity if detector else "", **asdict(confirmation)}


def _objects(arguments: argparse.Namespace) -> tuple[Cutting, dict[str, Any]]:
    confirmation = Confirmation(arguments.name, arguments.confidence)
    originals = _originals(arguments)
    annotated = {} if arguments.collection else stanford_annotations(Path(arguments.source))
    detector = _detector(arguments, confirmation.name)

    def cutting(skip: set[str], progress: Progress) -> Iterable[Cut]:
        crop = arguments.crop == "predicted"
        return cut_objects(originals, detector, confirmation, annotated, crop, arguments.min_side, skip, progress)

    return cutting, {"detector": detector.identity, **asdict(confirmation)}


def _plain(arguments: argparse.Namespace) -> tuple[Cutting, dict[str, Any]]:
    rule = PlainRule(arguments.method, arguments.tolerance, arguments.detail, most_border=arguments.most_border)
    originals = _originals(arguments)

    def cutting(skip: set[str], progress: Progress) -> Iterable[Cut]:
        return cut_plain(originals, rule, arguments.crop == "object", arguments.min_side, skip, progress)

    return cutting, asdict(rule)


def _originals(arguments: argparse.Namespace) -> list[Original]:
    if arguments.collection:
        return originals_of_collection(Catalogue(), arguments.source)
    return originals_of_folder(Path(arguments.source), arguments.rights, arguments.permission)


def _detector(arguments: argparse.Namespace, name: str) -> MaskDetector:
    detector = load_detector(arguments.detector, arguments.weights)
    detector.check(name)
    return detector
