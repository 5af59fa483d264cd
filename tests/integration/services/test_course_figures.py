"""Sums over parents come out right, hide small groups, and never cross a region."""

import csv
from io import StringIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.people import Role
from tirek.services import course_figures, effect, research_export
from tirek.services.course_figures import Funnel
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    InstrumentRelease,
    LessonProgress,
    SelfReport,
    SelfScore,
)

COURSE = the_catalog().courses["calm-parent"]
LESSONS = [lesson.id for lesson in COURSE.lessons]


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys))
    system.commit()
    return made


@pytest.fixture
def above(system: Session, world: World) -> Unit:
    return world.unit(an_adult(world.unit(), Role.METHODOLOGIST).actor, system)


def read(
    session: Session, people: int, done: int, language: str, region: str | None = None
) -> list[UUID]:
    """So many new parents who opened all lessons and finished the first `done` of them."""
    ids = [uuid4() for _ in range(people)]
    session.execute(
        insert(Account),
        [
            {
                "id": one,
                "email": f"{one.hex}@example.org",
                "password_hash": "-",
                "role": Role.GUARDIAN.value,
                "display_name": "",
                "language": language,
                "is_active": True,
                "totp_last_step": 0,
                "region_iso": region,
            }
            for one in ids
        ],
    )
    for at, lesson in enumerate(LESSONS):
        session.execute(
            insert(LessonProgress).values(
                course_id=COURSE.id,
                lesson_id=lesson,
                language=language,
                done_at=func.now() if at < done else None,
            ),
            [{"account_id": one} for one in ids],
        )
    return ids


def funnel(unit: Unit, language: str | None, region: str | None = None) -> Funnel:
    found = course_figures.funnels(unit, [COURSE], region)
    return next(one for one in found if one.language == language)


def test_nobody_is_counted_as_nobody(above: Unit) -> None:
    assert funnel(above, None).steps == (0, 0, 0, 0)


def test_steps_of_both_languages_and_of_each(above: Unit) -> None:
    read(above.session, 10, 0, "ru")
    read(above.session, 9, 1, "ru")
    read(above.session, 8, len(LESSONS), "ru")
    read(above.session, 7, len(LESSONS), "kk")
    assert funnel(above, "ru") == Funnel(COURSE, "ru", (27, 17, 8, 8), 8)
    assert funnel(above, "kk") == Funnel(COURSE, "kk", (7, 7, 7, 7), 7)
    assert funnel(above, None) == Funnel(COURSE, None, (34, 24, 15, 15), 15)


def test_a_small_group_is_hidden_and_cannot_be_found_by_subtraction(above: Unit) -> None:
    read(above.session, 3, len(LESSONS), "kk")
    read(above.session, 20, 1, "ru")
    assert funnel(above, None).steps[0] == 23
    assert funnel(above, "kk").steps == (None,) * 4
    assert funnel(above, "ru").steps[0] is None
    page = research_export.write(course_figures.funnels(above, [COURSE], None), [])
    rows = list(csv.DictReader(StringIO(page)))
    assert {row["value"] for row in rows if row["language"] == "kk"} == {"<5"}


def test_a_region_counts_its_own(above: Unit, world: World) -> None:
    here, there = world.home.region.iso, world.neighbour.region.iso
    read(above.session, 6, 1, "ru", here)
    read(above.session, 9, 1, "ru", there)
    assert funnel(above, "ru", here).steps[0] == 6
    assert funnel(above, "ru", there).steps[0] == 9
    # A parent without a region of their own belongs to where the child learns.
    guardian = world.school.guardian.account.id
    above.session.execute(
        insert(LessonProgress).values(
            account_id=guardian, course_id=COURSE.id, lesson_id=LESSONS[0], language="ru"
        )
    )
    assert funnel(above, "ru", here).steps[0] == 7


def answer_twice(unit: Unit, people: list[UUID], before: int, after: int) -> None:
    release = unit.session.execute(
        select(InstrumentRelease.id, InstrumentRelease.instrument_id).where(
            InstrumentRelease.instrument_id == "parent-attitudes"
        )
    ).first()
    assert release is not None
    for one in people:
        for occasion, value in (("before", before), ("after", after)):
            report = uuid4()
            at = func.now() + func.make_interval(0, 0, 0, int(occasion == "after"))
            unit.session.execute(
                insert(SelfReport).values(
                    id=report, account_id=one, instrument_id=release.instrument_id,
                    release_id=release.id, occasion=occasion, course_id=COURSE.id, child_age=9,
                    language="ru", wording_hash="-", state="completed", ended_at=at,
                )
            )  # fmt: skip
            unit.session.execute(
                insert(SelfScore).values(
                    report_id=report, scale_id="warmth", value=value, engine_version="1"
                )
            )


def test_change_is_shown_from_ten_pairs_on(above: Unit) -> None:
    people = read(above.session, 12, 0, "ru")
    answer_twice(above, people[:9], 10, 12)
    assert [one.change for one in effect.effects(above, [COURSE], None)] == [None]
    answer_twice(above, people[9:], 10, 12)
    (found,) = effect.effects(above, [COURSE], None)
    assert found.scale_id == "warmth"
    assert found.change is not None
    assert (found.change.pairs, found.change.mean, found.change.low) == (12, 2.0, 2.0)
    rows = list(csv.DictReader(StringIO(research_export.write([], [found]))))
    assert [row["value"] for row in rows] == ["12", "10.00", "12.00", "2.00", "2.00", "2.00"]
