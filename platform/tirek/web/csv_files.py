"""Tables as files that a spreadsheet opens with Kazakh letters whole."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, TextIO

from flask import Response

# Spreadsheets read UTF-8 as such only behind this mark.
_MARK = "\ufeff"
_IN_MEMORY, _CHUNK = 1 << 20, 1 << 16
# A cell that begins so would be run as a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> Response:
    """A download; `name` says nothing of what or whom it is about."""
    sheet = io.StringIO()
    _write(sheet, head, rows)
    answer = Response(_MARK + sheet.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def long_csv_file(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> Response:
    """The same for a table that need not fit into memory: it waits on the disk to be sent."""
    held = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    sheet = io.TextIOWrapper(held, "utf-8", newline="")
    sheet.write(_MARK)
    _write(sheet, head, rows)
    sheet.detach()
    held.seek(0)
    answer = Response(_sent(held), mimetype="text/csv", direct_passthrough=True)
    # A HEAD request reads nothing.
    answer.call_on_close(held.close)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _sent(held: IO[bytes]) -> Iterator[bytes]:
    with held:
        while chunk := held.read(_CHUNK):
            yield chunk


def _write(sheet: TextIO, head: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(sheet)
    for row in chain((head,), rows):
        writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    is_number = isinstance(value, int)
    return f"'{text}" if text.startswith(_FORMULAS) and not is_number else text
