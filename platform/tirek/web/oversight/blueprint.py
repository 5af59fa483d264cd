"""The blueprint of the upper rungs' pages, and what all of them share."""

from typing import Any

from flask import Blueprint

from tirek.domain.permissions import Permission, may
from tirek.services import oversight, standing_alarms
from tirek.services.oversight import Area
from tirek.web import watch_words
from tirek.web.access import current_actor
from tirek.web.transaction import NOBODY, unit

blueprint = Blueprint("oversight", __name__, url_prefix="/oversight")
blueprint.record_once(lambda state: watch_words.install(state.app.jinja_env))


def area() -> Area:
    """What this person looks over."""
    return oversight.area_of(current_actor() or NOBODY)


@blueprint.context_processor
def _offered() -> dict[str, Any]:
    return {
        "can": _can,
        "is_national": area().region_iso is None,
        "waiting_alarms": _waiting_alarms,
    }


def _waiting_alarms() -> int:
    """How many alarms of the nightly count nobody has answered."""
    return standing_alarms.waiting(unit())


def _can(permission: str) -> bool:
    return may(current_actor(), Permission(permission))
