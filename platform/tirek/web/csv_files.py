"""Tables as files that a spreadsheet opens with Kazakh letters whole."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

# Spreadsheets read UTF-8 as such only behind this mark.
_MARK = "\ufeff"
# A cell that begins so would be run as a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> Response:
    """A download; `name` says nothing of what or whom it is about."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    for row in (head, *rows):
        writer.writerow([_cell(value) for value in row])
    answer = Response(_MARK + sheet.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    is_number = isinstance(value, int)
    return f"'{text}" if text.startswith(_FORMULAS) and not is_number else text
