"""What does not go the ordinary way in the demo: handed on, refused, not reached, an error."""

import random
from dataclasses import replace
from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.levels import Level
from tirek.domain.referral import (
    ATTEMPTS_IN_VAIN,
    TERMINAL,
    URGENT,
    ConflictKind,
    ContactChannel,
    ContactPerson,
    Outcome,
    ReceiverKind,
    ReferralState,
)
from tirek.services import (
    conflicts,
    handovers,
    harm,
    referral_care,
    referral_endings,
    referral_steps,
    second_opinions,
)
from tirek.services.demo_desk import DAY, HOUR, Act, Desk, Wanted, equally, second_center
from tirek.services.demo_places import FIRST_NUMBER
from tirek.services.demo_size import GROUPS
from tirek.services.harm import Named
from tirek.services.referral_care import Attempt
from tirek.services.referral_endings import OutcomeWords
from tirek.services.unit import Unit
from tirek.storage.models import Approval, Referral, ReferralEvent

S = ReferralState
CENTER, SCHOOL = (ReceiverKind.SUPPORT_CENTER,), (ReceiverKind.SCHOOL,)
IMMEDIATE, HIGH, MEDIUM, LOW = Level.IMMEDIATE, Level.HIGH, Level.MEDIUM, Level.LOW
TRIED = {IMMEDIATE: (3, 10), HIGH: (15, 60), MEDIUM: (HOUR, 4 * HOUR), LOW: (HOUR, DAY)}
SOON = {IMMEDIATE: (1, 3), HIGH: (5, 20), MEDIUM: (10, HOUR), LOW: (10, HOUR)}
SAME_DAY = dict.fromkeys(Level, (HOUR, 3 * HOUR))
NEXT_DAY = dict.fromkeys(Level, (18 * HOUR, 30 * HOUR))
# In which group of schools such a case is seen.
SCHOOL_STAFF_IS_NAMED, PSC_STAFF_IS_NAMED, NOBODY_ANSWERS, IN_ERROR = 0, 1, 2, 2


def decline(desk: Desk, part: str) -> None:
    """Not for this PSC: its neighbour is asked at once."""

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        if second_center(unit, leg) is not None:
            note = desk.note(unit, "decline", chance)
            _goes_over(desk, leg, handovers.decline(unit, leg.id, leg.version, note))

    wanted = Wanted((S.ROUTED, S.SEEN), equally(0.03, tuple(URGENT)), CENTER)
    desk.take(f"{part} decline", wanted, SOON, act)


def before_triage(desk: Desk, part: str) -> None:
    """The school is asked something; a second reader agrees that it is less urgent."""

    def ask(unit: Unit, leg: Referral, chance: random.Random) -> None:
        referral_steps.ask_sender(unit, leg.id, leg.version, desk.note(unit, "ask", chance))

    def answer(unit: Unit, leg: Referral, chance: random.Random) -> None:
        if leg.school_id not in conflicts.of(unit, leg.student_id).schools:
            unit = replace(unit, actor=desk.staff.psychologists[leg.school_id])
        referral_steps.answer(unit, leg.id, leg.version, desk.note(unit, "answer", chance))

    proposed: list[UUID] = []

    def lower(unit: Unit, leg: Referral, chance: random.Random) -> None:
        proposed.append(leg.id)
        note = desk.note(unit, "lower", chance)
        second_opinions.propose_downgrade(unit, leg.id, MEDIUM, note)

    asked = Wanted((S.ACKNOWLEDGED,), equally(0.10, (HIGH,)), CENTER)
    desk.take(f"{part} ask", asked, SOON, ask)
    desk.take(f"{part} answer", Wanted((S.NEEDS_INFO,), equally(0.97)), SOON, answer)
    lowered = Wanted((S.ACKNOWLEDGED,), equally(0.12, (HIGH,)), CENTER)
    desk.take(f"{part} lower", lowered, SOON, lower)
    waiting = Wanted((S.ACKNOWLEDGED,), equally(1.0), CENTER, only=proposed)
    desk.take(f"{part} lower agree", waiting, SOON, _decide(desk, "lower_agree"))


