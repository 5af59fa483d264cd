"""Schools of the area, and how each is reached."""

from uuid import UUID

from flask import url_for

from tirek.domain.permissions import Permission
from tirek.services import school_contacts
from tirek.web import school_contacts as pages
from tirek.web.access import requires
from tirek.web.oversight.blueprint import blueprint
from tirek.web.school_contacts import Answer
from tirek.web.transaction import unit


@blueprint.get("/schools")
@requires(Permission.VIEW_OVERSIGHT)
def schools() -> str:
    """List those without a telephone, or all."""
    return pages.listing("oversight/schools.html")


@blueprint.route("/schools/<uuid:school_id>", methods=["GET", "POST"])
@requires(Permission.KEEP_SCHOOL_CONTACTS)
def school_contact(school_id: UUID) -> Answer:
    """Enter or change how one is reached."""
    return pages.edit(
        "oversight/school_contact.html",
        school_contacts.in_area(unit(), school_id),
        lambda said: school_contacts.keep(unit(), school_id, said),
        url_for("oversight.schools"),
    )
