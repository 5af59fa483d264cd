from datetime import date, timedelta

import pytest

from tirek.domain.education import Strand
from tirek.domain.meetings import (
    Counted,
    MeetingError,
    Term,
    Total,
    check,
    days_of,
    term_of,
    totals,
    year_of,
)

TODAY = date(2026, 11, 22)


def counted(**given: object) -> Counted:
    facts = {"strand": Strand.SAFETY, "held_on": TODAY, "attended": 20, "fathers": 4} | given
    return Counted(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2026, 9, 1), Term.FIRST),
        (date(2026, 10, 31), Term.FIRST),
        (date(2026, 11, 1), Term.SECOND),
        (date(2026, 12, 31), Term.SECOND),
        (date(2027, 1, 1), Term.THIRD),
        (date(2027, 3, 31), Term.THIRD),
        (date(2027, 4, 1), Term.FOURTH),
        (date(2027, 5, 31), Term.FOURTH),
        (date(2027, 6, 1), Term.SUMMER),
        (date(2027, 8, 31), Term.SUMMER),
    ],
)
def test_terms(day: date, term: Term) -> None:
    assert term_of(day) is term
    assert year_of(day) == 2026
    first, last = days_of(2026)
    assert first <= day <= last


def test_a_year_has_every_day_once() -> None:
    assert days_of(2026)[1] + timedelta(days=1) == days_of(2027)[0]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("held_on", {"held_on": TODAY + timedelta(days=1)}),
        ("held_on", {"held_on": TODAY - timedelta(days=367)}),
        ("attended", {"attended": -1}),
        ("attended", {"attended": 2001, "fathers": 0}),
        ("fathers", {"fathers": 21}),
        ("fathers", {"fathers": -1}),
        ("invited", {"invited": 19}),
    ],
)
def test_what_cannot_have_been(field: str, given: dict[str, object]) -> None:
    with pytest.raises(MeetingError) as caught:
        check(counted(**given), TODAY)
    assert caught.value.field == field


def test_what_can() -> None:
    check(counted(), TODAY)
    check(counted(attended=0, fathers=0, invited=0), TODAY)
    check(counted(invited=20, held_on=TODAY - timedelta(days=366)), TODAY)


def test_sums_by_term_and_strand_in_the_order_of_the_year() -> None:
    found = totals(
        [
            counted(held_on=date(2027, 2, 1), strand=Strand.RESILIENCE),
            counted(),
            counted(attended=5, fathers=5),
            counted(held_on=date(2026, 9, 5), strand=Strand.SPECIAL_NEEDS),
        ]
    )
    assert list(found) == [
        (Term.FIRST, Strand.SPECIAL_NEEDS),
        (Term.SECOND, Strand.SAFETY),
        (Term.THIRD, Strand.RESILIENCE),
    ]
    assert found[Term.SECOND, Strand.SAFETY] == Total(2, 25, 9)
