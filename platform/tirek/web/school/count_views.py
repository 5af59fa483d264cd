"""Numbers of a whole school, for questionnaires that are never read per person."""

from uuid import UUID

from flask import render_template

from tirek.domain.permissions import Permission
from tirek.services import assignment_rows, assignments, school_counts
from tirek.services.school_counts import FEWEST, StillOpenError, TooFewError
from tirek.web.access import requires
from tirek.web.i18n import data_lang
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.get("/assignments/<uuid:assignment_id>/numbers")
@requires(Permission.VIEW_RESULT)
def assignment_numbers(assignment_id: UUID) -> str:
    """How many chose each answer, once every class is through and enough have answered."""
    found = assignments.get(unit(), assignment_id)
    counts, waiting = None, False
    try:
        counts = school_counts.of_round(unit(), found, data_lang())
    except StillOpenError:
        waiting = True
    except TooFewError:
        waiting = False
    return render_template(
        "school/numbers.html",
        row=assignment_rows.row_of(unit(), found),
        counts=counts,
        waiting=waiting,
        fewest=FEWEST,
        text_lang=data_lang(),
    )
