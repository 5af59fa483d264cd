"""Meetings with parents as the programme counts them; the same for a school and for a centre."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from tirek.domain.education import Strand
from tirek.domain.meetings import MeetingError, Term
from tirek.domain.permissions import Permission
from tirek.services import meetings as records
from tirek.services.meetings import Meeting, MeetingQuery
from tirek.web import group_words
from tirek.web.access import requires
from tirek.web.csv_files import csv_file
from tirek.web.filters import as_date
from tirek.web.group_pages import SEE_OTHER, WRONG, chosen, page_number, shown
from tirek.web.i18n import data_lang
from tirek.web.lessons import served_courses
from tirek.web.meeting_forms import MeetingForm
from tirek.web.transaction import unit


def install(blueprint: Blueprint) -> None:
    """Give a person's part of the site the pages of meetings."""
    rule = blueprint.add_url_rule
    rule("/meetings", view_func=meetings)
    rule("/meetings.csv", view_func=meetings_file)
    rule("/meetings/new", view_func=meeting_new, methods=["GET", "POST"])
    rule("/meetings/<uuid:meeting_id>/cancel", view_func=meeting_cancel, methods=["GET", "POST"])


@requires(Permission.LEAD_GROUP)
def meetings() -> str:
    """The meetings of a school year with their sums by term and part of the programme."""
    query = _query()
    return shown(
        "meetings",
        found=records.of_house(unit(), query),
        sums=records.sums(unit(), query.school_year),
        query=query,
        years=records.years(unit()),
        kept=_kept(query),
    )


@requires(Permission.LEAD_GROUP)
def meetings_file() -> Response:
    """The same rows as a table for the programme's report."""
    query = _query()
    head = (
        _("Day"), _("Term"), _("Part of the programme"), _("Course"), _("Invited"), _("Came"),
        _("Of them fathers"), _("Entered by"), _("Cancelled"),
    )  # fmt: skip
    rows = (_row(one) for one in records.listed(unit(), query))
    return csv_file(f"meetings-{query.school_year}", head, rows)


def _row(one: Meeting) -> tuple[object, ...]:
    counted = one.counted
    return (
        as_date(counted.held_on),
        group_words.TERMS[one.term],
        group_words.strand(counted.strand),
        one.course.text(data_lang()).title if one.course else "",
        counted.invited,
        counted.attended,
        counted.fathers,
        one.entered_by,
        _("yes") if one.is_cancelled else "",
    )


@requires(Permission.LEAD_GROUP)
def meeting_new() -> str | tuple[str, int] | Answer:
    """Enter a meeting."""
    form = MeetingForm()
    form.offer(served_courses())
    if form.validate_on_submit():
        try:
            records.record(unit(), form.wanted)
        except MeetingError as error:
            form.refuse(error)
        else:
            flash(_("The meeting is entered."), "success")
            return redirect(url_for(".meetings"), SEE_OTHER)
    page = shown("meeting_new", form=form)
    return (page, WRONG) if form.errors else page


@requires(Permission.LEAD_GROUP)
def meeting_cancel(meeting_id: UUID) -> str | Answer:
    """Ask once more, then take a meeting out of the sums."""
    found = records.get(unit(), meeting_id)
    if request.method == "GET":
        return shown("meeting_cancel", meeting=found)
    records.cancel(unit(), meeting_id)
    flash(_("Cancelled. The row stays to be seen, and counts no more."), "success")
    return redirect(url_for(".meetings"), SEE_OTHER)


def _query() -> MeetingQuery:
    """What the address asks for; words that are not ours are passed over."""
    known = records.years(unit())
    year = request.args.get("year", known[0], type=int)
    term, strand = chosen("term"), chosen("strand")
    return MeetingQuery(
        school_year=year if year in known else known[0],
        term=Term(term) if term in set(Term) else None,
        strand=Strand(strand) if strand in set(Strand) else None,
        with_cancelled=chosen("cancelled") == "yes",
        page=page_number(),
    )


def _kept(query: MeetingQuery) -> dict[str, str]:
    """The choice as it goes on to the next page and into the file."""
    asked = {
        "year": query.school_year,
        "term": query.term,
        "strand": query.strand,
        "cancelled": "yes" if query.with_cancelled else None,
    }
    return {name: str(value) for name, value in asked.items() if value}