def triage(desk: Desk) -> Act:
    """Judge the urgency: mostly as the machine did, lower where two people agree."""

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        level = desk.lowered.get(leg.id, Level(leg.level))
        note = desk.note(unit, "triage", chance)
        referral_care.triage(unit, leg.id, leg.version, level, note)

    return act


def attempt(desk: Desk) -> Act:
    """A try that reached nobody."""

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        channel = chance.choice(tuple(ContactChannel))
        note = desk.note(unit, "attempt", chance)
        vain = Attempt(channel, ContactPerson.CHILD, reached=False, note=note)
        referral_care.record_attempt(unit, leg.id, leg.version, vain)

    return act


def lose_touch(desk: Desk, part: str) -> set[UUID]:
    """Now and then three tries are in vain, and those above are told; who is not found again."""
    if part not in {"first", "further"} or not _is_at(desk, NOBODY_ANSWERS):
        return desk.lost
    levels = equally(1.0, (HIGH, MEDIUM))
    found: list[UUID] = []

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        found.append(leg.id)
        attempt(desk)(unit, leg, chance)

    def give_up(unit: Unit, leg: Referral, chance: random.Random) -> None:
        if referral_care.attempts_in_vain(unit, leg) >= ATTEMPTS_IN_VAIN:
            note = desk.note(unit, "unreachable", chance)
            referral_care.mark_unreachable(unit, leg.id, leg.version, note)

    first = Wanted((S.TRIAGED,), levels, at_most=1)
    desk.take(f"{part} lose 1", first, TRIED, act)
    for number in (2, 3):
        again = replace(first, only=tuple(found))
        desk.take(f"{part} lose {number}", again, TRIED, attempt(desk))
    desk.take(f"{part} lost", replace(first, only=tuple(found)), SOON, give_up)
    if part == "further":
        desk.lost.update(found)
    return desk.lost


def after_contact(desk: Desk, part: str) -> None:
    """A family has moved; or a child names somebody, and where they work is out of it."""

    def redirect(unit: Unit, leg: Referral, chance: random.Random) -> None:
        other = second_center(unit, leg)
        if other is not None:
            note = desk.note(unit, "redirect", chance)
            new_id = handovers.redirect(unit, leg.id, leg.version, other, note)
            _goes_over(desk, leg, new_id)

    redirected = Wanted((S.CONTACTED,), equally(0.04, tuple(URGENT)), CENTER)
    desk.take(f"{part} redirect", redirected, SAME_DAY, redirect)
    if part != "second":
        return
    for place, receivers, kind in (
        (SCHOOL_STAFF_IS_NAMED, SCHOOL, ConflictKind.SCHOOL_STAFF),
        (PSC_STAFF_IS_NAMED, CENTER, ConflictKind.PSC_STAFF),
    ):
        if _is_at(desk, place):
            named = Wanted((S.CONTACTED,), equally(1.0), receivers, at_most=3)
            desk.take(f"{part} {kind}", named, SAME_DAY, _name(desk, kind))


def _name(desk: Desk, kind: ConflictKind) -> Act:
    """Name somebody about one child, who has no other open referral."""
    done: list[UUID] = []

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        if done or _open_legs(unit, leg) != 1:
            return
        done.append(leg.id)
        named_id = None
        if kind is ConflictKind.PSC_STAFF and leg.support_center_id is not None:
            named_id = desk.staff.specialists[leg.support_center_id].account_id
        acting = replace(unit, actor=desk.staff.psychologists[leg.school_id])
        note = desk.note(acting, kind.value, chance)
        named = Named(kind, note, account_id=named_id)
        harm.name_conflict(acting, leg.student_id, named)
        unit.session.refresh(leg)
        new_id = unit.session.scalars(
            select(Referral.id).where(Referral.parent_id == leg.id)
        ).one_or_none()
        if new_id is not None:
            _goes_over(desk, leg, new_id)

    return act


