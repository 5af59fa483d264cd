"""A psychologist's pages about one talk: opened, begun, moved or called off, and how it went."""

from uuid import UUID

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _

from tirek.domain.consultations import CALLS, JOIN_BEFORE, BookingState
from tirek.domain.errors import DomainError
from tirek.services import talk_desk, talk_hosts, talk_records, talks
from tirek.services.talk_desk import NoFamilyError, OpenedTalk, TooEarlyError
from tirek.services.talk_hosts import BookedMeanwhileError, Terms
from tirek.services.talk_taking import TimeGoneError
from tirek.web import calls
from tirek.web import talk_desk_words as words
from tirek.web.talk_forms import BookForm, ChangeForm
from tirek.web.talk_pages import FORM, WRONG, Answer, Area, PageRule
from tirek.web.transaction import db, keep_despite_error, unit

_MARKS = {"done": BookingState.DONE, "no_show": BookingState.NO_SHOW}


def talk(area: Area, booking_id: UUID) -> Answer:
    """One talk with what the parent said for it, and the door to the call when it is time."""
    opened = talk_desk.open_talk(unit(), booking_id)
    if opened.talk.state is BookingState.MOVED:
        return redirect(area.url("talk", booking_id=talk_records.latest(unit(), booking_id)))
    is_call = opened.talk.state is BookingState.BOOKED and opened.talk.medium in CALLS
    return render_template(
        "talks/talk.html",
        area=area,
        words=words,
        opened=opened,
        talk=opened.talk,
        is_call=is_call,
        has_server=calls.has_server(),
        link=calls.link(talks.join_pass(unit(), booking_id)) if is_call else None,
        opens_at=opened.talk.starts_at - JOIN_BEFORE,
    )


def mark(area: Area, booking_id: UUID) -> Answer:
    """Say that a talk took place or did not."""
    how = _MARKS.get(request.form.get("how", ""))
    if how is None:
        talk_records.find_row(unit(), booking_id)
        return _talk_again(area, booking_id, _("Say whether the talk took place."))
    try:
        talk_desk.mark(unit(), booking_id, how)
    except TooEarlyError:
        return _talk_again(area, booking_id, _("This can be said once the talk has begun."))
    flash(_("Written down. Nobody is blamed: it only helps to plan."), "success")
    return area.go("talks" if how is BookingState.DONE else "talk", **_of(how, booking_id))


def _of(how: BookingState, booking_id: UUID) -> dict[str, UUID]:
    """After a missed talk its page is shown again: it says what helps now."""
    return {} if how is BookingState.DONE else {"booking_id": booking_id}


def _talk_again(area: Area, booking_id: UUID, why: str) -> Answer:
    flash(why)
    return area.go("talk", booking_id=booking_id)


def to_talk(area: Area, booking_id: UUID) -> Answer:
    """Where the language switch of a refused step leads: back to the talk."""
    return redirect(area.url("talk", booking_id=booking_id))


def change(area: Area, booking_id: UUID) -> Answer:
    """Move a booked talk to another time of mine, or call it off; the parent is told."""
    opened = talk_desk.open_talk(unit(), booking_id)
    if opened.talk.state is not BookingState.BOOKED or opened.has_begun:
        return _talk_again(area, booking_id, _("This talk has begun, or is called off already."))
    form = ChangeForm().offer(talk_hosts.free_of_mine(unit(), opened.talk.slot_id))
    if not form.validate_on_submit():
        return _change_page(area, opened, form)
    try:
        current = _change(opened, form)
    except (TimeGoneError, BookedMeanwhileError) as error:
        db().rollback()
        form.slot.errors = [_why_not(error)]
        return _change_page(area, talk_desk.open_talk(unit(), booking_id), form)
    flash(_("Done. The parent has been written to, and sees free times near this one."), "success")
    return area.go("talk", booking_id=current)


def _change(opened: OpenedTalk, form: ChangeForm) -> UUID:
    """Do what was chosen; returns the talk as it now stands."""
    booking_id, slot_id = opened.talk.id, opened.talk.slot_id
    if form.takes_back.data:
        talk_hosts.withdraw(unit(), slot_id, booking_id, form.instead)
    elif form.instead is not None:
        talks.move(unit(), booking_id, form.instead)
    else:
        talks.cancel(unit(), booking_id)
    return talk_records.latest(unit(), booking_id)


def _change_page(area: Area, opened: OpenedTalk, form: ChangeForm) -> Answer:
    page = render_template(
        "talks/change.html", area=area, words=words, opened=opened, talk=opened.talk, form=form
    )
    if not form.errors:
        return page
    # That the talk was opened stays written down.
    keep_despite_error()
    return page, WRONG


def _why_not(error: DomainError) -> str:
    if isinstance(error, TimeGoneError):
        return words.why_not(error)
    return str(_("A parent has booked this time just now."))


def book(area: Area, slot_id: UUID) -> Answer:
    """Book one of my times for a family I have spoken with, also one kept for urgent calls."""
    slot = talk_hosts.own_slot(unit(), slot_id)
    known = talk_hosts.terms(unit()) or Terms()
    form = BookForm.offering(known)
    details = form.details() if form.validate_on_submit() else None
    if details is not None:
        try:
            booking_id = talk_desk.book_for(unit(), slot_id, form.email.data or "", details)
        except NoFamilyError:
            form.email.errors = [
                _(
                    "No parent of a child here has an account with this address. Ask them for the"
                    " address, or give them an invitation."
                )
            ]
        except TimeGoneError as error:
            db().rollback()
            form.form_errors.append(words.why_not(error))
        else:
            flash(_("Booked. The parent has been written to."), "success")
            return area.go("talk", booking_id=booking_id)
    page = render_template("talks/book.html", area=area, words=words, slot=slot, form=form)
    return (page, WRONG) if form.errors else page


ONE_TALK = (
    PageRule("/talks/<uuid:booking_id>", "talk", talk),
    PageRule("/talks/<uuid:booking_id>/mark", "talk_mark", mark, ("POST",)),
    PageRule("/talks/<uuid:booking_id>/mark", "talk_mark_left", to_talk),
    PageRule("/talks/<uuid:booking_id>/change", "talk_change", change, FORM),
    PageRule("/talks/times/<uuid:slot_id>/book", "talk_book", book, FORM),
)
