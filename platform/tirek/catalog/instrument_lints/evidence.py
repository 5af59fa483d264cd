"""A wording's status, and what shows that it is deserved."""

from collections.abc import Iterator
from datetime import date

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import WORDING, InstrumentFiles
from tirek.domain.instruments import Wording, WordingStatus

RIGHTS_HOLDER = "rights-holder"
APPROVERS = 2


def status_is_proved(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `evidence`: a status above `working` names who says so, when, how, and on what paper."""
    for lang, wording in files.instrument.wordings.items():
        part = WORDING + lang
        for keys, reason in _unproved(wording):
            yield files.finding("evidence", part, keys, f"{wording.status}: {reason}")
        yield from _unread(files, part, wording)


def _unproved(wording: Wording) -> Iterator[tuple[tuple[str, ...], str]]:
    if wording.is_working:
        return
    evidence = wording.status_evidence
    if len(set(evidence.approvers)) < APPROVERS:
        yield ("status_evidence", "approvers"), "needs two approvers by name"
    if not _is_date(evidence.date):
        yield ("status_evidence", "date"), "needs the date of the evidence, such as 2026-11-22"
    if wording.status is WordingStatus.AUTHORISED:
        if wording.base_origin != RIGHTS_HOLDER:
            yield ("base", "origin"), f"only the rights-holder's own text: origin {RIGHTS_HOLDER}"
        if not evidence.document:
            yield ("status_evidence",), "needs the document in which the rights-holder says so"


def _unread(files: InstrumentFiles, part: str, wording: Wording) -> Iterator[Finding]:
    """Texts marked as a slip of the hand: they must be there, and two people stand for them."""
    keys = ("no_change_of_meaning",)
    for key in wording.no_change_of_meaning:
        if key not in wording.strings:
            yield files.finding("evidence", part, keys, f"there is no text {key!r}")
    if wording.no_change_of_meaning and len(set(wording.status_evidence.approvers)) < APPROVERS:
        reason = "that no meaning changes needs two approvers by name"
        yield files.finding("evidence", part, keys, reason)


def _is_date(text: str | None) -> bool:
    try:
        return bool(text) and bool(date.fromisoformat(text or ""))
    except ValueError:
        return False
