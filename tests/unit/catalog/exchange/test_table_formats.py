"""REDCap, XLSForm, ReproSchema: others take what goes out, and it comes back or says why not."""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from pyxform.xls2xform import convert

from tests.unit.catalog.conftest import INSTRUMENTS
from tirek.catalog.canonical import content_hash
from tirek.catalog.exchange import redcap, reproschema, xlsform
from tirek.catalog.exchange.draft import write_draft
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.catalog.instruments import check, folders

WHOLE = {"structure", "scoring", "interpretation", "cases", "wording.kk", "wording.ru"}


def files_of(folder: Path) -> InstrumentFiles:
    files, findings = check(folder)
    assert files is not None, findings
    return files


ALL = [files_of(folder) for folder in folders(INSTRUMENTS)]
NAMES = [f"{files.instrument.id}/{files.instrument.major}" for files in ALL]
each_instrument = pytest.mark.parametrize("files", ALL, ids=NAMES)


def named(instrument_id: str) -> InstrumentFiles:
    return next(files for files in ALL if files.instrument.id == instrument_id)


@each_instrument
@pytest.mark.parametrize("form", [xlsform, reproschema])
def test_our_own_file_comes_back_with_the_same_hashes(form, files: InstrumentFiles) -> None:
    draft = form.read(form.write(files, Wanted()), "x")
    may = files.instrument.structure.licence.may["export_wording"]
    kept = {name for name in WHOLE if may or not name.startswith("wording.")}
    assert kept == {*draft.parts}
    assert draft.id == files.instrument.id
    for name in kept:
        assert content_hash(draft.parts[name]) == content_hash(files.documents[name].data), name


@each_instrument
def test_odks_own_converter_takes_the_form(files: InstrumentFiles, tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    path.write_bytes(xlsform.write(files, Wanted()))
    converted = convert(path, validate=False)
    assert [one for one in converted.warnings if "tirek" not in one] == []
    instrument = files.instrument
    for item in instrument.items:
        assert f'/{item.id}"' in converted.xform
    for lang in ("kk", "ru"):
        assert f"({lang})" in converted.xform


@pytest.mark.parametrize("form", [xlsform, reproschema, redcap])
def test_what_the_licence_keeps_at_home_is_in_no_file(form) -> None:
    files = named("smfq")
    content = form.write(files, Wanted())
    raw = content
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as archive:
            raw = b"".join(archive.read(name) for name in archive.namelist())
    text = raw.decode("utf-8", "ignore")
    for lang in ("kk", "ru"):
        strings = files.instrument.wording(lang).strings
        assert strings["q1.text"] not in text
    assert files.instrument.wording("kk").strings["q1.topic"] in text


@pytest.mark.parametrize("form", [xlsform, reproschema])
def test_a_copy_for_the_public_holds_no_weight_and_no_cut_off(form) -> None:
    content = form.write(named("phq-a"), Wanted(is_public=True))
    with ZipFile(BytesIO(content)) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "ignore")
    assert "weight" not in text
    assert "totalHigh" not in text


def test_an_unknown_language_is_a_sentence() -> None:
    for form in (xlsform, reproschema, redcap):
        with pytest.raises(ExchangeError, match="'de'"):
            form.write(named("who-5"), Wanted(lang="de"))


@each_instrument
def test_a_dictionary_has_redcaps_eighteen_columns_and_a_row_for_each_item(
    files: InstrumentFiles,
) -> None:
    rows = list(csv.DictReader(StringIO(redcap.write(files, Wanted(lang="ru")).decode())))
    instrument = files.instrument
    assert list(rows[0]) == list(redcap.COLUMNS)
    assert len(rows) == len(instrument.items)
    for item, row in zip(instrument.items, rows, strict=True):
        codes = [choice.split(",")[0].strip() for choice in row[redcap.CHOICES].split("|")]
        assert [code for code in codes if code != "-98"] == [
            option.code for option in instrument.options(item.id)
        ]
        assert row[redcap.NAME].replace("_", "").isalnum()
        assert bool(row[redcap.LOGIC]) is (item.show_if is not None)
    names = [row[redcap.NAME] for row in rows]
    assert len(set(names)) == len(names)


def test_a_dictionary_comes_back_as_a_draft_without_a_key(tmp_path: Path) -> None:
    draft = redcap.read(redcap.write(named("phq-a"), Wanted(lang="ru")), "phq")
    structure = draft.parts["structure"]
    assert isinstance(structure, dict)
    assert [item["id"] for item in structure["items"]] == [f"q{n}" for n in range(1, 14)]
    assert draft.parts["scoring"]["scales"] == {
        "todo": "write the key from the rights-holder's document, cited by page"
    }
    folder = write_draft(draft, tmp_path)
    assert check(folder)[1], "a draft without a key must not pass the lints"


FOREIGN = """\
field_name,form_name,field_type,field_label,select_choices_or_calculations,branching_logic
record_id,mood,text,Record,,
m1,mood,radio,"How are you, today?","0, well | 1, so-so | 2, badly",
m2,mood,yesno,Tired?,,[m1] > 0
m3,mood,calc,Total,"sum([m1],[m2])",
m4,mood,notes,Anything else?,,
"""


