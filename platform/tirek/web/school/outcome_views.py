"""What the school psychologist found in the conversation."""

from uuid import UUID

from flask import url_for

from tirek.domain.permissions import Permission
from tirek.services import outcomes
from tirek.services.runs import AdministrationKey
from tirek.web import outcome_pages
from tirek.web.access import requires
from tirek.web.outcome_pages import Place
from tirek.web.referral_views import Answer
from tirek.web.school.case_views import AREA
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.route("/cases/<uuid:referral_id>/found", methods=["GET", "POST"])
@requires(Permission.RECORD_OUTCOME)
def case_found(referral_id: UUID) -> Answer:
    """Say it of one of the questionnaires behind a referral that lies at the school."""
    asked = outcomes.of_referral(unit(), referral_id)
    return outcome_pages.show(Place(AREA.layout, lambda: AREA.url(referral_id)), asked)


@blueprint.route("/results/<int:year>/<uuid:administration_id>/found", methods=["GET", "POST"])
@requires(Permission.RECORD_OUTCOME)
def result_found(year: int, administration_id: UUID) -> Answer:
    """Say it of one questionnaire, of a pupil with or without a flag."""
    asked = outcomes.of_result(unit(), AdministrationKey(year, administration_id))
    pupil = url_for("school.pupil", student_id=asked.student_id)
    place = Place(AREA.layout, lambda: pupil, is_of_pupil=True)
    return outcome_pages.show(place, [asked])
