"""The part of FHIRPath that we read, beside somebody else's reading of it (fhirpathpy)."""

from decimal import Decimal

import pytest
from fhirpathpy import evaluate as their_evaluate

from tirek.catalog.exchange.fhirpath import evaluate
from tirek.catalog.exchange.fhirpath_text import FhirPathError, parse

RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "item": [
        {"linkId": "q1", "answer": [{"valueInteger": 3}]},
        {"linkId": "q2", "answer": [{"valueInteger": 1}, {"valueInteger": 2}]},
        {"linkId": "g", "item": [{"linkId": "q3", "answer": [{"valueString": "Алма"}]}]},
        {"linkId": "q4"},
    ],
}
SAME = [
    "1 + 2 * 3",
    "(1 + 2) * 3",
    "10 - 4 - 3",
    "7 div 2",
    "7 mod 2",
    "-3 + 5",
    "1.5 + 1.5",
    "3 / 2",
    "1 < 2 and 2 < 3",
    "true or {}",
    "false and {}",
    "true xor true",
    "false implies {}",
    "true implies false",
    "{} = 1",
    "1 | 2 | 1",
    "(1 | 2 | 3).count()",
    "2 in (1 | 2)",
    "(1 | 2) contains 3",
    "'a' & 'b'",
    "'abc'.startsWith('ab')",
    "'abc'.contains('d')",
    "'abc'.length()",
    "'12'.toInteger()",
    "'x'.toInteger()",
    "iif(1 = 1, 'yes', 'no')",
    "iif(false, 'yes')",
    "status = 'completed'",
    "item.count()",
    "item.answer.count()",
    "item.where(linkId = 'q1').answer.exists()",
    "item.where(linkId = 'q4').answer.exists()",
    "item.where(linkId in ('q1' | 'q2')).answer.count()",
    "item.where(answer.count() > 1).linkId",
    "item[0].linkId",
    "item.first().linkId",
    "item.last().linkId",
    "item.skip(1).take(1).linkId",
    "item.tail().count()",
    "item.all(linkId.exists())",
    "item.select(linkId)",
    "item.linkId.distinct().count()",
    "item.linkId.isDistinct()",
    "item.answer.empty()",
    "item.exists(linkId = 'q1')",
    "item.item.linkId",
    "item.repeat(item).linkId",
    "QuestionnaireResponse.item.count()",
    "(1 | 2 | 3).sum()",
    "(1 | 2 | 3).where($this > 1)",
    "(1.5).floor()",
    "(1.2).ceiling()",
    "(-3).abs()",
    "'abc'.upper()",
    "'a' ~ 'a'",
    "1 != 2",
    "true.not()",
    "'it\\'s'",
    "(true | true).allTrue()",
    "'ab1'.matches('[0-9]')",
    "@2024-01-02 > @2024-01-01",
]


def plain(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return Decimal(str(value)).normalize()


@pytest.mark.parametrize("expression", SAME)
def test_we_read_it_as_they_do(expression) -> None:
    ours = [plain(value) for value in evaluate(expression, RESPONSE, {})]
    assert ours == [plain(value) for value in their_evaluate(RESPONSE, expression, {})]


def test_a_value_is_found_whatever_its_type() -> None:
    assert evaluate("item.where(linkId = 'q2').answer.value", RESPONSE, {}) == [1, 2]


def test_variables_are_what_the_caller_gives() -> None:
    given = {"resource": RESPONSE, "limit": 2, "many": [1, 2]}
    assert evaluate("%resource.item.count() > %limit", {}, given) == [True]
    assert evaluate("%many.count()", {}, given) == [2]
    assert evaluate("%context.linkId", {"linkId": "q1"}, given) == ["q1"]


WRONG = [
    "",
    "1 +",
    "(1",
    "1 2",
    "a..b",
    "'open",
    "#",
    "%unknown",
    "$index",
    "memberOf('x')",
    "1 = ",
    "item.where()",
    "iif(true)",
    "(1 | 2) + 1",
    "1 + 'a'",
    "1 < 'a'",
    "item['a']",
    "'a'.matches('(a+)+')",
    "'a'.matches('[')",
    "take('x')",
    "(" * 200 + "1" + ")" * 200,
    "1" + " + 1" * 10_000,
    "%resource" + ".repeat(%resource)",
    "'a'.floor()",
    "1.toString().sum()",
    "x is Patient",
]


@pytest.mark.parametrize("expression", WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_read_or_said_is_a_fhirpath_error(expression) -> None:
    with pytest.raises(FhirPathError):
        evaluate(expression, RESPONSE, {"resource": RESPONSE})


def test_an_expression_cannot_run_for_ever() -> None:
    numbers = "(" + " | ".join(map(str, range(40))) + ")"
    body = "1"
    for _ in range(5):
        body = f"{numbers}.select({body})"
    with pytest.raises(FhirPathError, match="too long"):
        evaluate(body, {}, {})


def test_the_tree_is_the_same_for_the_same_text() -> None:
    assert parse("1 + 2") == parse(" 1+2 ")
