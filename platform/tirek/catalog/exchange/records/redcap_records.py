"""Records as REDCap takes and gives them: fields of a form, blanks as missing-data codes."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO

from tirek.catalog.exchange.foreign import Remark
from tirek.catalog.exchange.records.columns import table_of
from tirek.catalog.exchange.records.csv_records import as_text, rows_of
from tirek.catalog.exchange.records.record import FACTS, Scored, Table, shown
from tirek.catalog.exchange.redcap_names import BLANK_CODES, COMPLETE, field_name, form_name
from tirek.domain.instruments import UNSEEN, Answer, Instrument

RECORD_ID = "record_id"
# What REDCap calls a form that is complete.
DONE = "2"
STATES = {code: state.value for state, code in BLANK_CODES.items() if code}


def names_of(instrument: Instrument) -> dict[str, str]:
    """REDCap's field name for each of our names; the record's id bears REDCap's own."""
    facts = {name: field_name(instrument.id, name) for name in FACTS[1:]}
    items = {item.id: field_name(instrument.id, item.id) for item in instrument.items}
    scales = {
        one.id: field_name(instrument.id, f"score_{one.id}") for one in instrument.scoring.scales
    }
    return {FACTS[0]: RECORD_ID, **facts, **items, **scales}


def write(instrument: Instrument, scored: Iterable[Scored]) -> bytes:
    """Return records for REDCap's data import; a score goes along as a number nobody computes."""
    names = names_of(instrument)
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([*names.values(), f"{form_name(instrument.id)}{COMPLETE}"])
    for one in scored:
        cells = [one.record.facts.get(name, "") for name in FACTS]
        cells += [_cell(one.record.answers.get(item.id, UNSEEN)) for item in instrument.items]
        cells += [shown(score) for score in one.scores]
        writer.writerow([as_text(cell) for cell in [*cells, DONE]])
    return sheet.getvalue().encode()


def read(instrument: Instrument, content: bytes) -> Table:
    """Return the records of a REDCap export (raw values); raise TableError with every place."""
    header, rows = rows_of(content)
    ours = {theirs: name for name, theirs in names_of(instrument).items()}
    known: Mapping[str, str] = {name: ours[name] for name in header if name in ours}
    table = table_of(instrument, header, rows, known, STATES)
    form = f"{form_name(instrument.id)}{COMPLETE}"
    remarks = tuple(one for one in table.remarks if one.place != f"column {form}")
    return Table(table.records, (*remarks, *_incomplete(form, header)))


def _incomplete(form: str, header: list[str]) -> list[Remark]:
    if form in header:
        return []
    return [Remark("the header", f"lacks {form}: whether forms were finished is not said")]


def _cell(answer: Answer) -> str:
    return answer.code if answer.code is not None else BLANK_CODES[answer.state]
