"""A whole response beside its form: how many, where, of which form, under which constraints."""

import json

import pytest

from tests.unit.catalog.exchange.fhir_forms import (
    CORE,
    FIRST,
    URL,
    answers,
    asked,
    errors,
    ext,
    faults,
    form,
    given,
    number,
    text,
    warnings,
)
from tirek.catalog.exchange import fhirpath
from tirek.catalog.exchange.fault import operation_outcome

# How many


@pytest.mark.parametrize(
    ("more", "count", "is_fine"),
    [
        ({}, 0, True),
        ({}, 1, True),
        ({}, 2, False),
        ({"required": True}, 0, False),
        ({"required": True}, 1, True),
        ({"repeats": True}, 5, True),
        ({"repeats": True, "extension": [ext("questionnaire-minOccurs", "Integer", 2)]}, 1, False),
        ({"repeats": True, "extension": [ext("questionnaire-minOccurs", "Integer", 2)]}, 2, True),
        ({"repeats": True, "extension": [ext("questionnaire-maxOccurs", "Integer", 2)]}, 2, True),
        ({"repeats": True, "extension": [ext("questionnaire-maxOccurs", "Integer", 2)]}, 3, False),
    ],
)
def test_how_many_answers_there_may_be(more, count, is_fine) -> None:
    asked_for = form(asked("integer", **more), asked("string", link="q2"))
    items = [given(*map(number, range(count)))] if count else []
    assert (errors(asked_for, answers(*items, given(text("x"), link="q2"))) == []) is is_fine
    unfinished = answers(*items, given(text("x"), link="q2"), status="in-progress")
    assert errors(asked_for, unfinished) == []
    assert (warnings(asked_for, unfinished) == []) is is_fine


@pytest.mark.parametrize("status", ["stopped", "entered-in-error", "in-progress"])
def test_only_a_finished_response_must_be_whole(status) -> None:
    asked_for = form(asked("string", required=True))
    assert errors(asked_for, answers(status="amended")) == ["QuestionnaireResponse.item"]
    assert errors(asked_for, answers(status=status)) == []
    assert warnings(asked_for, answers(status=status)) == ["QuestionnaireResponse.item"]


# Nesting and order

NESTED = form(
    asked(
        "group",
        link="g",
        item=[
            asked("string", required=True),
            asked("boolean", link="q2", item=[asked("string", link="q3")]),
        ],
    ),
    asked("display", link="d", text="Thank you"),
)


def in_group(*items):
    return answers({"linkId": "g", "item": list(items)})


def test_a_whole_nested_response_is_fine() -> None:
    why = given(text("because"), link="q3")
    response = in_group(given(text("a")), given({"valueBoolean": True, "item": [why]}, link="q2"))
    response["item"].append({"linkId": "d", "text": "Thank you"})
    assert faults(NESTED, response) == []


@pytest.mark.parametrize(
    ("response", "place"),
    [
        (answers(given(text("a"))), "item[0].linkId"),
        (answers(given(text("a"), link="g")), "item[0].answer"),
        (in_group(given(text("a")), given(text("b"), link="q3")), "item[0].item[1].linkId"),
        (
            in_group(
                given(text("a")),
                given({"valueBoolean": True}, link="q2", item=[given(text("b"), link="q3")]),
            ),
            "item[0].item[1].item",
        ),
        (in_group(given({"valueBoolean": True}, link="q2"), given(text("a"))), "item[0].item"),
        (in_group(given(text("a")), given(text("b"))), "item[0].item[1]"),
        (in_group(given(text("a")), given(text("b"), link="zz")), "item[0].item[1].linkId"),
        (in_group(given(text("a")), {"answer": [text("b")]}), "item[0].item[1].linkId"),
        (in_group(given(text("a")), given(link="q2")), "item[0].item[1].answer"),
        (in_group(given(text("a")), given({}, link="q2")), "item[0].item[1].answer[0]"),
        (in_group(given(text("a")), {"linkId": "q2", "answers": []}), "item[0].item[1].answers"),
        (in_group(given({**text("a"), "valueInteger": 1})), "item[0].item[0].answer[0]"),
        (
            answers({"linkId": "g", "item": [given(text("a"))]}, given(text("b"), link="d")),
            "item[1]",
        ),
        (answers({"linkId": "g", "item": {"linkId": "q1"}}), "item[0].item"),
        (answers({"linkId": "g", "item": ["q1"]}), "item[0].item[0]"),
    ],
)
def test_what_stands_in_the_wrong_place_is_an_error_there(response, place) -> None:
    assert f"QuestionnaireResponse.{place}" in errors(NESTED, response)


