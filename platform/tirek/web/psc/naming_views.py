"""Somebody is named as possibly harming a child, by a support centre's people."""

from uuid import UUID

from tirek.domain.permissions import Permission
from tirek.web import naming
from tirek.web.access import requires
from tirek.web.psc.blueprint import AREA, blueprint
from tirek.web.referral_views import Answer


@blueprint.route("/referrals/<uuid:referral_id>/named", methods=["GET", "POST"])
@requires(Permission.ACKNOWLEDGE)
def named(referral_id: UUID) -> Answer:
    """Say who may be harming the child, so that they are kept out of it."""
    return naming.name(AREA, referral_id)
