"""One lesson for a parent: by the answers, by what was read, never about something hard."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.education import Course
from tirek.domain.instruments import Answer, AnswerState
from tirek.services import administrations, children, courses, recommendations
from tirek.services.recommendations import RULES, Reason, choose
from tirek.services.unit import Unit
from tirek.storage.session import open_session

NONE: frozenset[tuple[str, str]] = frozenset()
AGE = 12


@pytest.fixture(scope="module")
def all_courses() -> list[Course]:
    return sorted(the_catalog().courses.values(), key=lambda course: course.order)


@pytest.mark.parametrize(
    ("raised", "age", "lesson", "reason"),
    [
        ((), 10, "boiling-signs", Reason.GOOD_START),
        (("total",), 10, "boiling-signs", Reason.GOOD_START),
        (("internalising",), 4, "child-leads-play", Reason.TIME_TOGETHER),
        (("internalising",), 12, "many-teachers", Reason.TIME_TOGETHER),
        (("internalising",), 15, "arguing-is-growing", Reason.TIME_TOGETHER),
        (("externalising",), 15, "ten-second-stop", Reason.CALM_WORDS),
        (("attention",), 15, "sleep-help-budget", Reason.OWN_STRENGTH),
        (("attention", "internalising"), 12, "many-teachers", Reason.TIME_TOGETHER),
    ],
)
def test_the_first_rule_that_fits(
    all_courses: list[Course], raised: tuple[str, ...], age: int, lesson: str, reason: Reason
) -> None:
    suggestion = choose(all_courses, frozenset(raised), NONE, age)
    assert suggestion is not None
    assert (suggestion.lesson.id, suggestion.reason) == (lesson, reason)


def test_a_lesson_read_or_put_aside_gives_way(all_courses: list[Course]) -> None:
    passed = {("calm-parent", "ten-second-stop")}
    seen = []
    while suggestion := choose(all_courses, frozenset({"externalising"}), frozenset(passed), AGE):
        seen.append(suggestion)
        passed.add((suggestion.course.id, suggestion.lesson.id))
    assert seen[0].reason is Reason.GOOD_START
    assert seen[-1].reason is Reason.ANOTHER
    assert not any(one.lesson.is_sensitive for one in seen)
    assert all(one.lesson.facts.ages[0] <= AGE <= one.lesson.facts.ages[1] for one in seen)


def test_without_courses_there_is_nothing_to_suggest() -> None:
    assert choose([], frozenset({"attention"}), NONE, AGE) is None


def test_every_rule_leads_to_a_lesson_that_is_not_hard(all_courses: list[Course]) -> None:
    for rule in RULES:
        suggestion = choose(all_courses, frozenset({rule.scale}), NONE, AGE)
        assert suggestion is not None
        assert suggestion.reason is rule.reason


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys))
    system.commit()
    return built


@pytest.fixture
def unit(engine: Engine, world: World) -> Iterator[Unit]:
    guardian = world.school.guardian.actor
    with open_session(engine, guardian.scope) as session:
        yield world.unit(guardian, session)
        session.rollback()


def test_a_guardians_own_answers_decide(
    unit: Unit, world: World, all_courses: list[Course]
) -> None:
    child = children.get_child(unit, world.school.pupil.id)
    asked = children.get_asked(unit, child, world.school.assignments["psc-17-p"].id)
    run = children.begin(unit, child, asked, "ru")
    often = {"q1", "q3", "q7", "q13"}
    administrations.record_responses(
        unit,
        run,
        {
            item.id: Answer(AnswerState.ANSWERED, "2" if item.id in often else "0")
            for item in run.instrument.items
        },
    )
    administrations.complete(unit, run)
    first = recommendations.suggest(unit, run, all_courses)
    assert first is not None
    assert (first.lesson.id, first.reason) == ("sleep-help-budget", Reason.OWN_STRENGTH)
    for _ in range(2):
        recommendations.decline(unit, first.course, first.lesson)
    second = recommendations.suggest(unit, run, all_courses)
    assert second is not None
    assert second.lesson.id == "boiling-signs"
    # What was put aside has not been read.
    account_id = world.school.guardian.account.id
    assert courses.progress(unit.session, account_id, first.course.id) == frozenset()
    courses.record_lesson_done(unit.session, account_id, second.course.id, second.lesson.id)
    third = recommendations.suggest(unit, run, all_courses)
    assert third is not None
    assert third.lesson.id not in {first.lesson.id, second.lesson.id}
