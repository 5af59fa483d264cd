"""`tirek audit`: whether the audit trail is what was sealed, and the signed heads that prove it."""

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy.orm import Session

from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.services.audit_chain import BATCH
from tirek.services.audit_heads import Head, HeadError, Signer, heads, read_all
from tirek.services.audit_verify import ENOUGH, Finding, Report, take_snapshot, verify
from tirek.storage.session import app_engine, open_session
from tirek.tasks.audit import AuditSealer

INTACT, DAMAGED = 0, 1


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek audit` and its verbs."""
    verbs = subparsers.add_parser("audit", help="who saw or changed what, proven").add_subparsers(
        metavar="VERB", required=True
    )
    check = verbs.add_parser("verify", help="compare entries, chains and signed heads")
    check.add_argument(
        "--heads",
        type=Path,
        metavar="FILE",
        help="heads kept elsewhere (default: audit-heads.jsonl in TIREK_VAR, where it is)",
    )
    check.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="BASE64",
        help="a further public key that may have signed heads",
    )
    check.add_argument("--json", action="store_true", help="all findings, for programs")
    check.set_defaults(run=run_verify)
    show = verbs.add_parser("heads", help="print the signed heads, one line of JSON each")
    show.add_argument("--newest", action="store_true", help="only the last of each school year")
    show.set_defaults(run=run_heads)
    seal = verbs.add_parser("seal", help="seal and sign now, as the relay does by itself")
    seal.set_defaults(run=run_seal)
    key = verbs.add_parser("key", help="print the public key that heads are signed with")
    key.set_defaults(run=run_key)


def run_verify(arguments: Namespace) -> int:
    """Print what was found, the first bad place first; return 1 if anything was."""
    config = Config.from_env()
    kept = _kept(arguments.heads, config.audit_heads)
    trusted = {*_own(config), *map(_public_key, arguments.key)}
    with _session(config) as session:
        take_snapshot(session)
        # The same head is in the database and in the file.
        known = dict.fromkeys([*kept, *heads(session)])
        report = verify(session, known, trusted)
    sys.stdout.write(_as_json(report) if arguments.json else _as_text(report))
    return INTACT if report.is_intact else DAMAGED


def run_heads(arguments: Namespace) -> int:
    """Print heads as they are exported."""
    with _session(Config.from_env()) as session:
        found = list(heads(session))
    if arguments.newest:
        found = list({head.school_year: head for head in found}.values())
    sys.stdout.writelines(f"{head.line()}\n" for head in found)
    return INTACT


def run_seal(_arguments: Namespace) -> int:
    """Seal what has settled and sign without waiting for the hour."""
    config = Config.from_env()
    engine = app_engine(database_url(config), pool_size=1)
    try:
        with sentences():
            sealer = AuditSealer(engine, Signer(config.keys.audit_key), config.audit_heads)
            sealed = linked = sealer.sweep(is_due_now=True)
            while linked >= BATCH:
                linked = sealer.sweep(is_due_now=True)
                sealed += linked
            sealer.publish()
    except (OSError, HeadError) as error:
        raise CommandError(f"{config.audit_heads}: {error}") from error
    finally:
        engine.dispose()
    sys.stdout.write(f"Entries sealed: {sealed}. Heads: {config.audit_heads}\n")
    return INTACT


def run_key(_arguments: Namespace) -> int:
    """Print what checks signatures and cannot make any."""
    public = Signer(Config.from_env().keys.audit_key).public
    sys.stdout.write(b64encode(public).decode() + "\n")
    return INTACT


def _own(config: Config) -> tuple[bytes, ...]:
    return (Signer(config.keys.audit_key).public, *config.keys.audit_keys_past)


def _kept(named: Path | None, default: Path) -> list[Head]:
    path = named or default
    if named is None and not default.exists():
        return []
    try:
        with path.open(encoding="utf-8") as file:
            return read_all(file)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{path}: {error}.") from error


def _public_key(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise CommandError(f"{text!r} is not a key in Base64.") from error


@contextmanager
def _session(config: Config) -> Iterator[Session]:
    engine = app_engine(database_url(config), pool_size=1)
    try:
        with sentences(), open_session(engine, Scope.system()) as session:
            yield session
    finally:
        engine.dispose()


def _as_json(report: Report) -> str:
    return json.dumps({"intact": report.is_intact, **asdict(report)}, ensure_ascii=False) + "\n"


def _as_text(report: Report) -> str:
    compared = (
        f"Compared: entries {report.entries}, links {report.links}, heads {report.heads}."
        f" Waiting to be sealed: {report.waiting}.\n"
    )
    if report.is_intact:
        return f"{compared}Intact.\n"
    found = [_line(finding) for finding in report.findings]
    more = "There may be more.\n" if len(found) >= ENOUGH else ""
    return f"{compared}DAMAGED: first {found[0]}" + "".join(found[1:]) + more


def _line(finding: Finding) -> str:
    place = f"school year {finding.school_year}"
    if finding.seq is not None:
        place += f", link {finding.seq}"
    if finding.entry_id is not None:
        place += f", entry {finding.entry_id}"
    return f"{finding.kind}: {place}: {finding.said}\n"
