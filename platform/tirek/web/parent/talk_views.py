"""A parent's talks: mine, free times, a kept time, the few words before it, and the agreed one."""

from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from tirek.domain.consultations import BookingState
from tirek.domain.permissions import Permission
from tirek.services import (
    calendar_files,
    talk_drafts,
    talk_records,
    talk_times,
    talks,
    waiting,
)
from tirek.services.talk_records import Talk
from tirek.services.talk_taking import EnoughAheadError, TimeGoneError
from tirek.web import calls, talk_words
from tirek.web.access import requires
from tirek.web.i18n import LANGUAGES, data_lang
from tirek.web.parent.pages import blueprint
from tirek.web.parent.talk_forms import DetailsForm, Narrowed
from tirek.web.transaction import keep_despite_error, plant, unit

# Says no more than the file's own summary does.
FILE_NAME = "kezdesu.ics"
Shown = str | tuple[str, int] | Answer
_FILLING_IN = frozenset({BookingState.HELD, BookingState.EXPIRED})


@blueprint.get("/talks", endpoint="talks")
@requires(Permission.BOOK_TALK)
def my_talks() -> str:
    """My meetings to come, times kept for me, where I wait, and what is over."""
    return render_template(
        "parent/talks.html",
        upcoming=talk_records.upcoming(unit()),
        kept=talk_records.kept(unit()),
        places=waiting.mine(unit()),
        past=talk_records.past(unit(), request.args.get("page", 1, int)),
        words=talk_words,
    )


@blueprint.get("/talks/times", endpoint="talk_times")
@requires(Permission.BOOK_TALK)
def free_times() -> str:
    """Free times near me, day by day; taken ones stay visible."""
    narrowed = Narrowed.from_address()
    moved = talk_records.read(unit(), narrowed.instead) if narrowed.instead else None
    return render_template(
        "parent/talk_times.html",
        times=talk_times.free_times(unit(), narrowed.wish, narrowed.page),
        people=talk_times.near_people(unit()),
        houses=talk_times.near_houses(unit()),
        narrowed=narrowed,
        moved=moved,
        words=talk_words,
    )


@blueprint.route("/talks/times/<uuid:slot_id>", methods=["GET", "POST"], endpoint="take_time")
@requires(Permission.BOOK_TALK)
def take(slot_id: UUID) -> Shown:
    """Keep a time for ten minutes and go on to the few words."""
    if request.method == "GET":
        # The page that says a time is gone, read again or in another language.
        return redirect(url_for("parent.talk_times"), 303)
    like = request.form.get("like", type=UUID)
    try:
        booking_id = talks.hold(unit(), slot_id, data_lang(), like)
    except TimeGoneError as error:
        return gone(error, like=like)
    return redirect(url_for("parent.talk_details", booking_id=booking_id), 303)


@blueprint.route(
    "/talks/<uuid:booking_id>/details", methods=["GET", "POST"], endpoint="talk_details"
)
@requires(Permission.BOOK_TALK)
def details(booking_id: UUID) -> Shown:
    """The few words before a talk; sending them makes the kept time an agreed one."""
    talk = talk_records.read(unit(), booking_id)
    if talk.state not in _FILLING_IN:
        return redirect(url_for("parent.talk", booking_id=talk.id), 303)
    form = DetailsForm(talk, talk_times.person(unit(), talk.host_id))
    if request.form.get("switch") in LANGUAGES:
        talk_drafts.keep(unit(), talk.id, form.draft())
        lang = request.form["switch"]
        return redirect(url_for("parent.talk_details", booking_id=talk.id, lang=lang), 303)
    if form.validate_on_submit():
        return _confirmed(talk, form)
    is_kept = talk.held_until is not None and talk.held_until > unit().now()
    page = render_template(
        "parent/talk_details.html",
        form=form,
        talk=talk,
        is_kept=is_kept,
        has_calls=calls.has_server(),
        words=talk_words,
    )
    return (page, 422) if form.errors else page


def _confirmed(talk: Talk, form: DetailsForm) -> Shown:
    try:
        booking_id = talks.confirm(unit(), talk.id, form.details())
    except TimeGoneError as error:
        # What was typed goes along to the time that is chosen instead.
        talk_drafts.keep(unit(), talk.id, form.draft())
        keep_despite_error()
        return gone(error, like=talk.id)
    return redirect(url_for("parent.talk", booking_id=booking_id), 303)


@blueprint.get("/talks/<uuid:booking_id>", endpoint="talk")
@requires(Permission.BOOK_TALK)
def one_talk(booking_id: UUID) -> Shown:
    """One meeting: when, with whom, how, and what can be changed."""
    current = talk_records.latest(unit(), booking_id)
    talk = talk_records.read(unit(), current)
    if current != booking_id:
        return redirect(url_for("parent.talk", booking_id=current), 302)
    if talk.state in _FILLING_IN:
        return redirect(url_for("parent.talk_details", booking_id=talk.id), 302)
    return render_template(
        "parent/talk.html",
        talk=talk,
        is_ahead=talk.state is BookingState.BOOKED and talk.starts_at > unit().now(),
        is_open=talk.state is BookingState.BOOKED and talk.ends_at > unit().now(),
        has_calls=calls.has_server(),
        # What the psychologist had to call off is made up for with two taps.
        near=talk_times.near_to(unit(), talk.host_id, talk.starts_at)
        if talk.state is BookingState.CANCELLED and talk.cancelled_by == "host"
        else [],
        words=talk_words,
    )


@blueprint.get("/talks/<uuid:booking_id>.ics", endpoint="talk_file")
@requires(Permission.BOOK_TALK)
def calendar_file(booking_id: UUID) -> Response:
    """The meeting as a file for a calendar; it says when, and nothing else."""
    current = talk_records.latest(unit(), booking_id)
    link = plant().base_url + url_for("parent.talk", booking_id=current)
    answer = make_response(calendar_files.write([calendar_files.entry(unit(), current, link)]))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    answer.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return answer


def gone(error: TimeGoneError, **more: UUID | None) -> tuple[str, int]:
    """The page for a time that cannot be had: why, and what is free near it."""
    page = render_template(
        "parent/talk_gone.html",
        why=talk_words.why_gone(error),
        near=error.near,
        is_enough=isinstance(error, EnoughAheadError),
        words=talk_words,
        title=str(_("This time is gone")),
        **more,
    )
    return page, 409
