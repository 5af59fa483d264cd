"""Our instruments as Questionnaires: nothing lost, nothing that may not leave, nothing invented."""

import json
from pathlib import Path

import pytest

from tirek.catalog.canonical import content_hash
from tirek.catalog.exchange.draft import write_draft
from tirek.catalog.exchange.fhir_names import ITEM_WEIGHT, ORDINAL_VALUE, FhirVersion
from tirek.catalog.exchange.fhir_read import read
from tirek.catalog.exchange.fhir_write import questionnaire, write
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles, read_files
from tirek.catalog.instruments import folders

ROOT = Path(__file__).resolve().parents[4] / "instruments"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"


def files_of(folder: Path) -> InstrumentFiles:
    files, findings = read_files(folder)
    assert files is not None, findings
    return files


FILES = {f"{path.parent.name}-{path.name}": files_of(path) for path in folders(ROOT)}
versions = pytest.mark.parametrize("version", FhirVersion)
instruments = pytest.mark.parametrize("files", FILES.values(), ids=FILES)
EXPORTABLE = [
    files for files in FILES.values() if files.instrument.structure.licence.may["export_wording"]
]
exportable = pytest.mark.parametrize(
    "files", EXPORTABLE, ids=[files.instrument.id for files in EXPORTABLE]
)


def whole(files: InstrumentFiles, version: FhirVersion, **wanted) -> dict:
    return json.loads(write(files, Wanted(**wanted), version))


