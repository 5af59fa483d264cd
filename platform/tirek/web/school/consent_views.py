"""Consents of a class: who has said what, and what the signed sheets say."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tirek.domain.consent import ConsentState, Purpose
from tirek.domain.permissions import Permission
from tirek.services import class_consents, classrooms, consents, pupils
from tirek.services.consents import Recorded
from tirek.services.paging import cut
from tirek.web.access import requires
from tirek.web.school import listing
from tirek.web.school.forms import PapersForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit

STATES = ("", class_consents.SILENT, *(state.value for state in ConsentState))


@blueprint.get("/consents")
@requires(Permission.RECORD_CONSENT)
def consents_of_classes() -> str:
    """Choose a class."""
    searched = listing.searched().lower().replace(" ", "")
    sort = listing.one_of("sort", ("class", "silent"), "class")
    rooms = [room for room in classrooms.of_school(unit()) if searched in room.name.lower()]
    if sort == "silent":
        rooms.sort(key=lambda room: -room.silent)
    return render_template(
        "school/consents.html",
        found=cut(rooms, listing.page_number()),
        q=listing.searched(),
        sort=sort,
    )


@blueprint.get("/consents/<uuid:classroom_id>")
@requires(Permission.RECORD_CONSENT)
def consents_of_class(classroom_id: UUID) -> str:
    """Show the consents of a class."""
    return _class_page(classroom_id, PapersForm())


@blueprint.post("/consents/<uuid:classroom_id>/papers")
@requires(Permission.RECORD_CONSENT)
def consents_papers(classroom_id: UUID) -> tuple[str, int] | Response:
    """Write down what signed sheets say."""
    form = PapersForm()
    purpose = _purpose()
    rows = class_consents.of_class(unit(), classroom_id, purpose)
    form.offer([row.student.id for row in rows])
    if not form.validate_on_submit():
        return _class_page(classroom_id, form), 422
    done = consents.record_papers(
        unit(), classroom_id, form.pupils.data or [], ConsentState(form.state.data), purpose
    )
    _say(done)
    return redirect(
        url_for("school.consents_of_class", classroom_id=classroom_id, purpose=purpose.value)
    )


@blueprint.get("/consents/<uuid:classroom_id>/papers")
@requires(Permission.RECORD_CONSENT)
def consents_papers_left(classroom_id: UUID) -> Response:
    """Go back to the class: a changed language or a reload asks for the address of a sent form."""
    return redirect(url_for("school.consents_of_class", classroom_id=classroom_id))


@blueprint.get("/pupils/<uuid:student_id>/consents")
@requires(Permission.RECORD_CONSENT)
def consent_history(student_id: UUID) -> str:
    """Everything that was said about one pupil's taking part."""
    return render_template(
        "school/consent_history.html", pupil=pupils.open_pupil(unit(), student_id)
    )


def _purpose() -> Purpose:
    """What the page and the sheets are about: from the sent form, else from the address."""
    wanted = request.form.get("purpose") or request.args.get("purpose")
    return Purpose(wanted) if wanted in set(Purpose) else Purpose.SCREENING


def _class_page(classroom_id: UUID, form: PapersForm) -> str:
    room, purpose = classrooms.get(unit(), classroom_id), _purpose()
    rows = class_consents.of_class(unit(), classroom_id, purpose)
    chosen = {
        "code": listing.searched(),
        "state": listing.one_of("state", STATES, ""),
        "sort": listing.one_of("sort", ("code", "state", "born"), "code"),
    }
    return render_template(
        "school/consents_of_class.html",
        room=room,
        name=classrooms.name_of(room),
        found=class_consents.picked(rows, page=listing.page_number(), **chosen),
        is_empty=not rows,
        chosen=chosen,
        purpose=purpose.value,
        text_version=unit().catalog.consents[purpose].current.version,
        form=form,
    )


def _say(done: Recorded) -> None:
    written, refused = len(done.written), len(done.refused)
    if written or not refused:
        text = ngettext(
            "Written down for %(num)s pupil.", "Written down for %(num)s pupils.", written
        )
        flash(text, "success")
    if done.unchanged:
        flash(_("For pupils who already stood like this, nothing was changed."), "note")
    if refused:
        text = ngettext(
            "For %(num)s pupil the parent said no in their own account. A sheet at school does not"
            " overrule that: ask the parent to change it there.",
            "For %(num)s pupils the parents said no in their own accounts. A sheet at school does"
            " not overrule that: ask the parents to change it there.",
            refused,
        )
        flash(text, "note")
