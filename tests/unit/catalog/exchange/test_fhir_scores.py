"""Our scores against somebody else's FHIRPath (fhirpathpy) on the expressions that we export."""

from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from fhirpathpy import compile as compile_fhirpath
from fhirpathpy.models import models
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import the_catalog
from tirek.catalog.exchange.fhir_expression import score_expression
from tirek.catalog.exchange.fhir_names import ITEM_WEIGHT, FhirVersion
from tirek.catalog.exchange.fhirpath import evaluate
from tirek.catalog.exchange.records.record import Record, Scored
from tirek.catalog.exchange.records.responses import response
from tirek.domain.instruments import UNSEEN, Answer, Instrument
from tirek.domain.scales import Method
from tirek.domain.scoring import score
from tirek.domain.showing import hidden_items

INSTRUMENTS = the_catalog().instruments
EXPRESSED = [
    (instrument.id, scale.id)
    for instrument in INSTRUMENTS.values()
    for scale in instrument.scoring.scales
    if score_expression(instrument, scale)
]
SUMS = [
    (name, scale)
    for name, scale in EXPRESSED
    if INSTRUMENTS[name].scale(scale).method is Method.SUM
    and not INSTRUMENTS[name].scale(scale).reverse
]
WEIGHTS = f"answer.value.extension.where(url = '{ITEM_WEIGHT}').value"


# Their parser takes most of the time.
compiled = cache(lambda expression: compile_fhirpath(expression, models["r4"]))


def theirs(expression: str, resource: dict[str, object]) -> list[object]:
    found = compiled(expression)(resource, {"resource": resource})
    assert isinstance(found, list)
    return found


def resource_of(instrument: Instrument, answers: dict[str, Answer]) -> dict[str, object]:
    record = Record("", {"record": "1", "language": "kk", "ended": "2026-11-22"}, answers)
    return response(instrument, Scored(record, (), ()), FhirVersion.R4)


def ours(instrument: Instrument, scale: str, answers: dict[str, Answer]) -> Fraction | None:
    return next(one.value for one in score(instrument, answers) if one.scale == scale)


def same(value: Fraction | None, found: list[object]) -> bool:
    if value is None or not found:
        return value is None and not found
    return abs(value - Fraction(str(found[0]))) < Fraction(1, 10**6)


def sheets(name: str, *, blanks: bool) -> st.SearchStrategy[dict[str, Answer]]:
    """Answers to an instrument, each item with one of its options or, where wanted, blank."""
    instrument = INSTRUMENTS[name]
    choices = {
        item.id: st.sampled_from(
            [Answer.read(option.code) for option in instrument.options(item.id)]
            + ([UNSEEN] * 2 if blanks else [])
        )
        for item in instrument.items
    }
    return st.fixed_dictionaries(choices)


def test_there_is_something_to_compare() -> None:
    assert len(EXPRESSED) >= 20
    assert len(SUMS) >= 10
    # At least one scale of every method that can be said.
    methods = {INSTRUMENTS[name].scale(scale).method for name, scale in EXPRESSED}
    assert {Method.SUM, Method.SUM_PRORATED, Method.COUNT_GE, Method.MULTIPLE} <= methods


@pytest.mark.parametrize(("name", "scale"), EXPRESSED)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_our_score_is_their_score_on_complete_answers(name: str, scale: str, data) -> None:
    instrument = INSTRUMENTS[name]
    answers = data.draw(sheets(name, blanks=False))
    value = ours(instrument, scale, answers)
    expression = score_expression(instrument, instrument.scale(scale))
    resource = resource_of(instrument, answers)
    assert expression is not None
    assert same(value, theirs(expression, resource))
    # Our own FHIRPath says the same as theirs.
    assert same(value, evaluate(expression, resource, {"resource": resource}))
    if not hidden_items(instrument, answers):
        assert value is not None


@pytest.mark.parametrize(("name", "scale"), EXPRESSED)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_their_score_is_empty_where_ours_is_not_computable(name: str, scale: str, data) -> None:
    instrument = INSTRUMENTS[name]
    answers = data.draw(sheets(name, blanks=True))
    expression = score_expression(instrument, instrument.scale(scale))
    resource = resource_of(instrument, answers)
    assert expression is not None
    value = ours(instrument, scale, answers)
    assert same(value, theirs(expression, resource))
    assert same(value, evaluate(expression, resource, {"resource": resource}))


@pytest.mark.parametrize(("name", "scale"), SUMS)
def test_a_bare_sum_over_weights_is_silent_where_we_refuse(name: str, scale: str) -> None:
    """What other forms do: the sum of a half-empty form is a number, and looks healthy."""
    instrument = INSTRUMENTS[name]
    items = instrument.scale(scale).items
    worst = {
        item.id: Answer.read(max(instrument.options(item.id), key=lambda one: one.weight).code)
        for item in instrument.items
    }
    links = " | ".join(f"'{item}'" for item in items)
    bare = f"item.where(linkId in ({links})).{WEIGHTS}.select($this + 0).sum()"
    full = resource_of(instrument, worst)
    assert same(ours(instrument, scale, worst), theirs(bare, full))
    answers = {item: answer if item == items[0] else UNSEEN for item, answer in worst.items()}
    if len(items) == 1:
        answers[items[0]] = UNSEEN
    half = resource_of(instrument, answers)
    summed = theirs(bare, half)
    assert summed
    assert Decimal(str(summed[0])) >= 0
    assert ours(instrument, scale, answers) is None
    expression = score_expression(instrument, instrument.scale(scale))
    assert expression is not None
    assert theirs(expression, half) == []
