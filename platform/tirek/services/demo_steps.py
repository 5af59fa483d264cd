"""What the demo's people did with flags: accept, talk, close, confirm; by name, and not all."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Row, func, select

from tirek.domain.clocks import KAZAKHSTAN, SATURDAY
from tirek.domain.levels import Level
from tirek.domain.people import Actor
from tirek.domain.protocols import Addressee
from tirek.domain.referral import (
    ContactChannel,
    ContactPerson,
    Outcome,
    ReceiverKind,
    ReferralState,
)
from tirek.services import handovers, notice_steps, referral_care, referral_steps, review
from tirek.services.demo_moments import Diary
from tirek.services.demo_places import DemoPlace
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.referral_care import Attempt
from tirek.services.unit import Unit
from tirek.storage.models import (
    District,
    Notice,
    Referral,
    ReferralEvent,
    ReviewTask,
    School,
    ServiceArea,
    Student,
)

WAITING = (ReferralState.ROUTED, ReferralState.SEEN)
IN_HAND = (ReferralState.ACKNOWLEDGED, ReferralState.CONTACTED)
MINUTE, HOUR, DAY = 1, 60, 24 * 60
# How many minutes each level waits: until it is accepted, and from then until the child is met.
ACCEPTED = {
    Level.IMMEDIATE: (2, 13),
    Level.HIGH: (8, 50),
    Level.MEDIUM: (2 * HOUR, 22 * HOUR),
    Level.LOW: (1 * DAY, 6 * DAY),
}
MET = {
    Level.IMMEDIATE: (8, 40),
    Level.HIGH: (40, 6 * HOUR),
    Level.MEDIUM: (3 * HOUR, 2 * DAY),
    Level.LOW: (1 * DAY, 4 * DAY),
}
CLOSED = (12 * DAY, 40 * DAY)
# This share takes this many times as long, so that late ones are seen too.
LATE, TIMES_LATER = 0.06, 4
BY_SUPERVISOR = 0.2
OUTCOMES = (
    *[Outcome.SUPPORTED] * 5,
    *[Outcome.SUPPORT_CONTINUES_AT_SCHOOL] * 3,
    *[Outcome.NO_NEED_FOUND] * 3,
    Outcome.FAMILY_REFUSED,
)
WORKS_FROM, WORKS_TO = time(9, 0), time(17, 30)


@dataclass(frozen=True, slots=True)
class Habit:
    """The shares of what waits that people got round to."""

    accepted: float
    met: float
    closed: float
    redirected: float
    confirmed: float
    reviewed: float


LONG_AGO = Habit(0.995, 0.99, 0.95, 0.03, 0.98, 0.95)
LATELY = Habit(0.93, 0.88, 0.60, 0.03, 0.93, 0.60)


@dataclass(frozen=True, slots=True)
class _Leg:
    """A referral that waits for a step, and when it last moved."""

    row: Referral
    since: datetime


class Steps:
    """Holds what every step needs."""

    def __init__(
        self, workshop: Workshop, staff: DemoStaff, diary: Diary, places: Sequence[DemoPlace]
    ) -> None:
        """Nothing happens yet; only children of these schools will be cared for."""
        self._workshop, self._staff, self._diary = workshop, staff, diary
        self._schools = [place.school.id for place in places]
        self._name = " ".join(str(place.number) for place in places)
        self._actors = {login.account.id: login.actor for login in staff.logins}
        self._languages = {login.account.id: login.account.language for login in staff.logins}

    def answer(self, habit: Habit, part: str) -> None:
        """Notices are confirmed, referrals accepted, some redirected; children are talked with."""
        self._confirm_notices(habit.confirmed, part)
        self._accept(habit.accepted, f"{part} accept")
        self._redirect(habit.redirected, f"{part} redirect")
        self._accept(habit.accepted, f"{part} accept again")
        self._meet(habit.met, f"{part} meet")

    def finish(self, habit: Habit, part: str) -> None:
        """Reviews are closed, and referrals after some weeks."""
        self._review(habit.reviewed, f"{part} review")
        chance = self._chance(f"{part} close")
        for unit, leg in self._due((ReferralState.CONTACTED,), habit.closed, chance):
            if self._set(unit, leg, chance, CLOSED):
                acting = self._as_owner(unit, leg.row)
                note = self._note(acting, "close", chance)
                referral_care.close(acting, leg.row.id, leg.row.version, note)

    def _accept(self, share: float, part: str) -> None:
        chance = self._chance(part)
        for unit, leg in self._due(WAITING, share, chance):
            actor = self._at_receiver(leg.row, chance)
            if self._set(unit, leg, chance, ACCEPTED[Level(leg.row.level)]):
                acting = replace(unit, actor=actor)
                referral_steps.acknowledge(acting, leg.row.id, leg.row.version)

    def _meet(self, share: float, part: str) -> None:
        chance = self._chance(part)
        for unit, leg in self._due((ReferralState.ACKNOWLEDGED,), share, chance):
            if self._set(unit, leg, chance, MET[Level(leg.row.level)]):
                acting = self._as_owner(unit, leg.row)
                note = self._note(acting, "contact", chance)
                talk = Attempt(
                    ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=note
                )
                referral_care.record_contact(acting, leg.row.id, leg.row.version, talk)

    def _redirect(self, share: float, part: str) -> None:
        """A family has moved: the PSC that is asked second takes over."""
        chance = self._chance(part)
        for unit, leg in self._due(IN_HAND, share, chance):
            other = _second_center(unit, leg.row)
            if other is not None and self._set(unit, leg, chance, (HOUR, DAY)):
                acting = self._as_owner(unit, leg.row)
                note = self._note(acting, "redirect", chance)
                handovers.redirect(acting, leg.row.id, leg.row.version, other, note)

    def _confirm_notices(self, share: float, part: str) -> None:
        """The school confirms within a quarter of an hour, the PSC what goes to authorities."""
        chance = self._chance(f"{part} notices")
        for addressees in ((Addressee.SCHOOL,), (Addressee.GUARDIANSHIP, Addressee.CHILD_RIGHTS)):
            with self._workshop.begin() as unit:
                stamp = unit.now()
                rows = self._unconfirmed(unit, [addressee.value for addressee in addressees])
                for notice in rows:
                    if chance.random() < share:
                        since = self._since(notice.student_id, notice.created_at)
                        moment = since + timedelta(minutes=chance.randrange(3, 14))
                        self._diary.note(notice.student_id, stamp, moment)
                        self._confirm(unit, notice)

    def _confirm(self, unit: Unit, notice: Notice) -> None:
        has_center = notice_steps.case_has_center(unit, notice.case_id)
        actor = self._staff.psychologists[notice.school_id]
        if has_center and notice.addressee != Addressee.SCHOOL:
            center_id: UUID | None = unit.session.scalars(
                select(Referral.support_center_id)
                .where(Referral.case_id == notice.case_id, Referral.support_center_id.is_not(None))
                .order_by(Referral.created_at)
                .limit(1)
            ).one()
            actor = self._staff.specialists[center_id] if center_id else actor
        notice_steps.confirm_notice(replace(unit, actor=actor), notice.id)

    def _review(self, share: float, part: str) -> None:
        chance = self._chance(part)
        with self._workshop.begin() as unit:
            stamp = unit.now()
            tasks = unit.session.scalars(
                select(ReviewTask)
                .join(Student, Student.id == ReviewTask.student_id)
                .where(ReviewTask.done_at.is_(None), ReviewTask.school_id.in_(self._schools))
                .order_by(Student.school_code, ReviewTask.reason)
            ).all()
            for task in tasks:
                if chance.random() < share:
                    since = self._since(task.student_id, task.created_at)
                    moment = _at_work(since + timedelta(hours=chance.randrange(4, 96)))
                    if moment < self._workshop.now:
                        self._diary.note(task.student_id, stamp, moment)
                        acting = replace(unit, actor=self._staff.psychologists[task.school_id])
                        review.close(acting, task.id, self._note(acting, "review", chance))

    def _chance(self, part: str) -> random.Random:
        return self._workshop.random(f"{part} {self._name}")

    def _due(
        self, states: tuple[ReferralState, ...], share: float, chance: random.Random
    ) -> Iterator[tuple[Unit, _Leg]]:
        """A share of the referrals in some states, in an order that a second build repeats.

        PSCs and schools take their steps in transactions of their own: a child may have a
        referral at each, and the two are taken up at different times.
        """
        for receiver in ReceiverKind:
            with self._workshop.begin() as unit:
                for row, stamp in self._in_states(unit, receiver, states):
                    if chance.random() < share:
                        yield unit, _Leg(row, self._since(row.student_id, stamp))

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
                Referral.school_id.in_(self._schools),
                Referral.receiver == receiver.value,
                Referral.state.in_([state.value for state in states]),
            )
            .order_by(Student.school_code, Referral.route_reason)
        ).all()

    def _unconfirmed(self, unit: Unit, addressees: list[str]) -> list[Notice]:
        return list(
            unit.session.scalars(
                select(Notice)
                .join(Student, Student.id == Notice.student_id)
                .where(
                    Notice.school_id.in_(self._schools),
                    Notice.confirmed_at.is_(None),
                    Notice.addressee.in_(addressees),
                )
                .order_by(Student.school_code, Notice.kind)
            )
        )

    def _since(self, student_id: UUID, stamp: datetime) -> datetime:
        return self._diary.moment(student_id, stamp) or stamp

    def _set(self, unit: Unit, leg: _Leg, chance: random.Random, minutes: tuple[int, int]) -> bool:
        """Note when the step is taken; False when that has not come yet."""
        wait = chance.randrange(*minutes)
        wait *= TIMES_LATER if chance.random() < LATE else 1
        moment = leg.since + timedelta(minutes=wait)
        if wait >= 2 * HOUR:
            moment = _at_work(moment)
        if moment >= self._workshop.now - timedelta(minutes=1):
            return False
        stamp = unit.now()
        known = self._diary.moment(leg.row.student_id, stamp)
        # Two referrals of one child are taken up in one go, after the later of the two.
        self._diary.note(leg.row.student_id, stamp, max(known, moment) if known else moment)
        return True

    def _at_receiver(self, leg: Referral, chance: random.Random) -> Actor:
        by_supervisor = chance.random() < BY_SUPERVISOR
        if leg.receiver == ReceiverKind.SCHOOL or leg.support_center_id is None:
            return self._staff.psychologists[leg.school_id]
        people = self._staff.supervisors if by_supervisor else self._staff.specialists
        return people[leg.support_center_id]

    def _as_owner(self, unit: Unit, leg: Referral) -> Unit:
        if leg.owner_id is None:
            raise TypeError(f"referral {leg.id} has no owner")
        return replace(unit, actor=self._actors[leg.owner_id])

    def _note(self, unit: Unit, part: str, chance: random.Random) -> str:
        account_id = unit.actor.account_id
        language = self._languages[account_id] if account_id else "ru"
        return chance.choice(self._workshop.words.notes[language, part])


def _second_center(unit: Unit, leg: Referral) -> UUID | None:
    if leg.support_center_id is None:
        return None
    return unit.session.scalars(
        select(ServiceArea.support_center_id)
        .join(District, District.id == ServiceArea.district_id)
        .join(School, School.district_id == District.id)
        .where(School.id == leg.school_id, ServiceArea.support_center_id != leg.support_center_id)
        .order_by(ServiceArea.priority)
        .limit(1)
    ).one_or_none()


def _at_work(moment: datetime) -> datetime:
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
