"""The centre about itself: whether it takes children on, who is on duty, phones for SMS."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.errors import DomainError
from tirek.domain.permissions import Permission, may
from tirek.services import rosters
from tirek.services.rosters import PhoneError, Roster, ShiftError
from tirek.web.access import current_actor, requires
from tirek.web.psc.blueprint import blueprint
from tirek.web.psc.roster_forms import PhoneForm, SettingsForm, ShiftForm
from tirek.web.transaction import unit

SEE_OTHER = 303


@blueprint.get("/roster")
@requires(Permission.VIEW_ROSTER)
def roster() -> str:
    """Who is on duty, and when nobody is."""
    return _page()


@blueprint.post("/roster")
@requires(Permission.KEEP_ROSTER)
def roster_settings() -> tuple[str, int] | Response:
    """Say whether the centre takes children on."""
    form = SettingsForm()
    if not form.validate():
        return _page(settings=form), 422
    rosters.change_settings(unit(), form.settings)
    flash(_("Saved. New referrals follow this from now on."), "success")
    return _back()


@blueprint.post("/roster/shifts")
@requires(Permission.KEEP_ROSTER)
def shift_add() -> tuple[str, int] | Response:
    """Put somebody on duty."""
    form = ShiftForm.offering(rosters.of_center(unit()).people)
    if not form.validate():
        return _page(shift=form), 422
    starts, ends = form.hours
    try:
        rosters.add_shift(
            unit(), UUID(form.account.data), starts, ends, is_deputy=bool(form.is_deputy.data)
        )
    except ShiftError:
        form.ends.errors = [
            _("A shift ends after it begins, in the future, and lasts at most 7 days.")
        ]
        return _page(shift=form), 422
    flash(_("The shift is on the roster."), "success")
    return _back("shifts")


@blueprint.post("/roster/shifts/<uuid:shift_id>/remove")
@requires(Permission.KEEP_ROSTER)
def shift_remove(shift_id: UUID) -> Response:
    """Take a shift off the roster."""
    rosters.remove_shift(unit(), shift_id)
    flash(_("The shift is off the roster."), "success")
    return _back("shifts")


@blueprint.post("/roster/phones/<uuid:account_id>")
@requires(Permission.KEEP_ROSTER)
def phone(account_id: UUID) -> tuple[str, int] | Response:
    """Keep the phone of somebody of the centre."""
    form = PhoneForm()
    try:
        rosters.set_phone(unit(), account_id, form.phone.data or "")
    except PhoneError as error:
        return _page(wrong_phone=(account_id, form.phone.data, error)), 422
    flash(_("Saved. The number is kept sealed and only used for alarms."), "success")
    return _back("phones")


@blueprint.get("/roster/shifts", endpoint="shift_add_left")
@blueprint.get("/roster/shifts/<uuid:shift_id>/remove", endpoint="shift_remove_left")
@blueprint.get("/roster/phones/<uuid:account_id>", endpoint="phone_left")
@requires(Permission.VIEW_ROSTER)
def roster_step_left(shift_id: UUID | None = None, account_id: UUID | None = None) -> Response:
    """Where the language switch of a refused step leads: back to the roster."""
    del shift_id, account_id
    return redirect(url_for("psc.roster"))


def _page(
    settings: SettingsForm | None = None,
    shift: ShiftForm | None = None,
    wrong_phone: tuple[UUID, str | None, DomainError] | None = None,
) -> str:
    found: Roster = rosters.of_center(unit())
    return render_template(
        "psc/roster.html",
        roster=found,
        settings=settings or SettingsForm.of(found.settings),
        shift=shift or ShiftForm.offering(found.people),
        wrong_phone=wrong_phone,
        may_change=may(current_actor(), Permission.KEEP_ROSTER),
    )


def _back(part: str | None = None) -> Response:
    return redirect(url_for("psc.roster", _anchor=part), SEE_OTHER)
