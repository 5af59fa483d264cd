"""The first page of a school's people: what needs somebody today."""

from typing import Any

from flask import Blueprint, render_template

from tirek.domain.permissions import Permission, may
from tirek.services import school_day
from tirek.web.access import catalog, current_actor, requires
from tirek.web.i18n import data_lang
from tirek.web.school import words
from tirek.web.transaction import unit

blueprint = Blueprint("school", __name__, url_prefix="/school")


@blueprint.context_processor
def _offered() -> dict[str, Any]:
    """What this person may do, and the words for what the database keeps as codes."""
    return {"can": _can, "words": words, "title_of": title_of}


def title_of(instrument_id: str) -> str:
    """A questionnaire's short name among psychologists, and its title on this page."""
    instrument = catalog().instruments.get(instrument_id)
    name = instrument_id.upper()
    return f"{name}. {instrument.text(data_lang(), 'title')}" if instrument else name


def _can(permission: str) -> bool:
    return may(current_actor(), Permission(permission))


@blueprint.get("")
@requires(Permission.VIEW_PROGRESS)
def home() -> str:
    """List the work that waits."""
    return render_template("school/home.html", day=school_day.today(unit()))
