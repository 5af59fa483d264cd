"""Assignments: plan one, look at what it means, assign it, follow, extend or cancel it."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.capacity import opens_before_days_off
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.gates import Gate
from tirek.domain.permissions import Permission, may
from tirek.services import (
    adaptive,
    assignment_rows,
    assignments,
    class_progress,
    class_signals,
    classrooms,
    gates,
    school_events,
    withheld,
)
from tirek.services.assignment_rows import AssignmentRow, AssignmentState
from tirek.services.assignments import Wish
from tirek.services.class_progress import ProgressState
from tirek.services.class_signals import ClassSignal
from tirek.services.gates import Conditions
from tirek.services.paging import cut
from tirek.web.access import current_actor, requires
from tirek.web.filters import as_date
from tirek.web.school import listing
from tirek.web.school.assignment_words import LONGEST_HOURS, REFUSALS, refusal_in_words
from tirek.web.school.forms import AssignmentForm, ExtendForm
from tirek.web.school.views import blueprint, title_of
from tirek.web.transaction import unit

LONGEST_CHOICE = 60
STATES = ("", *(state.value for state in AssignmentState))
PROGRESS_STATES = ("", *(state.value for state in ProgressState))


@blueprint.get("/assignments")
@requires(Permission.VIEW_PROGRESS)
def assignments_list() -> str:
    """List what the classes are asked."""
    chosen = {
        "state": listing.one_of("state", STATES, ""),
        "sort": listing.one_of("sort", ("closes", "class", "state"), "closes"),
    }
    room = listing.id_of("classroom")
    searched = listing.searched()
    everything = assignment_rows.of_school(unit(), classroom_id=room, sort=chosen["sort"])
    rows = [
        row
        for row in everything
        if chosen["state"] in {"", row.state.value}
        and searched.lower() in f"{row.classroom} {title_of(row.assignment.instrument_id)}".lower()
    ]
    return render_template(
        "school/assignments.html",
        found=cut(rows, listing.page_number()),
        withdrawn=sum(row.state is AssignmentState.WITHDRAWN for row in everything),
        rooms=classrooms.of_school(unit()),
        room=room,
        q=searched,
        chosen=chosen,
    )


@blueprint.route("/assignments/new", methods=["GET", "POST"])
@requires(Permission.ASSIGN_INSTRUMENT)
def assignment_new() -> str | tuple[str, int] | Response:
    """Ask what to assign; show what it would mean; assign it when that was confirmed."""
    opens, closes = assignments.usual_window(unit().now())
    form = AssignmentForm(
        data={
            "opens": opens.replace(tzinfo=None),
            "closes": closes.replace(tzinfo=None),
            "classroom": str(listing.id_of("classroom") or ""),
            "instrument": "",
        }
    )
    offered = assignments.assignable(unit())
    form.offer(
        [(str(room.id), room.name) for room in classrooms.of_school(unit())],
        [(one.id, title_of(one.id)) for one, _release in offered],
    )
    gated = {one.structure.gate for one, _release in offered}
    _offer_conditions(form, gated)
    if form.was_sent and form.validate():
        room = UUID(form.classroom.data)
        wish = Wish(
            room, form.instrument.data, *form.window, form.conditions, bool(form.is_short.data)
        )
        try:
            if form.is_confirmed:
                made = assignments.assign(unit(), wish)
                flash(_("Assigned. What is to be done next stands below."), "success")
                return redirect(url_for("school.assignment", assignment_id=made))
            plan = assignments.plan(unit(), wish)
            return render_template(
                "school/assignment_check.html",
                plan=plan,
                form=form,
                name=classrooms.name_of(plan.classroom),
                before_days_off=opens_before_days_off(
                    wish.opens_at, unit().catalog.protocol.calendar
                ),
                told=gates.told(unit(), plan.conditions),
            )
        except assignments.WindowError:
            form.form_errors.append(_("This time is over already. Choose an end that lies ahead."))
        except REFUSALS as refusal:
            form.form_errors.append(refusal_in_words(refusal))
    page = render_template(
        "school/assignment_new.html",
        form=form,
        rounds=assignments.rounds(unit()),
        offered=offered,
        withheld=withheld.of_school(unit()),
        longest_hours=LONGEST_HOURS,
        asks_about_event=Gate.AFTER_EVENT in gated,
        can_be_short=[title_of(one.id) for one, _release in offered if adaptive.may_be_short(one)],
    )
    return (page, 422) if form.errors else page


@blueprint.get("/assignments/<uuid:assignment_id>")
@requires(Permission.VIEW_PROGRESS)
def assignment(assignment_id: UUID) -> str:
    """How far a class has come."""
    return _progress_page(assignment_id, ExtendForm())


@blueprint.post("/assignments/<uuid:assignment_id>/cancel")
@requires(Permission.ASSIGN_INSTRUMENT)
def assignment_cancel(assignment_id: UUID) -> Response:
    """Stop asking the class."""
    assignments.cancel(unit(), assignment_id)
    flash(_("Cancelled. The codes open nothing any more; what was answered stays."), "success")
    return redirect(url_for("school.assignment", assignment_id=assignment_id))


@blueprint.post("/assignments/<uuid:assignment_id>/extend")
@requires(Permission.ASSIGN_INSTRUMENT)
def assignment_extend(assignment_id: UUID) -> tuple[str, int] | Response:
    """Let the window end later."""
    form = ExtendForm()
    if form.validate_on_submit():
        try:
            assignments.extend(unit(), assignment_id, form.closes_at)
        except (
            assignments.WindowError,
            assignments.NoCampaignError,
            gates.NotStaffableError,
            gates.CountedError,
        ) as refusal:
            form.form_errors.append(refusal_in_words(refusal))
        else:
            flash(_("The new end of the window is saved."), "success")
            return redirect(url_for("school.assignment", assignment_id=assignment_id))
    return _progress_page(assignment_id, form), 422


@blueprint.get("/assignments/<uuid:assignment_id>/<any(cancel, extend):_step>")
@requires(Permission.ASSIGN_INSTRUMENT)
def assignment_step_left(assignment_id: UUID, _step: str) -> Response:
    """Go back to the class: a changed language or a reload asks for the address of a sent form."""
    return redirect(url_for("school.assignment", assignment_id=assignment_id))


def _progress_page(assignment_id: UUID, form: ExtendForm) -> str:
    found = assignments.get(unit(), assignment_id)
    if form.closes.data is None:
        form.closes.data = found.closes_at.astimezone(KAZAKHSTAN).replace(tzinfo=None)
    progress = class_progress.of_assignment(unit(), found)
    row = assignment_rows.row_of(unit(), found)
    chosen = {
        "code": listing.searched(),
        "state": listing.one_of("state", PROGRESS_STATES, ""),
        "sort": listing.one_of("sort", ("code", "state", "moved"), "code"),
    }
    return render_template(
        "school/assignment.html",
        row=row,
        progress=progress,
        found=class_progress.picked(progress, page=listing.page_number(), **chosen),
        chosen=chosen,
        form=form,
        told=gates.told(unit(), Conditions(found.staffed_by, found.event_id)),
        signals=_signals(row),
    )


def _signals(row: AssignmentRow) -> list[ClassSignal] | None:
    """None for whoever may not know them, and of what is not read per person."""
    may_know = may(current_actor(), Permission.VIEW_FLAGS) and row.is_read_per_person
    return class_signals.of_assignment(unit(), row.assignment) if may_know else None


def _offer_conditions(form: AssignmentForm, needed: set[Gate]) -> None:
    """Ask who is there and what happened where an offered questionnaire needs it."""
    people = gates.specialists(unit()) if Gate.STAFFED_WINDOW in needed else []
    events = school_events.of_school(unit()) if Gate.AFTER_EVENT in needed else []
    form.offer_conditions(
        [(str(one.id), one.display_name) for one in people],
        [(str(one.id), f"{as_date(one.happened_on)}: {_shortened(one.words)}") for one in events],
    )


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_CHOICE else f"{words[:LONGEST_CHOICE]}…"
