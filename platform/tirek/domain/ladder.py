"""Who is called when nobody acts: posts, rungs, and the alarms that follow from a promise."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tirek.domain.clocks import Clock, WorkingCalendar


class ClockKind(StrEnum):
    """What a person promised, or the law asks, to have done by a moment."""

    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    CONTACT = "contact"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    REVIEW = "review"
    NOTICE = "notice"


class Post(StrEnum):
    """A place that somebody holds at every hour; who holds it is looked up when it is called."""

    # Whoever is on duty at the receiver: the post and its deputy.
    DUTY = "duty"
    PSC_HEAD = "psc_head"
    SCHOOL_PSYCHOLOGIST = "school_psychologist"
    SOCIAL_PEDAGOGUE = "social_pedagogue"
    # The PSC of the school's territory, where the receiver is the school.
    TERRITORY_CENTER = "territory_center"
    OWNER = "owner"
    REGIONAL_COORDINATOR = "regional_coordinator"
    LAST_RESPONDER = "last_responder"
    NATIONAL_DUTY = "national_duty"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: after how long (None: at once), whom to call, and if it is a breach."""

    number: int
    after: Clock | None
    posts: tuple[Post, ...]
    is_breach: bool

    def due(self, start: datetime, calendar: WorkingCalendar) -> datetime:
        """The moment of a rung whose ladder began at `start`."""
        return start if self.after is None else self.after.after(start, calendar)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A moment at which somebody is called unless the clock was met; rung 0 is the promise."""

    clock: ClockKind
    rung: int
    due_at: datetime
    posts: tuple[Post, ...]
    is_breach: bool


class LevelClocks(Protocol):
    """The clocks and ladders of a level, as `LevelRule` has them."""

    @property
    def seen(self) -> Clock:
        """How soon somebody opens the referral."""

    @property
    def acknowledged(self) -> Clock:
        """How soon a named person takes it."""

    @property
    def contact(self) -> Clock:
        """How soon somebody talks with the child."""

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """Whom to call while nobody has acknowledged, counted from the signal."""

    @property
    def overdue(self) -> tuple[Rung, ...]:
        """Whom to call after any other clock has run out, counted from that moment."""


def alarms_at_start(
    rule: LevelClocks, start: datetime, calendar: WorkingCalendar
) -> tuple[Alarm, ...]:
    """What a signal at `start` sets: seen, acknowledged with its ladder, contact with its own."""
    return (
        _promise(ClockKind.SEEN, rule.seen.after(start, calendar), (Post.DUTY,)),
        _promise(ClockKind.ACKNOWLEDGED, rule.acknowledged.after(start, calendar), (Post.DUTY,)),
        *_rungs(ClockKind.ACKNOWLEDGED, rule.ladder, start, calendar),
        *alarms_for(ClockKind.CONTACT, rule.contact.after(start, calendar), rule, calendar),
    )


def alarms_for(
    kind: ClockKind, due_at: datetime, rule: LevelClocks, calendar: WorkingCalendar
) -> tuple[Alarm, ...]:
    """What a promise for `due_at` sets: itself, and whom to call once it is broken."""
    # Rung 0 calls nobody: the first rung of `overdue` does, at the same moment.
    return (_promise(kind, due_at, ()), *_rungs(kind, rule.overdue, due_at, calendar))


def _promise(kind: ClockKind, due_at: datetime, posts: tuple[Post, ...]) -> Alarm:
    return Alarm(kind, 0, due_at, posts, is_breach=False)


def _rungs(
    kind: ClockKind, ladder: tuple[Rung, ...], start: datetime, calendar: WorkingCalendar
) -> tuple[Alarm, ...]:
    return tuple(
        Alarm(kind, rung.number, rung.due(start, calendar), rung.posts, rung.is_breach)
        for rung in ladder
    )
