"""What a parent reads: where to go on, bookmarks, beginning again; certificates are beside it."""

from collections.abc import Mapping

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.domain.permissions import Permission
from tirek.services import bookmarks, certificates, courses, paging
from tirek.services import reading as shelves
from tirek.web.access import requires
from tirek.web.i18n import data_lang
from tirek.web.lessons import find_served, served_courses
from tirek.web.parent.home_parts import home_part
from tirek.web.parent.pages import blueprint
from tirek.web.transaction import unit


@home_part("reading", place=20)
def _on_home() -> Mapping[str, object]:
    """Where to go on, in one tap."""
    return {"go_on": shelves.go_on(unit(), served_courses()), "text_lang": data_lang()}


@blueprint.get("/reading")
@requires(Permission.FOLLOW_COURSES)
def reading() -> str:
    """Where to go on first; then what is begun, starred, finished, and what may fit."""
    found = shelves.shelf(unit(), served_courses())
    return render_template(
        "parent/reading.html",
        shelf=found,
        starred=paging.cut(found.starred, request.args.get("page", 1, int)),
        certificates=certificates.own(unit()),
        text_lang=data_lang(),
    )


@blueprint.post("/reading/<course_id>/<lesson_id>/star")
@requires(Permission.FOLLOW_COURSES)
def star(course_id: str, lesson_id: str) -> Response:
    """Star a lesson, or take the star away; back to where the button stood."""
    course, lesson = _found(course_id, lesson_id)
    change = bookmarks.star if request.form.get("on") else bookmarks.unstar
    change(unit(), course.id, lesson.id)
    if request.form.get("back") == "list":
        return redirect(url_for("parent.reading", _anchor="starred"), code=303)
    return redirect(_page_of(course, lesson), code=303)


@blueprint.post("/reading/<course_id>/<lesson_id>/at")
@requires(Permission.FOLLOW_COURSES)
def place(course_id: str, lesson_id: str) -> Response:
    """Keep the card that was reached; what a script sends never goes backwards."""
    course, lesson = _found(course_id, lesson_id)
    card_id = request.form.get("card", "")
    by_script = request.accept_mimetypes.best == "application/json"
    courses.reach_card(unit(), course, lesson, card_id, forward_only=by_script)
    if by_script:
        return Response(status=204)
    flash(_("Your place is kept. You can close the page and go on later."), "success")
    return redirect(_page_of(course, lesson, card_id), code=303)


@blueprint.post("/reading/<course_id>/again")
@requires(Permission.FOLLOW_COURSES)
def again(course_id: str) -> Response:
    """Begin a course anew; what was read before stays in the history."""
    course = find_served(course_id) or abort(404)
    courses.start_again(unit(), course.id)
    flash(_("The course begins anew. What you read before is not lost."), "success")
    return redirect(url_for("public.course", course_id=course.id), code=303)


def _found(course_id: str, lesson_id: str) -> tuple[Course, Lesson]:
    course = find_served(course_id) or abort(404)
    try:
        return course, course.lesson(lesson_id)
    except UnknownLessonError:
        abort(404)


def _page_of(course: Course, lesson: Lesson, card_id: str | None = None) -> str:
    return url_for("public.lesson", course_id=course.id, lesson_id=lesson.id, _anchor=card_id)
