"""The sealer: nothing is left out, whoever commits when; and it stands in nobody's way."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.world import a_vault, the_catalog
from tirek.config import Keys
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import audit, audit_chain, audit_heads
from tirek.services.audit_heads import Head, Signer
from tirek.services.audit_verify import Report, take_snapshot, verify
from tirek.services.unit import Unit
from tirek.storage.session import open_session
from tirek.tasks.audit import AuditSealer

COUNT_LINKS = "SELECT count(*) FROM audit_links"


@pytest.fixture
def signer(keys: Keys) -> Signer:
    return Signer(keys.audit_key)


@pytest.fixture
def sealer(engine: Engine, signer: Signer, tmp_path: Path) -> AuditSealer:
    return AuditSealer(engine, signer, tmp_path / "audit-heads.jsonl", batch=50)


def write(session: Session, keys: Keys, action: str = "test.read") -> None:
    unit = Unit(session, the_catalog(), a_vault(keys), SYSTEM)
    audit.record(unit, action, "student", uuid4(), student_id=uuid4(), school_id=uuid4())


def written(engine: Engine, keys: Keys, number: int = 1) -> None:
    """Entries in transactions of their own."""
    for _ in range(number):
        with open_session(engine, Scope.system()) as session, session.begin():
            write(session, keys)


def count(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(query)))


def checked(engine: Engine, signer: Signer, kept: list[Head] | None = None) -> Report:
    with open_session(engine, Scope.system()) as session:
        take_snapshot(session)
        found = [*audit_heads.heads(session), *(kept or [])]
        return verify(session, found, {signer.public})


def laid_down(sealer: AuditSealer) -> list[Head]:
    return audit_heads.read_all(sealer.heads_file.read_text().splitlines())


def sealed(sealer: AuditSealer, number: int) -> None:
    """Seal this many; the server's own transactions may make it wait for a moment."""
    found, until = 0, time.monotonic() + 10
    while (found := found + sealer.sweep()) < number and time.monotonic() < until:
        time.sleep(0.02)
    assert found == number


def test_entries_are_sealed_in_order_and_verify(
    engine: Engine, keys: Keys, sealer: AuditSealer, signer: Signer
) -> None:
    written(engine, keys, 120)
    sealed(sealer, 120)
    report = checked(engine, signer)
    assert (report.entries, report.links, report.heads, report.findings) == (120, 120, 1, [])
    assert sealer.sweep() == 0


def test_anybody_can_follow_the_chain_without_us(
    engine: Engine, keys: Keys, sealer: AuditSealer
) -> None:
    """The recipe of docs/operations.md, written once more from nothing but its words."""
    written(engine, keys, 3)
    sealed(sealer, 3)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT l.hash, e.school_year, e.id, e.txid, e.created_at, e.action, e.entity,"
                " e.entity_id, e.outcome, e.account_id, e.role, e.student_id, e.school_id"
                " FROM audit_links l JOIN audit_entries e"
                " ON (e.school_year, e.id) = (l.school_year, l.entry_id) ORDER BY l.seq"
            )
        ).all()
    before = sha256(f"tirek audit {rows[0].school_year}".encode()).digest()
    for found, year, number, txid, created, *rest in rows:
        moment = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        words = [None if cell is None else str(cell) for cell in rest]
        line = json.dumps([year, number, txid, moment, *words], separators=(",", ":"))
        before = sha256(before + line.encode()).digest()
        assert found == before


def test_a_transaction_that_takes_long_is_waited_for(
    engine: Engine, keys: Keys, sealer: AuditSealer, signer: Signer
) -> None:
    with open_session(engine, Scope.system()) as slow:
        write(slow, keys, "slow")
        written(engine, keys, 5)
        assert sealer.sweep() == 0, "the slow one may still commit, and would come first"
        slow.commit()
    sealed(sealer, 6)
    with engine.connect() as connection:
        first = connection.scalar(
            text(
                "SELECT action FROM audit_entries e JOIN audit_links l ON l.entry_id = e.id"
                " WHERE l.seq = 1"
            )
        )
    assert first == "slow"
    assert checked(engine, signer).is_intact


def test_a_transaction_that_gives_up_leaves_no_gap(
    engine: Engine, keys: Keys, sealer: AuditSealer, signer: Signer
) -> None:
    written(engine, keys, 2)
    with open_session(engine, Scope.system()) as session:
        write(session, keys)
        session.rollback()
    written(engine, keys, 2)
    sealed(sealer, 4)
    assert count(engine, "SELECT max(seq) FROM audit_links") == 4
    assert checked(engine, signer).is_intact


def test_writers_and_two_sealers_at_once_leave_one_whole_chain(
    engine: Engine, keys: Keys, signer: Signer, tmp_path: Path
) -> None:
    sealers = [AuditSealer(engine, signer, tmp_path / "heads.jsonl", batch=20) for _ in range(2)]
    stop = threading.Event()

    def keep_writing(seed: int) -> int:
        random, number = Random(seed), 0  # noqa: S311 - a seed that can be repeated
        while not stop.is_set():
            with open_session(engine, Scope.system()) as session:
                for _ in range(random.randrange(1, 4)):
                    write(session, keys)
                time.sleep(random.random() / 100)
                if random.random() < 0.2:
                    session.rollback()
                    continue
                number += session.scalar(  # only what this transaction wrote
                    text("SELECT count(*) FROM audit_entries WHERE txid = audit_txid()")
                )
                session.commit()
        return number

    def keep_sealing(sealer: AuditSealer) -> int:
        sealed = 0
        while not stop.is_set():
            sealed += sealer.sweep(is_due_now=True)
        return sealed

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(keep_writing, seed) for seed in range(4)]
        workers = [pool.submit(keep_sealing, sealer) for sealer in sealers]
        for _ in range(6):
            time.sleep(0.3)
            assert checked(engine, signer).is_intact
        stop.set()
    made, linked = (sum(each.result() for each in futures) for futures in (writers, workers))
    assert made > 50
    sealed(sealers[0], made - linked)
    report = checked(engine, signer, laid_down(sealers[0]))
    assert (report.entries, report.links, report.findings) == (made, made, [])


