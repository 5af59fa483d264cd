"""A wording's status above `working` is refused without evidence, named with file and line."""

import pytest

from tests.builders_library import PHQ, Edit, some_files
from tirek.catalog.draft_files import read_draft

KK = "wording.kk.yaml"
HIGHER: Edit = (KK, "status: working", "status: validated")
HOLDERS: Edit = (KK, "status: working", "status: authorised")
TWO: Edit = (KK, "approvers: []", 'approvers: ["A. A.", "B. B."]')
ONE: Edit = (KK, "approvers: []", 'approvers: ["A. A.", "A. A."]')
NO_DATE: Edit = (KK, 'date: "2026-11-22"', 'date: "soon"')
ORIGIN: Edit = (
    KK,
    'origin: "item topics (2-5 words each), not an instrument text"',
    'origin: "rights-holder"',
)
PAPER: Edit = (KK, "approvers: [", 'document: "letter of 3 May 2026"\n  approvers: [')
SLIP: Edit = (KK, "strings:", 'no_change_of_meaning: ["q1.text"]\nstrings:')
LOST_SLIP: Edit = (KK, "strings:", 'no_change_of_meaning: ["q99.text"]\nstrings:')


def _found(*edits: Edit) -> list[str]:
    files = some_files(*edits)
    findings = read_draft(PHQ, 1, files).findings
    lines = files[KK].splitlines()
    for finding in findings:
        assert (finding.lint, finding.path.name) == ("evidence", KK), finding
        assert 0 < finding.line <= len(lines)
    return [finding.reason for finding in findings]


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ((HIGHER,), "two approvers"),
        ((HIGHER, ONE), "two approvers"),
        ((HIGHER, TWO, NO_DATE), "needs the date"),
        ((HOLDERS, TWO, PAPER), "only the rights-holder's own text"),
        ((HOLDERS, TWO, ORIGIN), "needs the document"),
        ((SLIP,), "two approvers"),
        ((LOST_SLIP, TWO), "there is no text 'q99.text'"),
    ],
)
def test_a_status_without_its_evidence_is_found(edits: tuple[Edit, ...], words: str):
    (reason,) = _found(*edits)
    assert words in reason


@pytest.mark.parametrize(
    "edits", [(HIGHER, TWO), (HOLDERS, TWO, ORIGIN, PAPER), (SLIP, TWO), (TWO,)]
)
def test_a_status_with_its_evidence_passes(edits: tuple[Edit, ...]):
    assert _found(*edits) == []
