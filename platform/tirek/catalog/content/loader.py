"""Courses as the app needs them: both languages of every lesson joined in one object."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tirek.catalog.content.files import WrittenLesson, is_outdated
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.media import AUDIO_TYPES, recorded_files
from tirek.catalog.content.memos import MemoFiles
from tirek.catalog.content.survey import Folder, Survey, survey
from tirek.domain.education import (
    Audio,
    AudioFile,
    Course,
    CourseText,
    Lesson,
    LessonText,
    Memo,
    MemoPart,
    MemoText,
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Courses and memos by id, in their order."""

    courses: Mapping[str, Course]
    memos: Mapping[str, Memo]


def load_content(root: Path) -> Shelf:
    """Return all that parents can read; raise CatalogError at the first fault."""
    found = survey(root)
    if found.findings:
        raise found.findings[0].error()
    folders = sorted(found.folders, key=lambda folder: folder.plan.order)
    memos = sorted(found.memos, key=lambda memo: memo.sheet.order)
    return Shelf(
        {folder.plan.id: _course(found, folder) for folder in folders},
        {memo.sheet.id: _memo(found, memo) for memo in memos},
    )


def load_courses(root: Path) -> Mapping[str, Course]:
    """Return the courses alone."""
    return load_content(root).courses


def _memo(found: Survey, memo: MemoFiles) -> Memo:
    sheet = memo.sheet
    return Memo(
        id=sheet.id,
        order=sheet.order,
        ages=sheet.ages,
        sensitivity=sheet.sensitivity,
        lessons=tuple(map(_halves, sheet.lessons)),
        sources=tuple(found.sources[source] for source in sheet.sources),
        texts=MappingProxyType({lang: _memo_text(memo, lang) for lang in sorted(LANGUAGES)}),
    )


def _halves(place: str) -> tuple[str, str]:
    course, _slash, lesson = place.partition("/")
    return course, lesson


def _memo_text(memo: MemoFiles, lang: str) -> MemoText:
    text = memo.texts[lang]
    return MemoText(
        lang=lang,
        title=text.title.text,
        parts=tuple(
            MemoPart(part.title.text if part.title else None, part.html) for part in text.parts
        ),
        status=text.writing.status,
        review=text.writing.review,
        is_outdated=is_outdated(text, memo.texts[text.writing.source_lang]),
        digest=text.digest,
    )


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
    """The recording, if it is of exactly this text and its file is there."""
    recording = lesson.front.recording
    if recording is None or recording.text_hash != lesson.digest:
        return None
    files = [path for path in recorded_files(lesson) if path.is_file()]
    if len(files) < len(AUDIO_TYPES):
        return None
    course = lesson.path.parent.name
    return Audio(
        recording.seconds,
        tuple(
            AudioFile(course, path.name, AUDIO_TYPES[path.suffix], path.stat().st_size)
            for path in files
        ),
    )
