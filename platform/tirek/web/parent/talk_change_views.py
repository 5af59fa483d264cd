"""What a parent does with an agreed talk: moves it, cancels it, asks for a telephone, joins it."""

from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.consultations import CALLS, JOIN_BEFORE, BookingState
from tirek.domain.permissions import Permission
from tirek.services import talk_records, talk_times, talks, waiting
from tirek.services.talk_taking import TimeGoneError
from tirek.web import calls, talk_words
from tirek.web.access import requires
from tirek.web.parent.pages import blueprint
from tirek.web.parent.talk_forms import PhoneForm
from tirek.web.parent.talk_views import Shown, gone
from tirek.web.transaction import unit

# The device check listens to the microphone; on every other page nothing may.
HEARS = "camera=(), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=()"


@blueprint.route("/talks/<uuid:booking_id>/move", methods=["GET", "POST"], endpoint="move_talk")
@requires(Permission.BOOK_TALK)
def move(booking_id: UUID) -> Shown:
    """Take the chosen time instead of the agreed one."""
    if request.method == "GET":
        return redirect(url_for("parent.talk_times", instead=booking_id), 303)
    slot_id = request.form.get("slot", type=UUID) or abort(422)
    try:
        moved = talks.move(unit(), booking_id, slot_id)
    except TimeGoneError as error:
        return gone(error, instead=booking_id)
    flash(str(_("The meeting has been moved. Please download the calendar file again.")), "success")
    return redirect(url_for("parent.talk", booking_id=moved), 303)


@blueprint.route("/talks/<uuid:booking_id>/cancel", methods=["GET", "POST"], endpoint="cancel_talk")
@requires(Permission.BOOK_TALK)
def cancel(booking_id: UUID) -> Shown:
    """Two taps: this page, and its button."""
    talk = talk_records.read(unit(), booking_id)
    if request.method == "GET":
        return render_template("parent/talk_cancel.html", talk=talk, words=talk_words)
    try:
        talks.cancel(unit(), booking_id)
    except TimeGoneError as error:
        return gone(error)
    if talk.state is BookingState.BOOKED:
        flash(str(_("The meeting is cancelled. The psychologist has been told.")), "success")
    return redirect(url_for("parent.talks"), 303)


@blueprint.route(
    "/talks/<uuid:booking_id>/phone", methods=["GET", "POST"], endpoint="phone_instead"
)
@requires(Permission.BOOK_TALK)
def phone(booking_id: UUID) -> Shown:
    """Call me by telephone instead: it counts the same."""
    talk = talk_records.read(unit(), booking_id)
    form = PhoneForm(data={"phone": talk.phone})
    if form.validate_on_submit():
        try:
            talks.ask_phone(unit(), booking_id, form.phone.data)
        except TimeGoneError as error:
            return gone(error)
        flash(str(_("The psychologist has been told and will call you.")), "success")
        return redirect(url_for("parent.talk", booking_id=booking_id), 303)
    page = render_template("parent/talk_phone.html", form=form, talk=talk, words=talk_words)
    return (page, 422) if form.errors else page


@blueprint.get("/talks/<uuid:booking_id>/join", endpoint="join_talk")
@requires(Permission.BOOK_TALK)
def join(booking_id: UUID) -> Response:
    """The door of the call: it opens ten minutes before, and checks the microphone first."""
    talk = talk_records.read(unit(), booking_id)
    if talk.state is not BookingState.BOOKED or talk.medium not in CALLS:
        return redirect(url_for("parent.talk", booking_id=talk.id), 302)
    now, opens_at = unit().now(), talk.starts_at - JOIN_BEFORE
    page = render_template(
        "parent/talk_join.html",
        talk=talk,
        link=calls.link(talks.join_pass(unit(), booking_id)),
        opens_at=opens_at,
        is_early=now < opens_at,
        has_calls=calls.has_server(),
        words=talk_words,
    )
    answer = make_response(page)
    answer.headers["Permissions-Policy"] = HEARS
    return answer


@blueprint.get("/talks/waiting", endpoint="waiting")
@requires(Permission.BOOK_TALK)
def waiting_list() -> str:
    """Where I wait, and where I could."""
    return render_template(
        "parent/talk_waiting.html",
        places=waiting.mine(unit()),
        houses=talk_times.near_houses(unit()),
        people=talk_times.near_people(unit()),
        words=talk_words,
    )


@blueprint.post("/talks/waiting", endpoint="wait")
@requires(Permission.BOOK_TALK)
def wait() -> Response:
    """Stand in a list."""
    house_id = request.form.get("house", type=UUID) or abort(422)
    waiting.wait(unit(), house_id, request.form.get("person", type=UUID))
    flash(
        str(_("You are on the waiting list. We will write to you when a time is free.")), "success"
    )
    return redirect(url_for("parent.waiting"), 303)


@blueprint.post("/talks/waiting/<uuid:waiting_id>/leave", endpoint="leave_waiting")
@requires(Permission.BOOK_TALK)
def leave(waiting_id: UUID) -> Response:
    """Stand there no longer."""
    waiting.leave(unit(), waiting_id)
    flash(str(_("You are no longer on this list.")), "success")
    return redirect(url_for("parent.waiting"), 303)
