"""Courses for parents: found, opened, read, printed, passed on."""

from functools import partial

from flask import Response, abort, redirect, render_template, url_for
from werkzeug import Response as Answer

from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.domain.permissions import Permission, may
from tirek.services import courses as course_progress
from tirek.web.access import current_actor, public, requires
from tirek.web.i18n import data_lang
from tirek.web.kept_pages import kept, kept_part
from tirek.web.lessons import find_served, served_courses
from tirek.web.public import search_page
from tirek.web.public.views import blueprint
from tirek.web.reading import lesson_account
from tirek.web.sharing import outside_title, qr_svg, shared_lesson, translations_of, whole_url
from tirek.web.transaction import db

# The picture of an address changes only with the address.
_MONTH = 30 * 24 * 60 * 60


@blueprint.get("/courses")
@public
@kept()
def courses() -> str:
    """All courses, or what answers the question in the address."""
    wish = search_page.read_wish()
    every = served_courses()
    return render_template(
        "public/courses.html",
        wish=wish,
        courses=search_page.fitting_courses(every, wish),
        answer=search_page.answer(every, wish) if wish.wants_lessons else None,
        text_lang=data_lang(),
        translations=translations_of("public.courses"),
        ages=range(search_page.OLDEST + 1),
        lengths=search_page.SHORT_LESSONS,
    )


@blueprint.get("/courses/<course_id>")
@public
@kept()
def course(course_id: str) -> str:
    """One course: its five days, its further lessons, and which of them this reader finished."""
    shown = _course(course_id)
    days = [core.lesson_id for core in shown.core_path]
    return render_template(
        "public/course.html",
        course=shown,
        core=[shown.lesson(day) for day in days if any(one.id == day for one in shown.lessons)],
        depth=[lesson for lesson in shown.lessons if lesson.id not in days],
        text_lang=data_lang(),
        done=_done(shown),
        translations=translations_of("public.course", course_id=shown.id),
    )


@blueprint.get("/courses/<course_id>/<lesson_id>")
@public
@kept()
def lesson(course_id: str, lesson_id: str) -> str:
    """One lesson, all its cards on one page."""
    shown = _course(course_id)
    found = _lesson(shown, lesson_id)
    account = lesson_account(shown, found)
    shared = shared_lesson(shown, found)
    for_all = {"course": shown, "lesson": found, "text_lang": data_lang(), "shared": shared}

    def part(name: str) -> str:
        is_known = account is not None
        make = partial(render_template, f"public/{name}.html", is_known=is_known, **for_all)
        return kept_part(name, make, is_known=is_known)

    return render_template(
        "public/lesson.html",
        **for_all,
        account=account,
        cards=part("lesson_cards"),
        more=part("lesson_more"),
        keeps_progress=account is not None,
        outside_title=outside_title(found),
        translations=translations_of("public.lesson", course_id=shown.id, lesson_id=found.id),
    )


@blueprint.post("/courses/<course_id>/<lesson_id>")
@requires(Permission.FOLLOW_COURSES)
def lesson_done(course_id: str, lesson_id: str) -> Answer:
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


@blueprint.get("/courses/<course_id>/<lesson_id>/print")
@public
@kept()
def lesson_on_paper(course_id: str, lesson_id: str) -> str:
    """The lesson for a sheet of paper: at most two pages, lines to write on, the way back here."""
    shown = _course(course_id)
    found = _lesson(shown, lesson_id)
    if not found.facts.is_printable:
        abort(404)
    return render_template(
        "public/print.html",
        course=shown,
        lesson=found,
        text_lang=data_lang(),
        shared=shared_lesson(shown, found),
        outside_title=outside_title(found),
    )


@blueprint.get("/courses/<course_id>/<lesson_id>/qr.svg")
@public
def lesson_qr(course_id: str, lesson_id: str) -> Response:
    """The lesson's address for the camera of another telephone."""
    shown = _course(course_id)
    found = _lesson(shown, lesson_id)
    url = whole_url("public.lesson", course_id=shown.id, lesson_id=found.id)
    picture = Response(qr_svg(url), mimetype="image/svg+xml")
    picture.headers["Cache-Control"] = f"public, max-age={_MONTH}"
    return picture


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
