"""Permissions of rights-holders: what is needed, what was recorded, and taking one back."""

from datetime import timedelta
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.errors import NotFoundError
from tirek.domain.permissions import Permission
from tirek.services import licences
from tirek.services.licences import Record
from tirek.web.access import requires
from tirek.web.admin.blueprint import blueprint
from tirek.web.admin.licence_forms import GrantForm, RevokeForm
from tirek.web.admin.views import SEE_OTHER
from tirek.web.i18n import data_lang
from tirek.web.transaction import unit

# A rights-holder takes weeks to answer: in this time a new permission is asked for.
SOON = timedelta(days=60)


@blueprint.get("/licences")
@requires(Permission.RECORD_LICENCE)
def licences_list() -> str:
    """List the questionnaires that need a permission, and how each stands today."""
    return render_template(
        "admin/licences.html",
        lines=licences.overview(unit()),
        soon=licences.today(unit()) + SOON,
        text_lang=data_lang(),
    )


@blueprint.route("/licences/<instrument_id>", methods=["GET", "POST"])
@requires(Permission.RECORD_LICENCE)
def licence(instrument_id: str) -> str | tuple[str, int] | Response:
    """Show one questionnaire's permissions, and record another."""
    line = licences.line_of(unit(), instrument_id)
    form = GrantForm(data={"valid_from": licences.today(unit())})
    if form.validate_on_submit():
        licences.record(unit(), instrument_id, form.grant)
        flash(
            _(
                "Recorded. From its first day on the questionnaire may be shown where its release"
                " is on trial or approved."
            ),
            "success",
        )
        return redirect(url_for("admin.licence", instrument_id=instrument_id), SEE_OTHER)
    page = render_template(
        "admin/licence.html",
        line=line,
        records=licences.records(unit(), instrument_id),
        soon=licences.today(unit()) + SOON,
        form=form,
        text_lang=data_lang(),
    )
    return (page, 422) if form.errors else page


@blueprint.route(
    "/licences/<instrument_id>/<uuid:licence_id>/revoke",
    methods=["GET", "POST"],
)
@requires(Permission.RECORD_LICENCE)
def licence_revoke(instrument_id: str, licence_id: UUID) -> str | tuple[str, int] | Response:
    """Ask why, and take a permission back."""
    line = licences.line_of(unit(), instrument_id)
    record = _record(instrument_id, licence_id)
    form = RevokeForm()
    if form.validate_on_submit():
        licences.revoke(unit(), licence_id, form.reason.data or "")
        flash(_("Taken back. What has been begun may be finished; nothing new begins."), "success")
        return redirect(url_for("admin.licence", instrument_id=instrument_id), SEE_OTHER)
    page = render_template(
        "admin/licence_revoke.html", line=line, record=record, form=form, text_lang=data_lang()
    )
    return (page, 422) if form.errors else page


def _record(instrument_id: str, licence_id: UUID) -> Record:
    for one in licences.records(unit(), instrument_id):
        if one.id == licence_id:
            return one
    raise NotFoundError("instrument_licence", licence_id)
