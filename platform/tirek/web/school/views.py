"""The first page of a school's people: what needs somebody today."""

from typing import Any

from flask import Blueprint, render_template

from tirek.domain.permissions import Permission, may
from tirek.services import school_day
from tirek.web.access import current_actor, requires
from tirek.web.school import words
from tirek.web.transaction import unit

blueprint = Blueprint("school", __name__, url_prefix="/school")


@blueprint.context_processor
def _offered() -> dict[str, Any]:
    """What this person may do, and the words for what the database keeps as codes."""
    return {"can": _can, "words": words}


def _can(permission: str) -> bool:
    return may(current_actor(), Permission(permission))


@blueprint.get("")
@requires(Permission.VIEW_PROGRESS)
def home() -> str:
    """List the work that waits."""
    return render_template("school/home.html", day=school_day.today(unit()))
