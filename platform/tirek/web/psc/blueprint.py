"""The blueprint of the support centre's pages, and what all of them share."""

from flask import Blueprint, render_template, request

from tirek.domain.errors import ConflictError
from tirek.web import referral_words
from tirek.web.transaction import db

blueprint = Blueprint("psc", __name__, url_prefix="/psc")
blueprint.record_once(lambda state: referral_words.install(state.app.jinja_env))


@blueprint.errorhandler(ConflictError)
def moved_on(error: ConflictError) -> tuple[str, int]:
    """Say who was first, and lead back to the referral as it stands now."""
    db().rollback()
    referral_id = (request.view_args or {}).get("referral_id")
    return render_template("psc/moved_on.html", winner=error.winner, referral_id=referral_id), 409
