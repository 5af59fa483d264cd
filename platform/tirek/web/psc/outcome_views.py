"""What a specialist of the support centre found in the conversation."""

from uuid import UUID

from tirek.domain.permissions import Permission
from tirek.services import outcomes
from tirek.web import outcome_pages
from tirek.web.access import requires
from tirek.web.outcome_pages import Place
from tirek.web.psc.blueprint import AREA, blueprint
from tirek.web.referral_views import Answer
from tirek.web.transaction import unit


@blueprint.route("/referrals/<uuid:referral_id>/found", methods=["GET", "POST"])
@requires(Permission.RECORD_OUTCOME)
def found(referral_id: UUID) -> Answer:
    """Say it of one of the questionnaires behind a referral; no score stands on this page."""
    asked = outcomes.of_referral(unit(), referral_id)
    return outcome_pages.show(Place(AREA.layout, lambda: AREA.url(referral_id)), asked)
