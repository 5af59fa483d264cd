"""`tirek protocols`: what a protocol says, whom it would not reach, and what a new one changes."""

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from tirek.catalog.calendar import announced_years, load_calendar
from tirek.catalog.protocols import load_protocol, read_protocol
from tirek.cli import protocol_page
from tirek.cli.database import database_url, sentences
from tirek.config import ROOT, Config
from tirek.domain.protocol_change import changes, touched_levels
from tirek.domain.protocols import Protocol
from tirek.domain.scope import Scope
from tirek.domain.territory_check import check
from tirek.services.territories import all_territories, open_referrals
from tirek.storage.session import app_engine, open_session

T = TypeVar("T")

CLEAN, FAULTY = 0, 1


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek protocols` and its three verbs."""
    verbs = subparsers.add_parser("protocols", help="what a flag sets off").add_subparsers(
        metavar="VERB", required=True
    )
    check_ = verbs.add_parser("check", help="print every rung that calls nobody, school by school")
    show = verbs.add_parser("show", help="print receivers, clocks, ladders and notices")
    diff = verbs.add_parser("diff", help="print what a new version changes")
    for verb in (check_, show):
        verb.add_argument(
            "--root", type=Path, default=ROOT / "protocols", help="another protocols folder"
        )
    diff.add_argument("old", type=Path, metavar="OLD.yaml")
    diff.add_argument("new", type=Path, metavar="NEW.yaml")
    diff.add_argument("--cases", action="store_true", help="also the open referrals it touches")
    for verb, run in ((check_, run_check), (show, run_show), (diff, run_diff)):
        verb.add_argument("--json", action="store_true", help="for programs")
        verb.set_defaults(run=run)


def run_check(arguments: Namespace) -> int:
    """Hold the protocol against every school in the database; return 1 if anybody is missed."""
    protocol = load_protocol(arguments.root)
    _warn_of_calendar(arguments.root, protocol)
    territories = _ask(all_territories)
    findings = check(protocol, territories)
    if arguments.json:
        _print_json(protocol_page.check_json(protocol, len(territories), findings))
    else:
        _print(protocol_page.check_lines(protocol, len(territories), findings))
    # Without a school nothing was proved.
    return CLEAN if territories and not findings else FAULTY


def run_show(arguments: Namespace) -> int:
    """Print the protocol."""
    protocol = load_protocol(arguments.root)
    if arguments.json:
        _print_json(protocol_page.show_json(protocol))
    else:
        _print(protocol_page.show_lines(protocol))
    return CLEAN


def run_diff(arguments: Namespace) -> int:
    """Print what changes, and which open referrals would go on under other rules."""
    old, new = (_read(path) for path in (arguments.old, arguments.new))
    found = changes(old, new)
    levels = touched_levels(found)
    cases = _ask(lambda session: open_referrals(session, levels)) if arguments.cases else None
    if arguments.json:
        _print_json(protocol_page.diff_json(found, cases))
    else:
        _print(protocol_page.diff_lines(found, cases))
    return CLEAN


def _read(path: Path) -> Protocol:
    beside = path.parent if (path.parent / "calendar.yaml").is_file() else ROOT / "protocols"
    return read_protocol(path, load_calendar(beside))


def _ask(question: Callable[[Session], T]) -> T:
    engine = app_engine(database_url(Config.from_env()), pool_size=1)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            return question(session)
    finally:
        engine.dispose()


def _warn_of_calendar(root: Path, protocol: Protocol) -> None:
    """Say on stderr where the calendar ends: it makes limits early, so it is no failure."""
    year = datetime.now(UTC).year
    missing = sorted({year, year + 1} - announced_years(root))
    for one in missing:
        sys.stderr.write(f"calendar.yaml says nothing about {one}: look up what was announced.\n")
    if protocol.calendar.known_until < year + 1:
        sys.stderr.write(f"No holiday is known after {protocol.calendar.known_until}.\n")


def _print(lines: list[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
