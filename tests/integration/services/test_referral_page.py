"""One page says why here, why now, who saw it and what is due; notices are confirmed by name."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, acting, the_leg
from tests.builders_work import lead_on, lead_to, try_in_vain
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.watch import AlarmReply
from tirek.services import ladder, notice_steps, referral_page
from tirek.storage.models import (
    AlarmAnswer,
    AuditEntry,
    Deadline,
    Delivery,
    Notice,
    OutboxMessage,
    Receipt,
    Referral,
)


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
            assert notice_steps.confirm_notice(unit, notice_id) == leg.case_id
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
        notice_steps.confirm_notice(unit, notice_id)
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


def test_the_page_shows_the_ladder_whom_it_called_and_what_they_answered(
    engine: Engine, owner: Engine, system: Session, world: World, leg: Referral
) -> None:
    with owner.begin() as connection:
        connection.execute(
            update(Deadline)
            .where(Deadline.referral_id == leg.id, Deadline.clock == "acknowledged")
            .where(Deadline.rung == 1)
            .values(due_at=func.now() - timedelta(minutes=1))
        )
    assert ladder.fire_due(world.unit(session=system), 10) >= 1
    system.commit()
    alarm = system.scalars(
        select(Deadline.id).where(Deadline.clock == "acknowledged", Deadline.rung == 1)
    ).one()
    with acting(engine, world, world.home.supervisor) as unit:
        unit.session.add(
            AlarmAnswer(
                deadline_id=alarm,
                account_id=world.home.supervisor.account.id,
                answer=AlarmReply.CALLED_CENTER.value,
            )
        )
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, leg.id, "kk")
    accept_clock = next(one for one in page.clocks if one.kind == "acknowledged")
    rung = next(one for one in accept_clock.rungs if one.number == 1)
    assert rung.rang_at is not None
    assert world.home.supervisor.account.display_name in {one.name for one in rung.called}
    (answer,) = rung.answers
    assert (answer.who.name, answer.answer) == (
        world.home.supervisor.account.display_name,
        "called_center",
    )
    later = [one for one in accept_clock.rungs if one.number > 1]
    assert later
    assert all(one.posts or one.is_breach for one in later)


def test_the_page_shows_every_attempt_and_no_address(
    engine: Engine, system: Session, world: World, leg: Referral
) -> None:
    message = system.scalars(
        select(OutboxMessage).where(
            OutboxMessage.referral_id == leg.id, OutboxMessage.channel == "mail"
        )
    ).first()
    assert message is not None
    first = Delivery(
        outbox_id=message.id, attempt=1, channel="mail", account_id=message.account_id,
        result="failed",
    )  # fmt: skip
    second = Delivery(
        outbox_id=message.id, attempt=2, channel="mail", account_id=message.account_id,
        result="accepted",
    )  # fmt: skip
    system.add_all([first, second])
    system.flush()
    system.add(Receipt(delivery_id=second.id, status="delivered"))
    system.commit()
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, leg.id, "kk")
    told = next(one for one in page.messages if one.attempts)
    assert told.state == "arrived"
    assert [one.result for one in told.attempts] == ["failed", "accepted"]
    assert told.attempts[1].receipt == "delivered"
    assert "@" not in repr(page.messages)
    assert {one.state for one in page.messages} <= {"arrived", "queued", "later"}


def test_the_page_says_on_what_ground(engine: Engine, world: World, leg: Referral) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        page = referral_page.open_page(unit, leg.id, "ru")
    assert "child_vital_interest" in {one.ground for one in page.legal}
    assert len({(one.ground, one.why) for one in page.legal}) == len(page.legal)


def test_what_was_written_is_read_back_whoever_wrote_it(
    engine: Engine, world: World, leg: Referral
) -> None:
    lead_to(engine, world, world.home.specialist, leg.id, "triaged", "Judged.")
    try_in_vain(engine, world, world.home.specialist, leg.id)
    for state in ("contacted", "assessed", "planned", "in_support", "review", "outcome_set"):
        lead_on(engine, world, world.home.supervisor, leg.id, state, f"Note of {state}.")
    with acting(engine, world, world.home.specialist) as unit:
        record = referral_page.open_page(unit, leg.id, "ru").work.record
    assert [(one.reached, one.note) for one in record.attempts] == [
        (True, "Note of contacted."),
        (False, None),
    ]
    assert {part.note for part in record.parts} == {"Note of assessed."}
    assert not record.missing
    assert [one.note for one in record.plans] == ["Note of planned."]
    assert [one.note for one in record.outcomes] == ["Note of outcome_set."]
