"""How the own school is reached when a child is in danger."""

from flask import url_for

from tirek.domain.permissions import Permission
from tirek.services import school_contacts
from tirek.web import school_contacts as pages
from tirek.web.access import requires
from tirek.web.school.views import blueprint
from tirek.web.school_contacts import Answer
from tirek.web.transaction import unit


@blueprint.route("/contact", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_CONTACT)
def contact() -> Answer:
    """Say by which telephones the school is reached, and where it stands."""
    return pages.edit(
        "school/contact.html",
        school_contacts.own(unit()),
        lambda said: school_contacts.keep_own(unit(), said),
        url_for("school.contact"),
    )
