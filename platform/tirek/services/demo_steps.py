"""What the demo's people did with flags, on the path from acceptance to an end; and not all."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.levels import Level
from tirek.domain.referral import (
    CALM,
    URGENT,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    ReceiverKind,
    ReferralState,
    SectionState,
)
from tirek.services import (
    audit,
    demo_notices,
    demo_turns,
    referral_care,
    referral_endings,
    referral_steps,
)
from tirek.services.demo_desk import DAY, HOUR, Act, Desk, Wanted, equally
from tirek.services.referral_care import Attempt, PlanWords
from tirek.services.referral_endings import OutcomeWords
from tirek.services.unit import Unit
from tirek.storage.models import Referral

S = ReferralState
WAITING = (S.ROUTED, S.SEEN, S.REOPENED)
IMMEDIATE, HIGH, MEDIUM, LOW = Level.IMMEDIATE, Level.HIGH, Level.MEDIUM, Level.LOW
# How many minutes each level waits for a step after the one before; inside the protocol's clocks.
SEEN = {IMMEDIATE: (1, 4), HIGH: (3, 15), MEDIUM: (HOUR, 4 * HOUR), LOW: (HOUR, DAY)}
ACCEPTED = {
    IMMEDIATE: (1, 6),
    HIGH: (4, 25),
    MEDIUM: (2 * HOUR, 20 * HOUR),
    LOW: (1 * DAY, 6 * DAY),
}
TRIAGED = {IMMEDIATE: (2, 8), HIGH: (5, 30), MEDIUM: (10, 2 * HOUR), LOW: (10, 4 * HOUR)}
MET = {
    IMMEDIATE: (5, 25),
    HIGH: (30, 4 * HOUR),
    MEDIUM: (2 * HOUR, 28 * HOUR),
    LOW: (4 * HOUR, 2 * DAY),
}
ASSESSED = {
    IMMEDIATE: (HOUR, 3 * HOUR),
    HIGH: (HOUR, 4 * HOUR),
    MEDIUM: (1 * DAY, 3 * DAY),
    LOW: (1 * DAY, 5 * DAY),
}
PLANNED = {
    IMMEDIATE: (HOUR, 3 * HOUR),
    HIGH: (2 * HOUR, 20 * HOUR),
    MEDIUM: (1 * DAY, 5 * DAY),
    LOW: (2 * DAY, 8 * DAY),
}
BEGUN = dict.fromkeys(Level, (1 * DAY, 3 * DAY))
REVIEWED = dict.fromkeys(Level, (7 * DAY, 10 * DAY))
ENDED = {
    IMMEDIATE: (HOUR, 4 * HOUR),
    HIGH: (HOUR, 20 * HOUR),
    MEDIUM: (1 * DAY, 4 * DAY),
    LOW: (1 * DAY, 5 * DAY),
}
NEXT_DAYS = 14
# What is still being worked on is looked at again on one of the coming days.
COMING_DAYS = (1, 13)
REPEAT_AFTER = (60, 90)
# A school's psychologist writes no plan after most calm talks.
ASSESSED_CALM = 0.12
OUTCOMES = (
    *[Outcome.SUPPORTED] * 5,
    *[Outcome.SUPPORT_CONTINUES_AT_SCHOOL] * 3,
    *[Outcome.NO_NEED_FOUND] * 3,
)
WAIVED, NO_NEED = 0.15, 0.3


@dataclass(frozen=True, slots=True)
class Habit:
    """The shares of what waits that people got round to; what is urgent they all did."""

    accepted: float
    met: float
    ended: float
    # Of those with a plan, the ones with whom the work goes on today.
    goes_on: float
    confirmed: float
    reviewed: float


LONG_AGO = Habit(1.0, 1.0, 0.99, 0.0, 1.0, 0.97)
LATELY = Habit(0.98, 0.98, 0.97, 0.55, 0.97, 0.75)


def unless_calm(share: float) -> Mapping[Level, float]:
    """A share of the calm ones, and every urgent one."""
    return {level: 1.0 if level in URGENT else share for level in Level}


class Steps:
    """The steps of some schools' referrals, one kind after the other."""

    def __init__(self, desk: Desk) -> None:
        """Nothing happens yet."""
        self._desk = desk
        # The work with these children goes on today.
        self._goes_on = set[UUID]()

    def answer(self, habit: Habit, part: str) -> None:
        """Notices are confirmed, referrals accepted and judged; children are talked with."""
        desk = self._desk
        demo_notices.confirm(desk, habit.confirmed, part)
        desk.take(f"{part} open", Wanted((S.ROUTED, S.REOPENED), equally(0.3)), SEEN, self._open)
        demo_turns.decline(desk, part)
        self._accept(habit, f"{part} accept")
        demo_turns.before_triage(desk, part)
        self._meet(habit, part)
        demo_turns.after_contact(desk, part)
        self._accept(habit, f"{part} accept again")
        self._meet(habit, f"{part} again")

    def finish(self, habit: Habit, part: str) -> None:
        """Assessment, plan, support, review and outcome, as far as time has come for them."""
        desk = self._desk
        demo_notices.review_tasks(desk, habit.reviewed, f"{part} review")
        self._assess(f"{part} assess")
        demo_turns.refusals(desk, part)
        # Where the danger remains the child is talked with again.
        self._meet(habit, f"{part} anew")
        self._assess(f"{part} assess anew")
        # Where the assessment finds no need there is no plan.
        desk.take(f"{part} no need", Wanted((S.ASSESSED,), equally(NO_NEED)), ENDED, self._no_need)
        everybody = equally(1.0)
        desk.take(f"{part} plan", Wanted((S.ASSESSED,), everybody), PLANNED, self._plan(habit))
        desk.take(f"{part} support", Wanted((S.PLANNED,), everybody), BEGUN, self._support)
        self._end(habit, part)
        demo_turns.errors(desk, part)

    def _accept(self, habit: Habit, part: str) -> None:
        self._desk.take(part, Wanted(WAITING, unless_calm(habit.accepted)), ACCEPTED, _accept)

    def _meet(self, habit: Habit, part: str) -> None:
        desk = self._desk
        judged = Wanted((S.ACKNOWLEDGED,), unless_calm(habit.met))
        desk.take(f"{part} triage", judged, TRIAGED, demo_turns.triage(desk))
        tried = Wanted((S.TRIAGED,), equally(0.12))
        desk.take(f"{part} try", tried, demo_turns.TRIED, demo_turns.attempt(desk))
        lost = demo_turns.lose_touch(desk, part)
        met = Wanted((S.TRIAGED, S.UNREACHABLE), unless_calm(habit.met), without=lost)
        desk.take(f"{part} meet", met, MET, self._talk)

    def _assess(self, part: str) -> None:
        """Every child of a PSC is assessed, and some of those whom the school looks after."""
        at_center = Wanted((S.CONTACTED,), equally(1.0), (ReceiverKind.SUPPORT_CENTER,))
        at_school = Wanted((S.CONTACTED,), equally(ASSESSED_CALM), (ReceiverKind.SCHOOL,))
        self._desk.take(f"{part} center", at_center, ASSESSED, self._sign)
        self._desk.take(f"{part} school", at_school, ASSESSED, self._sign)

    def _end(self, habit: Habit, part: str) -> None:
        """A look back, an outcome, and a second person who agrees with it, or not at first."""
        desk, share = self._desk, unless_calm(habit.ended)
        back = Wanted((S.IN_SUPPORT,), share, without=self._goes_on)
        desk.take(f"{part} look back", back, REVIEWED, self._look_back)
        calmly = Wanted((S.CONTACTED,), equally(habit.ended, tuple(CALM)))
        desk.take(f"{part} end calmly", calmly, ENDED, self._outcome)
        ended = Wanted((S.REVIEW,), share)
        desk.take(f"{part} end", ended, ENDED, self._outcome)
        not_agreed = Wanted((S.OUTCOME_SET,), equally(0.06, tuple(URGENT)))
        desk.take(f"{part} not agreed", not_agreed, ENDED, demo_turns.send_back(desk))
        desk.take(f"{part} end again", ended, ENDED, self._outcome)
        agreed = Wanted((S.OUTCOME_SET,), share)
        desk.take(f"{part} agree", agreed, ENDED, demo_turns.close(desk))

    def _open(self, unit: Unit, leg: Referral, _chance: random.Random) -> None:
        referral_steps.mark_seen(unit, leg.id)
        # As the page does that opens it.
        ids = {"student_id": leg.student_id, "school_id": leg.school_id}
        audit.record(unit, "referral.open", "referral", leg.id, **ids)

    def _talk(self, unit: Unit, leg: Referral, chance: random.Random) -> None:
        note = self._desk.note(unit, "contact", chance)
        talk = Attempt(ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=note)
        referral_care.record_contact(unit, leg.id, leg.version, talk)

    def _sign(self, unit: Unit, leg: Referral, chance: random.Random) -> None:
        for section in AssessmentSection:
            is_waived = chance.random() < WAIVED and section is not AssessmentSection.SAFETY
            state = SectionState.WAIVED if is_waived else SectionState.SIGNED
            note = self._desk.note(unit, "waived" if is_waived else section.value, chance)
            referral_care.sign_section(unit, leg.id, section, state, note)
        note = self._desk.note(unit, "assess", chance)
        referral_care.finish_assessment(unit, leg.id, leg.version, note)

    def _plan(self, habit: Habit) -> Act:
        def plan(unit: Unit, leg: Referral, chance: random.Random) -> None:
            days = NEXT_DAYS
            if chance.random() < habit.goes_on:
                self._goes_on.add(leg.id)
                coming = self._desk.workshop.now + timedelta(days=chance.randrange(*COMING_DAYS))
                days = (_day(coming) - _day(self._desk.moment(unit, leg))).days
            # Counted from today; it moves along with the row.
            next_on = _day(unit.now()) + timedelta(days=days)
            note = self._desk.note(unit, "plan", chance)
            words = PlanWords(next_on, child_agrees=True, note=note)
            referral_care.make_plan(unit, leg.id, leg.version, words)

        return plan

    def _support(self, unit: Unit, leg: Referral, chance: random.Random) -> None:
        note = self._desk.note(unit, "support", chance)
        referral_care.begin_support(unit, leg.id, leg.version, note)

    def _look_back(self, unit: Unit, leg: Referral, chance: random.Random) -> None:
        note = self._desk.note(unit, "reviewed", chance)
        referral_care.begin_review(unit, leg.id, leg.version, note)

    def _no_need(self, unit: Unit, leg: Referral, chance: random.Random) -> None:
        self._outcome(unit, leg, chance, Outcome.NO_NEED_FOUND)

    def _outcome(
        self, unit: Unit, leg: Referral, chance: random.Random, found: Outcome | None = None
    ) -> None:
        outcome = found or chance.choice(OUTCOMES)
        repeat_on = _day(unit.now()) + timedelta(days=chance.randrange(*REPEAT_AFTER))
        note = self._desk.note(unit, "outcome", chance)
        words = OutcomeWords(outcome, child_heard=True, repeat_on=repeat_on, note=note)
        referral_endings.set_outcome(unit, leg.id, leg.version, words)


def _accept(unit: Unit, leg: Referral, _chance: random.Random) -> None:
    referral_steps.acknowledge(unit, leg.id, leg.version)


def _day(moment: datetime) -> date:
    return moment.astimezone(KAZAKHSTAN).date()
