"""Protocols: level → receiver → clocks → notices, with the legal ground of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tirek.domain.clocks import Clock
from tirek.domain.levels import Level
from tirek.domain.referral import ReceiverKind


class Addressee(StrEnum):
    """Who must be told."""

    SCHOOL = "school"
    SUPPORT_CENTER = "support_center"
    GUARDIANSHIP = "guardianship"
    CHILD_RIGHTS = "child_rights"


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"


class DeliveryResult(StrEnum):
    """How one attempt ended; an attempt without a result is unknown, not failed."""

    ACCEPTED = "accepted"
    FAILED = "failed"


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
    """What happens at one level."""

    level: Level
    receiver: ReceiverKind
    seen: Clock
    acknowledged: Clock
    contact: Clock
    notices: tuple[NoticeRule, ...]
    next_steps: Mapping[str, str]

    def due(self, now: datetime) -> Due:
        """The deadlines counted from `now`, the database's clock."""
        return Due(self.seen.after(now), self.acknowledged.after(now), self.contact.after(now))


@dataclass(frozen=True, slots=True)
class Protocol:
    """One versioned set of level rules."""

    id: str
    version: str
    effective_from: date
    status: str
    levels: Mapping[Level, LevelRule]
    legal_grounds: Mapping[str, LegalGround]

    def rule(self, level: Level) -> LevelRule:
        """The rule of a level; every level but review has one, which the loader checks."""
        return self.levels[level]
