"""The link at the end of a reminder: one press stops them, without signing in."""

from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as Answer

from tirek.domain.errors import NotFoundError
from tirek.services import reminders
from tirek.web.access import public
from tirek.web.public.views import blueprint
from tirek.web.transaction import unit

NOT_FOUND = 404


@blueprint.get("/reminders/<uuid:account_id>/<secret>")
@public
def reminders_link(account_id: UUID, secret: str) -> str | tuple[str, int]:
    """Ask once; opening a link must change nothing, because mail servers open links too."""
    try:
        reminders.check_link(unit(), account_id, secret)
    except NotFoundError:
        return render_template("public/reminders_unknown.html"), NOT_FOUND
    return render_template("public/reminders_stop.html")


@blueprint.post("/reminders/<uuid:account_id>/<secret>")
@public
def reminders_end(account_id: UUID, secret: str) -> Answer | tuple[str, int]:
    """Stop them: a press on our page, or in a mail program, which sends no token (RFC 8058)."""
    try:
        reminders.stop_by_link(unit(), account_id, secret)
    except NotFoundError:
        return render_template("public/reminders_unknown.html"), NOT_FOUND
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response(status=200)
    return redirect(url_for("public.reminders_ended"), code=303)


@blueprint.get("/reminders/ended")
@public
def reminders_ended() -> str:
    """Say that it is done."""
    return render_template("public/reminders_ended.html")


@blueprint.record_once
def _without_token(state: BlueprintSetupState) -> None:
    """The secret in the link is what allows it: no cookie does, so none can be ridden on."""
    state.app.extensions["csrf"].exempt(reminders_end)
