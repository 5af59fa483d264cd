"""A psychologist's pages about talks, the same for schools and support centres."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.domain.talk_pattern import PatternError
from tirek.services import talk_feeds, talk_hosts, talk_records, talk_week
from tirek.services.talk_hosts import BookedMeanwhileError, Offered, Terms
from tirek.services.talk_taking import NotOfferedError
from tirek.web import talk_desk_words as words
from tirek.web.access import requires
from tirek.web.talk_forms import TermsForm, TimesForm
from tirek.web.transaction import db, plant, unit

SEE_OTHER, WRONG = 303, 422
# Nobody looks for a week further away than this.
YEARS = timedelta(days=730)
FORM = ("GET", "POST")
Answer = str | tuple[str, int] | Response


@dataclass(frozen=True, slots=True)
class Area:
    """Whose pages these are: the blueprint, and the layout of its pages."""

    name: str
    layout: str

    def url(self, page: str, **values: object) -> str:
        """The address of one of these pages."""
        return url_for(f"{self.name}.{page}", **values)  # type: ignore[arg-type]

    def go(self, page: str, **values: object) -> Response:
        """Lead there after a step."""
        return redirect(self.url(page, **values), SEE_OTHER)


View = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class PageRule:
    """One address below the area's own, and what answers there."""

    rule: str
    name: str
    view: View
    methods: tuple[str, ...] = ("GET",)


def register(blueprint: Blueprint, area: Area, pages: tuple[PageRule, ...]) -> None:
    """Give an area these pages, for whom the table lets offer talks."""
    for page in pages:
        view = requires(Permission.OFFER_TALK)(partial(page.view, area))
        blueprint.add_url_rule(page.rule, page.name, view, methods=list(page.methods))


def my_week(area: Area) -> Answer:
    """My week, what waits for a word of mine, and who wants to be called."""
    if talk_hosts.terms(unit()) is None:
        return area.go("talk_terms")
    return render_template(
        "talks/week.html",
        area=area,
        words=words,
        week=talk_week.week(unit(), asked_day()),
        unmarked=talk_week.unmarked(unit()),
        phones=talk_week.phones_asked(unit()),
        waiting=talk_week.how_many_wait(unit()),
    )


def terms(area: Area) -> Answer:
    """On which terms I offer talks; the first time, what offering them means."""
    known = talk_hosts.terms(unit())
    form = TermsForm.of(known)
    if form.validate_on_submit():
        talk_hosts.set_terms(unit(), form.terms)
        flash(_("Saved. Talks that are booked stay as they are."), "success")
        return area.go("talks" if known else "talk_times")
    page = _terms_page(area, form, known)
    return (page, WRONG) if form.errors else page


def _terms_page(area: Area, form: TermsForm, known: Terms | None, feed: str | None = None) -> str:
    return render_template(
        "talks/terms.html",
        area=area,
        form=form,
        known=known,
        has_feed=talk_feeds.has_one(unit()),
        feed=feed,
    )


def feed(area: Area) -> Answer:
    """Make a secret address for my calendar program, and show it this once."""
    secret = talk_feeds.renew(unit())
    known = talk_hosts.terms(unit())
    address = plant().base_url + url_for("public.talk_feed", secret=secret)
    return _terms_page(area, TermsForm.of(known), known, address)


def feed_stop(area: Area) -> Answer:
    """Close the secret address."""
    talk_feeds.stop(unit())
    flash(_("The address opens nothing any more."), "success")
    return area.go("talk_terms", _anchor="calendar")


def to_terms(area: Area) -> Answer:
    """Where the language switch of the secret address leads: back, without the secret."""
    return redirect(area.url("talk_terms"))


def times(area: Area) -> Answer:
    """Offer times: of one day, or every week."""
    known = talk_hosts.terms(unit())
    if known is None:
        return area.go("talk_terms")
    form = TimesForm.like(known)
    pattern = form.pattern() if form.validate_on_submit() else None
    if pattern is not None:
        try:
            offered = talk_hosts.offer(unit(), pattern)
        except PatternError as error:
            form.explain(error)
        else:
            _say(offered)
            return area.go("talks", week=pattern.first_day)
    page = render_template("talks/times.html", area=area, form=form)
    return (page, WRONG) if form.errors else page


