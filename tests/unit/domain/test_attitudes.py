"""From answers about oneself to words and lessons: at most three, each with a reason."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import answered
from tests.unit.domain.test_education import FACTS
from tests.world import the_catalog
from tirek.domain.attitudes import (
    MOST,
    SKILLS,
    Band,
    Nothing,
    Reader,
    Side,
    Why,
    advise,
    needs_of,
    picture_of,
)
from tirek.domain.education import Course, Lesson, Sensitivity, Strand
from tirek.domain.instruments import Answer
from tirek.domain.parents import HelpKind
from tirek.services.self_reports import dangers_in

INSTRUMENT = "parent-attitudes"
SIDES = ("warmth", "cooperation", "autonomy", "structure", "confidence")
ALL_SKILLS = sorted({skill for skills in SKILLS.values() for skill in skills})


def band_of(value: int) -> str:
    """As the instrument's own file cuts: up to 9, up to 14, up to 20."""
    if value <= 9:
        return Band.NEEDS_SUPPORT
    return Band.SOME if value <= 14 else Band.STRENGTH


def a_side(name: str, value: int | None) -> Side:
    if value is None:
        return Side(name, None, None)
    return Side(name, Fraction(value), band_of(value))


def some_sides(**values: int | None) -> list[Side]:
    """Every side is a strength unless told otherwise."""
    return [a_side(name, values.get(name, 20)) for name in SIDES]


def a_lesson(name: str, *skills: str, **facts: object) -> Lesson:
    given = {"skills": skills, **facts}
    return Lesson(name, int(facts.get("minutes", 1)), replace(FACTS, **given), (), {})


def a_course(name: str, *lessons: Lesson, order: int = 1, strand: Strand = Strand.RESILIENCE):
    return Course(name, order, (0, 17), strand, lessons, (), (), {})


def chosen(advice) -> list[tuple[str, str]]:
    return [(one.lesson.id, one.why) for one in advice.suggestions]


values = st.one_of(st.none(), st.integers(0, 20))
sheets = st.lists(values, min_size=5, max_size=5).map(
    lambda row: [a_side(name, value) for name, value in zip(SIDES, row, strict=True)]
)


@st.composite
def shelves(draw):
    """Some courses of small lessons with any skills, ages and topics."""
    courses = []
    for number in range(draw(st.integers(0, 3))):
        lessons = [
            a_lesson(
                f"l{place}",
                *draw(st.lists(st.sampled_from(ALL_SKILLS), max_size=2, unique=True)),
                ages=draw(st.sampled_from([(0, 17), (3, 6), (7, 10), (13, 15)])),
                sensitivity=draw(st.sampled_from([Sensitivity.NONE, Sensitivity.VIOLENCE])),
            )
            for place in range(draw(st.integers(0, 4)))
        ]
        strand = draw(st.sampled_from([Strand.RESILIENCE, Strand.SPECIAL_NEEDS]))
        courses.append(a_course(f"c{number}", *lessons, order=number, strand=strand))
    return courses


readers = st.builds(
    Reader,
    child_age=st.integers(0, 18),
    passed=st.frozensets(st.sampled_from([(f"c{n}", f"l{m}") for n in range(3) for m in range(4)])),
    has_special_needs=st.booleans(),
)


@given(sheets, shelves(), readers)
def test_at_most_three_lessons_and_never_none_without_a_reason(sides, courses, reader) -> None:
    advice = advise(INSTRUMENT, sides, courses, reader)
    assert len(advice.suggestions) <= MOST
    assert bool(advice.suggestions) == (advice.nothing is None)
    names = [(one.course.id, one.lesson.id) for one in advice.suggestions]
    assert len(set(names)) == len(names)


@given(sheets, shelves(), readers)
def test_a_machine_never_chooses_what_is_hard_read_or_for_another_age(
    sides, courses, reader
) -> None:
    for one in advise(INSTRUMENT, sides, courses, reader).suggestions:
        youngest, oldest = one.lesson.facts.ages
        assert not one.lesson.is_sensitive
        assert youngest <= reader.child_age <= oldest
        assert (one.course.id, one.lesson.id) not in reader.passed
        assert one.course.strand is not Strand.SPECIAL_NEEDS or reader.has_special_needs


@given(sheets, shelves(), readers)
def test_the_same_answers_lead_to_the_same_lessons(sides, courses, reader) -> None:
    first = advise(INSTRUMENT, sides, courses, reader)
    assert first == advise(INSTRUMENT, sides, list(reversed(courses)), reader)


@given(sheets, st.sampled_from(SIDES), st.integers(0, 20))
def test_less_strength_never_moves_a_side_back(sides, name, lower) -> None:
    before = {side.id: side for side in sides}[name]
    if before.value is None or lower >= before.value:
        return
    after = [a_side(name, lower) if side.id == name else side for side in sides]
    was, is_now = needs_of(sides), needs_of(after)
    assert set(was) <= set(is_now)
    if name in was:
        assert is_now.index(Why(name)) <= was.index(Why(name))
        assert [one for one in was if one != name] == [one for one in is_now if one != name]


