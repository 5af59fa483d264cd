"""Compare audit entries with their chain and the chain with its signed heads, in one pass each.

Entries and links are read side by side in the same order, so memory does not grow with their
number. What is found is named by the first entry or link where the two part.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from tirek.domain.audit_chain import FIELDS, genesis, link
from tirek.services.audit_chain import COLUMNS
from tirek.services.audit_heads import Head

# An entry is sealed within seconds, and its chain signed within the hour.
SEALED_WITHIN = timedelta(minutes=2)
SIGNED_WITHIN = timedelta(hours=2)
# Transactions end in seconds: an entry that claims to be older than this was put in later.
CLOCK_TOLERANCE = timedelta(minutes=15)
ENOUGH = 100
_ROWS_AT_ONCE = 5_000

_ENTRIES = text(
    f"SELECT {COLUMNS} FROM audit_entries e WHERE e.school_year = :year"  # noqa: S608 - ours
    " ORDER BY e.txid, e.id"
)
_LINKS = text(
    "SELECT seq, txid, entry_id, prev_hash, hash FROM audit_links WHERE school_year = :year"
    " ORDER BY seq"
)
_IS_LINKED = text(
    "SELECT EXISTS (SELECT FROM audit_links WHERE school_year = :year AND entry_id = :id)"
)
_IS_THERE = text("SELECT EXISTS (SELECT FROM audit_entries WHERE school_year = :year AND id = :id)")
# Tables that lost their rows or their parent still have heads, links or entries to answer for.
_YEARS = text(
    "SELECT substring(c.relname FROM '_y([0-9]+)$')::int FROM pg_inherits i"
    " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent IN ("
    "'audit_entries'::regclass, 'audit_links'::regclass)"
)
_ID, _TXID, _CREATED = FIELDS.index("id"), FIELDS.index("txid"), FIELDS.index("created_at")


class _Link(NamedTuple):
    seq: int
    txid: int
    entry_id: int
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the audit trail is not what was sealed."""

    kind: str
    school_year: int
    said: str
    seq: int | None = None
    entry_id: int | None = None


