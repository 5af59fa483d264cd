"""`tirek content`: the desk of those who write the parents' courses."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path

from tirek.catalog.content.lints import advise_courses, lint_courses
from tirek.catalog.content.stamp import recorded, stamped
from tirek.cli.content_diff import run_diff
from tirek.cli.content_preview import run_preview
from tirek.cli.content_spell import run_spell
from tirek.config import ROOT

CLEAN, FAULTY = 0, 1


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek content` and its verbs."""
    verbs = subparsers.add_parser("content", help="the parents' courses").add_subparsers(
        metavar="VERB", required=True
    )
    lint = verbs.add_parser("lint", help="print every fault with file and line")
    lint.add_argument("--root", type=Path, default=ROOT / "content", help="another content folder")
    lint.add_argument("--advice", action="store_true", help="also what is no fault yet")
    lint.set_defaults(run=run_lint)
    diff = verbs.add_parser("diff", help="both languages side by side")
    diff.add_argument("text", metavar="COURSE/LESSON")
    diff.add_argument("--since", metavar="REV", help="also what changed since this git revision")
    diff.add_argument("--html", type=Path, metavar="FILE", help="as a page instead")
    diff.add_argument("--root", type=Path, default=ROOT / "content", help="another content folder")
    diff.set_defaults(run=run_diff)
    preview = verbs.add_parser("preview", help="the texts as readers see them, live, for authors")
    preview.add_argument("--port", type=int, default=8010)
    preview.add_argument("--root", type=Path, default=ROOT / "content", help="another folder")
    preview.set_defaults(run=run_preview)
    spell = verbs.add_parser("spell", help="words hunspell does not know, if it is installed")
    spell.add_argument("--root", type=Path, default=ROOT / "content", help="another folder")
    spell.set_defaults(run=run_spell)
    stamp = verbs.add_parser("stamp", help="say that these translations follow their source again")
    stamp.add_argument("files", type=Path, nargs="+")
    stamp.add_argument("--recorded", action="store_true", help="these texts were recorded as is")
    stamp.set_defaults(run=run_stamp)


def run_lint(arguments: Namespace) -> int:
    """Print the faults, one a line; return 1 if there is any."""
    today = datetime.now(UTC).date()
    faults = lint_courses(arguments.root, today)
    advice = advise_courses(arguments.root, today) if arguments.advice else []
    for finding in (*faults, *advice):
        place = f"{relpath(finding.path)}:{finding.line}"
        sys.stdout.write(f"{place}: [{finding.lint}] {finding.reason}\n")
    return FAULTY if faults else CLEAN


def run_stamp(arguments: Namespace) -> int:
    """Write the hash of the source, or of the words recorded; all files are stamped or none."""
    write = recorded if arguments.recorded else stamped
    texts = {path: write(path) for path in arguments.files}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return CLEAN
