"""A permission on the day before, on, and after each of its ends; the file's own word beside it."""

from datetime import date

import pytest

from tirek.domain.instruments import Licence
from tirek.domain.licensing import LicenceState, Term, needs_record, state_of, until

DAY = date(2026, 11, 22)
BEFORE, AFTER = date(2026, 11, 21), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("term", "state"),
    [
        (Term(DAY), LicenceState.IN_FORCE),
        (Term(DAY, DAY), LicenceState.IN_FORCE),
        (Term(BEFORE, AFTER), LicenceState.IN_FORCE),
        (Term(BEFORE, BEFORE), LicenceState.EXPIRED),
        (Term(AFTER), LicenceState.STARTS_LATER),
        (Term(BEFORE, AFTER, is_revoked=True), LicenceState.REVOKED),
        (Term(AFTER, is_revoked=True), LicenceState.REVOKED),
    ],
)
def test_one_record_on_a_day(term, state):
    assert term.state(DAY) is state


@pytest.mark.parametrize(
    ("terms", "state"),
    [
        ([], LicenceState.NEEDED),
        ([Term(BEFORE, BEFORE), Term(DAY)], LicenceState.IN_FORCE),
        ([Term(BEFORE, BEFORE), Term(AFTER)], LicenceState.STARTS_LATER),
        ([Term(DAY, is_revoked=True), Term(BEFORE, BEFORE)], LicenceState.EXPIRED),
        ([Term(DAY, is_revoked=True)], LicenceState.REVOKED),
    ],
)
def test_the_record_that_helps_most_speaks_for_the_instrument(terms, state):
    assert state_of(terms, DAY) is state


def test_until_when_it_may_be_used():
    assert until([Term(BEFORE, DAY), Term(BEFORE, AFTER)], DAY) == AFTER
    assert until([Term(BEFORE, AFTER), Term(BEFORE)], DAY) is None
    assert until([Term(BEFORE, AFTER, is_revoked=True), Term(BEFORE, DAY)], DAY) == DAY


def a_licence(*, display, valid_to=None):
    return Licence("Author", "terms", None, valid_to, "S", None, {"display": display})


@pytest.mark.parametrize(
    ("licence", "needed"),
    [
        (a_licence(display=True), False),
        (a_licence(display=False), True),
        (a_licence(display=True, valid_to="2026-11-22"), False),
        (a_licence(display=True, valid_to="2026-11-21"), True),
        (a_licence(display=False, valid_to="2030-01-01"), True),
    ],
)
def test_the_files_own_word(licence, needed):
    assert needs_record(licence, DAY) is needed
