"""Words for what instruments, drafts, releases and replays keep as codes."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from tirek.domain.draft_upload import DraftFault
from tirek.domain.instruments import ReleaseStatus, Subject, WordingStatus
from tirek.domain.life import CommentEnd, ReplayState
from tirek.domain.release_change import Step
from tirek.services.library import LicenceStand, Sort
from tirek.services.release_signing import Hindrance, Seen
from tirek.web.oversight.instrument_lint_words import LINTS
from tirek.web.oversight.instrument_rules import BLANKS, METHODS

STATUSES: Mapping[str, Any] = {
    ReleaseStatus.DRAFT: _l("Draft"),
    ReleaseStatus.PILOT: _l("On trial"),
    ReleaseStatus.APPROVED: _l("Approved"),
    ReleaseStatus.RETIRED: _l("Retired"),
}
SUBJECTS: Mapping[str, Any] = {
    Subject.CHILD: _l("A child about themselves"),
    Subject.PARENT_ABOUT_CHILD: _l("A parent about a child"),
    Subject.PARENT_ABOUT_SELF: _l("A parent about themselves"),
}
LICENCES: Mapping[str, Any] = {
    LicenceStand.FREE: _l("Not needed"),
    LicenceStand.RECORDED: _l("Recorded"),
    LicenceStand.MISSING: _l("Needed, not there yet"),
}
SORTS: Mapping[str, Any] = {
    Sort.NAME: _l("Title"),
    Sort.STATUS: _l("State"),
    Sort.ITEMS: _l("Number of questions"),
}
WORDINGS: Mapping[str, Any] = {
    WordingStatus.VALIDATED: _l("Validated: shown to measure the same in this language"),
    WordingStatus.AUTHORISED: _l("Authorised: the rights-holder's own translation"),
    WordingStatus.WORKING: _l("Working: our own text, without norms and band names"),
}
CONFIDENCES: Mapping[str, Any] = {
    "S": _l("found in a source"),
    "C": _l("found in public source code"),
    "K": _l("from memory, not verified yet"),
    "X": _l("computed by us"),
}
STEPS: Mapping[int, Any] = {
    Step.NONE: _l("no step"),
    Step.PATCH: _l("third number"),
    Step.MINOR: _l("second number"),
    Step.MAJOR: _l("first number"),
}
PARTS: Mapping[str, Any] = {
    "structure": _l("Structure: who is asked what, with which answers"),
    "wording.kk": _l("Wording in Kazakh"),
    "wording.ru": _l("Wording in Russian"),
    "scoring": _l("Scoring"),
    "interpretation": _l("Interpretation: bands, flags, norms"),
}
FAULTS: Mapping[str, Any] = {
    DraftFault.EMPTY: _l("Choose a .zip folder or .yaml files."),
    DraftFault.ZIP: _l("The .zip file cannot be unpacked: it is cut short or locked."),
    DraftFault.MANY: _l("There are too many files: an instrument has seven to nine."),
    DraftFault.FOLDERS: _l("The .zip file holds several folders: send one instrument at a time."),
    DraftFault.TWICE: _l("The same file was sent twice:"),
    DraftFault.LARGE: _l("The files are too large: 4 MB at most when unpacked."),
    DraftFault.NAME: _l("A file of this name is no part of an instrument:"),
    DraftFault.NOT_TEXT: _l("This file is not UTF-8 text:"),
    DraftFault.NAMELESS: _l(
        "Without a readable structure.yaml nobody knows what this is. Send it, or choose what to"
        " add to."
    ),
    DraftFault.UNNAMED: _l(
        "Fill in id and version in structure.yaml first: id in small Latin letters, digits and"
        " hyphens, version as 1.0.0. All else may still be to be done."
    ),
    DraftFault.PUBLISHED: _l("Exactly this is published already:"),
    DraftFault.SIGNED: _l(
        "These parts are signed with other golden cases; give a part a new version:"
    ),
    DraftFault.PROPOSED: _l("The same content is a draft already. Open it, or withdraw it first:"),
}  # fmt: skip
SEEN: Mapping[str, Any] = {
    Seen.PREVIEW: _l("The pages as a pupil sees them, in both languages"),
    Seen.WORDING: _l("Every text, side by side"),
    Seen.LINTS: _l("The lints"),
    Seen.CASES: _l("The golden cases"),
    Seen.CHANGES: _l("The list of changes"),
    Seen.REPLAY: _l("The replay: who would gain or lose a flag"),
}
HINDRANCES: Mapping[str, Any] = {
    Hindrance.FINDINGS: _l("Lints or golden cases find something wrong."),
    Hindrance.VERSIONS: _l("A part's version steps too little for what has changed."),
    Hindrance.REPLAY: _l("The same answers may be flagged otherwise: run a replay first."),
    Hindrance.NOT_CURRENT: _l("The repository holds newer files than this release."),
    Hindrance.RETIRED: _l("It is retired."),
}
# What a draft waits for, where it may not be signed yet.
NEXT: Mapping[str, Any] = {
    Hindrance.FINDINGS: _l("Mend what lints and golden cases find below."),
    Hindrance.VERSIONS: _l("Raise the version of each refused part further."),
    Hindrance.REPLAY: _l("Run a replay below and read who would gain or lose a flag."),
}
REPLAYS: Mapping[str, Any] = {
    ReplayState.WAITING: _l("Waits for its turn"),
    ReplayState.RUNNING: _l("Under way"),
    ReplayState.DONE: _l("Done"),
    ReplayState.FAILED: _l("Ended without a result"),
}
FAILURES: Mapping[str, Any] = {
    "cancelled": _l("Somebody stopped it."),
    "withdrawn": _l("The draft was withdrawn."),
    "unreadable_rules": _l("The rules before or after could not be read."),
    "few_since": _l(
        "Fewer than ten have answered since the last replay, and answers were erased meanwhile:"
        " counting now would tell of those few. Try again when more have answered."
    ),
}
DIMENSIONS: Mapping[str, Any] = {
    "language": _l("Language"),
    "sex": _l("Sex"),
    "age": _l("Age"),
    "region": _l("Region"),
}
SEXES: Mapping[str, Any] = {"f": _l("Girls"), "m": _l("Boys"), "": _l("Not known")}
ENDS: Mapping[str, Any] = {
    CommentEnd.CHANGED: _l("The text is being changed"),
    CommentEnd.KEPT: _l("The text stays"),
}

WORDS: Mapping[str, Mapping[Any, Any]] = {
    "status": STATUSES,
    "subject": SUBJECTS,
    "licence": LICENCES,
    "sort": SORTS,
    "wording": WORDINGS,
    "confidence": CONFIDENCES,
    "step": STEPS,
    "part": PARTS,
    "fault": FAULTS,
    "seen": SEEN,
    "hindrance": HINDRANCES,
    "replay": REPLAYS,
    "failure": FAILURES,
    "dimension": DIMENSIONS,
    "sex": SEXES,
    "end": ENDS,
    "method": METHODS,
    "blank": BLANKS,
    "next": NEXT,
    "lint": LINTS,
}


def library_word(code: Any, kind: str) -> Any:
    """A code in words; one without a word is shown as it is."""
    return WORDS[kind].get(code, code)
