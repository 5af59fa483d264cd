"""The page behind the link in a message: two taps cancel a talk, without signing in."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tirek.services import talk_links
from tirek.web import talk_words
from tirek.web.access import current_actor, public
from tirek.web.parent.pages import blueprint
from tirek.web.transaction import unit


@blueprint.route(
    "/talks/<uuid:booking_id>/<string(length=32):secret>",
    methods=["GET", "POST"],
    endpoint="talk_link",
)
@public
def talk_link(booking_id: UUID, secret: str) -> str | Response:
    """When it is, and a button; who is signed in as its parent gets the whole page."""
    linked = talk_links.look(unit(), booking_id, secret)
    actor = current_actor()
    if actor is not None and actor.account_id == linked.account_id:
        return redirect(url_for("parent.talk", booking_id=linked.id), 303)
    if request.method == "POST" and linked.is_ahead:
        talk_links.cancel(unit(), booking_id, secret)
        address = url_for("parent.talk_link", booking_id=booking_id, secret=secret)
        return redirect(address, 303)
    return render_template(
        "parent/talk_link.html", talk=linked, booking_id=booking_id, secret=secret, words=talk_words
    )
