"""Answers and scores as FHIR: what goes out comes back; a total is compared and never taken."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from tests.world import the_catalog
from tirek.catalog.exchange.fault import Severity
from tirek.catalog.exchange.fhir_names import FhirVersion
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.records import fhir_results
from tirek.catalog.exchange.records.record import Record, Scored, TableError, rescored
from tirek.catalog.exchange.records.responses import form_of
from tirek.catalog.exchange.response_check import check
from tirek.domain.instruments import UNSEEN, Answer, AnswerState, Instrument
from tirek.domain.scoring import score
from tirek.domain.showing import asked_answers

INSTRUMENTS = the_catalog().instruments
BLANKS = (AnswerState.DECLINED, AnswerState.SKIPPED, AnswerState.UNSEEN)
each_instrument = pytest.mark.parametrize("name", sorted(INSTRUMENTS))
GAD = INSTRUMENTS["gad-7"]


def scored(instrument: Instrument, answers: dict[str, Answer], record: str = "301-001") -> Scored:
    facts = {"record": record, "language": "kk", "age": "14", "sex": "f", "ended": "2026-11-22"}
    return Scored(Record("", facts, answers), score(instrument, answers), ())


def people(instrument: Instrument, number: int = 12) -> list[Scored]:
    """Random people with every kind of blank."""
    random = Random(instrument.id)  # noqa: S311 - no secret
    return [
        scored(
            instrument,
            {
                item.id: Answer(random.choice(BLANKS))
                if random.random() < 0.1
                else Answer.read(random.choice(instrument.options(item.id)).code)
                for item in instrument.items
            },
            f"301-{person:03}",
        )
        for person in range(number)
    ]


def full(instrument: Instrument, index: int = 1) -> dict[str, Answer]:
    return {
        item.id: Answer.read(instrument.options(item.id)[index].code) for item in instrument.items
    }


def bundle(*found: Scored, instrument: Instrument = GAD) -> dict:
    return json.loads(fhir_results.write(instrument, found))


def back(resource: object, instrument: Instrument = GAD):
    return fhir_results.read(instrument, json.dumps(resource).encode())


@each_instrument
@pytest.mark.parametrize("version", FhirVersion)
def test_what_goes_out_comes_back_with_its_blanks_facts_and_scores(name: str, version) -> None:
    instrument = INSTRUMENTS[name]
    before = people(instrument)
    table = fhir_results.read(instrument, fhir_results.write(instrument, before, version))
    assert table.remarks == ()
    after = list(rescored(instrument, table.records))
    for ours, theirs in zip(before, after, strict=True):
        asked = asked_answers(instrument, ours.record.answers)
        assert theirs.record.answers == {
            item.id: asked.get(item.id, UNSEEN) for item in instrument.items
        }
        assert theirs.scores == ours.scores
        assert theirs.record.facts == ours.record.facts
        assert theirs.refuted == ()
        computed = {one.scale for one in ours.scores if one.value is not None}
        assert set(theirs.record.claimed) == computed


@each_instrument
@pytest.mark.parametrize("version", FhirVersion)
def test_our_own_responses_are_valid_against_our_own_form(name: str, version) -> None:
    instrument = INSTRUMENTS[name]
    form = form_of(instrument, version)
    found = json.loads(fhir_results.write(instrument, people(instrument), version))
    for entry in found["entry"]:
        if entry["resource"]["resourceType"] == "QuestionnaireResponse":
            faults = check(form, entry["resource"])
            assert [str(one) for one in faults if one.severity is Severity.ERROR] == []


def test_a_response_is_pinned_by_version_and_hashes_and_names_nobody() -> None:
    first = bundle(scored(GAD, full(GAD)))["entry"][0]["resource"]
    structure = GAD.structure
    assert first["questionnaire"] == f"{structure.url}|{structure.version}"
    said = {each["url"]: each["valueString"] for each in first["extension"][0]["extension"]}
    assert said["structure"] == GAD.hashes.structure
    assert said["wording"] == GAD.hashes.wordings["kk"]
    assert said["engine"]
    assert set(first["subject"]) == {"type", "identifier"}


def test_a_blank_says_why_and_an_answer_carries_its_weight() -> None:
    answers = full(GAD, 2) | {
        "q1": Answer(AnswerState.DECLINED),
        "q2": Answer(AnswerState.SKIPPED),
        "q3": UNSEEN,
    }
    items = bundle(scored(GAD, answers))["entry"][0]["resource"]["item"]
    assert [item["extension"][0]["valueCode"] for item in items[:3]] == [
        "asked-declined",
        "asked-unknown",
        "not-asked",
    ]
    assert not any("answer" in item for item in items[:3])
    assert items[3]["answer"][0]["valueCoding"]["extension"][0]["valueDecimal"] == 2


def test_a_score_is_an_observation_with_a_value_or_a_reason_for_none() -> None:
    answers = {item.id: UNSEEN for item in GAD.items} | {"q1": Answer.read("3")}
    found = bundle(scored(GAD, full(GAD)), scored(GAD, answers, "301-002"))["entry"]
    seen = [each["resource"] for each in found if each["resource"]["resourceType"] == "Observation"]
    sources = [each["fullUrl"] for each in found if "score-" not in each["resource"].get("id", "")]
    computed, refused = seen[0], seen[len(GAD.scoring.scales)]
    assert computed["valueInteger"] == 7
    assert "dataAbsentReason" not in computed
    assert refused["dataAbsentReason"]["text"] == "not computable: too_many_missing"
    assert not any(name.startswith("value") for name in refused)
    assert [one["derivedFrom"][0]["reference"] for one in (computed, refused)] == sources
    assert computed["device"] == {"reference": "#engine"}
    # A working wording shows no band.
    assert "interpretation" not in computed
    assert len({each["fullUrl"] for each in found}) == len(found)


def test_a_prorated_score_keeps_its_decimals() -> None:
    answers = full(GAD, 2) | {"q7": Answer(AnswerState.SKIPPED), "q6": Answer.read("1")}
    total = bundle(scored(GAD, answers))["entry"][1]["resource"]
    value = score(GAD, answers)[0].value
    assert value is not None
    assert value.denominator > 1
    assert total["valueQuantity"]["value"] == pytest.approx(float(value))


def test_an_estimate_carries_its_standard_error() -> None:
    sure = scored(GAD, full(GAD))
    first, *rest = sure.scores
    unsure = Scored(sure.record, (replace(first, error=Fraction(1, 2)), *rest), ())
    seen = bundle(unsure)["entry"][1]["resource"]
    (component,) = seen["component"]
    assert component["valueQuantity"]["value"] == 0.5
    assert "component" not in bundle(sure)["entry"][1]["resource"]


def test_a_total_that_differs_is_named_and_never_taken() -> None:
    resource = bundle(scored(GAD, full(GAD)))
    response, total = resource["entry"][0]["resource"], resource["entry"][1]["resource"]
    response["item"] = [
        {**item, "answer": [{"valueDecimal": 21}]} if item["linkId"] == "score.total" else item
        for item in response["item"]
    ]
    (found,) = rescored(GAD, back(resource).records)
    assert [remark.text for remark in found.refuted] == [
        "total is said to be 21, but is 7; not taken"
    ]
    assert found.scores == score(GAD, full(GAD))
    # The same where only an Observation says it.
    response["item"] = [item for item in response["item"] if "score" not in item["linkId"]]
    total["valueInteger"] = 20
    (found,) = rescored(GAD, back(resource).records)
    assert [remark.text for remark in found.refuted] == [
        "total is said to be 20, but is 7; not taken"
    ]


def test_a_total_where_we_compute_none_is_named() -> None:
    answers = {item.id: UNSEEN for item in GAD.items} | {"q1": Answer.read("3")}
    response = bundle(scored(GAD, answers))["entry"][0]["resource"]
    response["item"].append({"linkId": "score.total", "answer": [{"valueDecimal": 3}]})
    (found,) = rescored(GAD, back(response).records)
    assert [remark.text for remark in found.refuted] == [
        "total is said to be 3, but is not computable (too_many_missing); not taken"
    ]


def coding_of(resource: dict) -> dict:
    coding = resource["item"][0]["answer"][0]["valueCoding"]
    assert isinstance(coding, dict)
    return coding


DAMAGES: list[tuple[Callable[[dict], object], str]] = [
    (lambda one: coding_of(one).update(code="9"), "item[0].answer[0]"),
    (lambda one: coding_of(one).update(system="http://loinc.org"), "item[0].answer[0]"),
    (lambda one: one["item"][0].update(linkId="q99"), "item[0].linkId"),
    (lambda one: one["item"].reverse(), "item"),
    (lambda one: one["item"].append(one["item"][0]), "item"),
    (lambda one: one.update(questionnaire="https://example.kz/other"), "questionnaire"),
    (lambda one: one.update(questionnaire=GAD.structure.url + "|0.9.0"), "questionnaire"),
    (lambda one: one["item"][0]["answer"].append({"valueString": "3"}), "item[0].answer[1]"),
    (lambda one: one["item"].append({"linkId": "score.total", "answer": [{"valueString": "x"}]}),
     "item"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "place"), DAMAGES, ids=range(len(DAMAGES)))
def test_one_answer_that_is_none_stops_the_whole_file(damage, place) -> None:
    resource = bundle(scored(GAD, full(GAD)), scored(GAD, full(GAD), "301-002"))
    damage(resource["entry"][0]["resource"])
    with pytest.raises(TableError) as refused:
        back(resource)
    places = [one.place for one in refused.value.sentences]
    assert any(at.startswith(f"Bundle.entry[0].resource.{place}") for at in places), places


def test_a_response_to_the_form_of_one_language_is_taken_as_in_it() -> None:
    resource = bundle(scored(GAD, full(GAD)))["entry"][0]["resource"]
    del resource["language"]
    resource["questionnaire"] = f"{GAD.structure.url}-ru|{GAD.structure.version}"
    (record,) = back(resource).records
    assert record.facts["language"] == "ru"
    resource["questionnaire"] = f"{GAD.structure.url}-en|{GAD.structure.version}"
    with pytest.raises(TableError):
        back(resource)


def test_answers_to_other_items_than_ours_are_refused() -> None:
    resource = bundle(scored(GAD, full(GAD)))["entry"][0]["resource"]
    resource["extension"][0]["extension"][0]["valueString"] = "0" * 64
    with pytest.raises(TableError, match="another hash than ours"):
        back(resource)


def test_what_is_unfinished_or_taken_back_is_passed_over_and_said() -> None:
    resource = bundle(*(scored(GAD, full(GAD), str(n)) for n in range(3)))
    responses = [
        each["resource"]
        for each in resource["entry"]
        if each["resource"]["resourceType"] == "QuestionnaireResponse"
    ]
    responses[0]["status"], responses[1]["status"] = "in-progress", "entered-in-error"
    resource["entry"].append({"resource": {"resourceType": "Patient"}})
    table = back(resource)
    assert [one.facts["record"] for one in table.records] == ["2"]
    assert len(table.remarks) == 3
    # What was begun may tell of danger; what was taken back is nobody's.
    assert [one.facts["record"] for one in table.unfinished] == ["0"]
    assert table.unfinished[0].answers == full(GAD)


@pytest.mark.parametrize("said", [{"valueString": "1/0"}, {"valueBoolean": True}])
def test_a_score_that_is_no_number_hides_no_answers(said) -> None:
    resource = bundle(scored(GAD, full(GAD)))
    items = resource["entry"][0]["resource"]["item"]
    next(one for one in items if one["linkId"] == "score.total")["answer"] = [said]
    with pytest.raises(TableError) as refused:
        back(resource)
    assert [one.answers for one in refused.value.legible] == [full(GAD)]


def test_of_two_answers_to_one_question_none_is_chosen_silently() -> None:
    resource = bundle(scored(GAD, full(GAD)))["entry"][0]["resource"]
    resource["status"] = "stopped"
    first = resource["item"][0]["answer"]
    first.append({"valueCoding": {**first[0]["valueCoding"], "code": "3"}})
    with pytest.raises(TableError, match="more than one answer"):
        back(resource)


REFUSED = [
    b"",
    b"[]",
    b'{"resourceType": "Bundle"}',
    b'{"resourceType": "Bundle", "entry": [5]}',
    b'{"resourceType": "Bundle", "entry": [{}]}',
    b'{"resourceType": "Patient"}',
    b'{"resourceType": "QuestionnaireResponse"}',
    b'{"resourceType": "QuestionnaireResponse", "status": "completed", "item": 5}',
    b'{"resourceType": "QuestionnaireResponse", "status": ["completed"]}',
    b'{"resourceType": "QuestionnaireResponse", "status": "completed", "extension": 5}',
]


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_a_file_without_answers_is_refused_in_a_sentence(content) -> None:
    try:
        table = fhir_results.read(GAD, content)
    except ExchangeError as refused:
        assert refused.reason  # noqa: PT017 (either is fine)
    else:
        assert all(one.code is None for one in table.records[0].answers.values())
