"""A person will call: who, by when, what to do meanwhile; and "call me" by one's own wish."""

from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.parents import HelpKind
from tirek.domain.permissions import Permission
from tirek.services import help_requests, self_reports
from tirek.services.help_requests import Call, PhoneError
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.parent.about_forms import ReachForm
from tirek.web.parent.about_views import PATH, SEE_OTHER, where
from tirek.web.parent.pages import blueprint
from tirek.web.parent.register_views import region_choices
from tirek.web.transaction import keep_despite_error, unit


@blueprint.route(f"{PATH}/next", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_SELF)
def about_next(report_id: UUID) -> str | Response:
    """Who will call after these answers; asks for a region where no centre is known without it."""
    report = self_reports.load(unit(), report_id)
    calls = _calls(report_id)
    # Asked again: an answer that called for a person must have called one.
    waits = report.dangers - {one.kind for one in calls}
    if waits and help_requests.center_is_known(unit()):
        self_reports.call(unit(), report, waits)
        calls, waits = _calls(report_id), frozenset()
    if not calls and not waits:
        return redirect(where(report), SEE_OTHER)
    form = _form(asks_region=bool(waits))
    if form.validate_on_submit():
        if waits:
            help_requests.tell_region(unit(), form.region.data)
            self_reports.call(unit(), report, waits)
            calls = _calls(report_id)
            # A number that is none must not take the call back.
            keep_despite_error()
        if _is_told(form, calls):
            return redirect(url_for("parent.about_next", report_id=report.id), SEE_OTHER)
    page = render_template(
        "parent/about/call.html", form=form, calls=calls, onward=where(report), report=report
    )
    return make_response(page, 422 if form.errors else 200)


@blueprint.route("/about-me/call", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_SELF)
def call_me() -> str | Response:
    """Ask to be called by a specialist of the support centre."""
    asks_region = not help_requests.center_is_known(unit())
    known = help_requests.known_phone(unit())
    form = _form(asks_region=asks_region, needs_phone=known is None)
    if form.validate_on_submit():
        if asks_region:
            help_requests.tell_region(unit(), form.region.data)
        try:
            call_id = help_requests.call_me(
                unit(), data_lang(), form.phone.data or "", form.words.data or ""
            )
        except PhoneError:
            _refuse_phone(form)
        else:
            return redirect(url_for("parent.call", call_id=call_id), SEE_OTHER)
    rule = catalog().help_rules[HelpKind.CALL_ME]
    page = render_template(
        "parent/about/call_me.html", form=form, known=known, due_at=rule.due(unit().now())
    )
    return make_response(page, 422 if form.errors else 200)


@blueprint.route("/about-me/calls/<uuid:call_id>", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_SELF)
def call(call_id: UUID) -> str | Response:
    """One call: who takes it and by when; the number can still be changed."""
    found = help_requests.get(unit(), call_id)
    form = _form(asks_region=False)
    if form.validate_on_submit() and _is_told(form, [found]):
        return redirect(url_for("parent.call", call_id=call_id), SEE_OTHER)
    page = render_template(
        "parent/about/call.html",
        form=form,
        calls=[found],
        onward=url_for("parent.about_me"),
        report=None,
    )
    return make_response(page, 422 if form.errors else 200)


def _calls(report_id: UUID) -> list[Call]:
    return [one for one in help_requests.of_parent(unit()) if one.report_id == report_id]


def _form(*, asks_region: bool, needs_phone: bool = False) -> ReachForm:
    form = ReachForm()
    form.offer(region_choices() if asks_region else [])
    form.needs_phone = needs_phone
    return form


def _is_told(form: ReachForm, calls: list[Call]) -> bool:
    """Give number and words to each open call; False, with the reason, for no number."""
    try:
        for one in calls:
            help_requests.tell_how(unit(), one.id, form.phone.data or "", form.words.data or "")
    except PhoneError:
        _refuse_phone(form)
        return False
    if form.phone.data or form.words.data:
        flash(_("Saved. Only the specialist who calls you sees it."), "success")
    return True


def _refuse_phone(form: ReachForm) -> None:
    form.phone.errors = [_("A number of Kazakhstan, such as +7 701 234 56 78.")]
