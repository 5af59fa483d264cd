"""The real courses are found by what parents type, within the time of a blink."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import process_time

import pytest

from tests.world import the_catalog
from tirek.catalog.content.asked import FILE, read_asked
from tirek.catalog.errors import CatalogError
from tirek.domain.search import Findings, SearchIndex

# The limit of the plan; on a busy machine the processor's own time is what a query costs.
LONGEST_QUERY = 0.005


@pytest.fixture(scope="module")
def searches() -> Mapping[str, SearchIndex]:
    return the_catalog().searches


@pytest.fixture(scope="module")
def every() -> set[str]:
    courses = the_catalog().courses.values()
    return {one.id for one in courses} | {
        f"{one.id}/{lesson.id}" for one in courses for lesson in one.lessons
    }


@pytest.mark.parametrize(
    ("lang", "typed", "expected"),
    [
        ("kk", "коркыныш", "primary/fears-and-worry"),
        ("kk", "ұйқы", "first-years/sleep-without-war"),
        ("kk", "уйкы", "first-years/sleep-without-war"),
        ("kk", "ашу", "calm-parent/boiling-signs"),
        ("ru", "травля", "safe-child/three-sides"),
        ("ru", "травлю в сети", "digital-family/class-chat"),
        ("ru", "ЕНТ", "youth/ent-calm"),
        ("ru", "не хочет в школу", "school-start/not-going-to-school"),
        ("ru", "развод", "family-ties/telling-the-child"),
        # What parents say and the texts do not.
        ("ru", "истирика", "preschool/tantrum-three-parts"),
        ("ru", "ребенок врет", "primary/lies-and-taken-things"),
        ("ru", "суицид", "safe-child/ask-stay-call"),
        ("kk", "тілін алмайды", "preschool/short-calm-requests"),
        ("kk", "отирик айтады", "primary/lies-and-taken-things"),
        ("kk", "буллинг", "safe-child/three-sides"),
    ],
)
def test_a_parent_finds_the_lesson(
    searches: Mapping[str, SearchIndex], every: set[str], lang: str, typed: str, expected: str
) -> None:
    assert expected in searches[lang].find(typed, every).ids[:5]


def test_every_lesson_is_found_by_its_own_title(
    searches: Mapping[str, SearchIndex], every: set[str]
) -> None:
    for course in the_catalog().courses.values():
        for lesson in course.lessons:
            for lang, text in lesson.texts.items():
                found = searches[lang].find(text.title, every).ids
                assert f"{course.id}/{lesson.id}" in found[:3], (lang, text.title)


def test_words_for_a_lesson_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('nowhere: {kk: "сөз", ru: "слово"}\n')
    with pytest.raises(CatalogError, match="there is no lesson nowhere"):
        read_asked(tmp_path, the_catalog().courses.values())
    assert read_asked(tmp_path / "without", []) == {}


def test_a_question_is_answered_in_5_ms(
    searches: Mapping[str, SearchIndex], every: set[str]
) -> None:
    questions = ["травля", "ребенок не хочет идти в школу", "истирика", "калай", "а" * 80, "бала"]
    for lang in ("kk", "ru"):
        for question in questions:
            assert median(_times(searches[lang], question, every)) < LONGEST_QUERY, question


def _times(index: SearchIndex, question: str, every: set[str]) -> list[float]:
    found: Findings
    times = []
    for _again in range(7):
        start = process_time()
        found = index.find(question, every)
        for one in found.ids[:25]:
            index.title(found, one)
            index.excerpt(found, one)
        times.append(process_time() - start)
    return times
