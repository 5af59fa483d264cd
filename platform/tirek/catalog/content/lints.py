"""Every lint of the courses: what is wrong with a text that could still be read and shown."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from tirek.catalog.content.course_lints import course_findings, whole_findings
from tirek.catalog.content.files import Text, WrittenLesson
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.media import image_findings, recording_findings
from tirek.catalog.content.memo_lints import memo_findings
from tirek.catalog.content.number_lints import number_findings
from tirek.catalog.content.review_lints import lagging_findings, review_findings
from tirek.catalog.content.size_lints import size_findings
from tirek.catalog.content.survey import Folder, Survey, survey
from tirek.catalog.content.word_lints import kazakh_spelling, word_findings
from tirek.catalog.errors import Finding
from tirek.catalog.yaml_subset import read


def lint_courses(root: Path, today: date) -> list[Finding]:
    """Return all that is wrong under content/, in the order of files and lines."""
    found = survey(root)
    return _sorted([*found.findings, *_findings(found, today)])


def advise_courses(root: Path, today: date) -> list[Finding]:
    """Return what is no fault yet: translations that lag behind, skills and sources nobody uses."""
    found = survey(root)
    lagging = (one for pair in found.pairs for one in lagging_findings(pair, today))
    return _sorted([*lagging, *_unused_skills(root, found), *_unused_sources(root, found)])


def _findings(found: Survey, today: date) -> Iterator[Finding]:
    skills = {skill.id for skill in found.glossary.skills}
    spelling = kazakh_spelling(found.glossary)
    for lesson in found.lessons:
        yield from size_findings(lesson)
        yield from _skills(lesson, skills)
    for text in found.texts:
        yield from word_findings(text, found.glossary, spelling)
    for pair in found.pairs:
        yield from review_findings(pair, today)
        yield from _pair(pair)
    for folder in found.folders:
        yield from course_findings(folder)
        yield from _recordings(folder)
    for memo in found.memos:
        yield from memo_findings(memo)
    yield from whole_findings(found)


def _pair(pair: Mapping[str, Text]) -> Iterator[Finding]:
    """Differences are reported at the second language's text: it is the one made from the first."""
    first, second = (pair.get(lang) for lang in LANGUAGES)
    if first is not None and second is not None:
        yield from number_findings(first, second)
    if second is not None:
        yield from image_findings(second, first)
    if first is not None:
        yield from image_findings(first, None)


def _recordings(folder: Folder) -> Iterator[Finding]:
    first, second = (folder.lessons[lang] for lang in LANGUAGES)
    for lesson_id in folder.plan.lessons:
        one, other = first.get(lesson_id), second.get(lesson_id)
        if one is not None:
            yield from recording_findings(one, other)
        if other is not None:
            yield from recording_findings(other, one)


def _skills(lesson: WrittenLesson, known: set[str]) -> Iterator[Finding]:
    for skill in lesson.front.facts.skills:
        if skill not in known:
            line = lesson.keys.mapping.key_lines["skills"]
            yield Finding("skills", lesson.path, line, f"no skill {skill!r} in the glossary")


def _unused_skills(root: Path, found: Survey) -> Iterator[Finding]:
    used = {skill for lesson in found.lessons for skill in lesson.front.facts.skills}
    for place, skill in enumerate(found.glossary.skills):
        if skill.id not in used:
            path = root / "glossary.yml"
            reason = f"no lesson trains the skill {skill.id!r}"
            yield Finding("unused", path, read(path).line("skills", place), reason)


def _unused_sources(root: Path, found: Survey) -> Iterator[Finding]:
    lessons = {source for lesson in found.lessons for source in lesson.front.facts.sources}
    memos = {source for memo in found.memos for source in memo.sheet.sources}
    for source in sorted(found.sources.keys() - lessons - memos):
        path = root / "sources.bib.yml"
        reason = f"nothing rests on the source {source!r}"
        yield Finding("unused", path, read(path).line(source), reason)


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(set(findings), key=lambda finding: (finding.path, finding.line, finding.lint))
