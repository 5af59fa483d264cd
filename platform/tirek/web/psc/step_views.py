"""The steps that a support centre's people take on a referral."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import notice_steps
from tirek.services.referral_choices import StepName
from tirek.web import referral_views
from tirek.web.access import requires
from tirek.web.psc.blueprint import AREA, blueprint
from tirek.web.referral_step_pages import STEP_PAGES
from tirek.web.referral_views import SEE_OTHER, Answer
from tirek.web.transaction import unit

FORMS = ["GET", "POST"]
# Sending on and closing are rights of their own.
_APART = {StepName.REDIRECT, StepName.CLOSE}
_STEPS = ",".join(f'"{step.value}"' for step in STEP_PAGES if step not in _APART)


@blueprint.post("/referrals/<uuid:referral_id>/acknowledge")
@requires(Permission.ACKNOWLEDGE)
def acknowledge(referral_id: UUID) -> Response:
    """Accept a referral by name."""
    return referral_views.accept(AREA, referral_id)


@blueprint.route(f"/referrals/<uuid:referral_id>/<any({_STEPS}):step>", methods=FORMS)
@requires(Permission.ACKNOWLEDGE)
def step(referral_id: UUID, step: str) -> Answer:
    """Take one of the steps that have a form of their own."""
    return referral_views.step(AREA, referral_id, StepName(step))


@blueprint.route("/referrals/<uuid:referral_id>/redirect", methods=FORMS)
@requires(Permission.REDIRECT)
def send_on(referral_id: UUID) -> Answer:
    """Send a referral on to another centre."""
    return referral_views.step(AREA, referral_id, StepName.REDIRECT)


@blueprint.route("/referrals/<uuid:referral_id>/close", methods=FORMS)
@requires(Permission.CLOSE_REFERRAL)
def close(referral_id: UUID) -> Answer:
    """Finish a referral with the outcome that was proposed."""
    return referral_views.step(AREA, referral_id, StepName.CLOSE)


@blueprint.route("/referrals/<uuid:referral_id>/proposals/<uuid:approval_id>", methods=FORMS)
@requires(Permission.ACKNOWLEDGE)
def decide(referral_id: UUID, approval_id: UUID) -> Answer:
    """Say yes or no to what a colleague has proposed."""
    return referral_views.decide(AREA, referral_id, approval_id)


@blueprint.post("/referrals/<uuid:referral_id>/notices/<uuid:notice_id>")
@requires(Permission.CONFIRM_NOTICE)
def confirm_notice(referral_id: UUID, notice_id: UUID) -> Response:
    """Say under one's own name that a notice was given."""
    notice_steps.confirm_notice(unit(), notice_id)
    flash(_("Confirmed under your name."), "success")
    return redirect(AREA.url(referral_id, "notices"), SEE_OTHER)


@blueprint.get("/referrals/<uuid:referral_id>/acknowledge", endpoint="acknowledge_left")
@blueprint.get("/referrals/<uuid:referral_id>/notices/<uuid:notice_id>", endpoint="notice_left")
@requires(Permission.VIEW_REFERRAL)
def step_left(referral_id: UUID, notice_id: UUID | None = None) -> Response:
    """Where the language switch of a refused step leads: back to the referral."""
    del notice_id
    return redirect(url_for("psc.referral", referral_id=referral_id))
