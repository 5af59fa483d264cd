"""How the machinery does, and who stands on the ladder's upper rungs."""

from datetime import UTC, datetime
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import duty_places, endpoints, operations
from tirek.services.oversight import Area
from tirek.web.access import requires
from tirek.web.admin.blueprint import blueprint
from tirek.web.duty_forms import DutyForm
from tirek.web.transaction import unit

SEE_OTHER = 303
# Machinery has no regions; what it carries is shown by number and kind alone.
EVERYWHERE = Area()


@blueprint.get("")
@requires(Permission.VIEW_TECHNICAL)
def home() -> str:
    """Queues, stuck messages, loops and providers."""
    return render_template(
        "admin/home.html",
        machinery=operations.machinery(unit(), EVERYWHERE),
        providers=endpoints.providers(unit()),
        now=datetime.now(UTC),
    )


@blueprint.post("/messages/<int:message_id>/retry")
@requires(Permission.RETRY_MESSAGE)
def retry(message_id: int) -> Response:
    """Try a stuck message again."""
    operations.retry(unit(), EVERYWHERE, message_id)
    flash(_("It will be tried again within a minute."), "success")
    return redirect(url_for("admin.home", _anchor="stuck"), SEE_OTHER)


@blueprint.get("/duty")
@requires(Permission.VIEW_TECHNICAL)
def duty() -> str:
    """List the rungs of the whole country."""
    return _duty_page(DutyForm.offering(unit(), EVERYWHERE))


@blueprint.post("/duty")
@requires(Permission.KEEP_DUTY_POSTS)
def duty_add() -> tuple[str, int] | Response:
    """Put somebody on a rung."""
    form = DutyForm.offering(unit(), EVERYWHERE)
    if not form.validate():
        return _duty_page(form), 422
    person = UUID(form.account.data)
    duty_places.add(unit(), EVERYWHERE, form.chosen_post, form.chosen_region, person)
    flash(_("They will be called from now on."), "success")
    return redirect(url_for("admin.duty"), SEE_OTHER)


@blueprint.post("/duty/<uuid:duty_post_id>/remove")
@requires(Permission.KEEP_DUTY_POSTS)
def duty_remove(duty_post_id: UUID) -> Response:
    """Take somebody off a rung."""
    duty_places.remove(unit(), EVERYWHERE, duty_post_id)
    flash(_("They will not be called any more."), "success")
    return redirect(url_for("admin.duty"), SEE_OTHER)


@blueprint.get("/messages/<int:message_id>/retry", endpoint="retry_left")
@blueprint.get("/duty/<uuid:duty_post_id>/remove", endpoint="duty_remove_left")
@requires(Permission.VIEW_TECHNICAL)
def step_left(message_id: int | None = None, duty_post_id: UUID | None = None) -> Response:
    """Where the language switch of a refused step leads: back to the list."""
    del message_id
    return redirect(url_for("admin.duty" if duty_post_id else "admin.home"))


def _duty_page(form: DutyForm) -> str:
    return render_template(
        "admin/duty.html",
        holders=duty_places.in_area(unit(), EVERYWHERE),
        empty=duty_places.empty_rungs(unit(), EVERYWHERE),
        form=form,
    )
