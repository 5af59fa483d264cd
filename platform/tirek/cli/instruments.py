"""`tirek instruments`: what there is, what is wrong with it, how answers score, and publishing."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import read_files
from tirek.catalog.instrument_lints import lint_content
from tirek.catalog.instruments import check, folders, load_instrument, load_instruments
from tirek.catalog.release import RepublishedError, publish, written
from tirek.cli import (
    instrument_diff,
    instrument_exchange,
    instrument_page,
    instrument_records,
    instrument_score,
)
from tirek.cli.parser import CommandError
from tirek.config import ROOT
from tirek.domain.interpretation import Sex

CLEAN, FAULTY = 0, 1


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek instruments` and its verbs."""
    verbs = subparsers.add_parser("instruments", help="the questionnaires").add_subparsers(
        metavar="VERB", required=True
    )
    _verb(verbs, "list", run_list, "one line for each instrument")
    _with_id(_verb(verbs, "show", run_show, "one instrument: source, licence, scales, flags"))
    lint = _verb(verbs, "lint", run_lint, "print every fault with file and line")
    lint.add_argument("id", nargs="?", help="the instrument (default: all)")
    _with_id(_verb(verbs, "publish", run_publish, "fix the files' content in release.yaml"))
    exchange = instrument_exchange
    exchange.add_export(_verb(verbs, "export", exchange.run_export, "write for another system"))
    exchange.add_import(_verb(verbs, "import", exchange.run_import, "make a draft of a file"))
    exchange.add_check(_verb(verbs, "check-response", exchange.run_check, "judge FHIR answers"))
    records = instrument_records
    records.add_rescore(_verb(verbs, "rescore", records.run_rescore, "score a table of answers"))
    records.add_code_book(_verb(verbs, "code-book", records.run_code_book, "explain its columns"))
    instrument_diff.add_arguments(
        _with_id(_verb(verbs, "diff", run_diff, "what a version changes"))
    )
    score = _with_id(_verb(verbs, "score", run_score, "score one person's answers"))
    score.add_argument("--answers", required=True, metavar="FILE", help='JSON, "-" for stdin')
    score.add_argument("--lang", default="kk", help="the language answered in (default: kk)")
    score.add_argument("--age", type=int, help="age in years; refused outside the age gate")
    score.add_argument("--sex", type=Sex, choices=tuple(Sex), help="for the precision of scores")
    score.add_argument("--json", action="store_true", help="for machines")


def _verb(
    verbs: "_SubParsersAction[ArgumentParser]", name: str, run: object, help_text: str
) -> ArgumentParser:
    verb = verbs.add_parser(name, help=help_text)
    verb.add_argument("--root", type=Path, default=ROOT / "instruments", help="another folder")
    verb.set_defaults(run=run)
    return verb


def _with_id(verb: ArgumentParser) -> ArgumentParser:
    verb.add_argument("id", help="the instrument")
    return verb


def run_list(arguments: Namespace) -> int:
    """Print every instrument with its release, status, ages and languages."""
    for instrument in load_instruments(arguments.root).values():
        sys.stdout.write(instrument_page.line(instrument) + "\n")
    return CLEAN


def run_show(arguments: Namespace) -> int:
    """Print one instrument for a reader who decides whether to use it."""
    instrument = load_instrument(_folder(arguments))
    sys.stdout.writelines(f"{line}\n" for line in instrument_page.lines(instrument))
    return CLEAN


def run_lint(arguments: Namespace) -> int:
    """Print the faults, one a line; return 1 if there is any."""
    checked = folders(arguments.root) if arguments.id is None else _majors(arguments)
    if not checked:
        raise CommandError(f"There is no instrument in {arguments.root}.")
    return _report([finding for folder in checked for finding in check(folder)[1]])


def run_score(arguments: Namespace) -> int:
    """Print the scores of one person's answers, as a page or as JSON."""
    instrument = load_instrument(_folder(arguments))
    instrument_score.admit(instrument, lang=arguments.lang, age=arguments.age)
    answers = instrument_score.read_answers(arguments.answers)
    result = instrument_score.Result.of(instrument, answers)
    if arguments.json:
        sys.stdout.write(result.as_json(arguments.lang) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in result.lines(arguments.sex))
    return CLEAN


def run_diff(arguments: Namespace) -> int:
    """Print what a folder changes against another one, or against the published release."""
    majors = [path for path in folders(arguments.root) if path.parent.name == arguments.id]
    return instrument_diff.run(arguments, majors[-1] if majors else None)


def run_publish(arguments: Namespace) -> int:
    """Write release.yaml for the newest major, unless a lint or an earlier release forbids it."""
    folder = _folder(arguments)
    files, findings = read_files(folder)
    if files is not None:
        findings = lint_content(files)
    if files is None or findings:
        return _report(findings)
    if files.release and files.release.sha256 == files.instrument.hashes.release:
        sys.stdout.write(f"{files.release.label} is published already.\n")
        return CLEAN
    try:
        release = publish(files.instrument, files.release, now=datetime.now(UTC))
    except RepublishedError as error:
        raise CommandError(f"{error}.") from error
    (folder / "release.yaml").write_text(written(release), encoding="utf-8")
    sys.stdout.write(f"{release.instrument} {release.label} is published as a {release.status}.\n")
    return CLEAN


def _folder(arguments: Namespace) -> Path:
    return _majors(arguments)[-1]


def _majors(arguments: Namespace) -> list[Path]:
    """Return the folders of one instrument, the newest major last."""
    found = [path for path in folders(arguments.root) if path.parent.name == arguments.id]
    if not found:
        raise CommandError(f"There is no instrument {arguments.id!r}.")
    return found


def _report(findings: list[Finding]) -> int:
    for finding in findings:
        place = f"{relpath(finding.path)}:{finding.line}"
        sys.stdout.write(f"{place}: [{finding.lint}] {finding.reason}\n")
    return FAULTY if findings else CLEAN
