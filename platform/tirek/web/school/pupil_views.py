"""Pupils: found by their school code, with everything that is known about one of them."""

from uuid import UUID, uuid4

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.levels import Level
from tirek.domain.permissions import Permission, may
from tirek.domain.referral import ConflictKind
from tirek.services import caseload, classrooms, concerns, conflicts, pupils
from tirek.web.access import catalog, current_actor, requires
from tirek.web.i18n import data_lang
from tirek.web.school import listing
from tirek.web.school.forms import ConcernForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.get("/pupils")
@requires(Permission.REFER)
def pupils_list() -> str:
    """Find a pupil."""
    chosen = {
        "code": listing.searched(),
        "sort": listing.one_of("sort", ("code", "class"), "code"),
    }
    room = listing.id_of("classroom")
    found = pupils.search(unit(), chosen["code"], room, chosen["sort"], listing.page_number())
    return render_template(
        "school/pupils.html",
        found=found,
        rooms=classrooms.of_school(unit()),
        room=room,
        chosen=chosen,
    )


@blueprint.get("/pupils/<uuid:student_id>")
@requires(Permission.REFER)
def pupil(student_id: UUID) -> str:
    """One pupil; results and referrals only for whom the table allows it."""
    found = pupils.open_pupil(unit(), student_id)
    sees_results = may(current_actor(), Permission.VIEW_RESULT)
    sees_flags = may(current_actor(), Permission.VIEW_FLAGS)
    return render_template(
        "school/pupil.html",
        pupil=found,
        administrations=pupils.administrations(unit(), student_id) if sees_results else None,
        cases=caseload.of_student(unit(), student_id) if sees_flags else None,
        guardian_is_named=conflicts.of(unit(), student_id).has_guardian,
        instruments=catalog().instruments,
        text_lang=data_lang(),
    )


@blueprint.route("/pupils/<uuid:student_id>/refer", methods=["GET", "POST"])
@requires(Permission.REFER)
def refer(student_id: UUID) -> str | tuple[str, int] | Response:
    """Refer a pupil by hand: a level and a written reason."""
    found = pupils.open_pupil(unit(), student_id)
    form = ConcernForm(data={"mark": str(uuid4())})
    if form.validate_on_submit() and (mark := _mark(form)):
        referral_id = concerns.refer(
            unit(), student_id, Level(form.level.data), form.reason.data or "", mark, form.named
        )
        return redirect(_after(student_id, referral_id, form.named))
    page = render_template(
        "school/refer.html",
        pupil=found,
        form=form,
        levels=concerns.LEVELS,
        protocol=catalog().protocol,
        text_lang=data_lang(),
    )
    return (page, 422) if form.errors else page


def _after(student_id: UUID, referral_id: UUID, named: ConflictKind | None) -> str:
    """Where whoever is worried is led: what has gone past the school is out of their sight."""
    if named is ConflictKind.SCHOOL_STAFF:
        return url_for("school.refer_sent")
    flash(_("Sent. Somebody has it now, and its clock runs."), "success")
    # A school that was kept out before is told nothing that its own referrals would not say.
    if may(current_actor(), Permission.VIEW_FLAGS) and not conflicts.keep_out(unit(), student_id):
        return url_for("school.case", referral_id=referral_id)
    return url_for("school.pupil", student_id=student_id)


@blueprint.get("/worry-sent")
@requires(Permission.REFER)
def refer_sent() -> str:
    """Thanks after a worry that goes past the school; names no child, for nobody here sees it."""
    return render_template("school/refer_sent.html")


def _mark(form: ConcernForm) -> UUID | None:
    """The page's own mark, by which a second press is recognised."""
    try:
        return UUID(form.mark.data or "")
    except ValueError:
        form.form_errors.append(_("Load this page again, then send it."))
        return None