def test_a_group_that_is_required_must_say_something() -> None:
    asked_for = form(asked("group", link="g", required=True, item=[asked("string")]))
    assert errors(asked_for, answers({"linkId": "g"}))
    assert errors(asked_for, answers({"linkId": "g", "item": [{"linkId": "q1"}]}))
    assert errors(asked_for, answers()) != []
    assert faults(asked_for, answers({"linkId": "g", "item": [given(text("a"))]})) == []


def test_a_group_that_repeats_may_stand_twice_and_another_may_not() -> None:
    run = {"linkId": "g", "item": [given(text("a"))]}
    once = form(asked("group", link="g", item=[asked("string")]))
    often = form(asked("group", link="g", repeats=True, item=[asked("string")]))
    assert errors(once, answers(run, run)) == ["QuestionnaireResponse.item[0]"]
    assert faults(often, answers(run, run)) == []


def test_a_group_that_is_absent_with_required_questions_is_a_warning() -> None:
    found = faults(NESTED, answers({"linkId": "d"}))
    assert [fault.severity for fault in found] == ["warning"]
    assert found[0].place == "QuestionnaireResponse.item.where(linkId = 'g').item"


# The head


@pytest.mark.parametrize(
    ("more", "severity", "place"),
    [
        ({"status": None}, "error", "status"),
        ({"status": "finished"}, "error", "status"),
        ({"questionnaire": "https://example.kz/other"}, "error", "questionnaire"),
        ({"questionnaire": f"{URL}|1.0.0"}, "error", "questionnaire"),
        ({"questionnaire": None}, "warning", "questionnaire"),
        ({"questionnaire": 5}, "error", "questionnaire"),
        ({"authored": "yesterday"}, "error", "authored"),
        ({"implicitRules": "https://example.kz/rules"}, "error", "implicitRules"),
        ({"modifierExtension": []}, "error", "modifierExtension"),
        ({"score": 5}, "error", "score"),
    ],
)
def test_a_head_that_is_wrong(more, severity, place) -> None:
    response = {
        name: value
        for name, value in answers(given(text("x")), **more).items()
        if value is not None
    }
    found = faults(form(asked("string")), response)
    assert [(f.severity, f.place) for f in found] == [(severity, f"QuestionnaireResponse.{place}")]


@pytest.mark.parametrize(
    ("more", "is_warned"),
    [
        ({"status": "draft"}, True),
        ({"status": "retired"}, True),
        ({"status": "active"}, False),
        ({"effectivePeriod": {"start": "2026-06"}}, True),
        ({"effectivePeriod": {"start": "2025", "end": "2026"}}, False),
        ({"effectivePeriod": {"end": "2026-05-21"}}, True),
        ({"effectivePeriod": {"end": "2026-05-22"}}, False),
    ],
)
def test_a_form_that_is_not_in_force_is_a_warning(more, is_warned) -> None:
    asked_for = form(asked("string"), **more)
    response = answers(given(text("x")), authored="2026-05-22T10:00:00+05:00")
    assert errors(asked_for, response) == []
    assert (warnings(asked_for, response) == []) is not is_warned


