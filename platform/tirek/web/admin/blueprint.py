"""The blueprint of the administrators' pages."""

from flask import Blueprint

from tirek.domain.permissions import Permission
from tirek.web import watch_words
from tirek.web.access import requires

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.record_once(lambda state: watch_words.install(state.app.jinja_env))


@blueprint.before_request
@requires(Permission.VIEW_TECHNICAL)
def _only_administrators() -> None:
    """All lists here are the whole country's: a permission that holds for a region is not enough.

    Coordinators keep duty posts and try messages again too, but on pages that know their region.
    """
