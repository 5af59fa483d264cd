"""What an answer may be: its type, its limits, its options."""

from decimal import Decimal

import pytest

from tests.unit.catalog.exchange.fhir_forms import (
    CORE,
    FIRST,
    OPTIONS,
    PETS,
    SDC,
    UCUM,
    answers,
    asked,
    coding,
    errors,
    ext,
    faults,
    form,
    given,
    number,
    text,
    warnings,
)

GOOD = [
    ("boolean", {"valueBoolean": False}),
    ("decimal", {"valueDecimal": Decimal("2.5")}),
    ("integer", number(-3)),
    ("date", {"valueDate": "2024-02-29"}),
    ("date", {"valueDate": "2024"}),
    ("dateTime", {"valueDateTime": "2024-02-29T09:30:00+05:00"}),
    ("dateTime", {"valueDateTime": "2024-02"}),
    ("time", {"valueTime": "23:59:59.5"}),
    ("string", text("бір жол")),
    ("text", text("one line\nand another")),
    ("url", {"valueUri": "https://example.kz/a?b=c#d"}),
    ("url", {"valueUri": "urn:oid:1.2.398"}),
    ("choice", coding("cat")),
    ("coding", coding("cat")),
    ("open-choice", text("hedgehog")),
    ("quantity", {"valueQuantity": {"value": 3, "unit": "kg", "system": UCUM, "code": "kg"}}),
    ("reference", {"valueReference": {"reference": "Patient/1/_history/2"}}),
    (
        "reference",
        {"valueReference": {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}},
    ),
    ("reference", {"valueReference": {"display": "Aida"}}),
    ("attachment", {"valueAttachment": {"contentType": "text/plain", "data": "aGk=", "size": 2}}),
]
BAD = [
    ("boolean", {"valueBoolean": "true"}),
    ("boolean", {"valueBoolean": 1}),
    ("boolean", text("true")),
    ("decimal", number(2)),
    ("decimal", {"valueDecimal": "2.5"}),
    ("integer", {"valueInteger": Decimal("2.0")}),
    ("integer", number(2**31)),
    ("integer", {"valueInteger": True}),
    ("date", {"valueDate": "2023-02-29"}),
    ("date", {"valueDate": "29.02.2024"}),
    ("date", {"valueDate": "2024-2-9"}),
    ("date", {"valueDateTime": "2024-02-29"}),
    ("dateTime", {"valueDateTime": "2024-02-29T09:30:00"}),
    ("dateTime", {"valueDateTime": "2024-02-29T09:30Z"}),
    ("dateTime", {"valueDateTime": "2024-02-29T24:30:00Z"}),
    ("time", {"valueTime": "9:30:00"}),
    ("time", {"valueTime": "09:30:00Z"}),
    ("string", text("two\nlines")),
    ("string", text("")),
    ("string", text("   ")),
    ("string", number(5)),
    ("text", {"valueUri": "https://example.kz"}),
    ("url", text("https://example.kz")),
    ("url", {"valueUri": "https://example.kz/a b"}),
    ("url", {"valueUri": "urn:uuid:c757873d"}),
    ("url", {"valueUri": "urn:oid:9.x"}),
    ("choice", text("cat")),
    ("choice", {"valueCoding": {}}),
    ("choice", {"valueCoding": {"system": PETS}}),
    ("choice", {"valueCoding": {"system": PETS, "code": " cat"}}),
    ("choice", {"valueCoding": {"system": PETS, "code": "cat", "colour": "red"}}),
    ("coding", {"valueQuantity": {"value": 1}}),
    ("quantity", {"valueQuantity": {"unit": "kg"}}),
    ("quantity", {"valueQuantity": {"value": "3"}}),
    ("quantity", {"valueQuantity": {"value": 3, "code": "kg"}}),
    ("quantity", {"valueQuantity": {"value": 3, "comparator": "~"}}),
    ("reference", {"valueReference": {"reference": "Hamster/1"}}),
    ("reference", {"valueReference": {"reference": "a b"}}),
    ("reference", {"valueReference": {"type": "Patient"}}),
    ("attachment", {"valueAttachment": {"contentType": "text/plain", "data": "not base64!"}}),
    ("attachment", {"valueAttachment": {"data": "aGk="}}),
    ("attachment", {"valueAttachment": {"contentType": "text/plain", "data": "aGk=", "size": 3}}),
    ("question", coding("cat")),
    ("riddle", text("?")),
]


@pytest.mark.parametrize(("kind", "answer"), GOOD)
def test_a_value_of_the_type_is_fine(kind, answer) -> None:
    assert faults(form(asked(kind)), answers(given(answer))) == []


