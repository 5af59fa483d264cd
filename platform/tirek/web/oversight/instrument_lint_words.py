"""What each lint of an instrument's files looks after, in the reader's language.

The reason that stands beside it is English, as the files are; this says at least what kind of
fault it is.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

LINTS: Mapping[str, Any] = {
    "alphabet": _l("A letter of another alphabet"),
    "bands": _l("Bands leave a hole or pass the end"),
    "blank": _l("A blank at a question that counts is not noticed"),
    "blanks": _l("The rule for blanks leaves nothing to count"),
    "case": _l("A golden case gives something else than it should"),
    "cut-off": _l("A cut-off cannot be reached, or no golden case stands beside it"),
    "evidence": _l("The status of the wording is not proved"),
    "files": _l("A file is missing or does not belong here"),
    "format": _l("The file cannot be read"),
    "gate": _l("Who may be asked does not fit what is shown or flagged"),
    "golden": _l("A golden case that has to be there is missing"),
    "ids": _l("One name stands for two things, or questions are out of order"),
    "names": _l("A name leads nowhere"),
    "norms": _l("A norm is impossible or has holes"),
    "numbers": _l("Kazakh and Russian tell different numbers"),
    "one-scale": _l("A question counts in no scale, or in two"),
    "order": _l("Answers do not go in one direction"),
    "parity": _l("A text is missing or the same in both languages"),
    "parts": _l("Names, languages or versions of the parts do not agree"),
    "range": _l("The range of a scale is not what its answers give"),
    "release": _l("What is published was changed afterwards"),
    "short-run": _l("The shorter run does not fit the questions"),
    "show-if": _l("The condition under which a question is shown is wrong"),
    "sign": _l("A worse answer betters a score"),
    "threshold": _l("A threshold that no answer can cross"),
    "todo": _l("Something is left to do"),
    "weight": _l("An answer weighs something else than its number"),
}
