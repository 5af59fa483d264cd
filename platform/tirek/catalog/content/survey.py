"""Everything under content/, read as far as it can be read, with all that is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tirek.catalog.content.files import (
    Text,
    WrittenCourse,
    WrittenLesson,
    read_course_page,
    read_lesson,
)
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.glossary import Glossary, read_glossary, read_sources
from tirek.catalog.content.parity import unequal
from tirek.catalog.content.plan import PAGE_NAME, Plan, read_plan
from tirek.catalog.errors import CatalogError, Finding
from tirek.domain.education import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Folder:
    """One course: its plan, and by language its page and the lessons that could be read."""

    plan: Plan
    pages: Mapping[str, WrittenCourse]
    lessons: Mapping[str, Mapping[str, WrittenLesson]]


@dataclass(frozen=True, slots=True)
class Survey:
    """All that could be read; `findings` says what keeps the courses from being loaded."""

    folders: tuple[Folder, ...]
    sources: Mapping[str, Source]
    glossary: Glossary
    findings: tuple[Finding, ...]

    @property
    def lessons(self) -> Iterator[WrittenLesson]:
        """Every lesson that could be read, in every language."""
        for folder in self.folders:
            for lessons in folder.lessons.values():
                yield from lessons.values()

    @property
    def texts(self) -> Iterator[Text]:
        """Every lesson and every course page that could be read."""
        for folder in self.folders:
            yield from folder.pages.values()
        yield from self.lessons


def survey(root: Path) -> Survey:
    """Read every file; a fault in one does not hide the faults of the others."""
    return _Surveyor(root).survey()


class _Surveyor:
    """Walks the folders and keeps what it finds wrong."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []

    def survey(self) -> Survey:
        sources = self._try(read_sources, self.root / "sources.bib.yml")
        glossary = self._try(read_glossary, self.root / "glossary.yml")
        courses = sorted((self.root / "courses").glob("*/"))
        plans = [self._try(read_plan, course / "course.yml") for course in courses]
        folders = tuple(self._folder(plan) for plan in plans if plan)
        self.findings += _homeless(self.root, {course.name for course in courses})
        self.findings += _unknown_prerequisites(folders)
        found = Survey(folders, sources or {}, glossary or Glossary(), tuple(self.findings))
        return replace(found, findings=(*found.findings, *_unknown_sources(found)))

    def _try(self, read: Callable[[Path], T], path: Path) -> T | None:
        try:
            return read(path)
        except CatalogError as error:
            self.findings.append(Finding("format", error.path, error.line, error.reason))
            return None

    def _folder(self, plan: Plan) -> Folder:
        pages: dict[str, WrittenCourse] = {}
        lessons: dict[str, dict[str, WrittenLesson]] = {}
        for lang in LANGUAGES:
            home = self.root / lang / plan.id
            self.findings += _strays(home, plan)
            page = self._try(read_course_page, home / PAGE_NAME)
            pages |= {lang: page} if page else {}
            lessons[lang] = self._lessons(home, plan)
        folder = Folder(plan, pages, lessons)
        self.findings += _differences(folder)
        return folder

    def _lessons(self, home: Path, plan: Plan) -> dict[str, WrittenLesson]:
        read = (self._try(read_lesson, home / name) for name in plan.lesson_files)
        return {lesson.front.id: lesson for lesson in read if lesson}


def _strays(home: Path, plan: Plan) -> Iterator[Finding]:
    for path in sorted(home.glob("*")):
        if path.name not in {PAGE_NAME, *plan.lesson_files}:
            yield Finding("files", path, 1, f"{plan.path.name} names no such lesson in this place")


def _homeless(root: Path, courses: set[str]) -> Iterator[Finding]:
    for lang in LANGUAGES:
        for path in sorted((root / lang).glob("*/")):
            if path.name not in courses:
                yield Finding("files", path, 1, "courses/ has no course of this name")


def _differences(folder: Folder) -> Iterator[Finding]:
    first, second = (folder.lessons[lang] for lang in LANGUAGES)
    for lesson_id in folder.plan.lessons:
        if lesson_id in first and lesson_id in second:
            yield from unequal(first[lesson_id], second[lesson_id])


def _unknown_prerequisites(folders: tuple[Folder, ...]) -> Iterator[Finding]:
    known = {folder.plan.id for folder in folders}
    for folder in folders:
        for course in sorted(set(folder.plan.prerequisites) - known):
            line = folder.plan.keys.mapping.key_lines["prerequisites"]
            yield Finding("files", folder.plan.path, line, f"there is no course {course!r}")


def _unknown_sources(found: Survey) -> Iterator[Finding]:
    for lesson in found.lessons:
        line = lesson.keys.mapping.key_lines["sources"]
        for source in lesson.front.facts.sources:
            if source not in found.sources:
                yield Finding("sources", lesson.path, line, f"no source {source!r} in the list")
        if not lesson.front.facts.sources:
            yield Finding("sources", lesson.path, line, "a lesson names at least 1 source")