@pytest.mark.parametrize(("kind", "answer"), BAD)
def test_a_value_of_another_type_or_form_is_an_error(kind, answer) -> None:
    found = errors(form(asked(kind)), answers(given(answer)))
    assert len(found) == 1
    assert found[0].startswith("QuestionnaireResponse.item[0]")


LIMITS = [
    ("integer", [ext("minValue", "Integer", 3)], number(3), number(2)),
    ("integer", [ext("maxValue", "Integer", 3)], number(3), number(4)),
    ("decimal", [ext("maxValue", "Decimal", Decimal("1.5"))],
     {"valueDecimal": Decimal("1.50")}, {"valueDecimal": Decimal("1.51")}),
    ("decimal", [ext("maxDecimalPlaces", "Integer", 1)],
     {"valueDecimal": Decimal("1.5")}, {"valueDecimal": Decimal("1.50")}),
    ("date", [ext("maxValue", "Date", "2022-06")],
     {"valueDate": "2022-06-30"}, {"valueDate": "2022-07-01"}),
    ("dateTime", [ext("minValue", "DateTime", "2022-06-01T10:00:00Z")],
     {"valueDateTime": "2022-06-01T15:00:00+05:00"},
     {"valueDateTime": "2022-06-01T14:59:59+05:00"}),
    ("time", [ext("maxValue", "Time", "12:00:00")],
     {"valueTime": "12:00:00"}, {"valueTime": "12:00:01"}),
    ("string", [ext("minLength", "Integer", 3)], text("abc"), text("ab")),
    ("string", [ext("regex", "String", "[A-Z]{2}[0-9]{3}")], text("AB123"), text("AB1234")),
    ("quantity", [ext("sdc-questionnaire-maxQuantity", "Quantity",
                      {"value": 2, "system": UCUM, "code": "h"}, SDC)],
     {"valueQuantity": {"value": 120, "system": UCUM, "code": "min"}},
     {"valueQuantity": {"value": 121, "system": UCUM, "code": "min"}}),
    ("quantity", [ext("sdc-questionnaire-minQuantity", "Quantity",
                      {"value": 2, "system": UCUM, "code": "kg"}, SDC)],
     {"valueQuantity": {"value": 2000, "system": UCUM, "code": "g"}},
     {"valueQuantity": {"value": 2000, "system": UCUM, "code": "m"}}),
    ("quantity", [ext("questionnaire-unitOption", "Coding", {"system": UCUM, "code": "kg"})],
     {"valueQuantity": {"value": 2, "system": UCUM, "code": "kg"}},
     {"valueQuantity": {"value": 2, "system": UCUM, "code": "g"}}),
    ("attachment", [ext("mimeType", "Code", "image/*")],
     {"valueAttachment": {"contentType": "image/png", "data": "aGk="}},
     {"valueAttachment": {"contentType": "text/html", "data": "aGk="}}),
    ("attachment", [ext("maxSize", "Decimal", 2)],
     {"valueAttachment": {"contentType": "image/png", "data": "aGk="}},
     {"valueAttachment": {"contentType": "image/png", "data": "aGkh"}}),
    ("reference", [ext("questionnaire-referenceResource", "Code", "Patient")],
     {"valueReference": {"reference": "Patient/1"}},
     {"valueReference": {"reference": "Group/1"}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "extension", "good", "bad"), LIMITS)
def test_a_limit_lets_its_own_bound_through_and_not_more(kind, extension, good, bad) -> None:
    asked_for = form(asked(kind, extension=extension))
    assert faults(asked_for, answers(given(good))) == []
    assert errors(asked_for, answers(given(bad))) == [FIRST]
    # A wrong value is wrong in an unfinished response too.
    assert errors(asked_for, answers(given(bad), status="in-progress")) == [FIRST]


def test_a_text_may_not_be_longer_than_its_item_says() -> None:
    asked_for = form(asked("text", maxLength=3))
    assert faults(asked_for, answers(given(text("әлі")))) == []
    assert errors(asked_for, answers(given(text("олар")))) == [FIRST]


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "[", "a" * 400, "a*a*a*a*b"])
def test_a_pattern_that_could_hang_or_is_none_is_said_and_not_tried(pattern) -> None:
    asked_for = form(asked("string", extension=[ext("regex", "String", pattern)]))
    response = answers(given(text("a" * 300)))
    assert errors(asked_for, response) == []
    assert warnings(asked_for, response) == [FIRST]


# Options


def test_an_answer_is_one_of_the_options_by_system_and_code() -> None:
    asked_for = form(asked("choice", answerOption=OPTIONS))
    assert faults(asked_for, answers(given(coding("dog")))) == []
    assert errors(asked_for, answers(given(coding("cow")))) == [FIRST]
    other = {"valueCoding": {"system": "http://other", "code": "dog"}}
    assert errors(asked_for, answers(given(other))) == [FIRST]
    bare = {"valueCoding": {"code": "dog"}}
    assert errors(asked_for, answers(given(bare))) == [FIRST]


