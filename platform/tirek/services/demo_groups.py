"""The demo's groups of parents: one under way at each open school, meetings, and what readers say.

Nobody is written to about any of it.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.cohorts import new_join_code
from tirek.domain.education import Strand
from tirek.domain.people import Actor
from tirek.services.demo_pupils import Family
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.lesson_feedback import Verdict
from tirek.services.unit import Unit
from tirek.storage.models import (
    Cohort,
    CohortMember,
    CohortQuestion,
    LessonFeedback,
    LessonProgress,
    ParentMeeting,
)

COURSE = "calm-parent"
# The group began so long ago and lasts five weeks; its members came in before.
BEGAN, LASTS, JOINED = timedelta(days=15), timedelta(days=34), timedelta(days=18)
# Lessons that each further member has finished: ahead, as planned, quiet since a while.
READ = (3, 2, 1)
QUIET = timedelta(days=13)
MEETINGS = (
    (Strand.RESILIENCE, 40, 31, 6),
    (Strand.SAFETY, 60, 44, 9),
    (Strand.RESILIENCE, 38, 25, 4),
)


def fill(workshop: Workshop, staff: DemoStaff, families: Sequence[Family]) -> None:
    """A group at each of the families' schools, and three meetings at every school and centre."""
    own: dict[UUID, list[Family]] = {}
    for family in families:
        own.setdefault(family.pupils[0].place.school.id, []).append(family)
    with workshop.begin() as unit:
        for school_id, people in own.items():
            _group(workshop, unit, staff.psychologists[school_id], people)
        for leader in (*staff.psychologists.values(), *staff.specialists.values()):
            _meetings(workshop, unit, leader)
        _voices(workshop, unit)


def _group(workshop: Workshop, unit: Unit, leader: Actor, families: Sequence[Family]) -> None:
    """All but the last family take part; the last one sees the invitation of its class."""
    language = families[0].login.account.language
    today = _today(workshop)
    group = Cohort(
        course_id=COURSE,
        school_id=leader.school_id,
        classroom_id=families[-1].pupils[0].room.now.id,
        facilitator_id=_id(leader),
        starts_on=today - BEGAN,
        ends_on=today - BEGAN + LASTS,
        join_code=new_join_code(secrets.choice),
    )
    unit.session.add(group)
    unit.session.flush()
    names = workshop.words.notes[language, "group_name"]
    for number, family in enumerate(families[:-1]):
        _member(workshop, unit, group.id, family, names[number % len(names)], number)
    _questions(workshop, unit, group, leader, language)


def _member(
    workshop: Workshop, unit: Unit, group_id: UUID, family: Family, name: str, number: int
) -> None:
    account_id = family.login.account.id
    unit.session.execute(
        insert(CohortMember).values(
            cohort_id=group_id,
            account_id=account_id,
            shown_name=name,
            joined_at=workshop.now - JOINED,
        )
    )
    course = unit.catalog.courses[COURSE]
    path = sorted(course.core_path, key=lambda core: core.day)
    for step in path[: READ[number % len(READ)]]:
        read_at = workshop.now - QUIET + timedelta(days=step.day)
        unit.session.execute(
            upsert(LessonProgress)
            .values(
                account_id=account_id,
                course_id=COURSE,
                lesson_id=step.lesson_id,
                opened_at=read_at,
                seen_at=read_at,
                done_at=read_at,
                language=family.login.account.language,
            )
            .on_conflict_do_nothing()
        )


def _questions(workshop: Workshop, unit: Unit, group: Cohort, leader: Actor, language: str) -> None:
    words = workshop.words.notes
    answered, waiting = words[language, "group_question"][:2]
    today = _today(workshop)
    unit.session.add_all(
        [
            CohortQuestion(
                cohort_id=group.id,
                words=answered,
                asked_on=today - timedelta(days=4),
                answer=words[language, "group_answer"][0],
                answered_at=workshop.now - timedelta(days=3),
                answered_by=_id(leader),
            ),
            CohortQuestion(cohort_id=group.id, words=waiting, asked_on=today - timedelta(days=1)),
        ]
    )


def _meetings(workshop: Workshop, unit: Unit, leader: Actor) -> None:
    unit.session.add_all(
        ParentMeeting(
            school_id=leader.school_id,
            support_center_id=leader.support_center_id,
            strand=strand.value,
            held_on=_today(workshop) - timedelta(weeks=2 * number + 1),
            invited=invited,
            attended=attended,
            fathers=fathers,
            created_by=_id(leader),
        )
        for number, (strand, invited, attended, fathers) in enumerate(MEETINGS)
    )


def _voices(workshop: Workshop, unit: Unit) -> None:
    verdicts = list(Verdict)
    for course in unit.catalog.courses.values():
        for language in ("kk", "ru"):
            words = workshop.words.notes[language, "lesson_words"]
            for number, lesson in enumerate(course.lessons[:4]):
                said = words[number] if number < len(words) else None
                _voice(workshop, unit, (course.id, lesson.id, language), verdicts[number % 2], said)


def _voice(
    workshop: Workshop,
    unit: Unit,
    place: tuple[str, str, str],
    verdict: Verdict,
    words: str | None,
) -> None:
    course_id, lesson_id, language = place
    unit.session.execute(
        insert(LessonFeedback).values(
            id=uuid4(),
            course_id=course_id,
            lesson_id=lesson_id,
            lang=language,
            rev=1,
            verdict=verdict.value,
            words=words,
            created_at=workshop.now - timedelta(days=len(lesson_id)),
        )
    )


def _today(workshop: Workshop) -> date:
    moment: datetime = workshop.now
    return moment.astimezone(KAZAKHSTAN).date()


def _id(actor: Actor) -> UUID:
    if actor.account_id is None:
        raise ValueError("a person without an account leads no group")
    return actor.account_id
