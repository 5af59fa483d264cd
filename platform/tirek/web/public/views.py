"""Pages without a login."""

import re
from dataclasses import replace

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from tirek.domain.education import Course, Lesson, TextStatus, UnknownLessonError, is_served
from tirek.domain.permissions import Permission, may
from tirek.services import courses as course_progress
from tirek.services import places
from tirek.web.access import catalog, current_actor, public, requires
from tirek.web.i18n import data_lang
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
    shown = [_as_served(course) for course in catalog().courses.values()]
    in_order = sorted((course for course in shown if course.lessons), key=lambda one: one.order)
    return render_template("public/courses.html", courses=in_order, text_lang=data_lang())


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
    found = catalog().courses.get(course_id)
    shown = _as_served(found) if found is not None else None
    return shown if shown is not None and shown.lessons else abort(404)


def _as_served(course: Course) -> Course:
    """Leave out what readers of this language may not see yet; no lessons if it is all of it."""
    if not _may_be_read(course.text(data_lang()).status):
        return replace(course, lessons=())
    lessons = (one for one in course.lessons if _may_be_read(one.text(data_lang()).status))
    return replace(course, lessons=tuple(lessons))


def _may_be_read(status: TextStatus) -> bool:
    """Texts in review are shown, and marked so, only where the site says it wants them."""
    wanted = bool(current_app.config.get("TEXTS_IN_REVIEW", True))
    return is_served(status, with_texts_in_review=wanted)


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
