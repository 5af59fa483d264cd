"""The pages of those who lead groups; the same for a school and for a support centre.

No view here knows whose blueprint it stands in: addresses without a name before the point belong
to the one that is being asked.
"""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from tirek.domain.alphabet import sort_key
from tirek.domain.cohorts import CohortDatesError, Standing, spoken
from tirek.domain.errors import ConflictError
from tirek.domain.permissions import Permission
from tirek.services import cohort_questions, cohorts, group_rooms
from tirek.services.cohorts import CohortQuery, Group, Member
from tirek.services.paging import cut
from tirek.web import group_questions
from tirek.web.access import catalog, current_actor, requires
from tirek.web.filters import as_date
from tirek.web.group_forms import DatesForm, StartForm
from tirek.web.group_pages import CONFLICT, SEE_OTHER, WRONG, chosen, page_number, shown
from tirek.web.i18n import TRANSLATED
from tirek.web.lessons import served_courses
from tirek.web.sharing import qr_svg, whole_url
from tirek.web.transaction import keep_despite_error, plant, unit

SHOWS = ("open", "past")
ORDERS = ("joined", "quiet", "name")
_QUIET_FIRST = (Standing.QUIET, Standing.NOT_STARTED, Standing.UNDER_WAY, Standing.DONE)


def install(blueprint: Blueprint) -> None:
    """Give a person's part of the site the pages of groups."""
    both = ["GET", "POST"]
    rule = blueprint.add_url_rule
    rule("/groups", view_func=groups)
    rule("/groups/new", view_func=group_new, methods=both)
    rule("/groups/<uuid:cohort_id>", view_func=group)
    rule("/groups/<uuid:cohort_id>/invitation", view_func=group_invitation)
    rule("/groups/<uuid:cohort_id>/invitation.svg", view_func=group_picture)
    rule("/groups/<uuid:cohort_id>/dates", view_func=group_dates, methods=both)
    rule("/groups/<uuid:cohort_id>/close", view_func=group_close, methods=both)
    rule("/groups/<uuid:cohort_id>/take-over", view_func=group_take_over, methods=["POST"])
    rule("/groups/<uuid:cohort_id>/take-over", view_func=group_step_left)
    group_questions.install(blueprint)


@requires(Permission.LEAD_GROUP)
def groups() -> str:
    """The groups of the house: those that go on or come, or those that are past."""
    courses = catalog().courses
    course, show = request.args.get("course"), request.args.get("show")
    query = CohortQuery(
        show=show if show in SHOWS else "open",
        course_id=course if course in courses else None,
        page=page_number(),
    )
    return shown(
        "list", found=cohorts.of_house(unit(), query), query=query, courses=courses.values()
    )


@requires(Permission.LEAD_GROUP)
def group_new() -> str | tuple[str, int] | Answer:
    """Start a course for a class, or for whoever has the code."""
    form = StartForm()
    schools = group_rooms.schools(unit())
    school = next((one for one in schools if str(one.id) == request.args.get("school")), None)
    rooms = group_rooms.of_school(unit(), school.id if school else None)
    form.offer(served_courses(), rooms)
    if form.validate_on_submit():
        try:
            made = cohorts.start(unit(), form.wanted)
        except CohortDatesError:
            form.refuse_days()
        else:
            flash(_("The group is there. Now pass its code on."), "success")
            return redirect(url_for(".group", cohort_id=made), SEE_OTHER)
    page = shown("new", form=form, schools=schools, school=school)
    return (page, WRONG) if form.errors else page


@requires(Permission.LEAD_GROUP)
def group(cohort_id: UUID) -> str:
    """How far the group has come, its questions, its days."""
    return group_page(cohort_id)


def group_page(cohort_id: UUID) -> str:
    """The group's own page."""
    found = cohorts.get(unit(), cohort_id)
    members = cohorts.progress(unit(), found)
    order = chosen("order") if chosen("order") in ORDERS else "joined"
    found_members = cut(_ordered(members, order), page_number())
    asked = cohort_questions.of_group(unit(), cohort_id)
    return shown(
        "group",
        group=found,
        found=found_members,
        order=order,
        counts={one: sum(m.pace.standing is one for m in members) for one in Standing},
        bars=_bars(found, found_members.rows),
        waiting=[one for one in asked if one.is_waiting],
        finished=[one for one in asked if not one.is_waiting],
        code=spoken(found.cohort.join_code),
        is_own=_leads(found),
    )


