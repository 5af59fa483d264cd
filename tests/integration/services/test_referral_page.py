"""One page says why here, why now, who saw it and what is due; notices are confirmed by name."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, acting, the_leg
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.services import referral_page, referral_steps
from tirek.storage.models import AuditEntry, Notice, Referral


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


def the_notice(system: Session, kind: str) -> Notice:
    system.rollback()
    return system.scalars(
        select(Notice).where(Notice.kind == kind).execution_options(populate_existing=True)
    ).one()


def test_a_named_person_confirms_a_notice_and_the_first_one_stays(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    notice_id = the_notice(system, "guardianship").id
    for adult in (world.home.specialist, world.home.supervisor):
        with acting(engine, world, adult) as unit:
            assert referral_steps.confirm_notice(unit, notice_id) == leg.case_id
    notice = the_notice(system, "guardianship")
    assert notice.confirmed_by == world.home.specialist.account.id
    confirmed = select(func.count()).where(AuditEntry.action == "notice.confirm")
    assert system.scalars(confirmed).one() == 1


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("guardianship", "school"),
        ("child_rights", "school"),
        ("adult_at_school", "center"),
        ("guardianship", "foreign center"),
        ("adult_at_school", "foreign school"),
    ],
)
def test_nobody_confirms_what_is_not_theirs(
    engine: Engine, system: Session, world: World, leg: Referral, kind: str, who: str
) -> None:
    adult = {
        "school": world.school.psychologist,
        "center": world.home.specialist,
        "foreign center": world.neighbour.specialist,
        "foreign school": world.schools[1].psychologist,
    }[who]
    notice_id = the_notice(system, kind).id
    with acting(engine, world, adult) as unit, pytest.raises(NotFoundError):
        referral_steps.confirm_notice(unit, notice_id)
    assert the_notice(system, kind).confirmed_at is None


def test_the_page_says_who_confirms_which_notice(
    engine: Engine, world: World, leg: Referral
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, leg.id, "kk")
    may = {notice.kind: notice.may_confirm for notice in page.notices}
    assert may == {"adult_at_school": False, "guardianship": True, "child_rights": True}
    assert all(notice.body and not notice.is_ground_confirmed for notice in page.notices)


def test_the_page_shows_the_flagged_answer_by_its_topic_and_nothing_else(
    engine: Engine, world: World, leg: Referral
) -> None:
    a_pupil_answers(engine, world, {"q1": "3", "q4": "2"})
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, leg.id, "ru")
    (sheet,) = page.grounds.questionnaires
    phq = the_catalog().instruments["phq-a"]
    assert [one.topic for one in sheet.answers] == [phq.text("ru", "q9.topic")]
    assert [flag.name for flag in sheet.flags] == [phq.text("ru", "flag.selfHarm")]
    assert sheet.is_working
    assert phq.text("ru", "q1.topic") not in repr(page)


def test_the_page_lives_on_when_the_files_have_moved_on(
    engine: Engine, world: World, leg: Referral
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        later = replace(unit, catalog=replace(unit.catalog, instruments={}))
        page = referral_page.open_page(later, leg.id, "ru")
    (sheet,) = page.grounds.questionnaires
    assert (sheet.title, sheet.answers) == (None, ())
    assert [(flag.code, flag.name) for flag in sheet.flags] == [("selfHarm", None)]


def test_reading_answers_leaves_its_own_audit_row(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        referral_page.open_page(unit, leg.id, "ru")
    system.rollback()
    rows = system.execute(
        select(AuditEntry.action, AuditEntry.student_id, AuditEntry.account_id).where(
            AuditEntry.account_id == world.home.specialist.account.id
        )
    ).all()
    person, child = world.home.specialist.account.id, world.school.pupil.id
    assert [tuple(row) for row in rows] == [
        ("referral.open", child, person),
        ("responses.read", child, person),
    ]
