"""One pupil's result of one questionnaire."""

from uuid import UUID

from flask import render_template

from tirek.domain.levels import Level
from tirek.domain.permissions import Permission
from tirek.services import caseload, results
from tirek.services.runs import AdministrationKey
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.school import charts
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.get("/results/<int:year>/<uuid:administration_id>")
@requires(Permission.VIEW_RESULT)
def result(year: int, administration_id: UUID) -> str:
    """Scales, answers, quality, flags and earlier rounds."""
    key = AdministrationKey(year, administration_id)
    found = results.open_result(unit(), key, data_lang())
    levels = {Level(flag.level) for flag in found.flags}
    worst = max(levels, key=lambda level: level.rank, default=None)
    protocol = catalog().protocol
    return render_template(
        "school/result.html",
        result=found,
        steps=protocol.rule(worst).next_steps if worst and worst in protocol.levels else None,
        cases=caseload.of_student(unit(), found.student.id),
        charts=charts.of_rounds(found.rounds),
        instruments=catalog().instruments,
        text_lang=data_lang(),
    )
