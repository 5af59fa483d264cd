"""Every step that a receiver's people take on a referral, page by page and without JavaScript."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    acting,
    legs,
    the_leg,
    version_of,
)
from tests.builders_work import in_days, lead_to, try_in_vain
from tests.functional.browser import Browser, Page
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.domain.referral import AssessmentSection
from tirek.services import referral_care, referral_steps
from tirek.storage.models import ContactAttempt, Referral, ReferralEvent

NewBrowser = Callable[..., Browser]
NOTE = "She sleeps badly and has somebody at home."
PARTS = [section.value for section in AssessmentSection]


@pytest.fixture
def leg(engine: Engine, system: Session, world: World) -> Referral:
    """An immediate referral that waits at the home PSC."""
    a_pupil_answers(engine, world, SELF_HARM)
    return the_leg(system, world.school.pupil)


@pytest.fixture
def calm(engine: Engine, system: Session, world: World) -> Referral:
    """A medium one that waits at the school psychologist."""
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    return the_leg(system, world.school.pupil)


@pytest.fixture
def specialist(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.home.specialist)


@pytest.fixture
def supervisor(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.home.supervisor)


@pytest.fixture
def both(specialist: Browser, supervisor: Browser) -> tuple[Browser, Browser]:
    return specialist, supervisor


@pytest.fixture
def psychologist(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


def page_of(leg: Referral) -> str:
    return f"/en/psc/referrals/{leg.id}"


def state_of(system: Session, leg: Referral) -> str:
    system.rollback()
    return system.scalars(select(Referral.state).where(Referral.id == leg.id)).one()


def step(browser: Browser, page: Page, words: str, *, status: int = 200, **given: object) -> Page:
    """Follow a step's link on the referral's page, fill its form in and send it."""
    return browser.submit(browser.open(page.link(words)), status=status, **given)


def in_state(
    engine: Engine, world: World, leg: Referral, state: str, who: Adult | None = None
) -> None:
    lead_to(engine, world, who or world.home.specialist, leg.id, state)


# The straight way


def test_the_whole_way_of_an_immediate_referral(
    specialist: Browser, supervisor: Browser, system: Session, leg: Referral
) -> None:
    page = specialist.submit(specialist.open(page_of(leg)), "/acknowledge")
    assert "You have accepted this referral." in page.text
    page = step(specialist, page, "Judge how urgent it is", level="immediate", note=NOTE)
    page = step(specialist, page, "I have talked with the child", note="We meet on Friday.")
    assert "We meet on Friday." in page.text
    form = specialist.open(page.link("Write the assessment"))
    words = {f"{part}_note": f"About {part}." for part in PARTS} | dict.fromkeys(PARTS, "signed")
    page = specialist.submit(form, do="finish", note="She needs company.", **words)
    assert "The assessment is finished." in page.text
    assert "About home." in page.text
    day = in_days(7).date()
    page = step(
        specialist, page, "Write the plan", next_on=day.isoformat(), child_agrees="yes", note=NOTE
    )
    assert f"Plan, looked at again on {day:%d.%m.%Y}" in page.text
    page = step(specialist, page, "The support begins", note="First meeting held.")
    page = step(specialist, page, "Look at how it went", note="Sleeps better.")
    page = step(
        specialist, page, "Go on with a new plan",
        next_on=in_days(20).date().isoformat(), child_agrees="no", note="Wants fewer meetings.",
    )  # fmt: skip
    assert "The child does not agree." in page.text
    page = step(specialist, page, "Look at how it went", note="She is well.")
    page = step(
        specialist, page, "Propose an outcome", outcome="supported", child_heard="yes", note=NOTE
    )
    assert "Outcome proposed, waiting for a second person" in page.text
    assert "Another person than the one who proposed it does this" in page.text
    theirs = supervisor.open(page_of(leg))
    closed = step(supervisor, theirs, "Agree with the outcome and close", note="I agree.")
    assert "This referral is closed." in closed.text
    assert "What to do now" not in closed.text
    assert state_of(system, leg) == "closed"


def test_the_short_way_at_school(psychologist: Browser, system: Session, calm: Referral) -> None:
    page = psychologist.submit(psychologist.open(f"/en/school/cases/{calm.id}"), "/accept")
    page = step(psychologist, page, "Judge how urgent it is", level="medium", note=NOTE)
    page = step(psychologist, page, "I have talked with the child", note=NOTE)
    assert "If the talk was enough, propose an outcome" in page.text
    page = step(
        psychologist, page, "Propose an outcome",
        outcome="support_continues_at_school", child_heard="yes", note=NOTE,
    )  # fmt: skip
    page = step(psychologist, page, "Agree with the outcome and close", note="Three talks.")
    assert "Three talks." in page.text
    assert state_of(system, calm) == "closed"
    assert "No referral fits" in psychologist.open("/en/school/cases").text


# What is missing is said, and what was typed stays


def test_what_was_typed_stays_and_what_is_missing_is_said(
    engine: Engine, specialist: Browser, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "acknowledged")
    form = specialist.open(f"{page_of(leg)}/triage")
    wrong = specialist.submit(form, status=422, note="She says she is safe.")
    assert "Choose how urgent it is." in wrong.text
    assert wrong.html.title is not None
    assert wrong.html.title.text.startswith("Error: ")
    assert "She says she is safe." in wrong.text


def test_a_lower_level_takes_a_second_reader(
    specialist: Browser,
    supervisor: Browser,
    engine: Engine,
    system: Session,
    world: World,
    leg: Referral,
) -> None:
    in_state(engine, world, leg, "acknowledged")
    form = specialist.open(f"{page_of(leg)}/triage")
    refused = specialist.submit(form, status=422, level="medium", note="It was a joke.")
    assert "A level below the machine's needs a second reader." in refused.text
    assert "It was a joke." in refused.text
    page = specialist.submit(refused, do="propose")
    assert "A second reader has been asked." in page.text
    assert "Waits for a second person." in page.text
    own = [a for a in page.html.find_all("a") if "Read it and decide" in a.text]
    assert own == []
    theirs = supervisor.open(page_of(leg))
    decision = supervisor.open(theirs.link("Read it and decide"))
    assert "It was a joke." in decision.text
    done = supervisor.submit(decision, agrees="yes", note="I have read the answers.")
    assert "Your decision is written down." in done.text
    # The same decision twice is one; another one is too late.
    supervisor.submit(decision, agrees="yes", note="I have read the answers.")
    supervisor.submit(decision, status=409, agrees="no", note="On second thoughts no.")
    page = step(
        specialist, specialist.open(page_of(leg)), "Judge how urgent it is",
        level="medium", note="It was a joke.",
    )  # fmt: skip
    assert "Judged by a person Medium" in page.text
    assert "Level: Immediate" in page.text
    assert state_of(system, leg) == "triaged"


def test_nobody_decides_their_own_proposal(
    specialist: Browser, engine: Engine, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "acknowledged")
    page = step(specialist, specialist.open(page_of(leg)), "It was entered by mistake", note=NOTE)
    assert "A second person has been asked." in page.text
    with acting(engine, world, world.home.specialist) as unit:
        from tirek.services import second_opinions  # noqa: PLC0415

        (proposal,) = second_opinions.proposals(unit, unit.session.get_one(Referral, leg.id))
    own = specialist.open(f"{page_of(leg)}/proposals/{proposal.id}")
    assert "Another person than the one who proposed it does this" in own.text
    assert own.html.find("main").find("form") is None  # type: ignore[union-attr]
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    sent = specialist.client.post(
        own.url, data={"csrf_token": token, "version": "3", "agrees": "yes", "note": "Yes."}
    )
    assert sent.status_code == 422
    assert "Another person than the one who proposed it" in sent.get_data(as_text=True)


def test_two_people_end_what_was_entered_by_mistake(
    specialist: Browser, supervisor: Browser, system: Session, leg: Referral
) -> None:
    step(specialist, specialist.open(page_of(leg)), "It was entered by mistake", note="A test.")
    theirs = supervisor.open(page_of(leg))
    done = supervisor.submit(
        supervisor.open(theirs.link("Read it and decide")), agrees="yes", note="Yes, a test."
    )
    assert "Was entered by mistake" in done.text
    assert state_of(system, leg) == "entered_in_error"


def test_the_owner_cannot_be_the_second_person(
    specialist: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "outcome_set")
    page = specialist.open(page_of(leg))
    assert not [a for a in page.html.find_all("a") if "Agree with the outcome" in a.text]
    shown = specialist.open(f"{page_of(leg)}/close")
    assert "Another person than the one who proposed it does this" in shown.text
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    sent = {"csrf_token": token, "note": "Mine.", "version": str(leg_version(system, leg))}
    answer = specialist.client.post(f"{page_of(leg)}/close", data=sent)
    assert answer.status_code == 422
    assert "another person has to be one of the two" in answer.get_data(as_text=True)
    assert state_of(system, leg) == "outcome_set"


def leg_version(system: Session, leg: Referral) -> int:
    system.rollback()
    return system.scalars(select(Referral.version).where(Referral.id == leg.id)).one()


def test_the_second_person_sends_it_back(
    supervisor: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "outcome_set")
    page = step(
        supervisor, supervisor.open(page_of(leg)), "I do not agree: send it back",
        note="Talk with the mother first.",
    )  # fmt: skip
    assert "It has gone back to its owner." in page.text
    assert state_of(system, leg) == "review"


def test_an_assessment_can_be_saved_and_finished_later(
    specialist: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "contacted")
    form = specialist.open(f"{page_of(leg)}/assess")
    wrong = specialist.submit(form, status=422, do="save", safety_note="Safe at her aunt's.")
    assert "Say whether you sign it or leave it out." in wrong.text
    assert "Safe at her aunt's." in wrong.text
    saved = specialist.submit(wrong, do="save", safety="signed")
    assert "Saved." in saved.text
    again = specialist.open(f"{page_of(leg)}/assess")
    assert "Safe at her aunt's." in again.text
    early = specialist.submit(again, status=422, do="finish", note="Enough.")
    assert "Some parts are still blank" in early.text
    assert "Enough." in early.text
    assert state_of(system, leg) == "contacted"
    rest = dict.fromkeys(PARTS[1:], "waived") | {f"{part}_note": "-." for part in PARTS[1:]}
    specialist.submit(early, do="finish", **rest)
    assert state_of(system, leg) == "assessed"


def test_a_plan_needs_a_day_that_lies_ahead(
    specialist: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "assessed")
    form = specialist.open(f"{page_of(leg)}/plan")
    none = specialist.submit(form, status=422, child_agrees="yes", note=NOTE)
    assert "Choose the day on which you look at it again." in none.text
    past = specialist.submit(none, status=422, next_on="2026-01-05")
    assert "Choose a day after today." in past.text
    assert NOTE in past.text
    specialist.submit(past, next_on=in_days(3).date().isoformat())
    assert state_of(system, leg) == "planned"


# A child who cannot be reached


def test_three_tries_in_vain_call_those_above(
    specialist: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "triaged")
    page = specialist.open(page_of(leg))
    for number in range(3):
        assert "Possible after 3 tries in vain" in page.text, number
        form = specialist.open(page.link("Write down a call or a visit"))
        sent = {"person": "guardian", "channel": "phone", "reached": "no"}
        page = specialist.submit(form, **sent)
        # The same form once more is the same try.
        specialist.submit(form, **sent)
    assert tries(system, leg) == 3
    page = step(specialist, page, "The child cannot be reached", note="Rang at 8, 12 and 18.")
    assert "They have been called." in page.text
    assert state_of(system, leg) == "unreachable"
    page = step(specialist, page, "I have talked with the child", note="She was at her aunt's.")
    assert state_of(system, leg) == "contacted"


def tries(system: Session, leg: Referral) -> int:
    system.rollback()
    counted = select(func.count()).where(ContactAttempt.referral_id == leg.id)
    return system.scalars(counted).one()


def test_a_talk_with_the_child_stops_the_clock_whichever_form_is_used(
    specialist: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "triaged")
    form = specialist.open(f"{page_of(leg)}/attempt")
    sent = {"person": "child", "channel": "phone", "reached": "yes"}
    wrong = specialist.submit(form, status=422, **sent)
    assert "Write what came of it." in wrong.text
    specialist.submit(wrong, note=NOTE)
    assert state_of(system, leg) == "contacted"


# The family refuses


def test_a_refusal_is_looked_at_by_a_second_person(
    specialist: Browser,
    supervisor: Browser,
    engine: Engine,
    system: Session,
    world: World,
    leg: Referral,
) -> None:
    in_state(engine, world, leg, "contacted")
    page = step(
        specialist, specialist.open(page_of(leg)), "The family does not want help", note=NOTE
    )
    assert "A second person has been asked to look at the danger." in page.text
    theirs = supervisor.open(page_of(leg))
    assert not [a for a in theirs.html.find_all("a") if "Propose an outcome" in a.text]
    page = step(supervisor, theirs, "The danger is there: go on", note="The father drinks.")
    assert state_of(system, leg) == "acknowledged"


# The school is asked


def test_the_school_is_asked_and_the_answer_written_down(
    specialist: Browser, engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "acknowledged")
    page = step(
        specialist, specialist.open(page_of(leg)), "Ask the school", note="When is she at school?"
    )
    assert "When is she at school?" in page.text
    assert state_of(system, leg) == "needs_info"
    step(specialist, page, "Write down the answer", note="Until two o'clock.")
    assert state_of(system, leg) == "acknowledged"


# It goes on to somebody else


def test_it_is_not_for_this_centre(
    specialist: Browser, system: Session, world: World, browser: NewBrowser, leg: Referral
) -> None:
    page = step(specialist, specialist.open(page_of(leg)), "It is not for us", note="Not ours.")
    assert "Not taken here, waiting until the next one accepts" in page.text
    _old, new = legs(system, world.school.pupil)
    there = browser().sign_in(world.neighbour.specialist)
    opened = there.open(page_of(new))
    assert "The receiver before said that it is not for them" in opened.text


def test_a_referral_is_joined_with_the_one_that_lies_there(
    engine: Engine, psychologist: Browser, system: Session, world: World, leg: Referral
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    own = next(one for one in legs(system, world.school.pupil) if one.receiver == "school")
    in_state(engine, world, own, "acknowledged", world.school.psychologist)
    form = psychologist.open(f"/en/school/cases/{own.id}/redirect")
    there = psychologist.submit(form, status=422, center=str(world.home.id), note="More than us.")
    assert "already has an open referral about this pupil" in there.text
    assert "More than us." in there.text
    joined = psychologist.submit(there, do="merge", center=str(world.home.id))
    assert "has been joined with the one that lies at the centre" in joined.text
    assert state_of(system, own) == "merged"


# Twice, too late, and at once


STEPS = [
    ("acknowledged", "triage", {"level": "immediate", "note": NOTE}),
    ("acknowledged", "ask", {"note": NOTE}),
    ("triaged", "contact", {"channel": "in_person", "note": NOTE}),
    ("planned", "support", {"note": NOTE}),
    ("in_support", "review", {"note": NOTE}),
    ("review", "outcome", {"outcome": "supported", "child_heard": "yes", "note": NOTE}),
    ("contacted", "refusal", {"note": NOTE}),
]


@pytest.mark.parametrize("trial", STEPS, ids=lambda one: one[1])
def test_a_step_sent_twice_is_one_and_a_late_one_is_refused(
    engine: Engine,
    both: tuple[Browser, Browser],
    system: Session,
    world: World,
    leg: Referral,
    trial: tuple[str, str, dict[str, object]],
) -> None:
    state, name, given = trial
    specialist, supervisor = both
    in_state(engine, world, leg, state)
    form = specialist.open(f"{page_of(leg)}/{name}")
    theirs = supervisor.open(f"{page_of(leg)}/{name}")
    specialist.submit(form, **given)
    version = leg_version(system, leg)
    specialist.submit(form, **given)
    assert leg_version(system, leg) == version
    late = supervisor.submit(theirs, status=409, **given)
    assert f"Last step by: {world.home.specialist.account.display_name}" in late.text
    assert NOTE in late.text
    assert urlsplit(late.link("Show it as it is now")).path == page_of(leg)


def test_a_form_of_an_older_page_says_so_before_anything_is_typed(
    engine: Engine, specialist: Browser, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "acknowledged")
    page = specialist.open(page_of(leg))
    link = page.link("Judge how urgent it is")
    with acting(engine, world, world.home.supervisor) as unit:
        referral_steps.ask_sender(unit, leg.id, version_of(unit, leg.id), NOTE)
    specialist.open(link, status=409)


def test_a_colleagues_step_is_not_offered_and_not_taken(
    engine: Engine, specialist: Browser, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "acknowledged", world.home.supervisor)
    page = specialist.open(page_of(leg))
    assert not [a for a in page.html.find_all("a") if "Judge how urgent" in a.text]
    late = specialist.open(f"{page_of(leg)}/triage", status=409)
    assert world.home.supervisor.account.display_name in late.text


def test_two_accept_in_the_same_second(
    app: Flask, specialist: Browser, supervisor: Browser, system: Session, world: World,
    leg: Referral,
) -> None:  # fmt: skip
    """One becomes the owner; the other is told by whom they were beaten."""
    del app
    names = {
        world.home.specialist.account.display_name,
        world.home.supervisor.account.display_name,
    }
    sent = []
    for browser in (specialist, supervisor):
        page = browser.open(page_of(leg))
        form = page.form("/acknowledge")
        fields = {
            str(tag["name"]): str(tag["value"]) for tag in form.find_all("input") if tag.get("name")
        }
        sent.append((browser, str(form["action"]), fields))
    start = Barrier(2)

    def press(one: tuple[Browser, str, dict[str, str]]) -> tuple[int, str]:
        browser, action, fields = one
        start.wait()
        answer = browser.client.post(action, data=fields)
        return answer.status_code, answer.get_data(as_text=True)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(press, sent))
    assert [status for status, _ in answers] == [303, 409]
    system.rollback()
    owner = the_leg(system, world.school.pupil).owner_id
    winner = next(
        one.account.display_name
        for one in (world.home.specialist, world.home.supervisor)
        if one.account.id == owner
    )
    assert winner in names
    assert f"Last step by: {winner}" in answers[1][1]
    accepted = select(func.count()).where(
        ReferralEvent.referral_id == leg.id, ReferralEvent.to_state == "acknowledged"
    )
    assert system.scalars(accepted).one() == 1


def test_attempts_of_the_page_are_counted_with_the_services(
    specialist: Browser, engine: Engine, world: World, leg: Referral
) -> None:
    in_state(engine, world, leg, "triaged")
    for _ in range(3):
        try_in_vain(engine, world, world.home.specialist, leg.id)
    with acting(engine, world, world.home.specialist) as unit:
        found = referral_care.attempts_in_vain(unit, unit.session.get_one(Referral, leg.id))
    assert found == 3
    assert "3 tries in vain are written down" in specialist.open(f"{page_of(leg)}/attempt").text


def test_the_steps_of_another_centre_are_not_there(
    engine: Engine, world: World, browser: NewBrowser, leg: Referral
) -> None:
    in_state(engine, world, leg, "acknowledged")
    stranger = browser().sign_in(world.neighbour.specialist)
    for name in ("triage", "ask", "attempt", "redirect", "close", "error"):
        stranger.open(f"{page_of(leg)}/{name}", status=404)
    stranger.open(f"{page_of(leg)}/proposals/{UUID(int=7)}", status=404)


def test_a_colleague_at_school_is_the_second_person(
    engine: Engine, psychologist: Browser, system: Session, world: World, browser: NewBrowser,
    calm: Referral,
) -> None:  # fmt: skip
    colleague = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    system.commit()
    in_state(engine, world, calm, "contacted", world.school.psychologist)
    here = psychologist.open(f"/en/school/cases/{calm.id}")
    step(psychologist, here, "The family does not want help", note=NOTE)
    other = browser().sign_in(colleague)
    page = step(
        other, other.open(f"/en/school/cases/{calm.id}"), "Propose an outcome",
        outcome="family_refused", child_heard="no", note="No danger seen; they know where we are.",
    )  # fmt: skip
    assert "The family refused" in page.text
    assert state_of(system, calm) == "outcome_set"
