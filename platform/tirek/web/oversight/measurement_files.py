"""The nightly figures as files: CSV, JSON, and the code book of both."""

import json
from datetime import date

from flask import Response, request

from tirek.domain.permissions import Permission
from tirek.services import measurement_export, measurements
from tirek.web.access import requires
from tirek.web.csv_files import csv_file, long_csv_file
from tirek.web.oversight.blueprint import blueprint
from tirek.web.transaction import unit


@blueprint.get("/measurement.csv")
@requires(Permission.VIEW_MEASUREMENT)
def measurement_csv() -> Response:
    """The flat table: the last night, or with `nights=all` every night of one instrument."""
    instrument = request.args.get("instrument") or None
    is_all = instrument is not None and request.args.get("nights") == "all"
    found = measurement_export.rows(unit(), instrument, None if is_all else _last_night())
    return long_csv_file("tirek-measurement", measurement_export.HEAD, found)


@blueprint.get("/measurement.json")
@requires(Permission.VIEW_MEASUREMENT)
def measurement_json() -> Response:
    """The same, with its code book inside."""
    written = {
        "code_book": dict(measurement_export.CODE_BOOK),
        "columns": measurement_export.HEAD,
        "rows": list(
            measurement_export.rows(unit(), request.args.get("instrument") or None, _last_night())
        ),
    }
    answer = Response(
        json.dumps(written, default=str, ensure_ascii=False), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="tirek-measurement.json"'
    return answer


@blueprint.get("/measurement-codebook.csv")
@requires(Permission.VIEW_MEASUREMENT)
def measurement_code_book() -> Response:
    """What each column and each measure means."""
    rows = measurement_export.CODE_BOOK.items()
    return csv_file("tirek-measurement-codebook", ("name", "meaning"), list(rows))


def _last_night() -> date | None:
    last = measurements.latest(unit())
    return last.night if last else None
