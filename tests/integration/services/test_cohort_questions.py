"""Questions that nobody knows the asker of, answered for all; and what a group is told by mail."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, Table, func, insert, inspect, select, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.builders_group import a_group, a_parent, joins, seeing
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.cohorts import GROUP_QUESTIONS_A_DAY, AsideReason
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.services import cohort_members, cohort_news, cohort_questions, cohorts
from tirek.services.cohort_members import GroupOverError
from tirek.services.cohort_questions import EnoughForTodayError, QuestionWordsError
from tirek.services.unit import Unit
from tirek.storage.base import Base
from tirek.storage.models import (
    AuditEntry,
    Cohort,
    CohortMember,
    CohortQuestion,
    OutboxMessage,
)

NOON = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
LATE = datetime(2026, 12, 1, 17, 30, tzinfo=UTC)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2, coded=0)
    system.commit()
    return made


def rows_of_all_tables(session: Session) -> dict[str, int]:
    tables: list[Table] = list(Base.metadata.sorted_tables)
    return {
        table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables
    }


def at(unit: Unit, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """The unit's clock: what is tried is the hour, not the database's own clock."""
    monkeypatch.setattr(Unit, "now", lambda _unit: moment)
    return unit


def queued(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    return [(str(row.account_id), row.dedup.split(":")[1]) for row in rows]


def test_asking_leaves_one_row_without_a_name(world: World, engine: Engine) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    before = rows_of_all_tables(world.session)
    world.session.commit()
    session, unit = seeing(world, engine, parent.actor)
    question = uuid4()
    with session:
        cohort_questions.ask(unit, group.id, " Как быть?\r\nСын молчит. ", question)
        cohort_questions.ask(unit, group.id, "Как быть?", question)
        session.commit()
        # Not even the asker's own account finds it before it is answered.
        assert session.scalars(select(CohortQuestion)).all() == []
    after = rows_of_all_tables(world.session)
    assert {name for name in after if after[name] != before[name]} == {"cohort_questions"}
    kept = world.session.scalars(select(CohortQuestion)).one()
    assert kept.words == "Как быть?\nСын молчит."
    columns = {column.key for column in inspect(CohortQuestion).columns}
    assert columns == {
        "id", "cohort_id", "words", "asked_on", "answer", "answered_at", "answered_by",
        "set_aside_at", "set_aside_reason",
    }  # fmt: skip


def test_only_members_of_a_group_that_goes_on_ask(world: World, engine: Engine) -> None:
    group, over = a_group(world), a_group(world, starts=-40)
    member, stranger = a_parent(world), a_parent(world)
    joins(world, member, group)
    world.session.add(CohortMember(cohort_id=over.id, account_id=member.account.id, shown_name="А"))
    world.session.commit()
    session, unit = seeing(world, engine, member.actor)
    with session:
        with pytest.raises(GroupOverError):
            cohort_questions.ask(unit, over.id, "Как?", uuid4())
        for words in ("  ", "а" * 501):
            with pytest.raises(QuestionWordsError):
                cohort_questions.ask(unit, group.id, words, uuid4())
    session, unit = seeing(world, engine, stranger.actor)
    with session:
        with pytest.raises(NotFoundError):
            cohort_questions.ask(unit, group.id, "Как?", uuid4())
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.execute(
                insert(CohortQuestion).values(
                    id=uuid4(), cohort_id=group.id, words="Как?", asked_on=date(2026, 11, 22)
                )
            )


def test_a_group_asks_so_much_in_a_day(world: World, engine: Engine) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    session, unit = seeing(world, engine, parent.actor)
    with session:
        for _number in range(GROUP_QUESTIONS_A_DAY):
            cohort_questions.ask(unit, group.id, "Как?", uuid4())
        with pytest.raises(EnoughForTodayError):
            cohort_questions.ask(unit, group.id, "Как?", uuid4())


def asked(world: World, group: Cohort, words: str = "Как?", days_ago: int = 0) -> CohortQuestion:
    today = cohorts.today(world.unit())
    made = CohortQuestion(
        cohort_id=group.id, words=words, asked_on=today - timedelta(days=days_ago)
    )
    world.session.add(made)
    world.session.commit()
    return made


def test_an_answer_is_for_members_and_for_nobody_else(world: World, engine: Engine) -> None:
    group, member, stranger = a_group(world), a_parent(world), a_parent(world)
    joins(world, member, group)
    first, second = asked(world, group), asked(world, group, "Ее зовут Айша")
    asked(world, group, "Ждет")
    session, unit = seeing(world, engine, world.school.psychologist.actor)
    with session:
        cohort_questions.answer(unit, group.id, first.id, "Так.")
        cohort_questions.set_aside(unit, group.id, second.id, AsideReason.NAMES_SOMEBODY)
        session.commit()
        shown = cohort_questions.of_group(unit, group.id)
        assert [one.is_waiting for one in shown] == [True, False, False]
    session, unit = seeing(world, engine, member.actor)
    with session:
        (one,) = cohort_questions.answered(unit, group.id)
        assert (one.words, one.answer) == ("Как?", "Так.")
        assert one.by == world.school.psychologist.account.display_name
        counts = cohort_questions.set_aside_counts(unit, group.id)
        assert counts == {AsideReason.NAMES_SOMEBODY: 1}
        assert len(session.scalars(select(CohortQuestion)).all()) == 1
    outside = (stranger.actor, world.schools[1].psychologist.actor, world.home.specialist.actor)
    for actor in outside:
        session, unit = seeing(world, engine, actor)
        with session:
            assert session.scalars(select(CohortQuestion)).all() == []
            assert cohort_questions.answered(unit, group.id) == []
            with pytest.raises(NotFoundError):
                cohort_questions.set_aside_counts(unit, group.id)
            with pytest.raises(NotFoundError):
                cohort_questions.answer(unit, group.id, first.id, "Иначе.")


def test_who_left_reads_no_further_answers(world: World, engine: Engine) -> None:
    group, member = a_group(world), a_parent(world)
    joins(world, member, group)
    question = asked(world, group)
    cohort_members.leave(world.unit(member.actor), group.id)
    unit = world.unit(world.school.psychologist.actor)
    cohort_questions.answer(unit, group.id, question.id, "Так.")
    world.session.commit()
    session, unit = seeing(world, engine, member.actor)
    with session:
        assert cohort_questions.answered(unit, group.id) == []
    assert queued(world.session) == []


def test_two_colleagues_at_one_question(world: World) -> None:
    group = a_group(world)
    first, second = asked(world, group), asked(world, group)
    unit = world.unit(world.school.psychologist.actor)
    cohort_questions.answer(unit, group.id, first.id, "Так.")
    cohort_questions.answer(unit, group.id, first.id, "Так.")
    with pytest.raises(ConflictError):
        cohort_questions.answer(unit, group.id, first.id, "Иначе.")
    with pytest.raises(ConflictError):
        cohort_questions.set_aside(unit, group.id, first.id, AsideReason.ASKED_BEFORE)
    cohort_questions.correct(unit, group.id, first.id, "Точнее: так.")
    assert cohort_questions.get(unit, group.id, first.id).answer == "Точнее: так."
    with pytest.raises(ConflictError):
        cohort_questions.correct(unit, group.id, second.id, "Рано.")
    cohort_questions.set_aside(unit, group.id, second.id, AsideReason.NEEDS_A_TALK)
    cohort_questions.set_aside(unit, group.id, second.id, AsideReason.NEEDS_A_TALK)
    with pytest.raises(ConflictError):
        cohort_questions.answer(unit, group.id, second.id, "Так.")
    with pytest.raises(NotFoundError):
        cohort_questions.get(unit, a_group(world).id, first.id)


def test_the_audit_of_an_answer_names_the_question_and_no_parent(world: World) -> None:
    group = a_group(world)
    question = asked(world, group)
    unit = world.unit(world.school.psychologist.actor)
    cohort_questions.answer(unit, group.id, question.id, "Так.")
    world.session.commit()
    entry = world.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "cohort.answer")
    ).one()
    assert entry.entity_id == str(question.id)
    assert entry.account_id == world.school.psychologist.account.id


def test_one_message_for_all_answers_of_a_day_and_none_at_night(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    unit = at(world.unit(world.school.psychologist.actor), LATE, monkeypatch)
    for _number in range(2):
        cohort_news.tell_of_answer(unit, group.id)
    world.session.commit()
    row = world.session.scalars(select(OutboxMessage)).one()
    # 22:30 in Kazakhstan: it waits until eight.
    assert row.kind == "group_news"
    assert row.due_at - row.created_at == timedelta(hours=9, minutes=30)
    assert "2026-12-02" in row.dedup
    at(unit, datetime(2026, 12, 2, 7, 0, tzinfo=UTC), monkeypatch)
    cohort_news.tell_of_answer(unit, group.id)
    world.session.commit()
    assert len(queued(world.session)) == 1


def test_members_are_told_once_that_the_group_begins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, early, late = a_group(world), a_parent(world), a_parent(world)
    for parent in (early, late):
        joins(world, parent, group)
    first = datetime.combine(group.starts_on, NOON.timetz())
    world.session.execute(
        update(Cohort).values(starts_on=first.date(), ends_on=first.date() + timedelta(30))
    )
    world.session.commit()
    # Both joined on the first day itself: there is nothing to tell them.
    unit = at(world.unit(), first, monkeypatch)
    assert cohort_news.tell_of_starts(unit) == 1
    world.session.commit()
    assert queued(world.session) == []
    # For a group that begins tomorrow both are early.
    tomorrow = first + timedelta(days=1)
    world.session.execute(update(Cohort).values(starts_on=tomorrow.date()))
    for hours in (-6, 0, 1, 24):
        at(unit, tomorrow + timedelta(hours=hours), monkeypatch)
        cohort_news.tell_of_starts(unit)
        world.session.commit()
    told = queued(world.session)
    assert sorted(told) == sorted((str(one.account.id), "start") for one in (early, late))


def test_a_closed_group_tells_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    group, parent = a_group(world, starts=1), a_parent(world)
    joins(world, parent, group)
    world.session.execute(update(Cohort).values(closed_at=func.now()))
    unit = at(world.unit(), datetime.combine(group.starts_on, NOON.timetz()), monkeypatch)
    assert cohort_news.tell_of_starts(unit) == 0
    assert queued(world.session) == []


def test_the_facilitator_is_told_in_the_morning_and_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = a_group(world)
    asked(world, group)
    day = cohorts.today(world.unit())
    morning = datetime.combine(day, NOON.timetz())
    unit = at(world.unit(), morning, monkeypatch)
    assert cohort_news.tell_of_questions(unit) == 0
    for moment in (18, 21, 22, 24, 48):
        at(unit, morning + timedelta(hours=moment), monkeypatch)
        cohort_news.tell_of_questions(unit)
        world.session.commit()
    leader = str(world.school.psychologist.account.id)
    assert queued(world.session) == [(leader, "questions")]


def test_the_hours_are_kazakhstans() -> None:
    assert NOON.astimezone(KAZAKHSTAN).hour == 12
    assert LATE.astimezone(KAZAKHSTAN).hour == 22
