"""After questions about oneself: a picture in words, lessons, stopping, deleting."""

from uuid import UUID

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.education import UnknownLessonError
from tirek.domain.parents import ReportState
from tirek.domain.permissions import Permission
from tirek.domain.reliable_change import Change
from tirek.services import help_requests, parent_advice, recommendations, self_reports, self_scores
from tirek.services.self_reports import Report
from tirek.web.access import requires
from tirek.web.i18n import current_lang, data_lang
from tirek.web.items import wording_lang
from tirek.web.lessons import find_served, served_courses
from tirek.web.parent.about_views import PATH, SEE_OTHER, where
from tirek.web.parent.pages import blueprint
from tirek.web.transaction import unit


@blueprint.get(f"{PATH}/done")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_done(report_id: UUID) -> str | Response:
    """Strengths first, at most three lessons, people to talk with; the same layout for all."""
    report = self_reports.load(unit(), report_id)
    if report.is_open:
        return redirect(where(report), SEE_OTHER)
    if report.state is ReportState.STOPPED:
        return render_template("parent/about/stopped.html", report=report, **_people(report))
    lang = wording_lang(report.instrument, current_lang())
    earlier = self_scores.since_last_time(unit(), report.id, report.instrument)
    return render_template(
        "parent/about/done.html",
        report=report,
        outcome=parent_advice.outcome(unit(), report, served_courses()),
        wording=report.instrument.wordings[lang].strings,
        lang_of_items=lang,
        text_lang=data_lang(),
        earlier=earlier,
        again=self_reports.find_again(unit(), report),
        can_tell=earlier is not None and set(earlier.changes.values()) != {Change.CANNOT_SAY},
        **_people(report),
    )


@blueprint.post(f"{PATH}/not-for-me")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_not_for_me(report_id: UUID) -> Response:
    """Put a suggested lesson aside."""
    report = self_reports.load(unit(), report_id)
    course = find_served(request.form.get("course", "")) or abort(404)
    try:
        lesson = course.lesson(request.form.get("lesson", ""))
    except UnknownLessonError:
        abort(404)
    recommendations.decline(unit(), course, lesson)
    flash(_("All right, we will not suggest this lesson again."), "success")
    return redirect(url_for("parent.about_done", report_id=report.id), SEE_OTHER)


@blueprint.route(f"{PATH}/stop", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_SELF)
def about_stop(report_id: UUID) -> str | Response:
    """Stop for good, after asking once; what was answered stays until it is deleted."""
    report = self_reports.load(unit(), report_id)
    if request.method == "POST":
        self_reports.stop(unit(), report)
        return redirect(url_for("parent.about_done", report_id=report.id), SEE_OTHER)
    return render_template("parent/about/stop.html", report=report, back=where(report))


@blueprint.route(f"{PATH}/delete", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_SELF)
def about_delete(report_id: UUID) -> str | Response:
    """Delete one's answers, after asking once."""
    report = self_reports.load(unit(), report_id)
    if request.method == "POST":
        self_reports.remove(unit(), report.id)
        flash(_("Your answers are deleted."), "success")
        return redirect(url_for("parent.about_me"), SEE_OTHER)
    return render_template(
        "parent/about/delete.html", report=report, back=where(report), **_people(report)
    )


@blueprint.get(f"{PATH}/not-for-me", endpoint="about_not_for_me_left")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_left(report_id: UUID) -> Response:
    """Where the language switch of a refused step leads."""
    return redirect(url_for("parent.about_done", report_id=report_id))


def _people(report: Report) -> dict[str, object]:
    """Who can be talked with: a call that was made for these answers, talks, the centre."""
    calls = help_requests.of_parent(unit())
    own = [one for one in calls if one.report_id == report.id]
    return {
        "calls": own,
        "in_danger": bool(report.dangers),
        "talks_url": _talks_url(),
        "center": own[0].center if own else None,
    }


def _talks_url() -> str | None:
    """The page with psychologists' times, where the site has it."""
    for name in ("parent.talk_times", "parent.talks"):
        if name in current_app.view_functions:
            return url_for(name)
    return None
