"""The blueprint of the support centre's pages, and what all of them share."""

from flask import Blueprint

from tirek.domain.errors import ConflictError
from tirek.services.referral_choices import StepName
from tirek.web import referral_views, referral_words
from tirek.web.referral_views import Area

blueprint = Blueprint("psc", __name__, url_prefix="/psc")
blueprint.record_once(lambda state: referral_words.install(state.app.jinja_env))
AREA = Area(
    layout="psc/layout.html",
    list_page="psc.inbox",
    page="psc.referral",
    accept="psc.acknowledge",
    step="psc.step",
    decide="psc.decide",
    confirm="psc.confirm_notice",
    named="psc.named",
    found="psc.found",
    apart={StepName.REDIRECT: "psc.send_on", StepName.CLOSE: "psc.close"},
)


@blueprint.errorhandler(ConflictError)
def moved_on(error: ConflictError) -> tuple[str, int]:
    """Say who was first, and lead back to the referral as it stands now."""
    return referral_views.moved_on(AREA, error)
