"""Access codes of a class: issued once, shown once, printed."""

from datetime import datetime
from uuid import UUID

from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from tirek.domain.access_code import pretty
from tirek.domain.errors import NotFoundError
from tirek.domain.permissions import Permission
from tirek.services import assignment_rows, assignments, class_codes
from tirek.web.access import requires
from tirek.web.school.forms import CodesForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import plant, unit

# Every slip speaks both languages: nobody knows beforehand which a pupil will choose.
SLIP_LANGUAGES = ("kk", "ru")


@blueprint.route("/assignments/<uuid:assignment_id>/codes", methods=["GET", "POST"])
@requires(Permission.ISSUE_CODES)
def codes(assignment_id: UUID) -> str | tuple[str, int]:
    """Choose who gets a code; the answer to the choice shows the codes, this once."""
    found = assignments.get(unit(), assignment_id)
    if found.respondent != "student":
        raise NotFoundError("codes of an assignment", assignment_id)
    rows = class_codes.of_class(unit(), found)
    form = CodesForm()
    form.offer([row.student.id for row in rows if row.may_issue])
    if form.validate_on_submit():
        chosen = form.pupils.data or []
        slips = class_codes.issue(unit(), assignment_id, chosen, _as_of(form))
        return render_template(
            "school/code_sheet.html",
            row=assignment_rows.row_of(unit(), found),
            slips=[(slip.school_code, pretty(slip.code)) for slip in slips],
            left_alone=len(set(chosen)) - len(slips),
            without=[row for row in rows if not row.may_issue],
            lines=_slip_lines(),
            address=f"{plant().base_url}/kk/s",
        )
    page = render_template(
        "school/codes.html",
        row=assignment_rows.row_of(unit(), found),
        rows=rows,
        form=form,
        as_of=unit().now().isoformat(),
    )
    return (page, 422) if form.errors else page


def _as_of(form: CodesForm) -> datetime:
    """When the choice was shown; a time that cannot be read counts as now, which spares codes."""
    try:
        moment = datetime.fromisoformat(form.as_of.data or "")
    except ValueError:
        return unit().now()
    return moment if moment.tzinfo else unit().now()


def _slip_lines() -> list[tuple[str, str]]:
    lines = []
    for lang in SLIP_LANGUAGES:
        with force_locale(lang):
            lines.append((lang, _("Open this address and type the code. You may stop any time.")))
    return lines