def _ordered(members: Sequence[Member], order: str) -> Sequence[Member]:
    """As they joined; or whoever may need a kind word first; or by name."""
    if order == "quiet":
        return sorted(members, key=lambda one: _QUIET_FIRST.index(one.pace.standing))
    return sorted(members, key=lambda one: sort_key(one.shown_name)) if order == "name" else members


def _leads(found: Group) -> bool:
    actor = current_actor()
    return actor is not None and actor.account_id == found.cohort.facilitator_id


def _bars(found: Group, members: Sequence[Member]) -> list[tuple[str, int, str]]:
    whole = len(found.steps)
    return [
        (
            one.shown_name,
            min(one.pace.done, whole),
            _("%(done)s of %(all)s", done=one.pace.done, all=whole),
        )
        for one in members
    ]


@requires(Permission.LEAD_GROUP)
def group_invitation(cohort_id: UUID) -> str:
    """A sheet for the wall or the class chat: names no topic, speaks both languages."""
    found = cohorts.get(unit(), cohort_id)
    return shown("invitation", group=found, slips=[_slip(found, lang) for lang in TRANSLATED])


def _slip(found: Group, lang: str) -> dict[str, object]:
    cohort = found.cohort
    days = {"start": as_date(cohort.starts_on), "end": as_date(cohort.ends_on)}
    with force_locale(lang):
        lines = [
            _("From %(start)s to %(end)s, short lessons on your telephone.", **days),
            _("It is led by %(who)s.", who=found.facilitator),
            _("It is free. You choose yourself under which name you take part."),
            _("Point the camera at the square, or open the address and type the code."),
        ]
        return {
            "lang": lang,
            "title": _("A group for parents"),
            "lines": lines,
            "code": spoken(cohort.join_code),
            "address": f"{plant().base_url}/{lang}/parent/groups",
        }


@requires(Permission.LEAD_GROUP)
def group_picture(cohort_id: UUID) -> Response:
    """The address of the invitation for the camera of a telephone."""
    found = cohorts.get(unit(), cohort_id)
    address = whole_url("parent.group_join", lang="kk", code=found.cohort.join_code)
    return Response(qr_svg(address), mimetype="image/svg+xml")


@requires(Permission.LEAD_GROUP)
def group_dates(cohort_id: UUID) -> str | tuple[str, int] | Answer:
    """Move the group's days."""
    found = cohorts.get(unit(), cohort_id)
    cohort = found.cohort
    form = DatesForm(data={"starts": cohort.starts_on, "ends": cohort.ends_on})
    if form.validate_on_submit():
        try:
            cohorts.change_dates(unit(), found, *form.days)
        except CohortDatesError:
            form.refuse_days()
        except ConflictError:
            return closed_meanwhile(cohort_id)
        else:
            flash(_("The days are changed, and the plan with them."), "success")
            return redirect(url_for(".group", cohort_id=cohort_id), SEE_OTHER)
    page = shown("dates", form=form, group=found)
    return (page, WRONG) if form.errors else page


@requires(Permission.LEAD_GROUP)
def group_close(cohort_id: UUID) -> str | Answer:
    """Ask once more, then end the group."""
    found = cohorts.get(unit(), cohort_id)
    if request.method == "GET":
        return shown("close", group=found)
    cohorts.close(unit(), found)
    flash(_("The group is closed. What was answered stays to be read."), "success")
    return redirect(url_for(".group", cohort_id=cohort_id), SEE_OTHER)


@requires(Permission.LEAD_GROUP)
def group_take_over(cohort_id: UUID) -> tuple[str, int] | Answer:
    """Lead the group from now on."""
    found = cohorts.get(unit(), cohort_id)
    try:
        cohorts.take_over(unit(), found)
    except ConflictError:
        return closed_meanwhile(cohort_id)
    flash(_("You lead this group now. The parents see your name."), "success")
    return redirect(url_for(".group", cohort_id=cohort_id), SEE_OTHER)


@requires(Permission.LEAD_GROUP)
def group_step_left(cohort_id: UUID) -> Answer:
    """Go back to the group: a changed language asks for the address of a sent form."""
    return redirect(url_for(".group", cohort_id=cohort_id))


def closed_meanwhile(cohort_id: UUID) -> tuple[str, int]:
    """The group as it is: a colleague has closed it in the meantime."""
    flash(_("This group is closed, so nothing was changed."), "note")
    keep_despite_error()
    return group_page(cohort_id), CONFLICT
