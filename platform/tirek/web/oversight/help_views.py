"""Parents' calls that nobody of a centre has taken in time: where, and since when."""

from flask import render_template

from tirek.domain.permissions import Permission
from tirek.services import help_late
from tirek.web.access import requires
from tirek.web.oversight.blueprint import area, blueprint
from tirek.web.transaction import unit


@blueprint.get("/help-requests")
@requires(Permission.VIEW_OVERSIGHT)
def help_requests() -> str:
    """List them, the one that has waited longest first; nothing of the parent stands here."""
    return render_template(
        "oversight/help_requests.html", rows=help_late.late_in_area(unit(), area())
    )
