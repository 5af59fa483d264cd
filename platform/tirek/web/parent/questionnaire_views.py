"""Questions about an own child: explanation, pages of items, thanks."""

from dataclasses import dataclass
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.consent import may_administer
from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.domain.instruments import SKIPPED, Answer
from tirek.domain.permissions import Permission
from tirek.services import adaptive, administrations, children, places, recommendations
from tirek.services.administrations import AdministrationEndedError
from tirek.services.children import Asked, Child
from tirek.services.runs import Run
from tirek.web.access import requires
from tirek.web.i18n import LANGUAGES, current_lang, data_lang
from tirek.web.items import (
    blanks,
    build_page,
    is_asked,
    preceding,
    read_answer,
    read_answers,
    wording_lang,
)
from tirek.web.lessons import find_served, served_courses
from tirek.web.parent.pages import blueprint, own_child
from tirek.web.transaction import db, unit

PATH = "/children/<uuid:child_id>/questionnaires/<uuid:assignment_id>"


@dataclass(frozen=True, slots=True)
class Sitting:
    """One questionnaire about one child: where its pages are."""

    child: Child
    asked: Asked

    def url(self, view: str = "start", **more: object) -> str:
        """The address of one of its pages."""
        return url_for(
            f"parent.{view}",
            child_id=self.child.id,
            assignment_id=self.asked.assignment.id,
            **more,  # type: ignore[arg-type]  # flask names its own arguments
        )

    def load(self) -> Run:
        """What has been begun; 404 when nothing was."""
        return children.load_run(unit(), self.child, self.asked)


@blueprint.route(PATH, methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_CHILD)
def start(child_id: UUID, assignment_id: UUID) -> str | Response:
    """What this is, how long it takes, who sees it, and that one may skip or stop."""
    sitting = _sitting(child_id, assignment_id)
    away = _elsewhere(sitting) or _too_late(sitting)
    if away is not None:
        return away
    instrument = sitting.asked.instrument
    lang = wording_lang(instrument, current_lang())
    if request.method == "POST":
        run = children.begin(unit(), sitting.child, sitting.asked, lang)
        return redirect(_where(sitting, run), 303)
    return render_template(
        "parent/start.html",
        sitting=sitting,
        wording=instrument.wordings[lang].strings,
        lang_of_items=lang,
        psychologists=places.psychologists(db(), sitting.child.school.id),
    )


@blueprint.get(f"{PATH}/page/<int:number>")
@requires(Permission.ANSWER_ABOUT_CHILD)
def page(child_id: UUID, assignment_id: UUID, number: int) -> str | Response:
    """One page of items."""
    sitting = _sitting(child_id, assignment_id)
    away = _elsewhere(sitting) or _too_late(sitting)
    if away is not None:
        return away
    if not sitting.asked.is_started:
        return redirect(sitting.url(), 303)
    run = sitting.load()
    if not is_asked(run, number - 1, run.answers):
        return redirect(_where(sitting, run), 303)
    return _items_page(sitting, run, number - 1)


@blueprint.post(f"{PATH}/page/<int:number>")
@requires(Permission.ANSWER_ABOUT_CHILD)
def answer_page(child_id: UUID, assignment_id: UUID, number: int) -> str | Response:
    """Keep a page's answers, then go on, back, away, or change the language."""
    sitting = _sitting(child_id, assignment_id)
    away = _elsewhere(sitting)
    if away is not None:
        return away
    # The window is not asked here: whoever has the page open may finish it.
    run = sitting.load()
    given = read_answers(run, number - 1, request.form)
    back = preceding(run, number - 1, {**run.answers, **given})
    aside = _aside(sitting, number, back + 1)
    try:
        if aside is not None:
            administrations.record_responses(unit(), run, given)
            return redirect(aside, 303)
        return _go_on(sitting, run, number - 1, given)
    except AdministrationEndedError:
        # The same button pressed twice: the first press has ended it meanwhile.
        return redirect(sitting.url("done"), 303)


@blueprint.post(f"{PATH}/answer")
@requires(Permission.ANSWER_ABOUT_CHILD)
def answer(child_id: UUID, assignment_id: UUID) -> Response:
    """Keep one answer the moment it is chosen; the page's script calls this."""
    sitting = _sitting(child_id, assignment_id)
    children.require_consent(unit(), sitting.child)
    run = sitting.load()
    item = request.form.get("item", "")
    given = read_answer(run, item, request.form.get("value", ""))
    administrations.record_responses(unit(), run, {item: given})
    return make_response({"saved": True})


