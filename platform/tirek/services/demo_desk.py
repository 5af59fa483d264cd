"""How the demo's people take what waits: whose turn it is, when, and in whose words."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Row, func, select

from tirek.domain.clocks import KAZAKHSTAN, SATURDAY
from tirek.domain.levels import Level
from tirek.domain.people import Actor
from tirek.domain.referral import ReceiverKind, ReferralState
from tirek.services import conflicts
from tirek.services.demo_moments import Diary
from tirek.services.demo_places import DemoPlace
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.unit import Unit
from tirek.storage.models import District, Referral, ReferralEvent, School, ServiceArea, Student

HOUR, DAY = 60, 24 * 60
# This share takes this many times as long, so that late ones are seen too.
LATE, TIMES_LATER = 0.02, 4
# From so many minutes on people wait for their working hours.
NOT_TODAY = 5 * HOUR
# The last hours are left to what has come in today.
UNTIL = timedelta(hours=2)
BY_SUPERVISOR = 0.2
WORKS_FROM, WORKS_TO = time(9, 0), time(17, 30)

Waits = Mapping[Level, tuple[int, int]]
Act = Callable[[Unit, Referral, random.Random], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """A referral whose turn it is, since when it waits, and the transaction to act in."""

    unit: Unit
    row: Referral
    since: datetime
    # The transaction's own time.
    stamp: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which referrals are taken up: states, a share of them by level, and where they lie."""

    states: tuple[ReferralState, ...]
    share: Mapping[Level, float]
    receivers: tuple[ReceiverKind, ...] = tuple(ReceiverKind)
    at_most: int | None = None
    without: Collection[UUID] = ()
    # Nothing but these, where any are named.
    only: Collection[UUID] | None = None

    def takes(self, leg: Referral) -> bool:
        """Whether a referral in one of the states may be taken up at all."""
        return leg.id not in self.without and (self.only is None or leg.id in self.only)


def equally(share: float, levels: Sequence[Level] = tuple(Level)) -> Mapping[Level, float]:
    """The same share at each of some levels, and none at the others."""
    return {level: share if level in levels else 0.0 for level in Level}


