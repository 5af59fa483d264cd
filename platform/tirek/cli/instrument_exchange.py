"""`tirek instruments export · import · check-response`: what others say in other words."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tirek.catalog.errors import CatalogError
from tirek.catalog.exchange.draft import write_draft
from tirek.catalog.exchange.fault import Severity, operation_outcome
from tirek.catalog.exchange.foreign import ExchangeError, read_object
from tirek.catalog.exchange.formats import FORMATS, READABLE, WRITABLE
from tirek.catalog.exchange.response_check import check
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import read_files
from tirek.catalog.instruments import folders
from tirek.cli.parser import CommandError

CLEAN, FAULTY = 0, 1


def add_export(verb: ArgumentParser) -> None:
    """Take the arguments of `tirek instruments export ID`."""
    verb.add_argument("id", help="the instrument")
    verb.add_argument("--format", required=True, choices=WRITABLE)
    verb.add_argument("--lang", help="one language only (default: all that there are)")
    verb.add_argument(
        "--public", action="store_true", help="without weights, cut-offs, scores and cases"
    )
    verb.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: stdout)")


def add_import(verb: ArgumentParser) -> None:
    """Take the arguments of `tirek instruments import FILE`."""
    verb.add_argument("file", type=Path, help="the file of the other system")
    verb.add_argument("--format", required=True, choices=READABLE)
    verb.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where drafts lie")


def add_check(verb: ArgumentParser) -> None:
    """Take the arguments of `tirek instruments check-response`."""
    verb.add_argument("questionnaire", type=Path, help="a FHIR Questionnaire")
    verb.add_argument("response", type=Path, help="the QuestionnaireResponse to be judged")
    verb.add_argument("--json", action="store_true", help="as an OperationOutcome")


def run_export(arguments: Namespace) -> int:
    """Write one instrument in a foreign format, or refuse in a sentence."""
    found = [path for path in folders(arguments.root) if path.parent.name == arguments.id]
    if not found:
        raise CommandError(f"There is no instrument {arguments.id!r}.")
    files, findings = read_files(found[-1])
    if files is None:
        raise CatalogError(findings[0].path, findings[0].line, findings[0].reason)
    write = FORMATS[arguments.format].write
    if write is None:
        raise CommandError(f"{arguments.format} cannot be written.")
    try:
        content = write(files, Wanted(arguments.lang, arguments.public))
    except ExchangeError as error:
        raise CommandError(f"{error}.") from error
    put(content, arguments.out)
    return CLEAN


def run_import(arguments: Namespace) -> int:
    """Make a draft folder of a foreign file; say what could not be taken, each with its place."""
    read = FORMATS[arguments.format].read
    if read is None:
        raise CommandError(f"{arguments.format} cannot be read.")
    try:
        draft = read(_content(arguments.file), arguments.file.stem)
        folder = write_draft(draft, arguments.out)
    except ExchangeError as error:
        raise CommandError(f"{arguments.file.name}: {error}; nothing was imported.") from error
    for remark in draft.remarks:
        sys.stdout.write(f"{remark}\n")
    sys.stdout.write(f"The draft is in {folder}: `tirek instruments lint` says what is left.\n")
    return CLEAN


def run_check(arguments: Namespace) -> int:
    """Print what is wrong with a response, one fault a line; 1 when any of it is an error."""
    try:
        questionnaire = read_object(_content(arguments.questionnaire), "Questionnaire")
        response = read_object(_content(arguments.response), "QuestionnaireResponse")
    except ExchangeError as error:
        raise CommandError(f"{error}.") from error
    faults = check(questionnaire, response)
    if arguments.json:
        outcome = operation_outcome(faults)
        sys.stdout.write(json.dumps(outcome, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return FAULTY if any(fault.severity is Severity.ERROR for fault in faults) else CLEAN


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def put(content: bytes, out: Path | None) -> None:
    """Write to a new file, or to stdout; what is there already is never overwritten."""
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        with out.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise CommandError(f"{out} is there already.") from None
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
