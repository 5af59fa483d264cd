"""For programs that read along: a feed of the lessons in each language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask import Response, render_template

from tirek.domain.education import Course, Lesson
from tirek.web.access import public
from tirek.web.i18n import data_lang
from tirek.web.kept_pages import kept
from tirek.web.lessons import served_courses
from tirek.web.public.views import blueprint
from tirek.web.sharing import Shared, shared_lesson, whole_url

# The day the first lessons stood on this site; no file says a day before somebody reads or signs.
FIRST_DAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Entry:
    """One lesson in the feed, told of as to a stranger."""

    id: str
    course: str
    shared: Shared
    changed_on: date


@blueprint.get("/courses/feed.xml")
@public
@kept()
def feed() -> Response:
    """All lessons as an Atom feed, those that somebody worked on last first."""
    entries = sorted(_entries(served_courses()), key=lambda one: one.changed_on, reverse=True)
    return Response(
        render_template(
            "public/feed.xml",
            entries=entries,
            changed_on=entries[0].changed_on if entries else FIRST_DAY,
            text_lang=data_lang(),
            own_url=whole_url("public.feed", lang=data_lang()),
            site_url=whole_url("public.courses"),
        ),
        mimetype="application/atom+xml",
    )


def changed_on(lesson: Lesson, lang: str) -> date:
    """The last day on which somebody signed the text or read what it is based on."""
    review = lesson.text(lang).review
    signed = (review.content, review.language, review.child_safety)
    days = [one.on for one in signed if one] + [one.read for one in lesson.sources if one.read]
    return max([FIRST_DAY, *days])


def _entries(courses: list[Course]) -> Iterator[Entry]:
    lang = data_lang()
    for course in courses:
        for lesson in course.lessons:
            yield Entry(
                id=f"urn:tirek:{course.id}:{lesson.id}:{lang}",
                course=course.text(lang).title,
                shared=shared_lesson(course, lesson),
                changed_on=changed_on(lesson, lang),
            )
