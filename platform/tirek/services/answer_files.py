"""A file of answers as the readers of `tirek instruments rescore` take it, or where it is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tirek.catalog.exchange.foreign import ExchangeError, Remark
from tirek.catalog.exchange.records import csv_records, fhir_results, redcap_records, sav
from tirek.catalog.exchange.records.record import MAX_SENTENCES, Record, Table, TableError
from tirek.domain.answer_entry import MOST_BYTES, MOST_ROWS, called_for, given_answers
from tirek.domain.instruments import Instrument

Reader = Callable[[Instrument, bytes], Table]
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "csv": csv_records.read,
        "redcap": redcap_records.read,
        "sav": sav.read,
        "fhir": fhir_results.read,
    }
)
# Nobody enters it, and nobody passes it over.
UNFINISHED = "is not finished, but its answers call for somebody"
_SAV = b"$FL"
# Excel's .xlsx, and whatever else was packed.
_PACKED = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. With `faults` nothing of it is entered, whatever could be read."""

    records: tuple[Record, ...]
    faults: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()


def read(instrument: Instrument, content: bytes) -> Reading:
    """Read a file of any kind we know; what is wrong with it is said, never raised."""
    if not content.strip():
        return Reading((), (Remark("the file", "is empty"),))
    if len(content) > MOST_BYTES:
        return Reading((), (Remark("the file", f"is larger than {MOST_BYTES >> 20} MB"),))
    if content.startswith(_PACKED):
        return Reading((), (Remark("the file", "is packed (.xlsx or .zip)"),))
    try:
        table = READERS[kind_of(content)](instrument, content)
    except TableError as error:
        return _few(Reading(error.legible, error.sentences))
    except ExchangeError as error:
        return Reading((), (Remark(error.place, error.reason),))
    begun = tuple(one for one in table.unfinished if _calls(instrument, one))
    faults = tuple(Remark(one.place, UNFINISHED) for one in begun)
    remarks = table.remarks[:MAX_SENTENCES]
    return _few(Reading((*table.records, *begun), faults[:MAX_SENTENCES], remarks))


def kind_of(content: bytes) -> str:
    """Which reader a file is for, by how it begins: nobody has to know the name of the format."""
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if content.startswith(_SAV):
        return "sav"
    if start[:1] in {b"{", b"["}:
        return "fhir"
    header = start.partition(b"\n")[0].replace(b'"', b"")
    for separator in (b";", b"\t"):
        header = header.replace(separator, b",")
    names = {name.strip().decode(errors="replace") for name in header.split(b",")}
    return "redcap" if redcap_records.RECORD_ID in names else "csv"


def _calls(instrument: Instrument, record: Record) -> bool:
    return called_for(instrument, given_answers(instrument, record.answers)) is not None


def _few(found: Reading) -> Reading:
    if len(found.records) <= MOST_ROWS:
        return found
    fault = Remark("the file", f"holds more than {MOST_ROWS} rows")
    return Reading((), (fault, *found.faults))
