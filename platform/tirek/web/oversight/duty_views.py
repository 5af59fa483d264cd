"""Who stands on the ladder's upper rungs, and which rungs would call nobody."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import duty_places
from tirek.web.access import requires
from tirek.web.duty_forms import DutyForm
from tirek.web.oversight.blueprint import area, blueprint
from tirek.web.oversight.views import SEE_OTHER
from tirek.web.transaction import unit


@blueprint.get("/duty")
@requires(Permission.VIEW_OVERSIGHT)
def duty() -> str:
    """List the rungs, and offer to put somebody there to those who may."""
    return _page(DutyForm.offering(unit(), area()))


@blueprint.post("/duty")
@requires(Permission.KEEP_DUTY_POSTS)
def duty_add() -> tuple[str, int] | Response:
    """Put somebody on a rung."""
    form = DutyForm.offering(unit(), area())
    if not form.validate():
        return _page(form), 422
    duty_places.add(unit(), area(), form.chosen_post, form.chosen_region, UUID(form.account.data))
    flash(_("They will be called from now on."), "success")
    return redirect(url_for("oversight.duty"), SEE_OTHER)


@blueprint.post("/duty/<uuid:duty_post_id>/remove")
@requires(Permission.KEEP_DUTY_POSTS)
def duty_remove(duty_post_id: UUID) -> Response:
    """Take somebody off a rung; the page then says which rungs are empty."""
    duty_places.remove(unit(), area(), duty_post_id)
    flash(_("They will not be called any more."), "success")
    return redirect(url_for("oversight.duty"), SEE_OTHER)


@blueprint.get("/duty/<uuid:duty_post_id>/remove")
@requires(Permission.VIEW_OVERSIGHT)
def duty_remove_left(duty_post_id: UUID) -> Response:
    """Where the language switch of a refused step leads: back to the list."""
    del duty_post_id
    return redirect(url_for("oversight.duty"))


def _page(form: DutyForm) -> str:
    return render_template(
        "oversight/duty.html",
        holders=duty_places.in_area(unit(), area()),
        empty=duty_places.empty_rungs(unit(), area()),
        form=form,
    )
