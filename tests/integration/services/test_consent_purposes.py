"""A yes to one purpose is no yes to another, and what a no to the centre keeps from happening."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
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
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.consent import (
    ConsentKind,
    ConsentSource,
    ConsentState,
    ConsentTexts,
    Purpose,
)
from tirek.domain.levels import Level
from tirek.services import (
    children,
    class_consents,
    classrooms,
    consents,
    handovers,
    referral_care,
    referral_page,
)
from tirek.services.referral_choices import Lack, StepName
from tirek.services.referral_steps import NotYetError
from tirek.storage.models import Conflict, Consent, LegalDecision, Referral

NOTE = "The centre can do more."
AGAINST = [ConsentState.REFUSED, ConsentState.WITHDRAWN]


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=2)
    system.commit()
    return built


def say(
    world: World,
    state: ConsentState,
    purpose: Purpose = Purpose.CENTER_HELP,
    source: ConsentSource = ConsentSource.ACCOUNT,
) -> None:
    pupil = world.school.pupil.student
    consents.record(
        world.unit(world.school.guardian.actor),
        pupil.id,
        pupil.school_id,
        kind=ConsentKind.GUARDIAN,
        state=state,
        source=source,
        purpose=purpose,
    )
    world.session.commit()


def a_school_leg(engine: Engine, world: World) -> Referral:
    """A referral of the level medium, taken up by the school psychologist."""
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    leg = the_leg(world.session, world.school.pupil)
    assert (leg.receiver, leg.level) == ("school", "medium")
    accept(engine, world, world.school.psychologist, leg)
    return leg


def hand_on(engine: Engine, world: World, leg: Referral) -> UUID:
    with acting(engine, world, world.school.psychologist) as unit:
        version = version_of(unit, leg.id)
        return handovers.redirect(unit, leg.id, version, world.home.id, NOTE)


def test_a_word_about_one_purpose_says_nothing_about_the_other(world: World) -> None:
    pupil = world.school.pupil.id
    say(world, ConsentState.WITHDRAWN)
    unit = world.unit(world.school.psychologist.actor)
    room = world.school.classroom.id
    said = {
        purpose: {row.student.id: row.state for row in class_consents.of_class(unit, room, purpose)}
        for purpose in Purpose
    }
    assert said[Purpose.SCREENING][pupil] == "given"
    assert said[Purpose.CENTER_HELP][pupil] == "withdrawn"
    # Nobody has been asked about the other children and the centre: silence is not a yes.
    other = world.school.pupils[1].id
    assert said[Purpose.CENTER_HELP][other] == "silent"
    latest = consents.latest(unit, [pupil], ConsentKind.GUARDIAN)
    assert latest == {pupil: ConsentState.GIVEN}
    (counted,) = classrooms.of_school(unit)
    assert (counted.given, counted.against) == (2, 0)


def test_a_yes_to_the_centre_is_no_yes_to_the_questions(world: World) -> None:
    pupil = world.school.pupil.id
    say(world, ConsentState.WITHDRAWN, Purpose.SCREENING)
    say(world, ConsentState.GIVEN)
    unit = world.unit(world.school.guardian.actor)
    child = children.get_child(unit, pupil)
    with pytest.raises(children.ConsentMissingError):
        children.require_consent(unit, child)


def test_the_database_knows_no_other_purpose(world: World) -> None:
    with pytest.raises(IntegrityError, match="ck_consents_purpose_known"):
        world.session.execute(
            text(
                "INSERT INTO consents (student_id, school_id, kind, state, source, text_version,"
                " purpose, account_id) SELECT student_id, school_id, kind, state, source,"
                " text_version, 'research', account_id FROM consents LIMIT 1"
            )
        )


@pytest.mark.parametrize("state", AGAINST)
def test_outside_danger_a_no_keeps_the_child_at_school(
    world: World, engine: Engine, state: ConsentState
) -> None:
    leg = a_school_leg(engine, world)
    say(world, state)
    with pytest.raises(NotYetError) as refused:
        hand_on(engine, world, leg)
    assert refused.value.missing == "center_help_refused"
    with acting(engine, world, world.school.psychologist) as unit:
        choice = referral_page.open_step(unit, leg.id).choice(StepName.REDIRECT)
    assert choice is not None
    assert choice.lacks is Lack.CENTER_HELP_REFUSED
    assert len(legs(world.session, world.school.pupil)) == 1
    # A later yes opens the way.
    say(world, ConsentState.GIVEN)
    hand_on(engine, world, leg)
    world.session.rollback()
    assert len(legs(world.session, world.school.pupil)) == 2


def test_a_school_cannot_pass_it_to_the_centre_by_declining_either(
    world: World, engine: Engine
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    say(world, ConsentState.REFUSED)
    leg = the_leg(world.session, world.school.pupil)
    with (
        acting(engine, world, world.school.psychologist) as unit,
        pytest.raises(NotYetError),
    ):
        handovers.decline(unit, leg.id, version_of(unit, leg.id), NOTE)


def test_silence_about_the_centre_leaves_it_as_it_was(world: World, engine: Engine) -> None:
    hand_on(engine, world, a_school_leg(engine, world))


def test_when_a_person_judges_it_urgent_the_no_no_longer_counts(
    world: World, engine: Engine
) -> None:
    leg = a_school_leg(engine, world)
    say(world, ConsentState.REFUSED)
    with acting(engine, world, world.school.psychologist) as unit:
        referral_care.triage(unit, leg.id, version_of(unit, leg.id), Level.HIGH, "Much worse.")
    hand_on(engine, world, leg)


def test_a_guardian_named_as_harm_keeps_no_child_from_help(world: World, engine: Engine) -> None:
    leg = a_school_leg(engine, world)
    say(world, ConsentState.REFUSED)
    pupil = world.school.pupil.student
    named: dict[str, Any] = {"kind": "guardian", "note_sealed": b"sealed"}
    world.session.add(Conflict(student_id=pupil.id, school_id=pupil.school_id, **named))
    world.session.commit()
    hand_on(engine, world, leg)


def test_danger_goes_to_the_centre_at_once_whatever_was_said(world: World, engine: Engine) -> None:
    say(world, ConsentState.REFUSED)
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(world.session, world.school.pupil)
    assert (leg.receiver, leg.level) == ("support_center", "immediate")
    (decision,) = world.session.scalars(select(LegalDecision))
    assert decision.may_refer_to_center
    assert decision.center_help == "refused"


def test_the_decision_says_that_the_centre_was_refused(world: World, engine: Engine) -> None:
    say(world, ConsentState.REFUSED)
    a_school_leg(engine, world)
    decisions = list(world.session.scalars(select(LegalDecision)))
    assert {(one.center_help, one.may_refer_to_center) for one in decisions} == {("refused", False)}


def test_a_sheet_for_one_purpose_writes_that_purpose_only(world: World, engine: Engine) -> None:
    pupil, room = world.school.pupil.id, world.school.classroom.id
    with acting(engine, world, world.school.psychologist) as unit:
        done = consents.record_papers(unit, room, [pupil], ConsentState.GIVEN, Purpose.CENTER_HELP)
        again = consents.record_papers(unit, room, [pupil], ConsentState.GIVEN, Purpose.CENTER_HELP)
    assert (done.written, again.unchanged) == ((pupil,), (pupil,))
    world.session.rollback()
    rows = world.session.scalars(select(Consent).where(Consent.source == "paper")).all()
    assert [(one.purpose, one.state) for one in rows] == [("center_help", "given")]
    # The no of an account is not overruled, and a no to one purpose is none to the other.
    say(world, ConsentState.REFUSED)
    with acting(engine, world, world.school.psychologist) as unit:
        sheet = consents.record_papers(unit, room, [pupil], ConsentState.GIVEN, Purpose.CENTER_HELP)
        screening = consents.record_papers(unit, room, [pupil], ConsentState.GIVEN)
    assert sheet.refused == (pupil,)
    assert screening.unchanged == (pupil,)


def test_a_text_with_another_meaning_is_agreed_to_anew(world: World, engine: Engine) -> None:
    texts = world.catalog.consents[Purpose.SCREENING]
    newer = replace(texts.current, version="2027-02-01", meaning_changed=True)
    changed = {
        **world.catalog.consents,
        Purpose.SCREENING: ConsentTexts((*texts.versions, newer)),
    }
    with acting(engine, world, world.school.guardian) as given:
        unit = replace(given, catalog=replace(given.catalog, consents=changed))
        child = children.get_child(unit, world.school.pupil.id)
        for _ in range(2):
            children.decide(unit, child, agrees=True, language="kk")
        said = children.statements(unit, child)[Purpose.SCREENING]
    assert [one.text_version for one in said] == ["2027-02-01", texts.current.version]