def test_a_display_of_another_option_is_a_warning_and_a_translation_is_none() -> None:
    said = {
        "url": CORE + "translation",
        "extension": [
            {"url": "lang", "valueCode": "kk"},
            {"url": "content", "valueString": "Мысық"},
        ],
    }
    cat = {"system": PETS, "code": "cat", "display": "Cat", "_display": {"extension": [said]}}
    asked_for = form(asked("choice", answerOption=[{"valueCoding": cat}]))
    for name in ("Cat", "cat", "Мысық"):
        assert faults(asked_for, answers(given(coding("cat", display=name)))) == []
    assert warnings(asked_for, answers(given(coding("cat", display="Dog")))) == [FIRST + ".display"]


@pytest.mark.parametrize(
    ("kind", "option", "other"),
    [
        ("string", text("red"), text("Red")),
        ("integer", number(1), number(2)),
        ("date", {"valueDate": "2024-01-01"}, {"valueDate": "2024-01"}),
        ("time", {"valueTime": "10:00:00"}, {"valueTime": "10:00:01"}),
        ("choice", text("red"), text("blue")),
        ("choice", number(1), number(0)),
        ("choice", {"valueDate": "2024"}, {"valueDate": "2025"}),
    ],
)
def test_options_of_other_types_bind_too(kind, option, other) -> None:
    asked_for = form(asked(kind, answerOption=[option]))
    assert faults(asked_for, answers(given(option))) == []
    assert errors(asked_for, answers(given(other))) == [FIRST]


def test_an_open_choice_takes_any_text_but_only_its_own_codes() -> None:
    asked_for = form(asked("open-choice", answerOption=OPTIONS))
    assert faults(asked_for, answers(given(text("hedgehog")))) == []
    assert errors(asked_for, answers(given(coding("cow")))) == [FIRST]
    assert errors(asked_for, answers(given(number(1)))) == [FIRST + ".valueInteger"]


def test_r5_says_how_far_options_bind() -> None:
    def with_constraint(word):
        return form(asked("coding", answerOption=OPTIONS, answerConstraint=word))

    assert errors(with_constraint("optionsOnly"), answers(given(text("cow"))))
    assert faults(with_constraint("optionsOrString"), answers(given(text("cow")))) == []
    assert faults(with_constraint("optionsOrType"), answers(given(coding("cow")))) == []
    assert errors(with_constraint("optionsOrType"), answers(given(text("cow"))))


def test_a_value_set_that_the_form_carries_is_judged() -> None:
    value_set = {
        "resourceType": "ValueSet",
        "id": "pets",
        "compose": {"include": [{"system": PETS, "concept": [{"code": "cat", "display": "Cat"}]}]},
    }
    asked_for = form(asked("choice", answerValueSet="#pets"), contained=[value_set])
    assert faults(asked_for, answers(given(coding("cat")))) == []
    assert errors(asked_for, answers(given(coding("dog")))) == [FIRST]
    assert errors(asked_for, answers(given(coding("cat", display="Dog")))) == [FIRST + ".display"]


def test_a_value_set_that_nobody_knows_proves_nothing() -> None:
    asked_for = form(asked("choice", answerValueSet="https://example.kz/ValueSet/x"))
    found = faults(asked_for, answers(given(coding("cat"))))
    assert [(fault.severity, fault.code) for fault in found] == [("error", "not-found")]


def test_countries_are_known_by_code_and_name() -> None:
    asked_for = form(asked("choice", answerValueSet="http://hl7.org/fhir/ValueSet/jurisdiction"))

    def country(code, name):
        value = {"system": "urn:iso:std:iso:3166", "code": code, "display": name}
        return answers(given({"valueCoding": value}))

    assert faults(asked_for, country("KZ", "Kazakhstan")) == []
    assert errors(asked_for, country("KZ", "Kyrgyzstan")) == [FIRST + ".display"]
    assert errors(asked_for, country("QQ", "Nowhere")) == [FIRST]


def test_an_option_that_stands_alone() -> None:
    alone = {**coding("none"), "extension": [ext("questionnaire-optionExclusive", "Boolean", True)]}  # noqa: FBT003
    asked_for = form(asked("choice", repeats=True, answerOption=[*OPTIONS[:2], alone]))
    assert faults(asked_for, answers(given(coding("none")))) == []
    assert faults(asked_for, answers(given(coding("cat"), coding("dog")))) == []
    both = answers(given(coding("cat"), coding("none")))
    assert errors(asked_for, both) == ["QuestionnaireResponse.item[0]"]
