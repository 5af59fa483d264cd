"""Late referrals: where, how late, who has been called; nothing of the child."""

from datetime import UTC, datetime
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.domain.watch import AlarmReply
from tirek.services import late_referrals
from tirek.web.access import requires
from tirek.web.oversight.blueprint import area, blueprint
from tirek.web.oversight.views import SEE_OTHER
from tirek.web.transaction import unit


@blueprint.get("/late")
@requires(Permission.VIEW_OVERSIGHT)
def late() -> str:
    """List them, the most urgent first."""
    return render_template(
        "oversight/late.html",
        rows=late_referrals.in_area(unit(), area()),
        replies=tuple(AlarmReply),
        now=datetime.now(UTC),
    )


@blueprint.post("/late/<uuid:referral_id>")
@requires(Permission.ANSWER_ALARM)
def reply(referral_id: UUID) -> Response:
    """Write down what was done about it."""
    said = request.form.get("reply", "")
    if said not in set(AlarmReply):
        abort(422)
    late_referrals.reply(unit(), area(), referral_id, AlarmReply(said))
    flash(
        _("Written down with your name and the time. The ladder goes on until somebody acts."),
        "success",
    )
    return redirect(url_for("oversight.late"), SEE_OTHER)


@blueprint.get("/late/<uuid:referral_id>", endpoint="reply_left")
@blueprint.get("/messages/<int:message_id>/retry", endpoint="retry_left")
@requires(Permission.VIEW_OVERSIGHT)
def step_left(referral_id: UUID | None = None, message_id: int | None = None) -> Response:
    """Where the language switch of a refused step leads: back to the list."""
    del message_id
    return redirect(url_for("oversight.late" if referral_id else "oversight.home"))
