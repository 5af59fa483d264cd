"""Questionnaires of other people: a draft of what they say, a sentence for what they do not."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tirek.catalog.exchange import draft as drafts
from tirek.catalog.exchange.draft import write_draft
from tirek.catalog.exchange.fhir_read import read
from tirek.catalog.exchange.foreign import MAX_BYTES, MAX_DEPTH, ExchangeError
from tirek.catalog.instrument_files import read_files

CORE = "http://hl7.org/fhir/StructureDefinition/"
LOINC = "http://loinc.org"
FREQUENCY = ("Not at all", "Several days", "More than half", "Nearly every day")


def option(code, weight=None, url="ordinalValue", **coding):
    extension = [{"url": CORE + url, "valueDecimal": weight}] if weight is not None else []
    return {"extension": extension, "valueCoding": {"system": LOINC, "code": code, **coding}}


def scale(url="ordinalValue", base=CORE):
    return [
        option(f"LA{n}", n, url.removeprefix(base), display=text)
        for n, text in enumerate(FREQUENCY)
    ]


def question(link, **more):
    return {"linkId": link, "text": f"Question {link}", "type": "choice", **more}


def form(*items, **more):
    return {
        "resourceType": "Questionnaire",
        "id": "Sample-Form",
        "language": "en",
        "title": "Sample",
        "status": "draft",
        "item": list(items),
        **more,
    }


def imported(resource):
    content = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
    return read(content, "file")


def sentences(found) -> list[tuple[str, str]]:
    return [(remark.place, remark.text) for remark in found.remarks]


def test_items_in_groups_are_taken_in_their_order_with_weights_and_texts() -> None:
    group = {"linkId": "g", "type": "group", "item": [question("/44250-9", answerOption=scale())]}
    found = imported(form(question("/44255-8", answerOption=scale()), group))
    structure = found.parts["structure"]
    assert found.id == "sample-form"
    assert [item["id"] for item in structure["items"]] == ["q1", "q2"]
    # Two items with the same options share them.
    assert [option["weight"] for option in structure["option_sets"]["set1"]] == [0, 1, 2, 3]
    assert list(structure["option_sets"]) == ["set1"]
    strings = found.parts["wording.en"]["strings"]
    assert strings["q2.text"] == "Question /44250-9"
    assert strings["set1.LA3"] == "Nearly every day"
    assert "q2 is linkId '/44250-9'" in structure["notes"][1]
    assert found.remarks == ()


@pytest.mark.parametrize(
    "url",
    ["itemWeight", "ordinalValue", "questionnaire-ordinalValue", "valueset-ordinalValue"],
)
def test_a_weight_is_read_under_each_of_its_names_and_in_both_places(url) -> None:
    on_option = scale(url)
    on_coding = [
        {"valueCoding": {**each["valueCoding"], "extension": each["extension"]}}
        for each in on_option
    ]
    for options in (on_option, on_coding):
        found = imported(form(question("1", answerOption=options)))
        sets = found.parts["structure"]["option_sets"]
        assert [one["weight"] for one in sets["set1"]] == [0, 1, 2, 3]


def test_two_weights_that_differ_are_not_decided_here() -> None:
    both = option("a", 1)
    both["extension"].append({"url": CORE + "itemWeight", "valueDecimal": 2})
    found = imported(form(question("1", answerOption=[both, option("b", 0)])))
    weights = [one["weight"] for one in found.parts["structure"]["option_sets"]["set1"]]
    assert "todo" in weights[0]
    assert weights[1] == 0
    assert sentences(found) == [
        (
            "Questionnaire.item[0].answerOption[0]",
            "gives two weights (itemWeight 2, ordinalValue 1); neither was taken",
        )
    ]


def test_no_key_and_no_cut_off_is_ever_guessed() -> None:
    total = {
        "linkId": "total",
        "type": "decimal",
        "extension": [
            {
                "url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
                "sdc-questionnaire-calculatedExpression",
                "valueExpression": {"language": "text/fhirpath", "expression": "sum"},
            }
        ],
    }
    found = imported(form(question("1", answerOption=scale()), total))
    assert "todo" in found.parts["scoring"]["scales"]
    assert "todo" in found.parts["interpretation"]["bands"]
    assert found.parts["cases"] == []
    assert "todo" in found.parts["structure"]["items"][0]["worse"]
    assert "todo" in found.parts["structure"]["licence"]
    assert sentences(found)[0][0] == "Questionnaire.item[1]"


def test_a_draft_with_a_todo_is_refused_by_the_lints_on_its_line(tmp_path) -> None:
    folder = write_draft(imported(form(question("1", answerOption=scale()))), tmp_path)
    files, findings = read_files(folder)
    assert files is None
    found = {(one.lint, one.path.name) for one in findings}
    parts = ("structure", "scoring", "interpretation", "wording.kk", "wording.ru", "wording.en")
    assert {("todo", f"{part}.yaml") for part in parts} <= found
    for one in findings:
        if one.lint == "todo":
            line = one.path.read_text("utf-8").splitlines()[one.line - 1]
            assert one.reason.removeprefix("still to be done: ")[:30] in line


@pytest.mark.parametrize(
    ("item", "place", "said"),
    [
        ({"linkId": "2", "type": "integer"}, "item[1]", "of type 'integer'"),
        ({"linkId": "2", "type": "boolean"}, "item[1]", "of type 'boolean'"),
        ({"linkId": "2", "type": "display", "text": "Hello"}, "item[1]", "only shown"),
        ({"type": "string"}, "item[1].linkId", "is missing"),
        (question("1", answerOption=scale()), "item[1].linkId", "stands already at"),
        (question("2"), "item[1]", "names no options"),
        (question("2", answerValueSet="http://x/vs"), "item[1].answerValueSet", "not in this file"),
        (question("2", answerOption=[{}]), "item[1].answerOption[0]", "has no value"),
        (question("2", repeats=True, answerOption=scale()), "item[1].repeats", "several answers"),
        (
            question("2", enableWhen=[{"question": "1"}], answerOption=scale()),
            "item[1].enableWhen",
            "only after certain answers",
        ),
        (
            {**question("2", answerOption=scale()), "type": "open-choice"},
            "item[1].type",
            "free text too",
        ),
        (question("2", answerOption=[option("a b")]), "item[1].answerOption[0]", "is called 'o1'"),
        (question("2", answerOption=[option("declined")]), "item[1].answerOption[0]", "'o1'"),
        (question("2", answerOption=[option("a"), option("a")]), "item[1]", "stands twice"),
        (
            question("2", text="<b>Hi</b><script>alert(1)</script>", answerOption=scale()),
            "item[1].text",
            "held markup",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_a_sentence_with_its_place(item, place, said) -> None:
    found = imported(form(question("1", answerOption=scale()), item))
    assert any(at == f"Questionnaire.{place}" and said in text for at, text in sentences(found)), (
        sentences(found)
    )
    # The sentence stands in the draft too, where the lints see it.
    assert any(said in sentence for sentence in found.parts["structure"]["todo"])


def test_stu3_and_valuesets_that_the_file_carries_are_read() -> None:
    value_set = {
        "resourceType": "ValueSet",
        "id": "freq",
        "expansion": {
            "contains": [
                {
                    "system": LOINC,
                    "code": f"LA{n}",
                    "display": text,
                    "extension": [{"url": CORE + "valueset-ordinalValue", "valueDecimal": n}],
                }
                for n, text in enumerate(FREQUENCY)
            ]
        },
    }
    stu3 = question("1", option=[option("x", 5)])
    carried = question("2", answerValueSet="#freq")
    referred = question("3", options={"reference": "#freq"})
    found = imported(form(stu3, carried, referred, contained=[value_set]))
    assert found.remarks == ()
    sets = found.parts["structure"]["option_sets"]
    assert [[one["weight"] for one in each] for each in sets.values()] == [[5], [0, 1, 2, 3]]


def test_translations_become_wordings_of_their_languages() -> None:
    said = {
        "url": CORE + "translation",
        "extension": [
            {"url": "lang", "valueCode": "kk-KZ"},
            {"url": "content", "valueString": "Сұрақ"},
        ],
    }
    found = imported(form(question("1", answerOption=scale(), _text={"extension": [said]})))
    assert found.parts["wording.kk"]["strings"] == {"q1.text": "Сұрақ"}
    assert "todo" in found.parts["wording.ru"]["strings"]


def test_markup_never_reaches_a_wording(tmp_path) -> None:
    nasty = [
        "<script>alert('x')</script>Hello",
        "&lt;script&gt;alert(1)&lt;/script&gt;Hello",
        "<img src=x onerror=alert(1)>Hello",
        "<scr<script>ipt>alert(1)</script>Hello",
        "Hello\u0000\u202e\nthere",
        "<div xmlns='http://www.w3.org/1999/xhtml'>Hello",
    ]
    items = [question(str(n), text=text, answerOption=scale()) for n, text in enumerate(nasty)]
    found = imported(form(*items))
    texts = [value for key, value in found.parts["wording.en"]["strings"].items() if "text" in key]
    assert len(texts) == len(nasty)
    assert all("Hello" in text for text in texts)
    assert not any(re.search("<[a-zA-Z/!]", text) or "onerror" in text for text in texts)
    assert write_draft(found, tmp_path).is_dir()


REFUSED = [
    (b"", "line 1"),
    (b"{", "line 1"),
    (b"\xff\xfe", "line 1"),
    (b"[]", "the file"),
    (b"null", "the file"),
    (b'{"resourceType": "Patient"}', "resourceType"),
    (b'{"resourceType": "Questionnaire"}', "Questionnaire.item"),
    (b'{"resourceType": "Questionnaire", "item": {}}', "Questionnaire.item"),
    (b'{"resourceType": "Questionnaire", "item": [5]}', "Questionnaire.item[0]"),
    (b'{"resourceType": "Questionnaire", "item": [{"linkId": "1"}]}', "Questionnaire.item[0].type"),
    (b'{"resourceType": "Questionnaire", "language": "../x"}', "Questionnaire.language"),
    (b'{"a": 1, "a": 2}', "the file"),
    (b'{"a": NaN}', "the file"),
    (b'{"a": 1e999999}', "the file"),
    (b'{"a": ' + b"9" * 5000 + b"}", "the file"),
    (b'{"a": "\\ud800"}', "the file"),
    (b"[" * (MAX_DEPTH + 1), "the file"),
    (b" " * (MAX_BYTES + 1), "the file"),
]


@pytest.mark.parametrize(("content", "place"), REFUSED, ids=range(len(REFUSED)))
def test_a_file_that_is_no_questionnaire_is_refused_with_the_place(content, place) -> None:
    with pytest.raises(ExchangeError) as refused:
        imported(content)
    assert refused.value.place == place
    assert refused.value.reason


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "item",
                        "linkId",
                        "type",
                        "text",
                        "_text",
                        "answerOption",
                        "valueCoding",
                        "code",
                    ),
                    *(
                        "extension",
                        "url",
                        "valueDecimal",
                        "answerValueSet",
                        "contained",
                        "enableWhen",
                    ),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(ANY_JSON, ANY_JSON)
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_an_item_ends_in_a_draft_or_a_sentence(item, contained) -> None:
    resource = form(question("1", answerOption=scale()), item, contained=contained)
    with suppress(ExchangeError):
        assert imported(resource).parts["structure"]["items"]


def test_nothing_is_half_written(tmp_path, monkeypatch) -> None:
    found = imported(form(question("1", answerOption=scale())))
    written = []

    def full_disk(path: Path, text: str, encoding: str) -> None:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        path.write_bytes(text.encode(encoding))

    monkeypatch.setattr(drafts.Path, "write_text", full_disk)
    with pytest.raises(ExchangeError, match="No space left"):
        write_draft(found, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "sample-form" / "1").exists()


def test_a_draft_never_replaces_what_is_there(tmp_path) -> None:
    found = imported(form(question("1", answerOption=scale())))
    folder = write_draft(found, tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ExchangeError, match="is there already"):
        write_draft(found, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["1"]


def test_a_large_form_is_read_in_moments() -> None:
    items = [question(str(n), text="x" * 900, answerOption=scale()) for n in range(800)]
    resource = json.dumps(form(*items)).encode()
    assert len(resource) > 1_000_000
    assert len(imported(resource).parts["structure"]["items"]) == 800
    many = ({"linkId": str(n), "type": "display"} for n in range(5001))
    with pytest.raises(ExchangeError, match="more than 5000 items"):
        imported(form(*many))