@dataclass(slots=True)
class Report:
    """What was compared, and everything that was wrong, in the order of the chains."""

    entries: int = 0
    links: int = 0
    # Young entries that the sealer has not reached yet.
    waiting: int = 0
    heads: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def take_snapshot(session: Session) -> None:
    """Begin the transaction in which `verify` compares what stood there at one moment."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    # A year's entries are one long statement, which no request waits for.
    session.execute(text("SET LOCAL statement_timeout = 0"))


def verify(session: Session, kept: Iterable[Head], trusted: Collection[bytes]) -> Report:
    """Compare everything; call `take_snapshot` first.

    `kept` are all heads there are, of the database and from elsewhere; `trusted` the public keys
    that may have signed them.
    """
    report = Report()
    by_year: dict[int, dict[int, Head]] = {}
    for head in kept:
        report.heads += 1
        _check_signature(report, head, trusted)
        _keep(report, by_year.setdefault(head.school_year, {}), head)
    now = session.scalars(text("SELECT now()")).one()
    for year in sorted({*session.scalars(_YEARS), *by_year}):
        _Walk(session, year, now, by_year.get(year, {}), report).walk()
    return report


def _check_signature(report: Report, head: Head, trusted: Collection[bytes]) -> None:
    if head.key in trusted and head.is_signed():
        return
    said = "its signature does not fit" if head.key in trusted else "its key is not one of ours"
    report.findings.append(Finding("head", head.school_year, f"a head: {said}", head.seq))


def _keep(report: Report, heads: dict[int, Head], head: Head) -> None:
    other = heads.setdefault(head.seq, head)
    if other.hash != head.hash:
        said = "two heads of the same length differ"
        report.findings.append(Finding("forked", head.school_year, said, head.seq))


class _Walk:
    """One pass over the entries and the links of a school year."""

    def __init__(
        self, session: Session, year: int, now: datetime, heads: dict[int, Head], report: Report
    ) -> None:
        self._session = session
        self._year = year
        self._now = now
        self._heads = heads
        self._signed = max(heads, default=0)
        self._report = report
        self._entries = self._rows(_ENTRIES)
        self._entry = next(self._entries, None)
        self._newest = ""
        # The chain so far: number, hash and place of the last link.
        self._seq = 0
        self._hash = genesis(year)
        self._place = (0, 0)

    def walk(self) -> None:
        """Follow the chain to its end, then look at what is not in it."""
        for row in self._rows(_LINKS):
            self._follow(_Link._make(row))
            if len(self._report.findings) >= ENOUGH:
                return
        self._unsealed()
        missing = sorted(seq for seq in self._heads if seq > self._seq)
        if missing:
            self._find(
                "truncated",
                f"the chain ends at {self._seq}, but a head was taken at {missing[-1]}",
                seq=self._seq + 1,
            )

    def _follow(self, found: _Link) -> None:
        self._report.links += 1
        self._check_link(found)
        place = (found.txid, found.entry_id)
        while self._entry is not None and _place(self._entry) < place:
            self._stranger(self._entry, found.seq)
            self._step()
        if self._entry is not None and _place(self._entry) == place:
            self._check_entry(self._entry, found)
            self._step()
        else:
            self._absent(found)
        self._seq, self._hash, self._place = found.seq, found.hash, place

    def _check_link(self, found: _Link) -> None:
        if found.seq != self._seq + 1:
            said = f"links {self._seq + 1} to {found.seq - 1} are missing"
            self._find("link missing", said, seq=self._seq + 1)
        elif found.prev_hash != self._hash:
            self._find("link changed", "it does not follow the one before it", seq=found.seq)
        if (found.txid, found.entry_id) <= self._place:
            self._find("reordered", "it is out of order", seq=found.seq, entry=found.entry_id)
        head = self._heads.get(found.seq)
        if head is not None and head.hash != found.hash:
            said = f"the head taken at {head.taken_at:%Y-%m-%d %H:%M} UTC says another hash"
            self._find("forked", said, seq=found.seq, entry=found.entry_id)

    def _check_entry(self, entry: Any, found: _Link) -> None:
        self._report.entries += 1
        if link(found.prev_hash, tuple(entry)) != found.hash:
            said = "it is not what was sealed"
            self._find("edited", said, seq=found.seq, entry=found.entry_id)
        created = entry[_CREATED]
        if created < self._newest and _gap(created, self._newest) > CLOCK_TOLERANCE:
            said = f"it claims {created}, but stands after an entry of {self._newest}"
            self._find("backdated", said, seq=found.seq, entry=found.entry_id)
        self._newest = max(created, self._newest)
        if found.seq == self._signed + 1 and self._age(created) > SIGNED_WITHIN:
            said = f"it was written at {created}, and no head has been taken since"
            self._find("unsigned", said, seq=found.seq, entry=found.entry_id)

    def _stranger(self, entry: Any, seq: int) -> None:
        """An entry that stands where the chain has none."""
        self._report.entries += 1
        known = {"year": self._year, "id": entry[_ID]}
        if self._session.scalars(_IS_LINKED, known).one():
            self._find("reordered", "it is out of order", seq=seq, entry=entry[_ID])
        else:
            said = "it was put in where the chain was closed already"
            self._find("inserted", said, seq=seq, entry=entry[_ID])

    def _absent(self, found: _Link) -> None:
        """A link whose entry is not where it was."""
        known = {"year": self._year, "id": found.entry_id}
        if self._session.scalars(_IS_THERE, known).one():
            self._find("reordered", "it was moved", seq=found.seq, entry=found.entry_id)
        else:
            self._find("deleted", "it is gone", seq=found.seq, entry=found.entry_id)

    def _unsealed(self) -> None:
        """Entries after the end of the chain: the newest ones may still wait."""
        is_said = False
        while self._entry is not None:
            self._report.entries += 1
            self._report.waiting += 1
            created = self._entry[_CREATED]
            if not is_said and self._age(created) > SEALED_WITHIN:
                said = f"it was written at {created} and is still not sealed"
                self._find("unsealed", said, entry=self._entry[_ID])
                is_said = True
            self._step()

    def _age(self, created: str) -> timedelta:
        return self._now - datetime.fromisoformat(created)

    def _step(self) -> None:
        self._entry = next(self._entries, None)

    def _rows(self, query: Any) -> Iterator[Any]:
        streamed = query.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE)
        return iter(self._session.execute(streamed, {"year": self._year}))

    def _find(
        self, kind: str, said: str, *, seq: int | None = None, entry: int | None = None
    ) -> None:
        self._report.findings.append(Finding(kind, self._year, said, seq, entry))


def _place(entry: Any) -> tuple[int, int]:
    return entry[_TXID], entry[_ID]


def _gap(earlier: str, later: str) -> timedelta:
    return datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