@blueprint.route(f"{PATH}/stop", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_CHILD)
def stop(child_id: UUID, assignment_id: UUID) -> str | Response:
    """Stop for good, after asking once; what was answered stays."""
    sitting = _sitting(child_id, assignment_id)
    run = sitting.load()
    if request.method == "POST":
        administrations.stop(unit(), run)
        return redirect(sitting.url("done"), 303)
    return render_template("parent/stop.html", sitting=sitting, back=_where(sitting, run))


@blueprint.get(f"{PATH}/done")
@requires(Permission.ANSWER_ABOUT_CHILD)
def done(child_id: UUID, assignment_id: UUID) -> str | Response:
    """Thanks, what happens next, one lesson, whom to talk to: laid out alike for everybody."""
    sitting = _sitting(child_id, assignment_id)
    run = sitting.load()
    if run.is_open:
        return redirect(_where(sitting, run), 303)
    return render_template(
        "parent/done.html",
        sitting=sitting,
        suggestion=recommendations.suggest(unit(), run, served_courses()),
        text_lang=data_lang(),
        psychologists=places.psychologists(db(), run.school_id),
        center=places.center_of_school(db(), run.school_id),
    )


@blueprint.post(f"{PATH}/not-for-me")
@requires(Permission.FOLLOW_COURSES)
def not_for_me(child_id: UUID, assignment_id: UUID) -> Response:
    """Put a suggested lesson aside."""
    sitting = _sitting(child_id, assignment_id)
    course, lesson = _lesson(request.form.get("course", ""), request.form.get("lesson", ""))
    recommendations.decline(unit(), course, lesson)
    flash(str(_("All right, we will not suggest this lesson again.")), "success")
    return redirect(sitting.url("done"), 303)


def _sitting(child_id: UUID, assignment_id: UUID) -> Sitting:
    child = own_child(child_id)
    return Sitting(child, children.get_asked(unit(), child, assignment_id))


def _elsewhere(sitting: Sitting) -> Response | None:
    """Thanks when it has ended, the consent page when nobody has agreed."""
    if sitting.asked.has_ended:
        return redirect(sitting.url("done"), 303)
    said = children.consented(unit(), [sitting.child]).get(sitting.child.id)
    if not may_administer(said):
        return redirect(url_for("parent.consent", child_id=sitting.child.id), 303)
    return None


def _too_late(sitting: Sitting) -> Response | None:
    if sitting.asked.is_in_window:
        return None
    return make_response(render_template("parent/closed.html", sitting=sitting))


def _where(sitting: Sitting, run: Run) -> str:
    if not run.is_open:
        return sitting.url("done")
    return sitting.url("page", number=run.next_page + 1)


def _aside(sitting: Sitting, number: int, back: int) -> str | None:
    """Where a button other than "go on" leads."""
    switch = request.form.get("switch")
    if switch in LANGUAGES:
        return sitting.url("page", number=number, lang=switch)
    match request.form.get("step"):
        case "back":
            return sitting.url("page", number=back)
        case "later":
            flash(str(_("Your answers are kept. You can go on from here.")), "success")
            return url_for("parent.home")
        case "stop":
            return sitting.url("stop")
        case _:
            return None


def _go_on(sitting: Sitting, run: Run, index: int, given: dict[str, Answer]) -> str | Response:
    missing = blanks(run, index, {**run.answers, **given})
    if missing and request.form.get("reminded") != "yes":
        # Asked once more, gently; the answers given so far are kept either way.
        administrations.record_responses(unit(), run, given)
        return _items_page(sitting, run, index, given, missing)
    given |= dict.fromkeys(missing, SKIPPED)
    administrations.record_responses(unit(), run, given)
    onward = adaptive.page_after(unit(), run, index, {**run.answers, **given})
    if onward is not None:
        return redirect(sitting.url("page", number=onward + 1), 303)
    administrations.complete(unit(), run)
    return redirect(sitting.url("done"), 303)


def _items_page(
    sitting: Sitting,
    run: Run,
    index: int,
    given: dict[str, Answer] | None = None,
    missing: list[str] | None = None,
) -> str:
    lang = wording_lang(run.instrument, current_lang())
    with force_locale(lang):
        # It stands among the options of an item, so it speaks their language.
        decline = str(_("I would rather not say"))
    return render_template(
        "parent/page.html",
        sitting=sitting,
        page=build_page(run, index, lang, {**run.answers, **(given or {})}),
        number=index + 1,
        lang_of_items=lang,
        missing=missing or [],
        decline=decline,
    )


def _lesson(course_id: str, lesson_id: str) -> tuple[Course, Lesson]:
    course = find_served(course_id) or abort(404)
    try:
        return course, course.lesson(lesson_id)
    except UnknownLessonError:
        abort(404)
