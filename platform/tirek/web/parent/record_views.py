"""Who has looked at a child's record, and what is shared with whom."""

from uuid import UUID

from flask import render_template, request

from tirek.domain.permissions import Permission
from tirek.services import access_log
from tirek.web.access import requires
from tirek.web.parent.pages import blueprint, own_child
from tirek.web.transaction import unit


@blueprint.get("/children/<uuid:child_id>/record")
@requires(Permission.GIVE_CONSENT)
def record(child_id: UUID) -> str:
    """By day: which people looked, where they work, and at what kind of thing."""
    child = own_child(child_id)
    return render_template(
        "parent/record.html",
        child=child,
        found=access_log.of_child(unit(), child, request.args.get("page", 1, int)),
    )
