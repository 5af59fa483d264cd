"""A referral's standing, worked out anew from its events alone (I6).

Written apart from the trigger that keeps the stored one, so that a fault in either shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tirek.domain.referral import TERMINAL, ActorKind, ReferralState

S = ReferralState
_OPENED = frozenset({S.SEEN, S.ACKNOWLEDGED})


class FoldError(ValueError):
    """The events do not follow one another."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What one event says."""

    seq: int
    from_state: str
    to_state: str
    actor_kind: str
    at: datetime
    account_id: UUID | None = None
    outcome: str | None = None
    triage_level: str | None = None
    merged_into_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a referral stands; a new one stands here."""

    state: str = S.CREATED.value
    version: int = 0
    owner_id: UUID | None = None
    outcome: str | None = None
    triage_level: str | None = None
    merged_into_id: UUID | None = None
    seen_at: datetime | None = None
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None


def fold(events: Iterable[Happened]) -> Standing:
    """The standing after all events, in order; raise `FoldError` where one does not follow."""
    standing = Standing()
    for event in events:
        if event.seq != standing.version + 1 or event.from_state != standing.state:
            raise FoldError(
                f"event {event.seq} from {event.from_state} follows {standing.version}"
                f" in {standing.state}"
            )
        standing = _after(standing, event)
    return standing


def _after(before: Standing, event: Happened) -> Standing:
    to = S(event.to_state)
    if to is S.REOPENED:
        before = Standing()
    after = replace(
        before,
        state=event.to_state,
        version=event.seq,
        outcome=event.outcome,
        merged_into_id=event.merged_into_id,
        closed_at=event.at if to in TERMINAL else None,
        triage_level=_triage_level(before, event),
    )
    if to in _OPENED:
        after = replace(after, seen_at=before.seen_at or event.at)
    if to is S.CONTACTED:
        # A further signal joins without a new talk being held.
        return replace(after, contacted_at=event.at)
    return _acknowledged(after, event) if to is S.ACKNOWLEDGED else after


def _acknowledged(after: Standing, event: Happened) -> Standing:
    is_new_owner = event.actor_kind == ActorKind.RECEIVER
    return replace(
        after,
        owner_id=event.account_id if is_new_owner else after.owner_id,
        acknowledged_at=after.acknowledged_at or event.at,
        contacted_at=None,
    )


def _triage_level(before: Standing, event: Happened) -> str | None:
    if event.to_state == S.TRIAGED:
        return event.triage_level
    return None if event.to_state == S.ACKNOWLEDGED else before.triage_level
