"""Records as CSV: our own column names, codes as published, blanks by their words."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from tirek.catalog.exchange.foreign import Remark, read_text
from tirek.catalog.exchange.records.columns import Row, table_of
from tirek.catalog.exchange.records.record import (
    FACTS,
    MAX_SENTENCES,
    Scored,
    Table,
    TableError,
    shown,
)
from tirek.domain.instruments import UNSEEN, Answer, Instrument

if TYPE_CHECKING:
    import _csv

STATE = "_state"
# A cell that begins so is a formula to a spreadsheet.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write(instrument: Instrument, scored: Iterable[Scored]) -> bytes:
    """Return the table: facts, one column for each item, two for each scale (value and state)."""
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(columns(instrument))
    for one in scored:
        writer.writerow([as_text(cell) for cell in _cells(instrument, one)])
    # Spreadsheets read UTF-8 as such only behind this mark.
    return ("\ufeff" + sheet.getvalue()).encode()


def read(instrument: Instrument, content: bytes) -> Table:
    """Return the records of a table that bears our names; raise TableError with every place.

    Columns may stand in any order and be separated by comma, semicolon or tab. A total that came
    along is kept as a claim; its state column is passed over.
    """
    header, rows = rows_of(content)
    known = [*FACTS, *(item.id for item in instrument.items)]
    known += [scale.id for scale in instrument.scoring.scales]
    names = {name: name for name in known}
    names |= {f"{scale.id}{STATE}": "" for scale in instrument.scoring.scales}
    return table_of(
        instrument, header, rows, {name: names[name] for name in header if name in names}
    )


def columns(instrument: Instrument) -> list[str]:
    """The names of all columns, in their order."""
    scales = [scale.id for scale in instrument.scoring.scales]
    pairs = [name for scale in scales for name in (scale, f"{scale}{STATE}")]
    return [*FACTS, *(item.id for item in instrument.items), *pairs]


def written(answer: Answer) -> str:
    """An answer as a cell: its code, or the word for its blank."""
    return answer.code if answer.code is not None else answer.state.value


def as_text(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula; numbers stay numbers."""
    is_number = cell.lstrip("+-").replace(".", "", 1).isdecimal()
    return f"'{cell}" if cell.startswith(FORMULAS) and not is_number else cell


def rows_of(content: bytes) -> tuple[list[str], Iterator[Row]]:
    """Return the header and the rows of a CSV file with their lines, or raise ExchangeError."""
    text = read_text(content)
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise TableError([Remark("line 1", f"is not CSV: {error}")]) from None
    if not any(header):
        raise TableError([Remark("line 1", "has no header")])
    return header, _rows(reader, header)


def _rows(reader: "_csv.Reader", header: Sequence[str]) -> Iterator[Row]:
    """Yield every row that can be read, also below a broken one; then raise if one was broken."""
    broken: list[Remark] = []
    while True:
        cells, said = [], ""
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            said = f"is not CSV: {error}"
        place = f"line {reader.line_num}"
        is_full = any(cell.strip() for cell in cells)
        if is_full and len(cells) != len(header):
            said = f"has {len(cells)} cells, the header {len(header)}"
        if said and len(broken) < MAX_SENTENCES:
            broken.append(Remark(place, said))
        if is_full:
            yield place, dict(zip(header, cells, strict=False))
    if broken:
        raise TableError(broken)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _cells(instrument: Instrument, one: Scored) -> list[str]:
    record = one.record
    scores = {score.scale: score for score in one.scores}
    found = [record.facts.get(name, "") for name in FACTS]
    found += [written(record.answers.get(item.id, UNSEEN)) for item in instrument.items]
    for scale in instrument.scoring.scales:
        score = scores[scale.id]
        found += [shown(score), score.reason or score.state.value]
    return found
