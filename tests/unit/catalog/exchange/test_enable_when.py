"""Items that are asked only after certain answers."""

import pytest

from tests.unit.catalog.exchange.fhir_forms import (
    PETS,
    SDC,
    answers,
    asked,
    coding,
    errors,
    faults,
    form,
    given,
    number,
    text,
)

# Conditions


def when(operator, kind="Integer", value=3, **more):
    test = {"question": "q1", "operator": operator, f"answer{kind}": value}
    return {"enableWhen": [test], **more}


CONDITIONS = [
    ("integer", when("exists", "Boolean", value=True), number(0), None),
    ("integer", when("exists", "Boolean", value=False), None, number(0)),
    ("integer", when("="), number(3), number(4)),
    ("integer", when("="), number(3), None),
    ("integer", when("!="), number(4), number(3)),
    ("integer", when(">"), number(4), number(3)),
    ("integer", when("<"), number(2), number(3)),
    ("integer", when(">="), number(3), number(2)),
    ("integer", when("<="), number(3), number(4)),
    ("integer", when(">"), number(4), None),
    ("boolean", when("=", "Boolean", value=True), {"valueBoolean": True}, {"valueBoolean": False}),
    ("string", when("=", "String", "yes"), text("yes"), text("no")),
    ("date", when(">", "Date", "2024"), {"valueDate": "2025-01"}, {"valueDate": "2024-12-31"}),
    ("choice", when("=", "Coding", {"system": PETS, "code": "cat"}), coding("cat"), coding("dog")),
    ("choice", when("!=", "Coding", {"system": PETS, "code": "cat"}), coding("dog"), coding("cat")),
    (
        "quantity",
        when(">=", "Quantity", {"value": 3}),
        {"valueQuantity": {"value": 3}},
        {"valueQuantity": {"value": 2}},
    ),
]


@pytest.mark.parametrize(("kind", "condition", "opens", "closes"), CONDITIONS)
def test_an_item_is_asked_only_when_its_condition_holds(kind, condition, opens, closes) -> None:
    asked_for = form(asked(kind), asked("string", link="q2", required=True, **condition))

    def said(first, *rest):
        return answers(*([given(first)] if first else []), *rest)

    answer = given(text("x"), link="q2")
    assert faults(asked_for, said(opens, answer)) == []
    # Required only where it is asked; answered only where it is asked.
    assert errors(asked_for, said(opens, *([] if opens else [{"linkId": "q2"}])))
    assert faults(asked_for, said(closes)) in ([], faults(asked_for, answers()))
    assert errors(asked_for, said(closes, answer)) != []


@pytest.mark.parametrize(("behavior", "is_asked"), [("any", True), ("all", False), (None, False)])
def test_several_conditions_hold_together_as_the_form_says(behavior, is_asked) -> None:
    tests = [when("=")["enableWhen"][0], when("=", value=4)["enableWhen"][0]]
    more = {"enableBehavior": behavior} if behavior else {}
    asked_for = form(asked("integer"), asked("string", link="q2", enableWhen=tests, **more))
    response = answers(given(number(3)), given(text("x"), link="q2"))
    assert (errors(asked_for, response) == []) is is_asked


def test_an_answer_deep_in_a_group_that_is_not_asked_is_found() -> None:
    inner = asked("group", link="g", item=[asked("string", link="q2")], **when("="))
    asked_for = form(asked("integer"), inner)
    hidden = {"linkId": "g", "item": [given(text("x"), link="q2")]}
    assert errors(asked_for, answers(given(number(1)), hidden)) == ["QuestionnaireResponse.item[1]"]
    # An item that is there without an answer says nothing.
    assert faults(asked_for, answers(given(number(1)), {"linkId": "g"})) == []


@pytest.mark.parametrize(
    "test",
    [
        {"question": "zz", "operator": "=", "answerInteger": 1},
        {"question": "q1", "operator": "~", "answerInteger": 1},
        {"question": "q1", "operator": "="},
        "q1 = 1",
    ],
)
def test_a_condition_that_cannot_be_read_is_said(test) -> None:
    asked_for = form(asked("integer"), asked("string", link="q2", enableWhen=[test]))
    found = faults(asked_for, answers(given(number(1)), given(text("x"), link="q2")))
    assert [fault.severity for fault in found] == ["warning"]
    assert found[0].place == "Questionnaire.item[1].enableWhen[0]"


SDC_WHEN = SDC + "sdc-questionnaire-enableWhenExpression"


def by_expression(expression):
    said = {"language": "text/fhirpath", "expression": expression}
    inner = asked("boolean", link="child", required=True)
    extension = [{"url": SDC_WHEN, "valueExpression": said}]
    parent = asked("group", link="parent", required=True, item=[inner], extension=extension)
    return form(asked("boolean"), parent)


def test_an_expression_decides_for_all_that_stands_under_the_item() -> None:
    asked_for = by_expression("%resource.descendants().where(linkId='q1').answer.value = true")
    yes, no = given({"valueBoolean": True}), given({"valueBoolean": False})
    child = {"linkId": "parent", "item": [given({"valueBoolean": True}, link="child")]}
    assert faults(asked_for, answers(no)) == []
    assert faults(asked_for, answers(yes, child)) == []
    assert errors(asked_for, answers(yes))
    assert errors(asked_for, answers(no, child)) == ["QuestionnaireResponse.item[1]"]


def test_an_expression_that_cannot_be_read_demands_nothing_and_is_said() -> None:
    asked_for = by_expression("%unknown and")
    assert errors(asked_for, answers(given({"valueBoolean": True}))) == []
    found = [fault.place for fault in faults(asked_for, answers(given({"valueBoolean": True})))]
    assert found[0] == "Questionnaire.item[1]"
