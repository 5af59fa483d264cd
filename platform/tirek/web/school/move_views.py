"""A pupil has moved to another school: find the school, choose the class, look, confirm."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.errors import ConflictError
from tirek.domain.permissions import Permission
from tirek.services import classrooms, moves, other_schools, pupils
from tirek.services.other_schools import Wanted
from tirek.services.pupils import Pupil
from tirek.web.access import requires
from tirek.web.referral_views import SEE_OTHER, WRONG, Answer
from tirek.web.school import listing
from tirek.web.school.forms import SURE, MoveForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import db, keep_despite_error, unit

PATH = "/pupils/<uuid:student_id>/move"


@blueprint.get(PATH)
@requires(Permission.MOVE_PUPIL)
def pupil_move(student_id: UUID) -> str:
    """Find the school that the pupil goes to now."""
    pupil = pupils.open_pupil(unit(), student_id)
    regions = other_schools.regions(unit())
    region = listing.one_of("region", {one.iso for one in regions}, "") or None
    districts = other_schools.districts(unit(), region)
    district = listing.id_of("district")
    if district not in {one.id for one in districts}:
        district = None
    wanted = Wanted(listing.searched(), region, district, listing.page_number())
    return render_template(
        "school/move.html",
        pupil=pupil,
        regions=regions,
        districts=districts,
        wanted=wanted,
        found=other_schools.search(unit(), wanted),
    )


@blueprint.route(f"{PATH}/<uuid:school_id>", methods=["GET", "POST"])
@requires(Permission.MOVE_PUPIL)
def pupil_move_to(student_id: UUID, school_id: UUID) -> Answer:
    """Choose the class there and the new code, look at it once more, then move the pupil."""
    if moves.was_moved(unit(), student_id, school_id):
        return _moved()
    pupil, form = pupils.open_pupil(unit(), student_id), MoveForm()
    form.offer(_rooms(school_id))
    if not form.validate_on_submit():
        return _page(pupil, school_id, form)
    if not form.is_sure:
        form.sure.data = SURE
        return _page(pupil, school_id, form, is_asked=True)
    try:
        moves.move_student(unit(), student_id, UUID(form.classroom.data), form.code.data or "")
    except ConflictError:
        db().rollback()
        form.code.errors = [_("Another pupil of that school has this code. Ask the school.")]
        return _page(pupils.open_pupil(unit(), student_id), school_id, form)
    return _moved()


def _rooms(school_id: UUID) -> list[tuple[str, str]]:
    return [
        (str(one.id), classrooms.name_of(one)) for one in other_schools.rooms(unit(), school_id)
    ]


def _page(pupil: Pupil, school_id: UUID, form: MoveForm, *, is_asked: bool = False) -> Answer:
    page = render_template(
        "school/move_to.html",
        pupil=pupil,
        to=other_schools.get(unit(), school_id),
        form=form,
        is_asked=is_asked,
    )
    if form.errors:
        keep_despite_error()
        return page, WRONG
    return page


def _moved() -> Response:
    flash(
        _("The pupil has been moved. The new school has what was open, with all its deadlines."),
        "success",
    )
    return redirect(url_for("school.pupils_list"), SEE_OTHER)