@given(sheets)
def test_the_picture_leaves_no_side_out(sides) -> None:
    picture = picture_of(sides)
    every = picture.strengths + picture.some + picture.needs_support + picture.unknown
    assert sorted(every) == sorted(SIDES)


def test_the_least_strong_side_comes_first_and_gets_the_rest_of_the_three() -> None:
    shelf = [
        a_course(
            "c",
            a_lesson("time", "special-time"),
            a_lesson("listen", "active-listening"),
            a_lesson("rules", "family-rules"),
            a_lesson("praise", "praise"),
        )
    ]
    advice = advise(INSTRUMENT, some_sides(warmth=3, structure=12), shelf, Reader(8))
    assert chosen(advice) == [
        ("time", Why.WARMTH),
        ("rules", Why.STRUCTURE),
        ("listen", Why.WARMTH),
    ]


def test_a_lesson_for_exactly_this_age_stands_before_one_for_all_ages() -> None:
    shelf = [
        a_course("all", a_lesson("any", "praise", ages=(0, 17)), order=1),
        a_course("school", a_lesson("eight", "praise", ages=(7, 10)), order=9),
    ]
    assert chosen(advise(INSTRUMENT, some_sides(confidence=5), shelf, Reader(8)))[0][0] == "eight"
    assert chosen(advise(INSTRUMENT, some_sides(confidence=5), shelf, Reader(4)))[0][0] == "any"


def test_when_everything_is_a_strength_one_lesson_keeps_it_going() -> None:
    shelf = [a_course("c", a_lesson("time", "special-time"), a_lesson("more", "play"))]
    assert chosen(advise(INSTRUMENT, some_sides(), shelf, Reader(8))) == [("time", Why.KEEP)]


def test_without_any_side_there_is_a_good_first_step() -> None:
    nothing = [a_side(name, None) for name in SIDES]
    shelf = [a_course("c", a_lesson("praise", "praise"), a_lesson("me", "self-awareness"))]
    assert chosen(advise(INSTRUMENT, nothing, shelf, Reader(8))) == [("me", Why.START)]
    shelf = [a_course("c", a_lesson("rules", "family-rules"))]
    assert chosen(advise(INSTRUMENT, nothing, shelf, Reader(8))) == [("rules", Why.ANOTHER)]


def test_it_says_why_there_is_no_lesson() -> None:
    shelf = [a_course("c", a_lesson("time", "special-time", ages=(3, 6)))]
    passed = frozenset({("c", "time")})
    sides = some_sides(warmth=1)
    assert advise(INSTRUMENT, sides, shelf, Reader(4, passed)).nothing is Nothing.ALL_PASSED
    assert advise(INSTRUMENT, sides, shelf, Reader(9)).nothing is Nothing.NONE_FOR_AGE


def test_an_instrument_without_a_line_is_answered_alike_whatever_was_said() -> None:
    shelf = [a_course("c", a_lesson("me", "self-awareness"), a_lesson("stop", "pause"))]
    calm, tired = ([Side("total", Fraction(value), None)] for value in (18, 90))
    assert advise("parental-stress", calm, shelf, Reader(8)) == advise(
        "parental-stress", tired, shelf, Reader(8)
    )
    assert chosen(advise("parental-stress", tired, shelf, Reader(8))) == [
        ("me", Why.STRAIN),
        ("stop", Why.STRAIN),
    ]


@pytest.mark.parametrize("age", [4, 6, 8, 11, 14, 17])
@pytest.mark.parametrize("side", SIDES)
def test_our_own_courses_have_a_lesson_for_every_side_at_every_age(side: str, age: int) -> None:
    courses = list(the_catalog().courses.values())
    advice = advise(INSTRUMENT, some_sides(**{side: 4}), courses, Reader(age))
    assert advice.suggestions[0].why == side


@pytest.mark.parametrize("name", ["parent-attitudes", "parental-stress", "apq-9"])
def test_each_critical_item_of_a_parent_has_an_answer_that_calls_a_person(name: str) -> None:
    instrument = the_catalog().instruments[name]
    for item in (one for one in instrument.items if one.critical):
        worst = instrument.options(item.id)[-1].code
        best = instrument.options(item.id)[0].code
        assert dangers_in(instrument, {item.id: answered(worst)}) == {HelpKind(item.critical)}
        assert not dangers_in(instrument, {item.id: answered(best)})
        assert not dangers_in(instrument, {item.id: Answer.read("declined")})


def test_every_skill_is_on_the_closed_list_of_the_glossary() -> None:
    known = {
        skill
        for course in the_catalog().courses.values()
        for lesson in course.lessons
        for skill in lesson.facts.skills
    }
    # A skill may wait for its lesson; the first of each side may not.
    assert {skills[0] for skills in SKILLS.values()} <= known