def test_a_version_or_a_contained_form_that_fits_is_fine() -> None:
    for name in (URL, f"{URL}|2.0.0", "#form"):
        response = answers(given(text("x")), questionnaire=name)
        assert faults(form(asked("string")), response) == []


# Constraints


def constrained(expression, severity="error", name="targetConstraint"):
    inner = [
        {"url": "key", "valueId": "k1"},
        {"url": "severity", "valueCode": severity},
        {"url": "expression", "valueString": expression},
        {"url": "human", "valueString": "Not so."},
    ]
    return {"extension": [{"url": CORE + name, "extension": inner}]}


@pytest.mark.parametrize("name", ["targetConstraint", "questionnaire-constraint"])
@pytest.mark.parametrize("severity", ["error", "warning"])
def test_a_constraint_that_does_not_hold_weighs_what_the_form_says(name, severity) -> None:
    asked_for = form(asked("integer", **constrained("answer.value > 3", severity, name)))
    assert faults(asked_for, answers(given(number(4)))) == []
    found = faults(asked_for, answers(given(number(3))))
    assert [(f.severity, f.place, f.text) for f in found] == [
        (severity, "QuestionnaireResponse.item[0]", "Not so.")
    ]


def test_a_constraint_sees_the_response_and_the_form() -> None:
    other = "%resource.item.where(linkId = 'q2').answer.value = answer.value"
    count = "answer.count() = %questionnaire.item.count() - 1"
    asked_for = form(
        asked("integer", **constrained(other)),
        asked("integer", link="q2", **constrained(count)),
    )
    assert faults(asked_for, answers(given(number(1)), given(number(1), link="q2"))) == []
    assert errors(asked_for, answers(given(number(1)), given(number(2), link="q2"))) == [
        "QuestionnaireResponse.item[0]"
    ]


@pytest.mark.parametrize("expression", ["answer.count() = 3 asdf", "%unknown = 1", "memberOf('x')"])
def test_a_constraint_that_cannot_be_read_is_said(expression) -> None:
    asked_for = form(asked("integer", **constrained(expression)))
    found = faults(asked_for, answers(given(number(3))))
    assert [fault.severity for fault in found] == ["warning"]
    assert "was not judged" in found[0].text


def test_expressions_together_cannot_take_for_ever(monkeypatch) -> None:
    monkeypatch.setattr(fhirpath, "MAX_STEPS_TOGETHER", 5_000)
    many = "(" + " | ".join(map(str, range(30))) + ")"
    slow = constrained(f"{many}.select({many}.select({many}.count())).count() = 0")
    items = [asked("integer", link=f"q{n}", **slow) for n in range(60)]
    response = answers(*(given(number(1), link=f"q{n}") for n in range(60)))
    assert len(warnings(form(*items), response)) > 40


def test_a_constraint_of_the_whole_form() -> None:
    asked_for = form(asked("integer"), **constrained("item.answer.exists()"))
    assert faults(asked_for, answers(given(number(3)))) == []
    assert errors(asked_for, answers({"linkId": "q1"})) == ["QuestionnaireResponse"]


# The form itself, and the outcome


def test_faults_of_the_form_are_said_with_their_place() -> None:
    twice = form(asked("string"), asked("string"), {"type": "string"})
    found = errors(twice, answers(given(text("a"))))
    assert found == ["Questionnaire.item[1].linkId", "Questionnaire.item[2].linkId"]


def test_the_outcome_says_every_fault_with_its_place() -> None:
    found = faults(form(asked("integer")), answers(given(text("x"))))
    outcome = json.loads(json.dumps(operation_outcome(found)))
    assert outcome["resourceType"] == "OperationOutcome"
    assert [issue["severity"] for issue in outcome["issue"]] == ["error"]
    assert outcome["issue"][0]["expression"] == [FIRST + ".valueString"]
    assert operation_outcome([])["issue"] == [
        {"severity": "information", "code": "informational", "details": {"text": "All OK"}}
    ]