def test_a_second_sealer_finds_the_lock_taken(
    engine: Engine, keys: Keys, system: Session, sealer: AuditSealer
) -> None:
    written(engine, keys)
    assert audit_chain.seal(system) == 1
    with open_session(engine, Scope.system()) as other:
        assert audit_chain.seal(other) == 0
    system.rollback()
    sealed(sealer, 1)


def test_a_link_that_leaves_one_out_is_refused(
    engine: Engine, keys: Keys, system: Session, sealer: AuditSealer
) -> None:
    written(engine, keys, 3)
    sealed(sealer, 3)
    year, entry = system.execute(
        text("SELECT school_year, max(id) FROM audit_entries GROUP BY 1")
    ).one()
    last = audit_chain.end_of(system, year)
    link = text(
        "INSERT INTO audit_links (school_year, seq, txid, entry_id, prev_hash, hash)"
        " VALUES (:year, :seq, :txid, :entry, :before, '\\x00')"
    )
    good = {"year": year, "seq": 4, "txid": last.txid + 1, "entry": entry + 1, "before": last.hash}
    for wrong in (
        {"seq": 5},
        {"before": b"other"},
        {"txid": last.txid, "entry": last.entry_id - 1},
    ):
        with pytest.raises(DBAPIError) as refused, system.begin_nested():
            system.execute(link, good | wrong)
        assert refused.value.orig.sqlstate in {"TK001", "23505"}, wrong
    system.execute(link, good)


@pytest.mark.parametrize("table", ["audit_links", "audit_heads", "audit_entries"])
def test_links_heads_and_every_partition_are_append_only(
    owner: Engine, engine: Engine, keys: Keys, sealer: AuditSealer, table: str
) -> None:
    written(engine, keys)
    sealed(sealer, 1)
    with owner.connect() as connection:
        names = [table, *connection.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent = CAST(:name AS regclass)"
            ),
            {"name": table},
        )]  # fmt: skip
        for statement in (f"UPDATE {table} SET school_year = 1", f"DELETE FROM {table}"):  # noqa: S608
            connection.rollback()
            with pytest.raises(DBAPIError, match="append-only"):
                connection.execute(text(statement))
        for name in names:
            connection.rollback()
            with pytest.raises(DBAPIError, match="append-only"):
                connection.execute(text(f"TRUNCATE {name}"))
    with engine.connect() as connection:
        for verb in ("UPDATE", "DELETE", "TRUNCATE"):
            held = "SELECT has_table_privilege('tirek_app', :name, :verb)"
            assert not connection.scalar(text(held), {"name": table, "verb": verb})


def test_data_that_came_by_a_dump_goes_on_where_its_chain_ended(
    owner: Engine, engine: Engine, keys: Keys, sealer: AuditSealer, signer: Signer
) -> None:
    """In another server transactions are counted from the beginning."""
    written(engine, keys, 2)
    sealed(sealer, 2)
    with owner.begin() as connection:
        # Entries of a server that had counted further: one sealed, one not yet.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM audit_links"))
        connection.execute(text("DELETE FROM audit_heads"))
        connection.execute(text("UPDATE audit_entries SET txid = txid + 7000000000"))
    assert sealer.sweep() == 0
    with open_session(owner, Scope.system()) as session, session.begin():
        assert audit_chain.rebase(session)
        assert not audit_chain.rebase(session)
    written(engine, keys, 2)
    sealed(sealer, 4)
    assert checked(engine, signer).is_intact
    with open_session(owner, Scope.system()) as session, session.begin():
        assert not audit_chain.rebase(session)


def test_heads_are_taken_by_the_hour_and_laid_down_once(
    engine: Engine, keys: Keys, sealer: AuditSealer, signer: Signer
) -> None:
    for _ in range(3):
        written(engine, keys)
        sealer.sweep()
    assert count(engine, "SELECT count(*) FROM audit_heads") == 1
    written(engine, keys)
    sealer.sweep(is_due_now=True)
    (first, second) = laid_down(sealer)
    assert (first.seq, second.seq) == (1, 4)
    assert all(head.is_signed() and head.key == signer.public for head in (first, second))
    # Another host has a file of its own, and a crash may leave half a line.
    with sealer.heads_file.open("a") as file:
        file.write('{"school_year": 20')
    other = AuditSealer(engine, signer, sealer.heads_file.with_name("other.jsonl"))
    assert (sealer.publish(), other.publish(), other.publish()) == (0, 2, 0)
    assert other.heads_file.read_text() == sealer.heads_file.read_text()


def test_a_file_that_holds_something_else_stops_no_sealing(
    engine: Engine, keys: Keys, sealer: AuditSealer, caplog: pytest.LogCaptureFixture
) -> None:
    sealer.heads_file.write_text("something else\n")
    written(engine, keys)
    sealed(sealer, 1)
    assert "cannot be laid down" in caplog.text


def test_nothing_about_anybody_is_in_a_head(
    engine: Engine, keys: Keys, sealer: AuditSealer
) -> None:
    written(engine, keys)
    sealed(sealer, 1)
    (line,) = sealer.heads_file.read_text().splitlines()
    assert set(json.loads(line)) == {
        "school_year", "seq", "hash", "taken_at", "key", "signature",
    }  # fmt: skip
    assert Head.read(line).taken_at <= datetime.now(UTC)
