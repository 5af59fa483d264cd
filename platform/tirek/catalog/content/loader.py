"""Courses as the app needs them: both languages of every lesson joined in one object."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tirek.catalog.content.files import WrittenLesson, is_outdated
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.survey import Folder, Survey, survey
from tirek.domain.education import (
    Audio,
    Course,
    CourseText,
    Lesson,
    LessonText,
)


def load_courses(root: Path) -> dict[str, Course]:
    """Return the courses by id, in their order; raise CatalogError at the first fault."""
    found = survey(root)
    if found.findings:
        raise found.findings[0].error()
    folders = sorted(found.folders, key=lambda folder: folder.plan.order)
    return {folder.plan.id: _course(found, folder) for folder in folders}


def _course(found: Survey, folder: Folder) -> Course:
    plan = folder.plan
    ids = enumerate(plan.lessons, start=1)
    return Course(
        id=plan.id,
        order=plan.order,
        ages=plan.ages,
        strand=plan.strand,
        lessons=tuple(_lesson(found, folder, number, lesson_id) for number, lesson_id in ids),
        core_path=plan.core_path,
        prerequisites=plan.prerequisites,
        texts=MappingProxyType({lang: _course_text(folder, lang) for lang in sorted(LANGUAGES)}),
    )


def _course_text(folder: Folder, lang: str) -> CourseText:
    page = folder.pages[lang]
    return CourseText(
        lang=lang,
        title=page.title.text,
        summary=page.summary_html,
        audience=page.audience_html,
        status=page.writing.status,
        review=page.writing.review,
        is_outdated=is_outdated(page, folder.pages[page.writing.source_lang]),
    )


def _lesson(found: Survey, folder: Folder, number: int, lesson_id: str) -> Lesson:
    written = {lang: folder.lessons[lang][lesson_id] for lang in sorted(LANGUAGES)}
    facts = written[LANGUAGES[0]].front.facts
    names = {term.id: term.words for term in found.glossary.skills}
    texts = {
        lang: _lesson_text(lesson, written, tuple(names[one][lang] for one in facts.skills))
        for lang, lesson in written.items()
    }
    sources = tuple(found.sources[source] for source in facts.sources)
    return Lesson(lesson_id, number, facts, sources, MappingProxyType(texts))


def _lesson_text(
    lesson: WrittenLesson, written: Mapping[str, WrittenLesson], skills: tuple[str, ...]
) -> LessonText:
    writing = lesson.writing
    return LessonText(
        lang=writing.lang,
        title=lesson.title.text,
        cards=tuple(card.shown for card in lesson.cards),
        rev=writing.rev,
        status=writing.status,
        review=writing.review,
        is_outdated=is_outdated(lesson, written[writing.source_lang]),
        audio=_audio(lesson),
        digest=lesson.digest,
        skills=skills,
    )


def _audio(lesson: WrittenLesson) -> Audio | None:
    recording = lesson.front.recording
    return recording.audio if recording and recording.text_hash == lesson.digest else None