def refusals(desk: Desk, part: str) -> None:
    """A family says no: a second person looks at the danger anew, and may begin again."""

    def refuse(unit: Unit, leg: Referral, chance: random.Random) -> None:
        note = desk.note(unit, "refusal", chance)
        referral_endings.record_refusal(unit, leg.id, leg.version, note)

    def look_again(unit: Unit, leg: Referral, chance: random.Random) -> None:
        second = _as_second(desk, unit, leg)
        if leg.level == IMMEDIATE or chance.random() < 1 / 2:
            note = desk.note(second, "recheck", chance)
            referral_endings.recheck(second, leg.id, leg.version, note)
            return
        note = desk.note(second, "refused_end", chance)
        refused = Outcome.FAMILY_REFUSED
        words = OutcomeWords(refused, child_heard=False, repeat_on=None, note=note)
        referral_endings.set_outcome(second, leg.id, leg.version, words)

    wanted = Wanted((S.ASSESSED,), equally(0.07), CENTER)
    desk.take(f"{part} refuse", wanted, SAME_DAY, refuse)
    refused = Wanted((S.FAMILY_REFUSED,), equally(1.0), CENTER)
    desk.take(f"{part} look again", refused, SAME_DAY, look_again)


def send_back(desk: Desk) -> Act:
    """The second reader does not agree with the outcome."""

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        if leg.outcome != Outcome.FAMILY_REFUSED:
            second = _as_second(desk, unit, leg)
            note = desk.note(second, "send_back", chance)
            referral_endings.send_back(second, leg.id, leg.version, note)

    return act


def close(desk: Desk) -> Act:
    """Agree with the outcome: the owner where it is calm, else another person."""

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        acting = unit if Level(leg.level) not in URGENT else _as_second(desk, unit, leg)
        note = desk.note(acting, "close", chance)
        referral_endings.close(acting, leg.id, leg.version, note)

    return act


def errors(desk: Desk, part: str) -> None:
    """One entry in a few groups was made in error, say two people."""
    if part != "further" or not _is_at(desk, IN_ERROR):
        return

    proposed: list[UUID] = []

    def propose(unit: Unit, leg: Referral, chance: random.Random) -> None:
        proposed.append(leg.id)
        note = desk.note(unit, "error", chance)
        second_opinions.propose_error(unit, leg.id, note)

    open_ones = tuple(state for state in S if state not in TERMINAL)
    worked_on = Wanted((S.IN_SUPPORT, S.CONTACTED), equally(1.0), CENTER, at_most=1)
    desk.take(f"{part} error", worked_on, SAME_DAY, propose)
    waiting = Wanted(open_ones, equally(1.0), CENTER, only=proposed)
    desk.take(f"{part} error agree", waiting, NEXT_DAY, _decide(desk, "error_agree"))


def _decide(desk: Desk, part: str) -> Act:
    """Agree with what waits for a second person, if anything does."""

    def act(unit: Unit, leg: Referral, chance: random.Random) -> None:
        waiting = unit.session.execute(
            select(Approval.id, Approval.proposed_by, Approval.level).where(
                Approval.referral_id == leg.id, Approval.decided_at.is_(None)
            )
        ).one_or_none()
        if waiting is None:
            return
        second = desk.second(leg, waiting.proposed_by)
        if second is not None:
            acting = replace(unit, actor=second)
            note = desk.note(acting, part, chance)
            second_opinions.decide(acting, waiting.id, agrees=True, reason=note)
            unit.session.refresh(leg)
            if waiting.level is not None:
                desk.lowered[leg.id] = Level(waiting.level)

    return act


def _as_second(desk: Desk, unit: Unit, leg: Referral) -> Unit:
    """Another person than the one who brought the referral to where it stands."""
    first = unit.session.scalars(
        select(ReferralEvent.account_id)
        .where(ReferralEvent.referral_id == leg.id, ReferralEvent.to_state == leg.state)
        .order_by(ReferralEvent.seq.desc())
        .limit(1)
    ).one()
    second = desk.second(leg, first)
    if second is None:
        raise TypeError(f"nobody can read referral {leg.id} a second time")
    return replace(unit, actor=second)


def _goes_over(desk: Desk, leg: Referral, new_id: UUID) -> None:
    """The next leg begins with the level of the one before."""
    desk.diary.levels[new_id] = Level(leg.level)


def _open_legs(unit: Unit, leg: Referral) -> int:
    return unit.session.scalars(
        select(func.count()).where(
            Referral.student_id == leg.student_id, Referral.closed_at.is_(None)
        )
    ).one()


def _is_at(desk: Desk, place: int) -> bool:
    return (desk.number - FIRST_NUMBER) % GROUPS == place
