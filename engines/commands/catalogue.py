"""Look at collections, see who decided what, take it back, and carry decisions to another machine.

  python -m engines catalogue list
  python -m engines catalogue show skylines
  python -m engines catalogue decide skylines drop 12 57 --reason "a logo on it"
  python -m engines catalogue undo skylines
  python -m engines catalogue history skylines
  python -m engines catalogue rights skylines yes --permission "letter of the museum, 3 March"
  python -m engines catalogue decisions export decisions.jsonl
  python -m engines catalogue decisions import decisions.jsonl

A hand beats a filter, a filter beats the rule. Everybody takes back their own decisions, the last one first; what somebody else has decided
about since cannot be taken back, only decided anew. Exported decisions name pictures by their content, so they fit wherever the same
pictures are in a collection of the same name.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engines.commands._options import person
from engines.curation.catalogue import Catalogue, CollectionFacts
from engines.curation.provenance import RIGHTS
from engines.errors import StudioError

HELP = "look at collections, and take back what was decided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="list|show|decide|undo|redo|history|rights|rename|remove|decisions", required=True
    )
    actions.add_parser("list", help="one line a collection")
    show = _named(actions, "show", "everything about one collection")
    show.add_argument("--pictures", action="store_true", help="one line a picture: number, decision, why, name")
    show.add_argument("--failures", action="store_true", help="what could not be taken in, and why")
    decide = _named(actions, "decide", "keep or drop pictures by hand, or clear what a hand decided")
    decide.add_argument("decision", choices=["keep", "drop", "clear"])
    decide.add_argument("pictures", type=int, nargs="+", metavar="NUMBER", help="as `show --pictures` gives them")
    decide.add_argument("--reason", default="", metavar="TEXT")
    undo = _named(actions, "undo", "take back your last decision")
    redo = _named(actions, "redo", "do again what you just took back")
    _named(actions, "history", "who decided what and when")
    rights = _named(actions, "rights", "record whether the pictures may train a model")
    rights.add_argument("allowed", choices=RIGHTS)
    rights.add_argument("--permission", default="", metavar="TEXT", help="who allowed it, when, and where that can be read")
    for deciding in (decide, undo, redo, rights):
        deciding.add_argument("--actor", type=person, default=person(""), metavar="NAME", help="who decides (default: your login name)")
    rename = _named(actions, "rename", "give a collection another name")
    rename.add_argument("new", metavar="NEW")
    remove = _named(actions, "remove", "remove a collection with its pictures and its log; originals stay")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    decisions = actions.add_parser("decisions", help="carry decisions to another catalogue")
    decisions.add_argument("direction", choices=["export", "import"])
    decisions.add_argument("file", type=Path, metavar="FILE", help="JSON lines")
    decisions.add_argument("--collection", metavar="NAME", help="export only this one")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print the result as JSON")


def _named(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("name", metavar="NAME", help="the collection")
    return parser


def run(arguments: argparse.Namespace) -> None:
    result, text = _ACTIONS[arguments.action](Catalogue(), arguments)
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
    elif text:
        print(text)


def _list(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    found = catalogue.collections()
    lines = [f"{facts.name:24} {_counts(facts)}" for facts in found]
    return [asdict(facts) for facts in found], "\n".join(lines) or "no collections yet: `collect --help` shows how to begin one"


def _show(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    facts, pictures, state = catalogue.facts(arguments.name), catalogue.pictures(arguments.name), catalogue.state(arguments.name)
    sources = Counter((picture.provenance.source, picture.provenance.training_allowed) for picture in pictures)
    classes = Counter(picture.label for picture in pictures if picture.label)
    decided = Counter((decision.by, decision.kept) for decision in state.values())
    result: dict[str, Any] = asdict(facts)
    result["sources"] = [{"source": source, "training_allowed": allowed, "pictures": n} for (source, allowed), n in sorted(sources.items())]
    result["classes"] = dict(sorted(classes.items()))
    result["decided"] = [{"by": by, "kept": kept, "pictures": n} for (by, kept), n in sorted(decided.items())]
    lines = [f"{facts.name}: {_counts(facts)}, begun {facts.created}"]
    lines += [f"  from {source}, training allowed: {allowed}: {n:,}" for (source, allowed), n in sorted(sources.items())]
    lines += [f"  class {name}: {n:,}" for name, n in sorted(classes.items())]
    lines += [f"  {'kept' if kept else 'dropped'} by {by}: {n:,}" for (by, kept), n in sorted(decided.items())]
    lines += [f"  rule: {_short(facts.rule)}"] if facts.rule else []
    lines += [f"  filter {name}: {_short(settings)}" for name, settings in facts.filters.items()]
    lines += [f"  frame: {_short(facts.frame)}"] if facts.frame else []
    lines += [f"  collected so far: {key}: {_short(position)}" for key, position in facts.cursors.items()]
    if arguments.pictures:
        rows = [(picture, state[picture.id]) for picture in pictures if picture.id in state]
        result["pictures_listed"] = [
            {"id": one.id, "sha256": one.sha256, "label": one.label, **asdict(how), "provenance": one.provenance.as_json()}
            for one, how in rows
        ]
        lines += [f"{one.id:8} {'kept' if how.kept else 'dropped':8} {one.provenance.name} ({how.by}: {how.why})" for one, how in rows]
    if arguments.failures:
        failed = catalogue.failures(arguments.name)
        result["failures"] = [{"name": name, "reason": reason} for name, reason in failed]
        lines += [f"left out: {name}: {reason}" for name, reason in failed]
    return result, "\n".join(lines)


def _decide(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    event = catalogue.decide(arguments.name, arguments.pictures, arguments.decision, arguments.actor, arguments.reason)
    return {"event": event}, _after(catalogue, arguments.name)


def _undo(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    event = catalogue.undo(arguments.name, arguments.actor)
    return asdict(event), f"took back: {event.what}\n{_after(catalogue, arguments.name)}"


def _redo(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    event = catalogue.redo(arguments.name, arguments.actor)
    return asdict(event), f"did again: {event.what}\n{_after(catalogue, arguments.name)}"


def _history(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    events = catalogue.history(arguments.name)
    lines = [f"{event.time}  {event.actor}: {event.what}{' (taken back)' if event.undone else ''}" for event in events]
    return [asdict(event) for event in events], "\n".join(lines) or f"nobody has decided anything about {arguments.name} yet"


def _rights(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    event = catalogue.set_rights(arguments.name, None, arguments.allowed, arguments.permission, arguments.actor)
    return {"event": event}, catalogue.history(arguments.name)[-1].what


def _rename(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    catalogue.rename(arguments.name, arguments.new)
    return {"name": arguments.new}, f"{arguments.name} is called {arguments.new} now"


def _remove(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    facts = catalogue.facts(arguments.name)
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise StudioError(f"{arguments.name} goes with its {facts.pictures:,} pictures and its log: say --yes if that is meant")
        if input(f"remove {arguments.name}, its copies of {facts.pictures:,} pictures and its log? [y/N] ").strip().lower() not in (
            "y",
            "yes",
        ):
            return {"removed": None}, "nothing was removed"
    catalogue.remove(arguments.name)
    return {"removed": arguments.name}, f"{arguments.name} is removed"


def _decisions(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[Any, str]:
    if arguments.direction == "export":
        written = catalogue.export_decisions(arguments.file, arguments.collection)
        return {"events": written}, f"{arguments.file}: {written:,} events"
    report = catalogue.import_decisions(arguments.file)
    left = f", {report.missing:,} decisions about pictures that are not here" if report.missing else ""
    return asdict(report), f"{report.events:,} events taken over, {report.already:,} known already{left}"


_ACTIONS = {
    "list": _list,
    "show": _show,
    "decide": _decide,
    "undo": _undo,
    "redo": _redo,
    "history": _history,
    "rights": _rights,
    "rename": _rename,
    "remove": _remove,
    "decisions": _decisions,
}


def _counts(facts: CollectionFacts) -> str:
    failed = f", {facts.failed:,} left out" if facts.failed else ""
    return f"{facts.pictures:,} pictures, {facts.kept:,} kept, {facts.dropped:,} dropped{failed}"


def _after(catalogue: Catalogue, name: str) -> str:
    return f"{name}: {_counts(catalogue.facts(name))}"


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
