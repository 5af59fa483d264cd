"""course.yml: what a course is made of, whatever the language."""

from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.content.front import ages, identifier
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import read
from tirek.domain.education import CoreDay, Strand

PAGE_NAME = "_course.md"
CORE_DAYS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """The ids of a course's lessons in order, and which of them make the short path."""

    path: Path
    id: str
    order: int
    ages: tuple[int, int]
    strand: Strand
    lessons: tuple[str, ...]
    core_path: tuple[CoreDay, ...]
    prerequisites: tuple[str, ...]
    keys: Fields

    @property
    def lesson_files(self) -> tuple[str, ...]:
        """The names every language's lesson files must have."""
        return tuple(f"{at:02}-{lesson}.md" for at, lesson in enumerate(self.lessons, start=1))


def read_plan(path: Path) -> Plan:
    """Return the plan; raise CatalogError at its first fault."""
    keys = Fields.of(read(path))
    with keys:
        plan = Plan(
            path=path,
            id=identifier(keys, "id"),
            order=keys.integer("order"),
            ages=ages(keys, "ages"),
            strand=keys.choice("strand", Strand),
            lessons=keys.texts("lessons"),
            core_path=keys.each("core_path", _core_day),
            prerequisites=keys.texts("prerequisites"),
            keys=keys,
        )
    _check(plan)
    return plan


def _core_day(fields: Fields) -> CoreDay:
    return CoreDay(fields.integer("day"), fields.text("lesson"))


def _check(plan: Plan) -> None:
    if plan.id != plan.path.parent.name:
        raise plan.keys.error("id", f"the id is {plan.id!r}, the folder {plan.path.parent.name!r}")
    if len(set(plan.lessons)) != len(plan.lessons) or not plan.lessons:
        raise plan.keys.error("lessons", "the lessons must be named once each")
    if [core.day for core in plan.core_path] != list(range(1, CORE_DAYS + 1)):
        raise plan.keys.error("core_path", f"the core path has the days 1 to {CORE_DAYS}")
    stops = [core.lesson_id for core in plan.core_path]
    if [lesson for lesson in plan.lessons if lesson in stops] != stops:
        raise plan.keys.error("core_path", "the core path takes lessons of the course, in order")
