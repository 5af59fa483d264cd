"""Protocols: level → receiver → clocks → notices, with the legal ground of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tirek.domain.clocks import WEEKENDS_ONLY, Clock, WorkingCalendar
from tirek.domain.ladder import Rung
from tirek.domain.legal_ground import GroundRule, LegalDecision, Situation, decide
from tirek.domain.levels import Level
from tirek.domain.referral import ReceiverKind


class Addressee(StrEnum):
    """Who must be told."""

    SCHOOL = "school"
    SUPPORT_CENTER = "support_center"
    GUARDIANSHIP = "guardianship"
    CHILD_RIGHTS = "child_rights"


@dataclass(frozen=True, slots=True)
class LegalGround:
    """An act on which a duty rests; `confirmed` is False until a lawyer has checked it."""

    id: str
    title: Mapping[str, str]
    confirmed: bool
    note: str


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """One message that a level demands, and how soon."""

    kind: str
    addressee: Addressee
    clock: Clock
    legal_ground: str
    title: Mapping[str, str]
    body: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Due:
    """The three deadlines of a referral, aware UTC."""

    seen: datetime
    acknowledged: datetime
    contact: datetime


@dataclass(frozen=True, slots=True)
class LevelRule:
    """What happens at one level.

    Seen, acknowledged and contact count from the signal, assessment from the contact, the plan
    from the assessment. `ladder` counts from the signal until somebody has acknowledged, `overdue`
    from the moment at which any later clock ran out.
    """

    level: Level
    receiver: ReceiverKind
    seen: Clock
    acknowledged: Clock
    contact: Clock
    assessment: Clock
    plan: Clock
    ladder: tuple[Rung, ...]
    overdue: tuple[Rung, ...]
    notices: tuple[NoticeRule, ...]
    next_steps: Mapping[str, str]
    # What of this is only a proposal, and who has to confirm it.
    note: str
    calendar: WorkingCalendar = WEEKENDS_ONLY

    def due(self, now: datetime) -> Due:
        """The deadlines counted from `now`, the database's clock."""
        return Due(
            self.seen.after(now, self.calendar),
            self.acknowledged.after(now, self.calendar),
            self.contact.after(now, self.calendar),
        )


@dataclass(frozen=True, slots=True)
class Protocol:
    """One versioned set of level rules."""

    id: str
    version: str
    effective_from: date
    status: str
    levels: Mapping[Level, LevelRule]
    legal_grounds: Mapping[str, LegalGround]
    ground_rules: tuple[GroundRule, ...]
    calendar: WorkingCalendar

    def rule(self, level: Level) -> LevelRule:
        """The rule of a level; every level but review has one, which the loader checks."""
        return self.levels[level]

    def decide(self, situation: Situation) -> LegalDecision:
        """What may be done in this situation, and on what ground."""
        return decide(self.ground_rules, situation)
