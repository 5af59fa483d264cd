"""A class's answers as files for spreadsheets, SPSS and REDCap, with a code book."""

from uuid import UUID

from flask import Response

from tirek.domain.permissions import Permission
from tirek.services import assignments, result_files
from tirek.web.access import requires
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit

CSV = ("csv", "text/csv; charset=utf-8")
# Kind -> (ending, media type).
FILES = {
    "csv": CSV,
    "redcap": CSV,
    "codes": CSV,
    "sav": ("sav", "application/x-spss-sav"),
    "fhir": ("json", "application/fhir+json; charset=utf-8"),
}


@blueprint.get("/assignments/<uuid:assignment_id>/files/<any(csv, redcap, sav, fhir, codes):kind>")
@requires(Permission.VIEW_RESULT)
def result_file(assignment_id: UUID, kind: str) -> Response:
    """One file; its name says nothing of what or whom it is about."""
    content = result_files.write(unit(), assignments.get(unit(), assignment_id), kind)
    ending, media = FILES[kind]
    answer = Response(content, content_type=media)
    name = f"table-{assignment_id.hex[:8]}-{kind}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
