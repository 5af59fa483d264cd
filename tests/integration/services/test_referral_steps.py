"""What a receiver's people may do with a referral, who may do it, and what everybody learns."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    accept,
    acting,
    legs,
    the_leg,
    version_of,
)
from tests.builders_work import close, lead_on
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.referral import PROPOSABLE, ContactChannel, ContactPerson, Outcome
from tirek.services import (
    handovers,
    referral_care,
    referral_endings,
    referral_page,
    referral_steps,
    second_opinions,
    sent_referrals,
)
from tirek.services.handovers import AlreadyThereError, CenterRefusedError
from tirek.services.referral_care import Attempt
from tirek.services.referral_endings import OutcomeRefusedError, OutcomeWords
from tirek.services.referral_steps import NoteMissingError, NotOwnerError, SecondPersonError
from tirek.storage.models import (
    Account,
    AssessmentNote,
    AuditEntry,
    Case,
    ContactAttempt,
    OutboxMessage,
    OutcomeNote,
    Referral,
    ReferralEvent,
    SupportCenter,
)

NOTE = "We have talked; she has somebody at home."
TALK = Attempt(ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=NOTE)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return built


@pytest.fixture
def leg(engine: Engine, system: Session, world: World) -> Referral:
    """An immediate referral that waits at the home PSC."""
    a_pupil_answers(engine, world, SELF_HARM)
    return the_leg(system, world.school.pupil)


@pytest.fixture
def accepted(engine: Engine, system: Session, world: World, leg: Referral) -> Referral:
    """The same, accepted by the home PSC's specialist."""
    accept(engine, world, world.home.specialist, leg)
    return the_leg(system, world.school.pupil)


def events(system: Session, leg_id: UUID) -> list[str]:
    system.rollback()
    return list(
        system.scalars(
            select(ReferralEvent.to_state)
            .where(ReferralEvent.referral_id == leg_id)
            .order_by(ReferralEvent.seq)
        )
    )


def audited(system: Session) -> list[str]:
    system.rollback()
    return list(
        system.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.action.like("referral.%"))
            .order_by(AuditEntry.id)
        )
    )


def told(system: Session, kind: str) -> set[UUID]:
    system.rollback()
    return set(system.scalars(select(OutboxMessage.account_id).where(OutboxMessage.kind == kind)))


def a_colleague(engine: Engine, system: Session, world: World) -> Adult:
    made = an_adult(world.unit(), Role.PSC_SPECIALIST, support_center_id=world.home.id)
    system.commit()
    return made


# Seen


