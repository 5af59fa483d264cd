"""Test alarms of the area's centres, and how soon somebody answered them."""

from flask import render_template, request

from tirek.domain.permissions import Permission
from tirek.services import drills as test_alarms
from tirek.web.access import requires
from tirek.web.i18n import localised
from tirek.web.oversight.blueprint import area, blueprint
from tirek.web.transaction import unit
from tirek.web.watch_words import duration


@blueprint.get("/drills")
@requires(Permission.VIEW_OVERSIGHT)
def drills() -> str:
    """One month's test alarms."""
    months = test_alarms.months(unit())
    asked = request.args.get("month")
    month = next((one for one in months if f"{one:%Y-%m}" == asked), months[0] if months else None)
    rows = test_alarms.of_area(unit(), area(), month) if month else []
    return render_template(
        "oversight/drills.html",
        rows=rows,
        months=months,
        month=month,
        bars=[
            (localised(row.center, "name"), row.seconds / 60, duration(row.seconds))
            for row in rows
            if row.seconds is not None
        ],
    )
