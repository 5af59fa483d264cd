"""`tirek referrals verify`: the nightly proof that no referral is lost."""

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import text

from tirek.catalog.library import load_catalog
from tirek.cli.database import database_url, sentences
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.services import fold
from tirek.services.fold import Folded
from tirek.services.invariants import Violation, violations
from tirek.storage.session import app_engine, open_session

INTACT, BROKEN = 0, 1
NAMED = 20


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek referrals` and its verb."""
    verbs = subparsers.add_parser("referrals", help="whether any is lost").add_subparsers(
        metavar="VERB", required=True
    )
    check = verbs.add_parser(
        "verify", help="work every referral out anew from its events; look for lost ones"
    )
    check.add_argument("--json", action="store_true", help="all findings, for programs")
    check.set_defaults(run=run_verify)


def run_verify(arguments: Namespace) -> int:
    """Print what does not hold; return 1 if there is anything."""
    config = Config.from_env()
    protocol = load_catalog(config.root).protocol
    engine = app_engine(database_url(config), pool_size=1)
    try:
        with sentences(), open_session(engine, Scope.system()) as session:
            # Everything is compared as it stood at one moment.
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            session.execute(text("SET LOCAL statement_timeout = 0"))
            folded = fold.mismatches(session)
            found = violations(session, protocol)
    finally:
        engine.dispose()
    sys.stdout.write(
        _as_json(folded, found) if arguments.json else "\n".join(_lines(folded, found)) + "\n"
    )
    return BROKEN if folded.mismatches or found else INTACT


def _as_json(folded: Folded, found: Sequence[Violation]) -> str:
    differing = [{"referral": str(one.referral_id), "said": one.said} for one in folded.mismatches]
    report = {
        "referrals": folded.referrals,
        "mismatches": differing,
        "violations": [asdict(one) for one in found],
    }
    return json.dumps(report, ensure_ascii=False) + "\n"


def _lines(folded: Folded, found: Sequence[Violation]) -> list[str]:
    differing = len({one.referral_id for one in folded.mismatches})
    head = f"Referrals: {folded.referrals}, equal to their events: {folded.referrals - differing}."
    lines = [f"referral {one.referral_id}: {one.said}" for one in folded.mismatches]
    lines += [f"{one.invariant}: {one.what}: {one.subject}" for one in found]
    if len(lines) > NAMED:
        lines[NAMED:] = [f"... and {len(lines) - NAMED} more: --json names all."]
    return [head, *(lines or ["Nothing is lost."])]
