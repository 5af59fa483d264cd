"""Every lint of the courses: what is wrong with a text that could still be read and shown."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tirek.catalog.content.course_lints import course_findings
from tirek.catalog.content.files import WrittenLesson
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.prose import card_prose, heading, numbers
from tirek.catalog.content.review_lints import review_findings
from tirek.catalog.content.size_lints import size_findings
from tirek.catalog.content.survey import Folder, Survey, survey
from tirek.catalog.content.word_lints import word_findings
from tirek.catalog.errors import Finding


def lint_courses(root: Path, today: date) -> list[Finding]:
    """Return all that is wrong under content/, in the order of files and lines."""
    found = survey(root)
    findings = [*found.findings, *_findings(found, today)]
    return sorted(set(findings), key=lambda finding: (finding.path, finding.line, finding.lint))


def _findings(found: Survey, today: date) -> Iterator[Finding]:
    for lesson in found.lessons:
        yield from size_findings(lesson)
        yield from _skills(lesson, {skill.id for skill in found.glossary.skills})
    for text in found.texts:
        yield from word_findings(text, found.glossary)
    for folder in found.folders:
        yield from review_findings(folder, today)
        yield from course_findings(folder)
        yield from _numbers(folder)


def _skills(lesson: WrittenLesson, known: set[str]) -> Iterator[Finding]:
    for skill in lesson.front.facts.skills:
        if skill not in known:
            line = lesson.keys.mapping.key_lines["skills"]
            yield Finding("skills", lesson.path, line, f"no skill {skill!r} in the glossary")


def _numbers(folder: Folder) -> Iterator[Finding]:
    first, second = (folder.lessons[lang] for lang in LANGUAGES)
    for lesson_id in first.keys() & second.keys():
        here = {card.id: card for card in first[lesson_id].cards}
        for card in second[lesson_id].cards:
            twin = here.get(card.id)
            if twin is None:
                continue
            ours, theirs = (numbers([heading(c.title), *card_prose(c)]) for c in (card, twin))
            if ours != theirs:
                reason = f"card {card.id!r} has {_listed(ours)}, {LANGUAGES[0]} {_listed(theirs)}"
                yield Finding("numbers", second[lesson_id].path, card.line, reason)


def _listed(found: list[str]) -> str:
    return ", ".join(found) if found else "no numbers"
