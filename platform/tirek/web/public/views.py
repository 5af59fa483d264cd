"""Pages without a login."""

import re

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug import Response

from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.domain.permissions import Permission, may
from tirek.services import courses as course_progress
from tirek.services import places
from tirek.web.access import current_actor, public, requires
from tirek.web.i18n import data_lang
from tirek.web.lessons import find_served, served_courses
from tirek.web.transaction import db

blueprint = Blueprint("public", __name__)
_YEAR = 31_536_000
_PATH = re.compile(r"(/[\w.~-]+)+/?", re.ASCII)


@blueprint.get("/")
@public
def home() -> str:
    """Three doors and the help lines."""
    return render_template("public/home.html")


@blueprint.get("/help")
@public
def help_page() -> str:
    """Where a person answers, and what happens then."""
    return render_template("public/help.html", centers=places.support_centers(db()))


@blueprint.get("/privacy")
@public
def privacy() -> str:
    """Who sees what, and the one exception."""
    return render_template("public/privacy.html")


@blueprint.get("/vision/<any(on,off):state>")
@public
def vision(state: str) -> Response:
    """Remember on this device whether the reader wants large text and strong contrast."""
    response = redirect(own_path(request.args.get("next", "")), code=303)
    response.set_cookie("vision", state, max_age=_YEAR, httponly=True, samesite="Lax")
    return response


@blueprint.get("/courses")
@public
def courses() -> str:
    """All courses, in the suggested order."""
    return render_template("public/courses.html", courses=served_courses(), text_lang=data_lang())


@blueprint.get("/courses/<course_id>")
@public
def course(course_id: str) -> str:
    """One course: what it is about, its lessons, and which of them this reader has finished."""
    shown = _course(course_id)
    return render_template(
        "public/course.html", course=shown, text_lang=data_lang(), done=_done(shown)
    )


@blueprint.get("/courses/<course_id>/<lesson_id>")
@public
def lesson(course_id: str, lesson_id: str) -> str:
    """One lesson, all its cards on one page."""
    shown = _course(course_id)
    return render_template(
        "public/lesson.html",
        course=shown,
        lesson=_lesson(shown, lesson_id),
        text_lang=data_lang(),
        done=_done(shown),
        keeps_progress=may(current_actor(), Permission.FOLLOW_COURSES),
    )


@blueprint.post("/courses/<course_id>/<lesson_id>")
@requires(Permission.FOLLOW_COURSES)
def lesson_done(course_id: str, lesson_id: str) -> Response:
    """Remember that the lesson is finished and go on to the next one."""
    shown = _course(course_id)
    finished = _lesson(shown, lesson_id)
    actor = current_actor()
    if actor is None or actor.account_id is None:
        abort(403)
    course_progress.record_lesson_done(db(), actor.account_id, shown.id, finished.id)
    following = shown.lesson_after(finished.id)
    if following is None:
        return redirect(url_for("public.course", course_id=shown.id), code=303)
    return redirect(url_for("public.lesson", course_id=shown.id, lesson_id=following.id), code=303)


def _course(course_id: str) -> Course:
    return find_served(course_id) or abort(404)


def _lesson(course: Course, lesson_id: str) -> Lesson:
    try:
        return course.lesson(lesson_id)
    except UnknownLessonError:
        abort(404)


def _done(course: Course) -> frozenset[str]:
    actor = current_actor()
    if actor is None or actor.account_id is None or not may(actor, Permission.FOLLOW_COURSES):
        return frozenset()
    return course_progress.progress(db(), actor.account_id, course.id)


def own_path(target: str) -> str:
    """Return the path if it is plainly one of ours: `//host` and the like would lead elsewhere."""
    return target if _PATH.fullmatch(target) else url_for("public.home")
