"""Whoever changes the audit trail, with every trigger off, is found: each way, at random places."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from tests.conftest import Server
from tirek.domain.audit_chain import genesis, link
from tirek.domain.scope import Scope
from tirek.services import audit_chain, audit_heads
from tirek.services.audit_chain import COLUMNS
from tirek.services.audit_heads import Head, Signer
from tirek.services.audit_verify import Finding, Report, verify
from tirek.storage.session import app_engine, open_session, owner_engine

ENTRIES, SIGNED, YEAR = 40, 30, 2026
SIGNER, STRANGER = Signer(sha256(b"ours").digest()), Signer(sha256(b"theirs").digest())
# Their values are never those that entries are made with.
EDITS = {
    "created_at": "created_at + interval '1 microsecond'",
    "action": "'result.view '",
    "entity": "'students'",
    "entity_id": "entity_id || '0'",
    "outcome": "'refused'",
    "account_id": "gen_random_uuid()",
    "role": "NULL",
    "student_id": "NULL",
    "school_id": "gen_random_uuid()",
    "txid": "txid + 1",
}
ADD = (
    "INSERT INTO audit_entries (school_year, created_at, action, entity, entity_id, outcome,"
    " account_id, role, student_id, school_id)"
    " SELECT 2026, now(), 'result.view', 'student', :name, 'done',"
    " gen_random_uuid(), 'psychologist', gen_random_uuid(), gen_random_uuid()"
)
PLACES = st.integers(1, ENTRIES)
SEALED_LATER = st.integers(1, ENTRIES - 1)


@dataclass
class Trail:
    """40 sealed entries, of which the first 30 are under a head kept elsewhere; nothing is kept."""

    connection: Connection
    kept: list[Head]

    def as_superuser(self, *statements: str, **given: object) -> None:
        """Do it with every trigger switched off."""
        for statement in statements:
            self.connection.execute(text(statement), given)

    def row(self, seq: int) -> tuple[int, int]:
        """Transaction and entry of a link."""
        query = text("SELECT txid, entry_id FROM audit_links WHERE seq = :seq")
        txid, entry = self.connection.execute(query, {"seq": seq}).one()
        return txid, entry

    def checked(self, *, with_kept: bool = True) -> Report:
        with Session(self.connection, join_transaction_mode="create_savepoint") as session:
            heads = [*audit_heads.heads(session), *(self.kept if with_kept else [])]
            return verify(session, heads, {SIGNER.public})

    def first(self, *, with_kept: bool = True) -> Finding:
        report = self.checked(with_kept=with_kept)
        assert report.findings, "nothing was found"
        return report.findings[0]


@dataclass
class Trails:
    """The same trail for each example: what was done to the one before is rolled back."""

    url: str
    owner: Engine
    kept: list[Head]

    @contextmanager
    def again(self) -> Iterator[Trail]:
        with self.owner.connect() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield Trail(connection, list(self.kept))
            connection.rollback()


@pytest.fixture(scope="module")
def trails(server: Server, template: str) -> Iterator[Trails]:
    name = f"{template}_sealed"
    url = server.create(name, template)
    owner = owner_engine(url)
    yield Trails(url, owner, _fill(owner, url))
    owner.dispose()
    server.drop(name)


def _fill(owner: Engine, url: str) -> list[Head]:
    engine = app_engine(url)
    with owner.begin() as connection:
        connection.execute(text("SELECT ensure_school_year(2026)"))
    kept = []
    for number in range(ENTRIES):
        with engine.begin() as connection:
            connection.execute(text(ADD), {"name": f"оқушы {number}"})
        if number == SIGNED - 1:
            kept = _seal(engine, SIGNED)
    _seal(engine, ENTRIES - SIGNED)
    engine.dispose()
    return kept


def _seal(engine: Engine, number: int) -> list[Head]:
    while number > 0:
        with open_session(engine, Scope.system()) as session, session.begin():
            number -= audit_chain.seal(session)
    with open_session(engine, Scope.system()) as session, session.begin():
        return audit_heads.take(session, SIGNER, is_due_now=True)


@pytest.fixture
def trail(trails: Trails) -> Iterator[Trail]:
    with trails.again() as made:
        yield made


some = settings(max_examples=25, deadline=None)


def test_what_nobody_touched_is_intact(trail: Trail) -> None:
    report = trail.checked()
    assert (report.entries, report.links, report.heads, report.findings) == (40, 40, 3, [])


@pytest.mark.parametrize("field", sorted(EDITS))
@settings(max_examples=4, deadline=None)
@given(seq=PLACES)
def test_a_changed_field_is_found(trails: Trails, field: str, seq: int) -> None:
    with trails.again() as trail:
        _, entry = trail.row(seq)
        trail.as_superuser(
            f"UPDATE audit_entries SET {field} = {EDITS[field]} WHERE id = :id",  # noqa: S608
            id=entry,
        )
        found = trail.first()
    expected = {"reordered", "inserted"} if field == "txid" else {"edited"}
    assert found.kind in expected
    assert abs((found.seq or 0) - seq) <= (field == "txid")
    assert field == "txid" or found.entry_id == entry


@some
@given(seq=PLACES)
def test_a_deleted_entry_is_found(trails: Trails, seq: int) -> None:
    with trails.again() as trail:
        _, entry = trail.row(seq)
        trail.as_superuser("DELETE FROM audit_entries WHERE id = :id", id=entry)
        found = trail.first()
    assert (found.kind, found.seq, found.entry_id) == ("deleted", seq, entry)


@some
@given(seq=SEALED_LATER)
def test_an_entry_deleted_together_with_its_link_is_found(trails: Trails, seq: int) -> None:
    with trails.again() as trail:
        _, entry = trail.row(seq)
        trail.as_superuser(
            "DELETE FROM audit_entries WHERE id = :id",
            "DELETE FROM audit_links WHERE seq = :seq",
            id=entry,
            seq=seq,
        )
        found = trail.first()
        assert (found.kind, found.seq) == ("link missing", seq)
        # Closing the gap in the numbers does not help.
        trail.as_superuser("UPDATE audit_links SET seq = seq + 1000 WHERE seq > :seq", seq=seq)
        trail.as_superuser("UPDATE audit_links SET seq = seq - 1001 WHERE seq > 1000")
        found = trail.first()
    assert (found.kind, found.seq) == ("link changed", seq)


@some
@given(seq=SEALED_LATER)
def test_an_entry_put_in_between_is_found(trails: Trails, seq: int) -> None:
    with trails.again() as trail:
        txid, _ = trail.row(seq)
        trail.as_superuser(
            ADD.replace("(school_year,", "(txid, school_year,").replace("SELECT", "SELECT :txid,"),
            txid=txid,
            name="put in",
        )
        found = trail.first()
    assert (found.kind, found.seq) == ("inserted", seq + 1)


@some
@given(pair=st.lists(PLACES, min_size=2, max_size=2, unique=True))
def test_two_entries_that_changed_places_are_found(trails: Trails, pair: list[int]) -> None:
    first, second = sorted(pair)
    with trails.again() as trail:
        (one_tx, one), (two_tx, two) = trail.row(first), trail.row(second)
        trail.as_superuser(
            "UPDATE audit_entries SET txid = CASE txid WHEN :one_tx THEN CAST(:two_tx AS bigint)"
            " ELSE :one_tx END WHERE id IN (:one, :two)",
            one_tx=one_tx, two_tx=two_tx, one=one, two=two,
        )  # fmt: skip
        found = trail.first()
    assert (found.kind, found.seq) in {("reordered", first), ("reordered", first + 1)}


@some
@given(seq=SEALED_LATER)
def test_two_links_that_changed_places_are_found(trails: Trails, seq: int) -> None:
    with trails.again() as trail:
        trail.as_superuser(
            "UPDATE audit_links SET seq = seq + 1000 WHERE seq IN (:seq, :seq + 1)", seq=seq
        )
        trail.as_superuser(
            "UPDATE audit_links SET seq = :both - seq WHERE seq > 1000", both=2 * seq + 1001
        )
        found = trail.first()
    assert found.kind == "link changed"
    assert found.seq == seq


@some
@given(seq=st.integers(1, SIGNED))
def test_a_chain_made_anew_from_some_entry_on_is_found_by_a_head(trails: Trails, seq: int) -> None:
    with trails.again() as trail:
        _, entry = trail.row(seq)
        trail.as_superuser("UPDATE audit_entries SET role = 'nobody' WHERE id = :id", id=entry)
        _forge(trail.connection)
        assert trail.first(with_kept=False).kind == "forked"
        # Without the heads in the database too; those that left the house still tell.
        trail.as_superuser("DELETE FROM audit_heads")
        assert trail.checked(with_kept=False).is_intact
        found = trail.first()
    assert (found.kind, found.seq) == ("forked", SIGNED)


@some
@given(left=st.integers(0, SIGNED - 1))
def test_a_tail_that_was_cut_off_is_found_by_a_head(trails: Trails, left: int) -> None:
    with trails.again() as trail:
        trail.as_superuser(
            "DELETE FROM audit_entries e USING audit_links l WHERE l.entry_id = e.id"
            " AND l.seq > :left",
            "DELETE FROM audit_links WHERE seq > :left",
            left=left,
        )
        found = trail.first(with_kept=False)
        assert (found.kind, found.seq) == ("truncated", left + 1)
        trail.as_superuser("DELETE FROM audit_heads")
        found = trail.first()
    assert (found.kind, found.seq) == ("truncated", left + 1)


def test_a_year_whose_tables_are_gone_is_found(trail: Trail) -> None:
    trail.as_superuser("DROP TABLE audit_entries_y2026, audit_links_y2026 CASCADE")
    assert trail.first().kind == "truncated"


def test_a_head_that_was_changed_or_signed_by_another_is_found(trail: Trail) -> None:
    trail.as_superuser("UPDATE audit_heads SET taken_at = taken_at - interval '1 day'")
    assert trail.first().kind == "head"
    (head,) = trail.kept
    moment = head.taken_at - timedelta(days=1)
    signature = STRANGER.sign(YEAR, head.seq, head.hash, moment)
    foreign = replace(head, taken_at=moment, key=STRANGER.public, signature=signature)
    assert foreign.is_signed()
    trail.as_superuser("DELETE FROM audit_heads")
    trail.kept = [foreign]
    assert (trail.first().kind, trail.first().said) == (
        "head",
        "a head: its key is not one of ours",
    )


def test_entries_that_the_sealer_does_not_reach_are_found_after_two_minutes(trail: Trail) -> None:
    aged = ADD.replace("now()", "now() - CAST(:age AS interval)")
    trail.as_superuser(aged, name="young", age="100 seconds")
    report = trail.checked()
    assert (report.is_intact, report.waiting) == (True, 1)
    trail.as_superuser(aged, name="old", age="130 seconds")
    assert trail.first().kind == "unsealed"


def test_an_entry_that_claims_to_be_old_is_found_although_it_is_sealed(
    owner: Engine, engine: Engine
) -> None:
    for name, moment in (("first", "now()"), ("put in", "now() - interval '1 day'")):
        with engine.begin() as connection:
            connection.execute(text(ADD.replace("now()", moment)), {"name": name})
    heads = _seal(engine, 2)
    with open_session(owner, Scope.system()) as session:
        found = verify(session, heads, {SIGNER.public}).findings[0]
    assert (found.kind, found.seq) == ("backdated", 2)


def test_a_chain_that_has_lost_its_heads_is_found_after_two_hours(trail: Trail) -> None:
    """As when it was made anew and every head that said otherwise was deleted."""
    trail.kept = []
    trail.as_superuser(
        "DELETE FROM audit_heads",
        "UPDATE audit_entries SET created_at = created_at - interval '3 hours'",
    )
    _forge(trail.connection)
    found = trail.first()
    assert (found.kind, found.seq) == ("unsigned", 1)


def test_an_attack_on_every_entry_at_once_ends_in_a_report(trail: Trail) -> None:
    trail.as_superuser("UPDATE audit_entries SET action = 'x', txid = txid + 1000")
    report = trail.checked()
    assert report.findings[0].seq == 1
    trail.as_superuser("DELETE FROM audit_entries")
    assert trail.first().kind == "deleted"


def _forge(connection: Connection) -> None:
    """Make every link anew over whatever the entries say now, as somebody with our code could."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} FROM audit_entries e JOIN audit_links l ON l.entry_id = e.id"  # noqa: S608
            " ORDER BY l.seq"
        )
    ).all()
    before = genesis(YEAR)
    for seq, row in enumerate(rows, start=1):
        found = link(before, tuple(row))
        connection.execute(
            text("UPDATE audit_links SET prev_hash = :before, hash = :hash WHERE seq = :seq"),
            {"before": before, "hash": found, "seq": seq},
        )
        before = found