class Desk:
    """Some schools' referrals, the people who take them up, and the diary that says when."""

    def __init__(
        self, workshop: Workshop, staff: DemoStaff, diary: Diary, places: Sequence[DemoPlace]
    ) -> None:
        """Nothing happens yet; only children of these schools will be cared for."""
        self.workshop, self.staff, self.diary = workshop, staff, diary
        self.schools = [place.school.id for place in places]
        self.number = min((place.number for place in places), default=0)
        self._name = " ".join(str(place.number) for place in places)
        self._actors = {login.account.id: login.actor for login in staff.logins}
        self._languages = {login.account.id: login.account.language for login in staff.logins}
        # Referrals of children who have not been reached to this day.
        self.lost = set[UUID]()
        # Judged less urgent by two people.
        self.lowered = dict[UUID, Level]()
        self._last: dict[UUID, datetime] = {}

    def chance(self, part: str) -> random.Random:
        """The source of chance of one part of these schools' life."""
        return self.workshop.random(f"{part} {self._name}")

    def take(self, part: str, wanted: Wanted, waits: Waits, act: Act) -> None:
        """Let the owners of some referrals act, or whoever is there where nobody owns it yet."""
        chance = self.chance(part)
        for turn in self.turns(wanted, chance):
            actor = self.owner(turn.row) or self.at_receiver(turn.row, chance)
            if self.set(turn, chance, waits[Level(turn.row.level)]):
                act(replace(turn.unit, actor=actor), turn.row, chance)

    def turns(self, wanted: Wanted, chance: random.Random) -> Iterator[Turn]:
        """The referrals that are taken up, in an order that a second build repeats.

        PSCs and schools take their steps in transactions of their own: a child may have a
        referral at each, and the two are taken up at different times.
        """
        taken = 0
        for receiver in wanted.receivers:
            with self.workshop.begin() as unit:
                now = unit.now()
                for row, stamp in self._in_states(unit, receiver, wanted.states):
                    is_chosen = chance.random() < wanted.share[Level(row.level)]
                    if is_chosen and taken != wanted.at_most and wanted.takes(row):
                        taken += 1
                        yield Turn(unit, row, self._since(row, stamp), now)

    def set(self, turn: Turn, chance: random.Random, minutes: tuple[int, int]) -> bool:
        """Note when the step is taken; False when that has not come yet."""
        wait = chance.randrange(*minutes)
        wait *= TIMES_LATER if chance.random() < LATE else 1
        moment = turn.since + timedelta(minutes=wait)
        if wait >= NOT_TODAY:
            moment = at_work(moment)
        if moment >= self.workshop.now - UNTIL:
            return False
        student_id, stamp = turn.row.student_id, turn.stamp
        known = self.diary.moment(student_id, stamp)
        # Two referrals of one child are taken up in one go, after the later of the two.
        moment = max(known, moment) if known else moment
        self.diary.note(student_id, stamp, moment)
        self._last[turn.row.id] = moment
        return True

    def moment(self, unit: Unit, leg: Referral) -> datetime:
        """When what is being done about a referral is said to happen."""
        return self.since(leg.student_id, unit.now())

    def since(self, student_id: UUID, stamp: datetime) -> datetime:
        """When what carries this stamp happened."""
        return self.diary.moment(student_id, stamp) or stamp

    def owner(self, leg: Referral) -> Actor | None:
        """Who answers for a referral."""
        return self._actors[leg.owner_id] if leg.owner_id else None

    def at_receiver(self, leg: Referral, chance: random.Random) -> Actor:
        """One of the receiver's people, at a PSC now and then its supervisor."""
        by_supervisor = chance.random() < BY_SUPERVISOR
        if leg.receiver == ReceiverKind.SCHOOL or leg.support_center_id is None:
            return self.staff.psychologists[leg.school_id]
        people = self.staff.supervisors if by_supervisor else self.staff.specialists
        return people[leg.support_center_id]

    def second(self, leg: Referral, first: UUID | None) -> Actor | None:
        """Who may read what `first` has proposed; None where there is no second person."""
        if leg.receiver == ReceiverKind.SCHOOL or leg.support_center_id is None:
            return self.staff.pedagogues.get(leg.school_id)
        head = self.staff.supervisors[leg.support_center_id]
        return self.staff.specialists[leg.support_center_id] if head.account_id == first else head

    def note(self, unit: Unit, part: str, chance: random.Random) -> str:
        """A few invented words in the language of whoever acts."""
        account_id = unit.actor.account_id
        language = self._languages[account_id] if account_id else "ru"
        return chance.choice(self.workshop.words.notes[language, part])

    def _in_states(
        self, unit: Unit, receiver: ReceiverKind, states: tuple[ReferralState, ...]
    ) -> Sequence[Row[Referral, datetime]]:
        """The referrals of one kind of receiver, each with the stamp of its last event."""
        moved = (
            select(func.max(ReferralEvent.created_at))
            .where(ReferralEvent.referral_id == Referral.id)
            .scalar_subquery()
        )
        return unit.session.execute(
            select(Referral, moved)
            .join(Student, Student.id == Referral.student_id)
            .where(
                Referral.school_id.in_(self.schools),
                Referral.receiver == receiver.value,
                Referral.state.in_([state.value for state in states]),
            )
            .order_by(Student.school_code, Referral.created_at, Referral.route_reason)
        ).all()

    def _since(self, leg: Referral, stamp: datetime) -> datetime:
        since = self.since(leg.student_id, stamp)
        return max(since, self._last.get(leg.id, since))


def second_center(unit: Unit, leg: Referral) -> UUID | None:
    """The PSC that is asked second for the child's school, if the child may be sent there."""
    if leg.support_center_id is None:
        return None
    out = conflicts.of(unit, leg.student_id).centers
    return unit.session.scalars(
        select(ServiceArea.support_center_id)
        .join(District, District.id == ServiceArea.district_id)
        .join(School, School.district_id == District.id)
        .where(
            School.id == leg.school_id,
            ServiceArea.support_center_id.not_in([leg.support_center_id, *out]),
        )
        .order_by(ServiceArea.priority)
        .limit(1)
    ).one_or_none()


def at_work(moment: datetime) -> datetime:
    """The same moment, or the next one in working hours at the same minute."""
    local = moment.astimezone(KAZAKHSTAN)
    if local.time() > WORKS_TO:
        local = _morning(local + timedelta(days=1))
    elif local.time() < WORKS_FROM:
        local = _morning(local)
    while local.weekday() >= SATURDAY:
        local = _morning(local + timedelta(days=1))
    return local


def _morning(local: datetime) -> datetime:
    return datetime.combine(local.date(), time(9, local.minute, local.second), KAZAKHSTAN)
