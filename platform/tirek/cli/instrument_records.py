"""`tirek instruments rescore · code-book`: tables of answers are scored anew, totals compared."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tirek.catalog.exchange.fhir_names import FhirVersion
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.records import code_book, csv_records, fhir_results, redcap_records, sav
from tirek.catalog.exchange.records.record import Scored, Table, TableError, rescored
from tirek.catalog.instruments import folders, load_instrument
from tirek.cli.instrument_exchange import put
from tirek.cli.parser import CommandError
from tirek.domain.instruments import Instrument

READERS: dict[str, Callable[[Instrument, bytes], Table]] = {
    "csv": csv_records.read,
    "redcap": redcap_records.read,
    "sav": sav.read,
    "fhir-r4": fhir_results.read,
    "fhir-r5": fhir_results.read,
}
WRITERS: dict[str, Callable[[Instrument, Iterable[Scored]], bytes]] = {
    "csv": csv_records.write,
    "redcap": redcap_records.write,
    "sav": sav.write,
    "fhir-r4": partial(fhir_results.write, version=FhirVersion.R4),
    "fhir-r5": partial(fhir_results.write, version=FhirVersion.R5),
}
CLEAN, REFUTED = 0, 1


def add_rescore(verb: ArgumentParser) -> None:
    """Take the arguments of `tirek instruments rescore ID FILE`."""
    verb.add_argument("id", help="the instrument")
    verb.add_argument("file", type=Path, help="a table of answers")
    verb.add_argument("--from", dest="source", default="csv", choices=tuple(READERS))
    verb.add_argument("--to", dest="target", default="csv", choices=tuple(WRITERS))
    verb.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: stdout)")


def add_code_book(verb: ArgumentParser) -> None:
    """Take the arguments of `tirek instruments code-book ID`."""
    verb.add_argument("id", help="the instrument")


def run_rescore(arguments: Namespace) -> int:
    """Score every row anew and write the table; 1 when a total in the file was not so."""
    instrument = _instrument(arguments)
    try:
        content = arguments.file.read_bytes()
        table = READERS[arguments.source](instrument, content)
    except OSError as error:
        raise CommandError(f"{arguments.file} cannot be read: {error.strerror}.") from error
    except TableError as error:
        for one in error.sentences[1:]:
            sys.stderr.write(f"{arguments.file.name}: {one}.\n")
        raise CommandError(f"{arguments.file.name}: {error}; nothing was taken.") from error
    except ExchangeError as error:
        raise CommandError(f"{arguments.file.name}: {error}; nothing was taken.") from error
    scored = list(rescored(instrument, table.records))
    refuted = [remark for one in scored for remark in one.refuted]
    for remark in (*table.remarks, *refuted):
        sys.stderr.write(f"{arguments.file.name}: {remark}.\n")
    put(WRITERS[arguments.target](instrument, scored), arguments.out)
    return REFUTED if refuted else CLEAN


def run_code_book(arguments: Namespace) -> int:
    """Print what every column means, in both languages."""
    put(code_book.write(_instrument(arguments)), None)
    return CLEAN


def _instrument(arguments: Namespace) -> Instrument:
    found = [path for path in folders(arguments.root) if path.parent.name == arguments.id]
    if not found:
        raise CommandError(f"There is no instrument {arguments.id!r}.")
    return load_instrument(found[-1])