def test_only_the_first_opening_counts(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    for adult in (world.home.specialist, world.home.supervisor, world.home.specialist):
        with acting(engine, world, adult) as unit:
            page = referral_page.open_page(unit, leg.id, "ru")
        assert page.state == "seen"
    assert events(system, leg.id) == ["routed", "seen"]
    assert audited(system) == ["referral.open"] * 3
    assert [(reader.name, reader.times) for reader in page.readers] == [
        (world.home.specialist.account.display_name, 2),
        (world.home.supervisor.account.display_name, 1),
    ]


def test_the_sender_looking_is_not_the_receiver_seeing(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        referral_steps.mark_seen(unit, leg.id)
        assert sent_referrals.sent_one(unit, leg.id).state == "routed"
    with acting(engine, world, world.school.psychologist) as unit, pytest.raises(NotFoundError):
        referral_page.open_page(unit, leg.id, "ru")
    assert events(system, leg.id) == ["routed"]


def test_a_foreign_referral_does_not_exist(engine: Engine, world: World, leg: Referral) -> None:
    with acting(engine, world, world.neighbour.supervisor) as unit:
        for step in (
            lambda: referral_page.open_page(unit, leg.id, "ru"),
            lambda: referral_steps.acknowledge(unit, leg.id, 1),
            lambda: referral_endings.close(unit, leg.id, 1, NOTE),
            lambda: handovers.redirect(unit, leg.id, 1, world.home.id, NOTE),
            lambda: handovers.decline(unit, leg.id, 1, NOTE),
            lambda: referral_care.record_contact(unit, leg.id, 1, TALK),
            lambda: second_opinions.propose_error(unit, leg.id, NOTE),
            lambda: referral_page.open_step(unit, leg.id),
            lambda: referral_page.other_centers(unit, leg.id),
        ):
            with pytest.raises(NotFoundError):
                step()


# Acknowledge


def test_whoever_accepts_is_the_owner_and_the_school_is_told(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    assert accepted.owner_id == world.home.specialist.account.id
    assert accepted.acknowledged_at is not None
    assert told(system, "referral_news") == {world.school.psychologist.account.id}
    assert audited(system) == ["referral.acknowledge"]


def test_two_who_accept_at_once_make_one_owner(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    people = [world.home.specialist, world.home.supervisor]

    def accept_as(adult: Adult) -> str | None:
        try:
            with acting(engine, world, adult) as unit:
                referral_steps.acknowledge(unit, leg.id, 1)
        except ConflictError as error:
            return error.winner
        return None

    with ThreadPoolExecutor(2) as pool:
        winners = list(pool.map(accept_as, people))
    owner = the_leg(system, world.school.pupil).owner_id
    won, lost = (0, 1) if winners[0] is None else (1, 0)
    assert people[won].account.id == owner
    assert winners[lost] == people[won].account.display_name
    assert events(system, leg.id) == ["routed", "acknowledged"]


def test_pressing_accept_twice_is_harmless(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    for _press in range(2):
        with acting(engine, world, world.home.specialist) as unit:
            referral_steps.acknowledge(unit, leg.id, 1)
    assert events(system, leg.id) == ["routed", "acknowledged"]
    assert audited(system) == ["referral.acknowledge"]


def test_what_was_added_meanwhile_must_be_read_first(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    seen_version = accepted.version
    a_pupil_answers(engine, world, {"q12": "1"})
    with acting(engine, world, world.home.specialist) as unit, pytest.raises(ConflictError):
        referral_care.triage(unit, accepted.id, seen_version, Level.IMMEDIATE, NOTE)
    assert the_leg(system, world.school.pupil).state == "acknowledged"


# Contact, redirect, close: whose steps they are


def steps_of_the_owner(unit: object, leg: Referral, world: World) -> list[object]:
    return [
        lambda: referral_care.triage(unit, leg.id, leg.version, Level.IMMEDIATE, NOTE),
        lambda: handovers.redirect(unit, leg.id, leg.version, world.neighbour.id, NOTE),
        lambda: referral_steps.ask_sender(unit, leg.id, leg.version, NOTE),
    ]


@pytest.mark.parametrize("step", range(3))
def test_a_colleague_may_not_take_the_owners_steps(
    engine: Engine, system: Session, world: World, accepted: Referral, step: int
) -> None:
    colleague = a_colleague(engine, system, world)
    with acting(engine, world, colleague) as unit, pytest.raises(NotOwnerError) as refused:
        steps_of_the_owner(unit, accepted, world)[step]()
    assert refused.value.winner == world.home.specialist.account.display_name
    assert the_leg(system, world.school.pupil).state == "acknowledged"


@pytest.mark.parametrize("step", range(3))
def test_a_supervisor_may(
    engine: Engine, system: Session, world: World, accepted: Referral, step: int
) -> None:
    with acting(engine, world, world.home.supervisor) as unit:
        steps_of_the_owner(unit, accepted, world)[step]()
    leg = legs(system, world.school.pupil)[0]
    assert leg.state == ("triaged", "redirected", "needs_info")[step]
    assert leg.owner_id == world.home.specialist.account.id


def test_a_colleague_takes_over_what_somebody_who_left_still_owns(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    colleague = a_colleague(engine, system, world)
    system.execute(
        update(Account)
        .where(Account.id == world.home.specialist.account.id)
        .values(is_active=False)
    )
    system.commit()
    with acting(engine, world, colleague) as unit:
        referral_steps.ask_sender(unit, accepted.id, accepted.version, NOTE)
    assert the_leg(system, world.school.pupil).state == "needs_info"


@pytest.mark.parametrize("step", range(3))
def test_nothing_is_done_before_somebody_has_accepted(
    engine: Engine, world: World, leg: Referral, step: int
) -> None:
    with acting(engine, world, world.home.specialist) as unit, pytest.raises(ConflictError):
        steps_of_the_owner(unit, leg, world)[step]()


def test_nothing_is_done_without_written_words(
    engine: Engine, world: World, accepted: Referral
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        with pytest.raises(NoteMissingError):
            handovers.redirect(unit, accepted.id, accepted.version, world.neighbour.id, "  \n")
        with pytest.raises(NoteMissingError):
            referral_care.triage(unit, accepted.id, accepted.version, Level.IMMEDIATE, "")
        with pytest.raises(NoteMissingError):
            referral_care.record_contact(
                unit, accepted.id, accepted.version, replace(TALK, note=" ")
            )


def test_a_talk_stops_its_clock_and_begins_the_next_one(
    engine: Engine, world: World, accepted: Referral
) -> None:
    for state in ("triaged", "contacted"):
        lead_on(engine, world, world.home.specialist, accepted.id, state, NOTE)
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, accepted.id, "ru")
    own = [clock for clock in page.clocks if clock.notice_id is None]
    assert [(clock.kind, clock.is_running) for clock in own] == [
        ("seen", False), ("acknowledged", False), ("contact", False), ("assessment", True),
    ]  # fmt: skip
    assert page.work.next_step == "assess"
    assert page.steps[-1].note == NOTE


# Redirect


def redirect(engine: Engine, world: World, leg: Referral) -> UUID:
    with acting(engine, world, world.home.specialist) as unit:
        return handovers.redirect(unit, leg.id, leg.version, world.neighbour.id, NOTE)


def test_a_redirect_keeps_level_clocks_and_owner_until_somebody_accepts(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    new_id = redirect(engine, world, accepted)
    old, new = legs(system, world.school.pupil)
    assert (old.state, old.owner_id) == ("redirected", world.home.specialist.account.id)
    assert (new.id, new.state, new.parent_id, new.owner_id) == (new_id, "routed", old.id, None)
    for name in ("level", "seen_due_at", "acknowledge_due_at", "contact_due_at", "case_id"):
        assert getattr(new, name) == getattr(old, name)
    waiting = told(system, "referral_waits")
    assert {
        adult.account.id for adult in (world.neighbour.specialist, world.neighbour.supervisor)
    } <= waiting
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, old.id, "ru")
    assert page.next_leg is not None
    assert (page.next_leg.center.id, page.next_leg.state) == (world.neighbour.id, "routed")
    assert page.work.next_step == "wait"


def test_the_next_receiver_reads_why_and_relieves_the_first(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    new_id = redirect(engine, world, accepted)
    with acting(engine, world, world.neighbour.specialist) as unit:
        page = referral_page.open_page(unit, new_id, "ru")
        assert page.steps[0].note == NOTE
        assert page.steps[0].who == world.home.specialist.account.display_name
        referral_steps.acknowledge(unit, new_id, page.work.version)
    old, new = legs(system, world.school.pupil)
    assert (old.state, old.outcome) == ("closed", "handed_over")
    assert (new.state, new.owner_id) == (
        "acknowledged", world.neighbour.specialist.account.id,
    )  # fmt: skip
    assert system.scalars(select(Case.closed_at)).one() is None
    # Whoever redirected it hears that it was accepted.
    assert world.home.specialist.account.id in told(system, "referral_news")


def test_a_signal_after_a_redirect_reaches_both(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    redirect(engine, world, accepted)
    a_pupil_answers(engine, world, {"q12": "1"})
    heard = told(system, "signal_added")
    assert {world.home.specialist.account.id, world.neighbour.specialist.account.id} <= heard
    assert len(legs(system, world.school.pupil)) == 2


def test_a_signal_after_the_handover_goes_to_those_who_took_over(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    new_id = redirect(engine, world, accepted)
    with acting(engine, world, world.neighbour.specialist) as unit:
        referral_steps.acknowledge(unit, new_id, 1)
    a_pupil_answers(engine, world, {"q12": "1"})
    assert [leg.id for leg in legs(system, world.school.pupil)] == [accepted.id, new_id]
    assert world.neighbour.specialist.account.id in told(system, "signal_added")


def test_sending_on_twice_is_harmless(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    assert redirect(engine, world, accepted) == redirect(engine, world, accepted)
    assert len(legs(system, world.school.pupil)) == 2


def test_it_goes_to_another_open_psc_only(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    system.execute(
        update(SupportCenter).where(SupportCenter.id == world.neighbour.id).values(is_open=False)
    )
    system.commit()
    with acting(engine, world, world.home.specialist) as unit:
        assert referral_page.other_centers(unit, accepted.id) == []
        for center_id in (world.home.id, world.neighbour.id, uuid4()):
            with pytest.raises(CenterRefusedError):
                handovers.redirect(unit, accepted.id, accepted.version, center_id, NOTE)
    assert the_leg(system, world.school.pupil).state == "acknowledged"


def test_a_psc_that_has_the_child_already_is_refused_and_nothing_moves(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    """The school psychologist has a leg of the same case and would send it to the same PSC."""
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    school_leg = next(one for one in legs(system, world.school.pupil) if one.receiver == "school")
    accept(engine, world, world.school.psychologist, school_leg)
    with acting(engine, world, world.school.psychologist) as unit:
        version = version_of(unit, school_leg.id)
        with pytest.raises(AlreadyThereError):
            handovers.redirect(unit, school_leg.id, version, world.home.id, NOTE)
    states = {one.receiver: one.state for one in legs(system, world.school.pupil)}
    assert states == {"support_center": "acknowledged", "school": "acknowledged"}


def test_a_school_psychologist_sends_on_to_a_psc(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    leg = the_leg(system, world.school.pupil)
    accept(engine, world, world.school.psychologist, leg)
    with acting(engine, world, world.school.psychologist) as unit:
        version = version_of(unit, leg.id)
        new_id = handovers.redirect(unit, leg.id, version, world.home.id, NOTE)
    with acting(engine, world, world.home.specialist) as unit:
        referral_steps.acknowledge(unit, new_id, 1)
    old, new = legs(system, world.school.pupil)
    assert (old.state, new.state, new.level) == ("closed", "acknowledged", "medium")


# Close


def end_as(engine: Engine, world: World, leg: Referral, outcome: Outcome) -> None:
    words = OutcomeWords(outcome, child_heard=True, repeat_on=None, note=NOTE)
    with acting(engine, world, world.home.specialist) as unit:
        version = version_of(unit, leg.id)
        referral_endings.set_outcome(unit, leg.id, version, words)


@pytest.fixture
def assessed(engine: Engine, system: Session, world: World, accepted: Referral) -> Referral:
    """The same, talked with and assessed."""
    for state in ("triaged", "contacted", "assessed"):
        lead_on(engine, world, world.home.specialist, accepted.id, state, NOTE)
    return the_leg(system, world.school.pupil)


@pytest.mark.parametrize(
    "outcome", [one for one in PROPOSABLE if one is not Outcome.FAMILY_REFUSED]
)
def test_closing_the_last_leg_closes_the_case_and_tells_the_school_the_outcome_only(
    engine: Engine, system: Session, world: World, assessed: Referral, outcome: Outcome
) -> None:
    end_as(engine, world, assessed, outcome)
    version = the_leg(system, world.school.pupil).version
    for _press in range(2):
        with acting(engine, world, world.home.supervisor) as unit:
            referral_endings.close(unit, assessed.id, version, NOTE)
    leg = the_leg(system, world.school.pupil)
    assert (leg.state, leg.outcome) == ("closed", outcome)
    assert system.scalars(select(Case.closed_at)).one() is not None
    with acting(engine, world, world.school.psychologist) as unit:
        sent = sent_referrals.sent_one(unit, leg.id)
        (listed,) = sent_referrals.sent(unit, world.school.pupil.id)
    assert sent == listed
    assert (sent.outcome, sent.owner_name) == (
        outcome, world.home.specialist.account.display_name,
    )  # fmt: skip
    assert NOTE not in repr(sent)


def test_nobody_closes_what_they_proposed_themselves(
    engine: Engine, system: Session, world: World, assessed: Referral
) -> None:
    end_as(engine, world, assessed, Outcome.SUPPORTED)
    colleague = a_colleague(engine, system, world)
    # Two specialists are two people, but neither of them is the head.
    for adult in (world.home.specialist, colleague):
        with acting(engine, world, adult) as unit:
            version = version_of(unit, assessed.id)
            with pytest.raises(SecondPersonError):
                referral_endings.close(unit, assessed.id, version, NOTE)
    assert the_leg(system, world.school.pupil).state == "outcome_set"


def test_a_case_stays_open_while_another_leg_is(
    engine: Engine, system: Session, world: World, assessed: Referral
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    end_as(engine, world, assessed, Outcome.SUPPORTED)
    close(engine, world, world.home.supervisor, assessed.id)
    assert system.scalars(select(Case.closed_at)).one() is None


@pytest.mark.parametrize(
    "outcome",
    [Outcome.HANDED_OVER, Outcome.ENTERED_IN_ERROR, Outcome.MERGED, Outcome.FAMILY_REFUSED],
)
def test_an_owner_alone_cannot_make_a_flag_disappear(
    engine: Engine, system: Session, world: World, assessed: Referral, outcome: Outcome
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        assert outcome not in referral_page.open_step(unit, assessed.id).outcomes
    with pytest.raises(OutcomeRefusedError):
        end_as(engine, world, assessed, outcome)
    assert the_leg(system, world.school.pupil).state == "assessed"


def test_two_people_may_say_that_it_was_a_mistake(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        proposal = second_opinions.propose_error(unit, accepted.id, NOTE)
    with acting(engine, world, world.home.specialist) as unit, pytest.raises(SecondPersonError):
        second_opinions.decide(unit, proposal, agrees=True, reason=NOTE)
    for _press in range(2):
        with acting(engine, world, world.home.supervisor) as unit:
            second_opinions.decide(unit, proposal, agrees=True, reason=NOTE)
    assert the_leg(system, world.school.pupil).outcome == "entered_in_error"


def test_a_form_sent_twice_is_one_try(
    engine: Engine, system: Session, world: World, accepted: Referral
) -> None:
    made = Attempt(ContactChannel.PHONE, ContactPerson.GUARDIAN, reached=False)
    for _press in range(2):
        with acting(engine, world, world.home.specialist) as unit:
            version = version_of(unit, accepted.id)
            referral_care.record_attempt(unit, accepted.id, version, made, seen=0)
    with acting(engine, world, world.home.supervisor) as unit:
        version = version_of(unit, accepted.id)
        with pytest.raises(ConflictError):
            referral_care.record_attempt(unit, accepted.id, version, made, seen=0)
    assert system.scalars(select(func.count()).select_from(ContactAttempt)).one() == 1


def test_notes_lie_sealed_in_the_database(
    engine: Engine, system: Session, world: World, assessed: Referral
) -> None:
    end_as(engine, world, assessed, Outcome.SUPPORTED)
    system.rollback()
    for table in (ReferralEvent, ContactAttempt, AssessmentNote, OutcomeNote):
        sealed = system.scalars(
            select(table.note_sealed).where(table.note_sealed.is_not(None))
        ).all()
        assert sealed
        assert not [one for one in sealed if one and (NOTE.encode() in one or b"talked" in one)]
