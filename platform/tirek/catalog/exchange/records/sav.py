"""Records as SPSS's .sav: numbers with labels in both languages, blanks as missing values.

pyreadstat writes and reads the format; it takes a data frame of pandas. Both are loaded by this
export alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tirek.catalog.exchange.blank_words import BLANK_WORDS
from tirek.catalog.exchange.foreign import MAX_BYTES, ExchangeError
from tirek.catalog.exchange.records import code_book
from tirek.catalog.exchange.records.columns import Row, table_of
from tirek.catalog.exchange.records.record import FACTS, MAX_ROWS, Scored, Table
from tirek.domain.instruments import UNSEEN, Answer, AnswerState, Instrument
from tirek.domain.scoring import as_number

# User-missing values: they never enter a sum, and say why there is no answer.
MISSING = {AnswerState.DECLINED: -98.0, AnswerState.SKIPPED: -97.0, AnswerState.UNSEEN: -96.0}
# SPSS's limits, in bytes of UTF-8.
VARIABLE_LABEL, VALUE_LABEL = 255, 119
# Bytes that a table may take once it is unpacked.
MAX_UNPACKED = 200_000_000
BETWEEN = " / "


def write(instrument: Instrument, scored: Iterable[Scored]) -> bytes:
    """Return the file; raise ExchangeError where an option's code is no number."""
    import pandas as pd  # noqa: PLC0415 (see above)
    import pyreadstat  # noqa: PLC0415

    codes = _codes(instrument)
    rows = [_row(instrument, one, codes) for one in scored]
    names = [*FACTS, *(item.id for item in instrument.items)]
    names += [scale.id for scale in instrument.scoring.scales]
    frame = pd.DataFrame(rows, columns=names)
    for name in names[len(FACTS) :]:
        # A column without any value would have no type.
        frame[name] = frame[name].astype("float64")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.sav"
        pyreadstat.write_sav(
            frame,
            path,
            file_label=instrument.id,
            note=[instrument.release, instrument.hashes.release],
            column_labels=[_variable_label(instrument, name) for name in names],
            variable_value_labels={
                item.id: _labels(instrument, item.id) for item in instrument.items
            },
            missing_ranges={item.id: [*MISSING.values()] for item in instrument.items},
            variable_measure={item.id: "ordinal" for item in instrument.items},
        )
        return path.read_bytes()


def read(instrument: Instrument, content: bytes) -> Table:
    """Return the records of a .sav that bears our names; raise ExchangeError with every place."""
    if len(content) > MAX_BYTES:
        raise ExchangeError("the file", f"is larger than {MAX_BYTES // 1_000_000} MB")
    scales = {scale.id for scale in instrument.scoring.scales}
    known = {*FACTS, *(item.id for item in instrument.items), *scales}
    try:
        header, columns = _unpacked(content, known)
    except ExchangeError:
        raise
    except Exception as error:  # noqa: BLE001 - a library's own, and a file of a stranger
        raise ExchangeError("the file", f"is no .sav file ({type(error).__name__})") from None
    names = {name: name for name in header if name in known}
    states = {_written(value): state.value for state, value in MISSING.items()}
    return table_of(instrument, header, _rows(columns), names, states)


def _unpacked(content: bytes, known: AbstractSet[str]) -> tuple[list[str], dict[str, list[Any]]]:
    """Return all names and the columns that bear ours.

    A packed file (.zsav) can hold a thousand times its size, so its width is looked at first.
    """
    import pyreadstat  # noqa: PLC0415 (see above)

    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.sav"
        path.write_bytes(content)
        _, meta = pyreadstat.read_sav(path, output_format="dict", metadataonly=True)
        header = list(meta.column_names)
        wanted = [name for name in header if name in known]
        width = sum(meta.variable_storage_width[name] for name in wanted)
        most = min(MAX_ROWS, MAX_UNPACKED // max(width, 1))
        if not wanted:
            return header, {}
        columns, _ = pyreadstat.read_sav(
            path, output_format="dict", user_missing=True, usecols=wanted, row_limit=most + 1
        )
    if len(columns[wanted[0]]) > most:
        raise ExchangeError("the file", f"holds more than {most} cases of this width")
    return header, columns


def _rows(columns: dict[str, list[Any]]) -> Iterator[Row]:
    number = max((len(values) for values in columns.values()), default=0)
    for index in range(number):
        yield (
            f"case {index + 1}",
            {name: _written(values[index]) for name, values in columns.items()},
        )


def _written(value: object) -> str:
    """A value of SPSS as a cell: whole numbers without their point, a system-missing as nothing."""
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _row(instrument: Instrument, one: Scored, codes: dict[tuple[str, str], float]) -> list[object]:
    facts: Sequence[object] = [one.record.facts.get(name, "") for name in FACTS]
    answers = [
        _number(item.id, one.record.answers.get(item.id, UNSEEN), codes)
        for item in instrument.items
    ]
    scores = [None if each.value is None else as_number(each.value) for each in one.scores]
    return [*facts, *answers, *scores]


def _number(item: str, answer: Answer, codes: dict[tuple[str, str], float]) -> float:
    return MISSING[answer.state] if answer.code is None else codes[item, answer.code]


def _codes(instrument: Instrument) -> dict[tuple[str, str], float]:
    try:
        return {
            (item.id, option.code): float(option.code)
            for item in instrument.items
            for option in instrument.options(item.id)
        }
    except ValueError:
        raise ExchangeError(instrument.id, "has option codes that are no numbers") from None


def _labels(instrument: Instrument, item: str) -> dict[int | float, str]:
    options = instrument.item(item).options
    found: dict[int | float, str] = {
        float(option.code): _both(instrument, f"{options}.{option.code}", VALUE_LABEL)
        for option in instrument.options(item)
    }
    return found | {
        value: BETWEEN.join(BLANK_WORDS[state].values()) for state, value in MISSING.items()
    }


def _variable_label(instrument: Instrument, name: str) -> str:
    if name in FACTS:
        kazakh, russian, _note = code_book.FACTS[name]
        return BETWEEN.join((kazakh, russian))
    if any(item.id == name for item in instrument.items):
        # Topics: both languages of the whole text would not fit; the code book has them.
        return _both(instrument, f"{name}.topic", VARIABLE_LABEL)
    return _both(instrument, f"scale.{name}", VARIABLE_LABEL)


def _both(instrument: Instrument, key: str, most: int) -> str:
    """A text in Kazakh and Russian, each cut to its half of what SPSS can hold."""
    half = (most - len(BETWEEN)) // 2
    kk, ru = (instrument.text(lang, key).encode() for lang in ("kk", "ru"))
    spare = max(0, half - len(kk)), max(0, half - len(ru))
    return BETWEEN.join((_cut(kk, half + spare[1]), _cut(ru, half + spare[0])))


def _cut(text: bytes, most: int) -> str:
    return text[:most].decode(errors="ignore")
