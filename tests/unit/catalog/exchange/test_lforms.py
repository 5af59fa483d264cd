"""Forms of LHC-Forms: their own JSON, and what their FHIR files lean on."""

import json

import pytest

from tirek.catalog.exchange import lforms
from tirek.catalog.exchange.draft import write_draft
from tirek.catalog.exchange.fhir_read import read
from tirek.catalog.exchange.fhirpath import evaluate
from tirek.catalog.exchange.foreign import ExchangeError

CORE = "http://hl7.org/fhir/StructureDefinition/"
ANSWERS = [
    {"code": "LA6568-5", "text": "Not at all", "score": 0},
    {"code": "LA6569-3", "text": "Several days", "score": 1},
]


def imported(form):
    return lforms.read(json.dumps(form).encode(), "file")


def test_their_own_json_is_read_with_its_scores_as_weights(tmp_path) -> None:
    form = {
        "name": "Mood",
        "code": "M-1",
        "lformsVersion": "29.0.0",
        "items": [
            {"questionCode": "a", "question": "Low?", "dataType": "CNE", "answers": ANSWERS},
            {
                "questionCode": "g",
                "items": [
                    {
                        "linkId": "/g/b",
                        "question": "Tense?",
                        "answers": ANSWERS,
                        "answerCardinality": {"min": "1"},
                    }
                ],
            },
            {
                "questionCode": "t",
                "dataType": "REAL",
                "calculationMethod": {"name": "TOTALSCORE"},
            },
            {"questionCode": "n", "question": "How often?", "dataType": "INT"},
        ],
    }
    draft = imported(form)
    structure = draft.parts["structure"]
    assert [one["weight"] for one in structure["option_sets"]["set1"]] == [0, 1]
    assert [item["required"] for item in structure["items"]] == ["soft", "hard"]
    assert "todo" in draft.parts["scoring"]["scales"]
    assert [(one.place, one.text) for one in draft.remarks] == [
        ("language", "is not said; the texts were taken as English"),
        ("items[2]", "'t' is computed by the form; our scoring computes, so it is left"),
        ("items[3]", "'n' is of type 'integer', which we cannot ask; it is left out"),
    ]
    assert structure["todo"] == [str(one) for one in draft.remarks]
    assert write_draft(draft, tmp_path).is_dir()


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ([], "the file"),
        ({}, "the file"),
        ({"items": {}}, "items"),
        ({"items": [3]}, "items[0]"),
        ({"items": [{"questionCode": "a", "answers": 3}]}, "items[0].answers"),
        ({"items": []}, "item"),
        ({"items": [{"questionCode": "a", "dataType": "ST"}]}, "item"),
    ],
)
def test_what_is_no_form_is_refused_with_the_place(form, place) -> None:
    with pytest.raises(ExchangeError) as refused:
        imported(form)
    assert refused.value.place == place


def option(code, system="http://loinc.org"):
    return {"valueCoding": {"system": system, "code": code, "display": code}}


def asked(**more):
    item = {"linkId": "a", "type": "choice", "text": "A?", "answerOption": [option("x")]}
    return {"resourceType": "Questionnaire", "language": "en", "item": [item | more]}


@pytest.mark.parametrize("name", ["modifierExtension", "implicitRules"])
def test_what_may_turn_the_meaning_is_refused(name) -> None:
    for resource, place in (
        ({**asked(), name: "x"}, f"Questionnaire.{name}"),
        (asked(**{name: "x"}), f"Questionnaire.item[0].{name}"),
    ):
        with pytest.raises(ExchangeError) as refused:
            read(json.dumps(resource).encode(), "file")
        assert refused.value.place == place


def test_a_form_with_markup_beside_the_text_is_said() -> None:
    markup = {"url": CORE + "rendering-xhtml", "valueString": "<script>alert(1)</script>"}
    draft = read(json.dumps(asked(_text={"extension": [markup]})).encode(), "file")
    assert [one.place for one in draft.remarks] == ["Questionnaire.item[0]._text"]
    assert draft.parts["wording.en"]["strings"]["q1.text"] == "A?"


def test_the_same_code_of_two_systems_is_two_options() -> None:
    both = asked(answerOption=[option("x"), option("x", "http://other") | {"extension": []}])
    both["item"][0]["answerOption"][1]["valueCoding"]["display"] = "y"
    draft = read(json.dumps(both).encode(), "file")
    codes = [one["code"] for one in draft.parts["structure"]["option_sets"]["set1"]]
    assert codes == ["x", "o2"]
    assert "stands for two options" in draft.remarks[0].text


def test_their_way_of_looking_weights_up_is_read() -> None:
    weighted = [
        {**option(code), "extension": [{"url": CORE + "itemWeight", "valueDecimal": weight}]}
        for code, weight in (("x", 0), ("y", 2))
    ]
    form = asked(answerOption=weighted)
    response = {"item": [{"linkId": "a", "answer": [option("y")]}]}
    expression = (
        "%questionnaire.item.where(linkId = 'a').answerOption.where(valueCoding.code = "
        "%resource.item.where(linkId = 'a').answer.valueCoding.code)"
        f".extension.where(url='{CORE}itemWeight').valueDecimal"
    )
    assert evaluate(expression, response, {"resource": response, "questionnaire": form}) == [2]
