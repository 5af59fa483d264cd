"""What a conversation showed is written down once, by who spoke, before or after the score."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import a_pupil_answers, accept, acting, the_leg
from tests.functional.browser import Browser
from tests.world import World
from tirek.domain.scope import Scope
from tirek.services.runs import AdministrationKey
from tirek.storage.models import AuditEntry, Referral, ScreeningOutcome
from tirek.storage.session import open_session

NewBrowser = Callable[..., Browser]
FULL = {f"q{number}": "0" for number in range(1, 14)} | {"q9": "1"}


@pytest.fixture
def key(engine: Engine, world: World) -> AdministrationKey:
    """A finished PHQ-A that calls for the support centre."""
    return a_pupil_answers(engine, world, FULL, to_the_end=True)


@pytest.fixture
def leg(engine: Engine, system: Session, world: World, key: AdministrationKey) -> Referral:
    """Its referral, accepted by the specialist."""
    del key
    found = the_leg(system, world.school.pupil)
    accept(engine, world, world.home.specialist, found)
    return found


def said(session: Session) -> list[tuple[str, bool, UUID]]:
    session.rollback()
    return [
        (row.verdict, row.saw_score, row.recorded_by)
        for row in session.scalars(select(ScreeningOutcome))
    ]


def test_a_specialist_says_it_from_the_inbox_before_the_scores_are_opened(
    system: Session, world: World, browser: NewBrowser, leg: Referral, key: AdministrationKey
) -> None:
    one = browser().sign_in(world.home.specialist)
    page = one.open(one.open("/en/psc").link("After the conversation"))
    assert page.h1 == "What the conversation showed"
    assert "You have opened" not in page.text
    one.submit(page, verdict="confirmed", knew="no")
    assert said(system) == [("confirmed", False, world.home.specialist.account.id)]
    actions = set(
        system.scalars(
            select(AuditEntry.action).where(
                AuditEntry.account_id == world.home.specialist.account.id
            )
        )
    )
    assert {"outcome.open", "outcome.record"} <= actions
    again = one.open(f"/en/psc/referrals/{leg.id}/found")
    assert again.rows("What you have said")[0][1].startswith("Confirmed")
    assert not again.html.find("main").find("form")  # type: ignore[union-attr]
    assert key.id is not None


def test_whoever_has_opened_the_scores_here_cannot_say_that_they_had_not(
    system: Session, world: World, browser: NewBrowser, leg: Referral
) -> None:
    one = browser().sign_in(world.home.specialist)
    page = one.open(one.open(f"/en/psc/referrals/{leg.id}").link("Say what the conversation"))
    assert "You have opened the answers or the scores" in page.text
    one.submit(page, verdict="not_confirmed", knew="no")
    assert [row[:2] for row in said(system)] == [("not_confirmed", True)]


def test_what_is_missing_is_asked_for_and_the_rest_is_kept(
    system: Session, world: World, browser: NewBrowser, leg: Referral
) -> None:
    one = browser().sign_in(world.home.specialist)
    page = one.submit(one.open(f"/en/psc/referrals/{leg.id}/found"), status=422, verdict="unclear")
    assert "Say whether you knew them." in page.text
    assert page.html.find("input", attrs={"value": "unclear", "checked": True})
    assert not said(system)


def test_the_school_psychologist_says_it_of_a_pupil_without_a_flag(
    system: Session, engine: Engine, world: World, browser: NewBrowser
) -> None:
    calm = {f"q{number}": "0" for number in range(1, 14)}
    key = a_pupil_answers(engine, world, calm, to_the_end=True)
    one = browser().sign_in(world.school.psychologist)
    pupil = one.open(f"/en/school/pupils/{world.school.pupil.id}")
    page = one.open(pupil.link("After a conversation"))
    one.submit(page, verdict="not_confirmed", knew="no")
    assert [row[:2] for row in said(system)] == [("not_confirmed", False)]
    one.open(f"/en/school/results/{key.school_year}/{key.id}")
    after = one.open(f"/en/school/results/{key.school_year}/{key.id}/found")
    assert "Not confirmed" in after.rows("What you have said")[0][1]


def test_others_may_not_say_it(
    world: World, browser: NewBrowser, leg: Referral, key: AdministrationKey
) -> None:
    browser().sign_in(world.neighbour.specialist).open(
        f"/en/psc/referrals/{leg.id}/found", status=404
    )
    other = browser().sign_in(world.schools[1].psychologist)
    other.open(f"/en/school/results/{key.school_year}/{key.id}/found", status=404)
    browser().sign_in(world.school.guardian).open(
        f"/en/school/results/{key.school_year}/{key.id}/found", status=403
    )


def test_the_database_keeps_outcomes_from_others_and_from_change(
    engine: Engine, system: Session, world: World, browser: NewBrowser, leg: Referral
) -> None:
    one = browser().sign_in(world.home.specialist)
    one.submit(one.open(f"/en/psc/referrals/{leg.id}/found"), verdict="confirmed", knew="no")
    for actor in (world.neighbour.specialist, world.school.guardian, world.school.pupil.actor):
        with acting(engine, world, actor) as unit:
            assert not unit.session.scalars(select(ScreeningOutcome)).all()
    with open_session(engine, Scope.system()) as session:
        row = session.scalars(select(ScreeningOutcome)).one()
        row.verdict = "not_confirmed"
        with pytest.raises(DBAPIError):
            session.flush()


def test_what_was_seen_without_a_questionnaire_has_no_score_to_compare(
    engine: Engine, system: Session, world: World, browser: NewBrowser
) -> None:
    a_pupil_answers(engine, world, {"q9": "1"})
    found = the_leg(system, world.school.pupil)
    page = browser().sign_in(world.home.specialist).open(f"/en/psc/referrals/{found.id}/found")
    assert "No finished questionnaire stands behind this" in page.text


def test_whoever_has_fetched_the_answers_as_a_file_has_seen_them(
    system: Session, world: World, browser: NewBrowser, key: AdministrationKey
) -> None:
    one = browser().sign_in(world.school.psychologist)
    one.client.get(f"/en/school/assignments/{world.school.assignments['phq-a'].id}/files/csv")
    page = one.open(f"/en/school/results/{key.school_year}/{key.id}/found")
    one.submit(page, verdict="confirmed", knew="no")
    assert [row[:2] for row in said(system)] == [("confirmed", True)]
