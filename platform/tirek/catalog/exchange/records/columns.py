"""Rows of named cells, as CSV, REDCap and SPSS files give them, become records or sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tirek.catalog.exchange.foreign import Remark
from tirek.catalog.exchange.records.record import (
    FACTS,
    MAX_ROWS,
    MAX_SENTENCES,
    Record,
    Table,
    TableError,
    answer_of,
    claim_of,
)
from tirek.domain.instruments import Answer, Instrument, UnknownOptionError

Row = tuple[str, Mapping[str, str]]


def table_of(
    instrument: Instrument,
    header: Sequence[str],
    rows: Iterable[Row],
    names: Mapping[str, str],
    states: Mapping[str, str] | None = None,
) -> Table:
    """Return all records, or raise TableError: one wrong cell, and nothing of the file is taken.

    `rows` are (place, cells by column). `names` says which of our names a column bears: an item,
    a scale or a fact; `states` which cells are words for blanks (`-98` is "declined").
    """
    wrong = _header_faults(instrument, header, names)
    records: list[Record] = []
    try:
        for place, cells in _few(rows):
            records.append(_record(instrument, place, cells, names, states or {}, wrong))
    except TableError as error:
        raise TableError([*wrong, *error.sentences], records) from None
    if wrong:
        raise TableError(wrong, records)
    if not records:
        raise TableError([Remark("the file", "has no rows below its header")])
    unknown = [name for name in header if name not in names]
    remarks = tuple(Remark(f"column {name}", "is unknown and was passed over") for name in unknown)
    return Table(tuple(records), remarks)


def _few(rows: Iterable[Row]) -> Iterator[Row]:
    for number, (place, cells) in enumerate(rows):
        if number >= MAX_ROWS:
            raise TableError([Remark(place, f"a file holds at most {MAX_ROWS} rows")])
        yield place, cells


def _header_faults(
    instrument: Instrument, header: Sequence[str], names: Mapping[str, str]
) -> list[Remark]:
    """Say which items have no column or two; raise TableError where no row can be read at all."""
    twice = sorted(name for name, count in Counter(header).items() if count > 1)
    wrong = [Remark(f"column {name}", "stands twice in the header") for name in twice]
    found = {names[name] for name in header if name in names}
    missing = [item.id for item in instrument.items if item.id not in found]
    if len(missing) == len(instrument.items):
        raise TableError([Remark("the header", f"names no item of {instrument.id}")])
    # A column that is not there is no blank: its item would silently count as one.
    listed = ", ".join(missing)
    return wrong + ([Remark("the header", f"lacks the items {listed}")] if missing else [])


def _record(
    instrument: Instrument,
    place: str,
    cells: Mapping[str, str],
    names: Mapping[str, str],
    states: Mapping[str, str],
    wrong: list[Remark],
) -> Record:
    items = {item.id for item in instrument.items}
    scales = {scale.id for scale in instrument.scoring.scales}
    facts: dict[str, str] = {}
    answers: dict[str, Answer] = {}
    claimed = {}
    for column, written in cells.items():
        name = names.get(column)
        try:
            if name in items:
                answers[name] = answer_of(instrument, name, states.get(written.strip(), written))
            elif name in scales:
                claim = claim_of(written)
                if claim is not None:
                    claimed[name] = claim
            elif name in FACTS:
                facts[name] = written.strip()
        except (UnknownOptionError, ValueError) as error:
            if len(wrong) < MAX_SENTENCES:
                wrong.append(Remark(f"{place}, column {column}", str(error)))
    return Record(place, facts, answers, claimed)