def _say(offered: Offered) -> None:
    """What became of it: what was added, and each thing that was left out."""
    if offered.added:
        said = ngettext("%(num)s time is offered.", "%(num)s times are offered.", offered.added)
        flash(said, "success")
    else:
        flash(_("No new time was added."))
    if offered.days_off:
        days = ", ".join(words.as_day(day) for day in offered.days_off)
        flash(_("Left out because nobody works: %(days)s.", days=days))
    if offered.overlapping:
        first = words.as_moment(offered.overlapping[0].starts_at)
        said = ngettext(
            "%(num)s time was left out, because you offer another at that hour: %(first)s.",
            "%(num)s times were left out, because you offer others at those hours;"
            " the first: %(first)s.",
            len(offered.overlapping),
            first=first,
        )
        flash(said)


def time(area: Area, slot_id: UUID) -> Answer:
    """One time that nobody has booked: keep it for urgent calls, book it, or take it back."""
    slot = talk_hosts.own_slot(unit(), slot_id)
    booking_id = talk_hosts.booked_on(unit(), slot_id)
    if booking_id is not None:
        return redirect(area.url("talk", booking_id=booking_id))
    return _time_page(area, slot)


def _time_page(area: Area, slot: object, why: str | None = None) -> str:
    return render_template(
        "talks/time.html", area=area, words=words, slot=slot, why=why, now=unit().now()
    )


def reserve(area: Area, slot_id: UUID) -> Answer:
    """Keep a time for urgent calls, or let parents see it."""
    is_reserved = request.form.get("is_reserved") == "yes"
    talk_hosts.set_reserved(unit(), slot_id, is_reserved=is_reserved)
    flash(
        _("Kept for urgent calls: parents do not see it.")
        if is_reserved
        else _("Parents can book this time."),
        "success",
    )
    return area.go("talk_time", slot_id=slot_id)


def withdraw(area: Area, slot_id: UUID) -> Answer:
    """Take back a time that nobody has booked."""
    try:
        talk_hosts.withdraw(unit(), slot_id)
    except (BookedMeanwhileError, NotOfferedError) as error:
        db().rollback()
        flash(
            _("A parent has booked this time just now.")
            if isinstance(error, BookedMeanwhileError)
            else _("This time has begun already.")
        )
        return area.go("talk_time", slot_id=slot_id)
    flash(_("The time is off your list."), "success")
    return area.go("talks")


def to_time(area: Area, slot_id: UUID) -> Answer:
    """Where the language switch of a refused step leads: back to the time."""
    return redirect(area.url("talk_time", slot_id=slot_id))


def past(area: Area) -> Answer:
    """Talks that are over or were called off, the latest first."""
    found = talk_records.past(unit(), request.args.get("page", 1, int))
    return render_template("talks/past.html", area=area, words=words, found=found)


def waiting(area: Area) -> Answer:
    """Who waits for a time, nameless, the longest first."""
    found = talk_week.waiting(unit(), request.args.get("page", 1, int))
    return render_template("talks/waiting.html", area=area, words=words, found=found)


def asked_day() -> date | None:
    """The week that the address asks for; nonsense there is today's."""
    try:
        asked = date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        return None
    return asked if abs(asked - unit().now().date()) < YEARS else None


PAGES = (
    PageRule("/talks", "talks", my_week),
    PageRule("/talks/terms", "talk_terms", terms, FORM),
    PageRule("/talks/feed", "talk_feed", feed, ("POST",)),
    PageRule("/talks/feed/stop", "talk_feed_stop", feed_stop, ("POST",)),
    PageRule("/talks/feed", "talk_feed_left", to_terms),
    PageRule("/talks/feed/stop", "talk_feed_stop_left", to_terms),
    PageRule("/talks/times", "talk_times", times, FORM),
    PageRule("/talks/times/<uuid:slot_id>", "talk_time", time),
    PageRule("/talks/times/<uuid:slot_id>/reserve", "talk_reserve", reserve, ("POST",)),
    PageRule("/talks/times/<uuid:slot_id>/reserve", "talk_reserve_left", to_time),
    PageRule("/talks/times/<uuid:slot_id>/withdraw", "talk_withdraw", withdraw, ("POST",)),
    PageRule("/talks/times/<uuid:slot_id>/withdraw", "talk_withdraw_left", to_time),
    PageRule("/talks/past", "talks_past", past),
    PageRule("/talks/waiting", "talks_waiting", waiting),
)
