"""Link committed audit entries into hash chains, apart from the requests that wrote them.

Why no entry can be left out or come in between later: every entry holds the number of the
transaction that wrote it. Numbers are given out in rising order, and `audit_horizon()` is the
lowest one that is still at work: whatever lies below has ended and is seen by this statement, and
nothing will ever begin below. So the entries below the horizon, ordered by (txid, id), are whole,
and the next batch begins where this one ends. A transaction that takes long makes sealing wait; it
can never be passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from tirek.domain.audit_chain import FIELDS, genesis, link

# Any number will do, as long as every sealer takes the same one.
LOCK = 7_480_232
BATCH = 5_000

# The columns of `FIELDS`, so that no driver's idea of a time or an id goes into a hash.
COLUMNS = ", ".join(
    {
        "created_at": (
            "to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ),
        "account_id": "e.account_id::text",
        "student_id": "e.student_id::text",
        "school_id": "e.school_id::text",
    }.get(field, f"e.{field}")
    for field in FIELDS
)

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_YEARS = text(
    "SELECT substring(inhrelid::regclass::text FROM '_y([0-9]+)$')::int FROM pg_inherits"
    " WHERE inhparent = 'audit_entries'::regclass ORDER BY 1"
)
_LAST = text(
    "SELECT seq, hash, txid, entry_id FROM audit_links WHERE school_year = :year"
    " ORDER BY seq DESC LIMIT 1"
)
_SETTLED = text(
    f"SELECT {COLUMNS} FROM audit_entries e WHERE e.school_year = :year"  # noqa: S608 - ours
    " AND (e.txid, e.id) > (:txid, :entry_id) AND e.txid < audit_horizon()"
    " ORDER BY e.txid, e.id LIMIT :limit"
)
_APPEND = text(
    "INSERT INTO audit_links (school_year, seq, txid, entry_id, prev_hash, hash)"
    " SELECT :year, * FROM unnest(CAST(:seqs AS bigint[]), CAST(:txids AS bigint[]),"
    " CAST(:entries AS bigint[]), CAST(:befores AS bytea[]), CAST(:hashes AS bytea[]))"
)
_ID, _TXID = FIELDS.index("id"), FIELDS.index("txid")


@dataclass(frozen=True, slots=True)
class End:
    """Where the chain of a school year ends."""

    seq: int
    hash: bytes
    txid: int
    entry_id: int


def seal(session: Session, limit: int = BATCH) -> int:
    """Link up to `limit` entries that have settled and say how many; the caller commits.

    Two at once do no harm: the second finds the lock taken and links nothing.
    """
    if not try_lock(session):
        return 0
    sealed = 0
    for year in school_years(session):
        sealed += _seal_year(session, year, limit - sealed)
    return sealed


def try_lock(session: Session) -> bool:
    """Be the only one to lengthen or sign chains until the transaction ends."""
    return bool(session.scalars(_TRY_LOCK, {"lock": LOCK}).one())


def school_years(session: Session) -> list[int]:
    """The school years that have a table for entries, the oldest first."""
    return list(session.scalars(_YEARS))


def end_of(session: Session, year: int) -> End:
    """The last link of a school year, or what the first one will be linked to."""
    found = session.execute(_LAST, {"year": year}).one_or_none()
    return End(0, genesis(year), 0, 0) if found is None else End(*found)


def rebase(session: Session) -> bool:
    """Go on counting transactions where the data's former server stopped; say if that was needed.

    Only the owner of the tables may. Data that came by pg_dump stands in a server that counts its
    transactions anew, so its next entries would be older than the chain's end.
    """
    return bool(session.scalars(text("SELECT audit_rebase()")).one())


def _seal_year(session: Session, year: int, limit: int) -> int:
    end = end_of(session, year)
    after = {"year": year, "txid": end.txid, "entry_id": end.entry_id, "limit": limit}
    links = list(_links(end, session.execute(_SETTLED, after)))
    if links:
        seqs, txids, entries, befores, hashes = map(list, zip(*links, strict=True))
        columns = {"seqs": seqs, "txids": txids, "entries": entries}
        columns |= {"befores": befores, "hashes": hashes}
        session.execute(_APPEND, {"year": year, **columns})
    return len(links)


def _links(
    end: End, rows: "Iterator[tuple[str | int | None, ...]]"
) -> Iterator[tuple[object, ...]]:
    before = end.hash
    for seq, row in enumerate(rows, start=end.seq + 1):
        found = link(before, tuple(row))
        yield seq, row[_TXID], row[_ID], before, found
        before = found
