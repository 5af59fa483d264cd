"""Everything under content/, read as far as it can be read, with all that is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tirek.catalog.content.files import (
    Text,
    WrittenCourse,
    WrittenLesson,
    WrittenMemo,
    read_course_page,
    read_lesson,
    read_memo,
)
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.glossary import Glossary, read_glossary, read_sources
from tirek.catalog.content.memos import FOLDER, MemoFiles, read_memo_sheet
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
    memos: tuple[MemoFiles, ...]
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
        """Every lesson, course page and memo that could be read."""
        for folder in self.folders:
            yield from folder.pages.values()
        yield from self.lessons
        for memo in self.memos:
            yield from memo.texts.values()

    @property
    def pairs(self) -> Iterator[Mapping[str, Text]]:
        """The same texts, each with its twin: by language, as far as they could be read."""
        for folder in self.folders:
            yield folder.pages
            for lesson_id in folder.plan.lessons:
                by_lang = folder.lessons.items()
                yield {lang: known[lesson_id] for lang, known in by_lang if lesson_id in known}
        for memo in self.memos:
            yield memo.texts


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
        self.findings += _homeless(self.root, {FOLDER, *(course.name for course in courses)})
        self.findings += _unknown_prerequisites(folders)
        memos = self._memos()
        kept = tuple(self.findings)
        found = Survey(folders, memos, sources or {}, glossary or Glossary(), kept)
        unknown = (*_unknown_sources(found), *_unknown_lessons(found))
        return replace(found, findings=(*found.findings, *unknown))

    def _try(self, read: Callable[[Path], T], path: Path) -> T | None:
        try:
            return read(path)
        except CatalogError as error:
            self.findings.append(Finding("format", error.path, error.line, error.reason))
            return None

    def _memos(self) -> tuple[MemoFiles, ...]:
        paths = sorted((self.root / FOLDER).glob("*.yml"))
        for lang in LANGUAGES:
            named = {path.with_suffix(".md").name for path in paths}
            self.findings += _unnamed(self.root / lang / FOLDER, named, f"{FOLDER}/")
        sheets = [self._try(read_memo_sheet, path) for path in paths]
        return tuple(MemoFiles(sheet, self._memo(sheet.id)) for sheet in sheets if sheet)

    def _memo(self, memo_id: str) -> dict[str, WrittenMemo]:
        paths = (self.root / lang / FOLDER / f"{memo_id}.md" for lang in LANGUAGES)
        read = (self._try(read_memo, path) for path in paths)
        return {text.writing.lang: text for text in read if text}

    def _folder(self, plan: Plan) -> Folder:
        pages: dict[str, WrittenCourse] = {}
        lessons: dict[str, dict[str, WrittenLesson]] = {}
        for lang in LANGUAGES:
            home = self.root / lang / plan.id
            self.findings += _unnamed(home, {PAGE_NAME, *plan.lesson_files}, plan.path.name)
            page = self._try(read_course_page, home / PAGE_NAME)
            pages |= {lang: page} if page else {}
            lessons[lang] = self._lessons(home, plan)
        folder = Folder(plan, pages, lessons)
        self.findings += _differences(folder)
        return folder

    def _lessons(self, home: Path, plan: Plan) -> dict[str, WrittenLesson]:
        read = (self._try(read_lesson, home / name) for name in plan.lesson_files)
        return {lesson.front.id: lesson for lesson in read if lesson}


def _unnamed(home: Path, named: set[str], by: str) -> Iterator[Finding]:
    for path in sorted(home.glob("*")):
        if path.name not in named:
            yield Finding("files", path, 1, f"{by} names no such text in this place")


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
    lessons = ((one.path, one.keys, one.front.facts.sources) for one in found.lessons)
    memos = ((one.sheet.path, one.sheet.keys, one.sheet.sources) for one in found.memos)
    for path, keys, sources in (*lessons, *memos):
        line = keys.mapping.key_lines["sources"]
        for source in sources:
            if source not in found.sources:
                yield Finding("sources", path, line, f"no source {source!r} in the list")
        if not sources:
            yield Finding("sources", path, line, "a text names at least 1 source")


def _unknown_lessons(found: Survey) -> Iterator[Finding]:
    known = {f"{one.plan.id}/{lesson}" for one in found.folders for lesson in one.plan.lessons}
    for memo in found.memos:
        for lesson in memo.sheet.lessons:
            if lesson not in known:
                line = memo.sheet.keys.mapping.key_lines["lessons"]
                yield Finding("files", memo.sheet.path, line, f"there is no lesson {lesson!r}")
