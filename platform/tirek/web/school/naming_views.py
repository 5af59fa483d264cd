"""Somebody is named as possibly harming a child, by the school psychologist."""

from uuid import UUID

from tirek.domain.permissions import Permission
from tirek.web import naming
from tirek.web.access import requires
from tirek.web.referral_views import Answer
from tirek.web.school.case_views import AREA
from tirek.web.school.views import blueprint


@blueprint.route("/cases/<uuid:referral_id>/named", methods=["GET", "POST"])
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_named(referral_id: UUID) -> Answer:
    """Say who may be harming the child, so that they are kept out of it."""
    return naming.name(AREA, referral_id)