def test_a_foreign_dictionary_says_row_by_row_what_it_lost() -> None:
    draft = redcap.read(FOREIGN.encode(), "mood")
    said = {remark.place: remark.text for remark in draft.remarks}
    assert draft.id == "mood"
    assert "computed" in said["line 5"]
    assert "text" in said["line 6"]
    assert "show_if" in said["line 4"]
    strings = draft.parts["wording.en"]["strings"]
    assert strings["q1.text"] == "How are you, today?"


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (("field_type", "kind"), "line 1", "Field Type"),
        (("0, well | 1", "well | 1"), "line 3", "no choice"),
        (("m2,mood", ",mood"), "line 4", "Variable"),
        (("Tired?,,", "Tired?,"), "line 4", "cells"),
        (('"0, well', '"0, "well'), "line 3", ""),
    ],
)
def test_a_broken_dictionary_is_a_sentence_with_its_line(change, place: str, said: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        redcap.read(FOREIGN.replace(*change).encode(), "mood")
    assert caught.value.place == place
    assert said in caught.value.reason


def a_workbook(survey: list[list[object]], choices: list[list[object]]) -> bytes:
    book = Workbook()
    for title, rows in (("survey", survey), ("choices", choices)):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


SURVEY: list[list[object]] = [
    ["type", "name", "label::English (en)", "label::Қазақша (kk)", "required", "relevant"],
    ["begin group", "g", "All", "Бәрі", None, None],
    ["select_one how", "a", "How?", "Қалай?", "yes", None],
    ["select_multiple how", "b", "And?", "Тағы?", None, "${a} = '1'"],
    ["text", "c", "More", "Тағы", None, None],
    ["end group", None, None, None, None, None],
]
CHOICES: list[list[object]] = [
    ["list_name", "name", "label::English (en)", "label::Қазақша (kk)"],
    ["how", 0, "well", "жақсы"],
    ["how", 1, "badly", "жаман"],
]


def test_a_foreign_form_is_taken_in_its_languages() -> None:
    draft = xlsform.read(a_workbook(SURVEY, CHOICES), "form")
    assert draft.parts["wording.kk"]["strings"]["q1.text"] == "Қалай?"
    assert draft.parts["wording.en"]["strings"]["set1.1"] == "badly"
    places = {remark.place.split(".")[0] for remark in draft.remarks}
    assert {"sheet survey, row 4", "sheet survey, row 5"} <= places


@pytest.mark.parametrize(
    ("survey", "choices", "place"),
    [
        (SURVEY, [CHOICES[0]], "sheet survey, row 3"),
        (SURVEY, [*CHOICES, ["how", None, "x", "y"]], "sheet choices, row 4"),
        ([["type", "name"], ["note", "n"]], CHOICES, "sheet survey"),
    ],
)
def test_a_broken_form_is_a_sentence_with_sheet_and_row(survey, choices, place: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        xlsform.read(a_workbook(survey, choices), "form")
    assert caught.value.place == place


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello", b"PK\x03\x04" + b"\0" * 500])
def test_what_is_no_archive_is_a_sentence(content: bytes) -> None:
    for form in (xlsform, reproschema):
        with pytest.raises(ExchangeError):
            form.read(content, "x")


def test_an_archive_that_grows_without_end_is_refused() -> None:
    content = BytesIO()
    with ZipFile(content, "w", 8) as archive:
        archive.writestr("a_schema", b"0" * 70_000_000)
    for form in (xlsform, reproschema):
        with pytest.raises(ExchangeError, match="more than we read"):
            form.read(content.getvalue(), "x")


def test_a_text_that_begins_like_a_formula_stays_a_text() -> None:
    files = named("who-5")
    book = load_workbook(BytesIO(xlsform.write(files, Wanted())))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n", "inlineStr"}


def an_activity(**changed: object) -> bytes:
    item = {
        "category": "reproschema:Item",
        "question": {"en": "How?"},
        "ui": {"inputType": "radio"},
        "responseOptions": "../how",
    }
    how = {"choices": [{"name": {"en": "well"}, "value": 0}, {"name": {"en": "badly"}, "value": 1}]}
    activity = {
        "category": "reproschema:Activity",
        "id": "mood_schema",
        "ui": {"order": ["items/a"], "addProperties": [{"isAbout": "items/a", "isVis": "b > 1"}]},
        **changed,
    }
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        for path, node in {
            "m/mood_schema": activity, "m/items/a": item, "m/how": how, "m/README.md": None
        }.items():  # fmt: skip
            archive.writestr(path, json.dumps(node) if node else "# words")
    return content.getvalue()


def test_a_foreign_activity_is_taken_with_shared_options() -> None:
    draft = reproschema.read(an_activity(compute=[{"jsExpression": "a"}]), "x")
    assert draft.id == "mood"
    assert draft.parts["wording.en"]["strings"]["q1.text"] == "How?"
    said = [str(remark) for remark in draft.remarks]
    assert any("programs" in one for one in said)
    assert any(one.startswith("m/items/a") and "show_if" in one for one in said)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"ui": {}}, "m/mood_schema, ui.order"),
        ({"ui": {"order": ["items/none"]}}, "m/mood_schema, ui.order"),
        ({"category": "other"}, "the file"),
    ],
)
def test_a_broken_activity_is_a_sentence_with_its_file(changed, place: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        reproschema.read(an_activity(**changed), "x")
    assert caught.value.place == place
