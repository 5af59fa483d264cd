"""The words that parents type for what a lesson calls by another name."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import read
from tirek.domain.education import Course

FILE = "asked.yml"


def read_asked(root: Path, courses: Iterable[Course]) -> dict[str, Mapping[str, str]]:
    """Return the words by lesson and language; raise CatalogError for a lesson that is not there.

    A site may leave the file out: then lessons are found by their own words alone.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    lessons = {lesson.id for course in courses for lesson in course.lessons}
    file = Fields.of(read(path))
    found: dict[str, Mapping[str, str]] = {}
    for lesson_id, node in file.mapping.entries.items():
        if lesson_id not in lessons:
            raise CatalogError(path, node.line, f"there is no lesson {lesson_id}")
        with Fields(path, node) as words:
            found[lesson_id] = {"kk": words.text("kk"), "ru": words.text("ru")}
    return found
