"""`tirek instruments diff`: what a new version changes, and which step each part must take."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from tirek.catalog.instrument_files import InstrumentFiles, read_files
from tirek.cli.parser import CommandError
from tirek.domain.release_change import PartChange, ReleaseChange, Step, release_change

SAME, REFUSED = 0, 1
LONGEST = 160


def add_arguments(verb: ArgumentParser) -> None:
    """One or two folders."""
    verb.add_argument("old", type=Path, metavar="FOLDER", help="the older one, or the only one")
    verb.add_argument("new", type=Path, nargs="?", metavar="NEW", help="default: FOLDER is the new")
    verb.add_argument("--json", action="store_true", help="for machines")


def run(arguments: Namespace, published: Path | None) -> int:
    """Print what differs between two folders; return 1 when a version steps too little.

    With one folder it is held against the newest one of the repository, `published`.
    """
    old_folder = published if arguments.new is None else arguments.old
    new_folder = arguments.old if arguments.new is None else arguments.new
    if old_folder is None:
        raise CommandError(f"There is no instrument {arguments.id!r} to compare with.")
    old, new = (_read(folder, arguments.id) for folder in (old_folder, new_folder))
    golden = [case.answers for files in (old, new) for case in files.cases]
    change = release_change(old.instrument, new.instrument, golden)
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(old, new, change), ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(old, new, change))
    return REFUSED if change.is_refused else SAME


def as_json(old: InstrumentFiles, new: InstrumentFiles, change: ReleaseChange) -> dict[str, object]:
    """The comparison for programs."""
    return {
        "instrument": new.instrument.id,
        "from": old.instrument.release,
        "to": new.instrument.release,
        "parts": [_part_json(part) for part in change.parts],
        "keeps_address": change.keeps_address,
        "replay_needed": change.moves_flags,
        "refused": change.is_refused,
    }


def lines(old: InstrumentFiles, new: InstrumentFiles, change: ReleaseChange) -> Iterator[str]:
    """The comparison for a person."""
    yield f"{new.instrument.id}: {old.instrument.release} -> {new.instrument.release}"
    if not change.parts:
        yield "nothing differs"
    for part in change.parts:
        yield from _part_lines(part)
    if change.keeps_address:
        yield "structure: a new major needs a new url"
    if change.moves_flags:
        yield "other people may be flagged on the same answers: run a replay before publishing"


def _part_json(part: PartChange) -> dict[str, object]:
    return {
        "part": part.name,
        "from": part.before,
        "to": part.after,
        "needed": _name(part.needed),
        "taken": None if part.taken is None else _name(part.taken),
        "refused": part.is_refused,
        "changes": [
            {
                "path": list(one.path),
                "before": one.before,
                "after": one.after,
                "step": _name(one.step),
            }
            for one in part.changes
        ],
    }


def _part_lines(part: PartChange) -> Iterator[str]:
    taken = "none that goes forward" if part.taken is None else _name(part.taken)
    verdict = "REFUSED" if part.is_refused else "ok"
    versions = f"{part.before or 'absent'} -> {part.after or 'absent'}"
    yield f"{part.name} {versions}: must take {_name(part.needed)}, takes {taken}: {verdict}"
    for one in part.changes:
        place = ".".join(one.path)
        yield f"  {_name(one.step):6} {place}: {_short(one.before)} -> {_short(one.after)}"


def _short(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _name(step: Step) -> str:
    return step.name.lower()


def _read(folder: Path, instrument_id: str) -> InstrumentFiles:
    files, findings = read_files(folder)
    if files is None:
        first = f" {findings[0]}" if findings else ""
        raise CommandError(f"{folder} cannot be read.{first}")
    if files.instrument.id != instrument_id:
        raise CommandError(f"{folder} holds {files.instrument.id}, not {instrument_id}.")
    return files