def walk(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def urls(resource) -> set[str]:
    return {each["url"] for each in walk(resource) if "url" in each}


@versions
@exportable
def test_what_goes_out_comes_back_with_the_same_hashes(files, version, tmp_path) -> None:
    draft = read(write(files, Wanted(), version), "file")
    assert draft.remarks == ()
    back = files_of(write_draft(draft, tmp_path))
    assert back.instrument.hashes == files.instrument.hashes
    assert [case.id for case in back.cases] == [case.id for case in files.cases]


@versions
@instruments
def test_every_part_that_may_leave_keeps_its_hash(files, version) -> None:
    draft = read(write(files, Wanted(), version), "file")
    expected = {
        name: content_hash(document.data)
        for name, document in files.documents.items()
        if name != "release" and (files in EXPORTABLE or not name.startswith("wording."))
    }
    assert {name: content_hash(data) for name, data in draft.parts.items()} == expected


@versions
@instruments
def test_wording_leaves_only_where_the_licence_lets_it(files, version) -> None:
    copy = write(files, Wanted(), version).decode()
    sentences = [
        json.dumps(text, ensure_ascii=False)[1:-1]
        for wording in files.instrument.wordings.values()
        for key, text in wording.strings.items()
        if key.endswith(".text")
    ]
    found = [sentence for sentence in sentences if sentence in copy]
    assert len(found) == (len(sentences) if files in EXPORTABLE else 0)


@versions
@instruments
def test_a_public_copy_holds_no_weight_no_cut_off_no_score(files, version) -> None:
    resource = whole(files, version, is_public=True)
    text = json.dumps(resource)
    assert "weight" not in text.lower()
    assert "ordinal" not in text
    assert "score" not in text
    assert "sha256" not in text
    links = [item["linkId"] for item in resource["item"] if item["type"] != "display"]
    assert links == [item.id for item in files.instrument.items]


@versions
@instruments
def test_the_copy_keeps_the_rules_of_fhir(files, version) -> None:
    resource = whole(files, version)
    links = [item["linkId"] for item in resource["item"]]
    assert len(links) == len(set(links))
    assert len(resource["id"]) <= 64
    assert resource["name"].isalnum()
    kinds = {item["type"] for item in resource["item"]}
    assert kinds <= {version.choice, "display", "decimal"}
    for item in resource["item"]:
        # que-12: where there are several conditions, a behaviour.
        assert len(item.get("enableWhen", [])) < 2 or "enableBehavior" in item
        for option in item.get("answerOption", []):
            coding = option["valueCoding"]
            assert coding["system"]
            assert coding["code"]
            given = {each["url"]: each["valueDecimal"] for each in option["extension"]}
            assert given[ITEM_WEIGHT] == given[ORDINAL_VALUE]
    # An empty value is not JSON that FHIR takes.
    assert not [
        each for each in walk(resource) if any(v in ("", [], {}, None) for v in each.values())
    ]


@exportable
def test_weights_and_languages_are_those_of_the_files(files) -> None:
    resource = whole(files, FhirVersion.R4)
    instrument = files.instrument
    by_link = {item["linkId"]: item for item in resource["item"]}
    for item in instrument.items:
        shown = by_link[item.id]
        said = {
            part["extension"][0]["valueCode"]: part["extension"][1]["valueString"]
            for part in shown["_text"]["extension"]
        }
        assert said == {
            lang: wording.strings[f"{item.id}.text"]
            for lang, wording in instrument.wordings.items()
        }
        weights = [option["extension"][0]["valueDecimal"] for option in shown["answerOption"]]
        assert weights == [option.weight for option in instrument.options(item.id)]
        assert shown["required"] is (item.required == "hard")


@exportable
def test_one_language_makes_a_questionnaire_of_its_own(files) -> None:
    resource = whole(files, FhirVersion.R5, lang="ru")
    url = files.instrument.structure.url
    assert resource["url"] == f"{url}-ru"
    assert resource["derivedFrom"] == [f"{url}|{files.instrument.structure.version}"]
    assert resource["language"] == "ru"
    # A working wording is not said to be proved equivalent.
    (derived,) = resource["_derivedFrom"]
    assert derived["extension"][0]["valueCoding"]["code"] == "compliesWith"
    assert resource["title"] == files.instrument.wordings["ru"].strings["title"]
    languages = {
        part["valueCode"]
        for part in walk(resource)
        if part.get("url") == "lang" and "valueCode" in part
    }
    assert languages == {"ru"}
    draft = read(json.dumps(resource).encode(), "file")
    assert [remark.text for remark in draft.remarks] == [
        "holds no wording in kk: the licence withholds it?"
    ]


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(ExchangeError, match="has no wording in 'en'"):
        write(FILES["gad-7-1"], Wanted("en"), FhirVersion.R4)


@instruments
def test_every_scale_is_a_hidden_read_only_item(files) -> None:
    resource = whole(files, FhirVersion.R4)
    scores = {item["linkId"]: item for item in resource["item"] if item["type"] == "decimal"}
    assert list(scores) == [f"score.{scale.id}" for scale in files.instrument.scoring.scales]
    for item in scores.values():
        assert item["readOnly"] is True
        assert item["extension"][0] == {"url": HIDDEN, "valueBoolean": True}


def test_working_wording_makes_the_form_experimental_and_says_so() -> None:
    resource = whole(FILES["phq-a-1"], FhirVersion.R4)
    assert resource["experimental"] is True
    assert "https://tirek.example/fhir/StructureDefinition/wording-status" in urls(resource)


def test_a_condition_becomes_the_codes_that_meet_it() -> None:
    found = [
        (files, item)
        for files in FILES.values()
        for item in files.instrument.items
        if item.show_if is not None
    ]
    assert found, "no instrument has a condition: mend the test"
    for files, item in found:
        shown = questionnaire(files, Wanted(), FhirVersion.R5)["item"]
        assert isinstance(shown, list)
        (asked,) = (each for each in shown if each["linkId"] == item.id)
        assert asked["disabledDisplay"] == "hidden"
        questions = {test["question"] for test in asked["enableWhen"]}
        assert item.show_if is not None
        assert questions == {condition.item for condition in item.show_if.conditions}


def test_a_copy_that_somebody_changed_is_told_apart() -> None:
    resource = whole(FILES["gad-7-1"], FhirVersion.R4)
    index = next(n for n, item in enumerate(resource["item"]) if item["linkId"] == "q1")
    resource["item"][index]["text"] = "Something else?"
    resource["version"] = "9.9.9"
    draft = read(json.dumps(resource).encode(), "file")
    assert [remark.place for remark in draft.remarks] == [
        "Questionnaire.version",
        f"Questionnaire.item[{index}].text",
    ]
