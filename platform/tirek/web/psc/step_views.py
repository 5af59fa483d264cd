"""The steps that are taken on a referral: accept, talk, send on, close, confirm a notice."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older

from tirek.domain.errors import ConflictError
from tirek.domain.permissions import Permission
from tirek.domain.referral import ContactChannel, ContactPerson
from tirek.services import handovers, notice_steps, referral_care, referral_page, referral_steps
from tirek.services.handovers import AlreadyThereError
from tirek.services.referral_care import Attempt
from tirek.services.referral_page import ReferralPage
from tirek.web.access import requires
from tirek.web.i18n import data_lang, localised
from tirek.web.psc.blueprint import blueprint
from tirek.web.psc.forms import CloseForm, ContactForm, RedirectForm, StepForm
from tirek.web.transaction import unit

SEE_OTHER = 303


@blueprint.post("/referrals/<uuid:referral_id>/acknowledge")
@requires(Permission.ACKNOWLEDGE)
def acknowledge(referral_id: UUID) -> Response:
    """Accept a referral by name."""
    referral_steps.acknowledge(unit(), referral_id, StepForm().seen_version)
    return _back(referral_id, _("You have accepted this referral. The school has been told."))


@blueprint.route("/referrals/<uuid:referral_id>/contact", methods=["GET", "POST"])
@requires(Permission.ACKNOWLEDGE)
def contact(referral_id: UUID) -> str | Response:
    """Write down that the child was talked with."""
    form = ContactForm(data={"version": request.args.get("version")})
    if not form.validate_on_submit():
        page = _opened(referral_id, form, "contact")
        return render_template("psc/contact.html", page=page, form=form)
    referral_care.record_contact(
        unit(),
        referral_id,
        form.seen_version,
        Attempt(
            ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=form.note.data or ""
        ),
    )
    return _back(referral_id, _("It is written down that you talked with the child."))


@blueprint.route("/referrals/<uuid:referral_id>/redirect", methods=["GET", "POST"])
@requires(Permission.REDIRECT)
def send_on(referral_id: UUID) -> str | tuple[str, int] | Response:
    """Send a referral on to another centre."""
    form = RedirectForm(data={"version": request.args.get("version")})
    form.center.choices = [SelectChoice("", _("Choose a support centre"))] + [
        SelectChoice(str(center.id), localised(center, "name"))
        for center in referral_page.other_centers(unit(), referral_id)
    ]
    if form.validate_on_submit():
        try:
            handovers.redirect(
                unit(),
                referral_id,
                form.seen_version,
                UUID(form.center.data),
                form.reason.data or "",
            )
        except AlreadyThereError:
            form.center.errors = [
                _("This centre already has an open referral about this pupil. Choose another.")
            ]
        else:
            return _back(
                referral_id,
                _("The referral has been sent on. It stays yours until somebody there accepts it."),
            )
    page = _opened(referral_id, form, "redirect")
    return render_template("psc/redirect.html", page=page, form=form)


@blueprint.route("/referrals/<uuid:referral_id>/close", methods=["GET", "POST"])
@requires(Permission.CLOSE_REFERRAL)
def close(referral_id: UUID) -> str | Response:
    """Finish a referral with an outcome."""
    form = CloseForm(data={"version": request.args.get("version")})
    form.offer(referral_page.outcomes(unit(), referral_id))
    if not form.validate_on_submit():
        page = _opened(referral_id, form, "close")
        return render_template("psc/close.html", page=page, form=form)
    referral_care.close(
        unit(),
        referral_id,
        form.seen_version,
        form.note.data or "",
    )
    return _back(referral_id, _("This referral is closed. The school sees the outcome, no notes."))


@blueprint.post("/referrals/<uuid:referral_id>/notices/<uuid:notice_id>")
@requires(Permission.CONFIRM_NOTICE)
def confirm_notice(referral_id: UUID, notice_id: UUID) -> Response:
    """Say under one's own name that a notice was given."""
    notice_steps.confirm_notice(unit(), notice_id)
    return _back(referral_id, _("Confirmed under your name."), "notices")


@blueprint.get("/referrals/<uuid:referral_id>/acknowledge", endpoint="acknowledge_left")
@blueprint.get("/referrals/<uuid:referral_id>/notices/<uuid:notice_id>", endpoint="notice_left")
@requires(Permission.VIEW_REFERRAL)
def step_left(referral_id: UUID, notice_id: UUID | None = None) -> Response:
    """Where the language switch of a refused step leads: back to the referral."""
    del notice_id
    return redirect(url_for("psc.referral", referral_id=referral_id))


def _opened(referral_id: UUID, form: StepForm, step: str) -> ReferralPage:
    """The referral as the form was begun on it; what changed meanwhile must be read first."""
    page = referral_page.open_page(unit(), referral_id, data_lang())
    form.version.data = form.version.data or str(page.version)
    if form.seen_version != page.version or not getattr(page.actions, step):
        raise ConflictError("the referral has moved on", page.owner_name)
    return page


def _back(referral_id: UUID, done: str, part: str | None = None) -> Response:
    flash(done, "success")
    return redirect(url_for("psc.referral", referral_id=referral_id, _anchor=part), SEE_OTHER)
