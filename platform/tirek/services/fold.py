"""Whether every referral stands where its events say (I6), for all of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from tirek.domain.referral_fold import FoldError, Happened, Standing, fold

_ROWS_AT_ONCE = 5_000
_STANDINGS = text(
    "SELECT r.id, r.state, r.version, r.owner_id, r.outcome, r.triage_level, r.merged_into_id,"
    " r.seen_at, r.acknowledged_at, r.contacted_at, r.closed_at,"
    " e.seq, e.from_state, e.to_state, e.actor_kind, e.created_at AS at, e.account_id,"
    " e.outcome AS its_outcome, e.triage_level AS its_level, e.merged_into_id AS its_target"
    " FROM referrals r LEFT JOIN referral_events e ON e.referral_id = r.id ORDER BY r.id, e.seq"
)
_FIELDS = tuple(asdict(Standing()))


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that a referral says and its events do not."""

    referral_id: UUID
    said: str


@dataclass(slots=True)
class Folded:
    """How many referrals were worked out anew, and which came out differently."""

    referrals: int
    mismatches: list[Mismatch]


def mismatches(session: Session) -> Folded:
    """Fold the events of every referral and compare; memory does not grow with their number."""
    rows = session.execute(
        _STANDINGS.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE)
    )
    found = Folded(0, [])
    for referral_id, group in groupby(rows, attrgetter("id")):
        found.referrals += 1
        found.mismatches += [Mismatch(referral_id, said) for said in _compare(list(group))]
    return found


def _compare(rows: list[Any]) -> Iterator[str]:
    try:
        folded = fold(_happened(row) for row in rows if row.seq is not None)
    except FoldError as error:
        yield str(error)
        return
    for field in _FIELDS:
        stored, wanted = getattr(rows[0], field), getattr(folded, field)
        if stored != wanted:
            yield f"{field} is {stored}, its events say {wanted}"


def _happened(row: Any) -> Happened:
    return Happened(
        row.seq,
        row.from_state,
        row.to_state,
        row.actor_kind,
        row.at,
        row.account_id,
        row.its_outcome,
        row.its_level,
        row.its_target,
    )
