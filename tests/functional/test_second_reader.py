"""Another person's word at a school: second readers, and a support centre's questions."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    acting,
    the_leg,
    version_of,
)
from tests.builders_work import lead_to
from tests.functional.browser import Browser
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.services import referral_endings, referral_steps, second_opinions
from tirek.storage.models import Referral

NewBrowser = Callable[..., Browser]
NOTE = "The parents do not want us to talk with him again."
LIST = "Waits for your word"


@pytest.fixture
def calm(engine: Engine, system: Session, world: World) -> Referral:
    """A medium referral that the school psychologist has talked with the child about."""
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    leg = the_leg(system, world.school.pupil)
    lead_to(engine, world, world.school.psychologist, leg.id, "contacted")
    return leg


@pytest.fixture
def pedagogue(system: Session, world: World) -> Adult:
    made = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    return made


def state_of(system: Session, leg: Referral) -> str:
    system.rollback()
    return system.scalars(select(Referral.state).where(Referral.id == leg.id)).one()


def test_the_social_pedagogue_is_the_second_person_and_sees_no_answers(
    engine: Engine, system: Session, world: World, browser: NewBrowser, calm: Referral,
    pedagogue: Adult,
) -> None:  # fmt: skip
    with acting(engine, world, world.school.psychologist) as unit:
        referral_endings.record_refusal(unit, calm.id, version_of(unit, calm.id), NOTE)
    person = browser().sign_in(pedagogue)
    home = person.open("/en/school")
    assert "Waits for your word" in home.text
    (row,) = person.open("/en/school/asked").rows(LIST)
    assert row[0].startswith("The family refused: look at the danger anew")
    page = person.open(person.open("/en/school/asked").link("The family refused"))
    assert NOTE in page.text
    gad = world.catalog.instruments["gad-7"]
    assert gad.text("ru", "title") not in page.text
    done = person.submit(
        person.open(page.link("The danger is there: go on")), note="His brother told me more."
    )
    assert "The referral goes on" in done.text
    assert state_of(system, calm) == "acknowledged"
    assert "Nothing waits for you" in person.open("/en/school/asked").text
    # What is the psychologist's stays the psychologist's.
    person.open(f"/en/school/cases/{calm.id}", status=403)
    person.open(f"/en/school/cases/{calm.id}/triage", status=403)


def test_whoever_proposed_finds_nothing_to_decide(
    engine: Engine, world: World, browser: NewBrowser, calm: Referral, pedagogue: Adult
) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        second_opinions.propose_error(unit, calm.id, NOTE)
    own = browser().sign_in(world.school.psychologist)
    assert "Nothing waits for you" in own.open("/en/school/asked").text
    other = browser().sign_in(pedagogue)
    decision = other.open(other.open("/en/school/asked").link("A colleague proposes something"))
    assert NOTE in decision.text
    wrong = other.submit(decision, status=422, agrees="yes")
    assert "Write what makes you decide so." in wrong.text
    done = other.submit(wrong, note="It was a test of the computer.")
    assert "Your decision is written down." in done.text
    assert "Nothing waits for you" in other.open("/en/school/asked").text


def test_another_schools_second_reader_is_told_nothing(
    engine: Engine, system: Session, world: World, browser: NewBrowser, calm: Referral
) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        referral_endings.record_refusal(unit, calm.id, version_of(unit, calm.id), NOTE)
    foreign = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.schools[1].id)
    system.commit()
    person = browser().sign_in(foreign)
    assert "Nothing waits for you" in person.open("/en/school/asked").text
    for tail in ("", "/recheck", "/question"):
        person.open(f"/en/school/asked/{calm.id}{tail}", status=404)


def test_the_school_answers_a_centres_question(
    engine: Engine, system: Session, world: World, browser: NewBrowser, pedagogue: Adult
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, world.school.pupil)
    lead_to(engine, world, world.home.specialist, leg.id, "acknowledged")
    with acting(engine, world, world.home.specialist) as unit:
        referral_steps.ask_sender(unit, leg.id, version_of(unit, leg.id), "When is he at school?")
    psychologist = browser().sign_in(world.school.psychologist)
    followed = psychologist.open(f"/en/school/cases/{leg.id}")
    assert "The centre asks something: answer" in followed.text
    person = browser().sign_in(pedagogue)
    form = person.open(person.open("/en/school/asked").link("The support centre asks something"))
    assert "When is he at school?" in form.text
    assert world.home.specialist.account.display_name in form.text
    wrong = person.submit(form, status=422, note=" ")
    assert "Write the answer." in wrong.text
    late = psychologist.open(followed.link("The centre asks something: answer"))
    done = person.submit(wrong, note="Until two o'clock.")
    assert "Your answer is at the centre." in done.text
    assert state_of(system, leg) == "acknowledged"
    lost = psychologist.submit(late, status=409, note="I do not know.")
    assert pedagogue.account.display_name in lost.text
    assert "I do not know." in lost.text
    there = browser().sign_in(world.home.specialist)
    assert "Until two o'clock." in there.open(f"/en/psc/referrals/{leg.id}").text
