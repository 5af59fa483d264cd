"""What search engines ask for at the root of the site: what they may read, and where it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, current_app, render_template

from tirek.web.access import public
from tirek.web.kept_pages import kept
from tirek.web.lessons import served_courses, served_memos
from tirek.web.public.feed_views import changed_on
from tirek.web.sharing import translations_of
from tirek.web.transaction import plant

blueprint = Blueprint("crawlers", __name__)
# Pages of their own beside courses and lessons; those that this version has.
PAGES = (
    "public.home",
    "public.help_page",
    "public.privacy",
    "public.courses",
    "public.materials",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A public page in the languages of its text."""

    urls: dict[str, str]
    changed_on: date | None = None


@blueprint.get("/sitemap.xml")
@public
@kept()
def sitemap() -> Response:
    """Every public page in both languages, each naming the other."""
    places = list(_places())
    return Response(render_template("public/sitemap.xml", places=places), mimetype="text/xml")


@blueprint.get("/robots.txt")
@public
@kept()
def robots() -> Response:
    """Let the public pages be found.

    Everything else says `noindex` by itself: a list of what to pass by would tell what there is.
    """
    lines = ("User-agent: *", "Allow: /", f"Sitemap: {plant().base_url}/sitemap.xml", "")
    return Response("\n".join(lines), mimetype="text/plain")


def _places() -> Iterator[Place]:
    for endpoint in PAGES:
        if endpoint in current_app.view_functions:
            yield Place(translations_of(endpoint))
    for course in served_courses():
        yield Place(translations_of("public.course", course_id=course.id))
        for lesson in course.lessons:
            urls = translations_of("public.lesson", course_id=course.id, lesson_id=lesson.id)
            yield Place(urls, max(changed_on(lesson, lang) for lang in lesson.texts))
    for memo in served_memos():
        yield Place(translations_of("public.material", memo_id=memo.id))
