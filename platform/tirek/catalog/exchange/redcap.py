"""A definition as REDCap's data dictionary: eighteen columns, one row a field.

A dictionary has no place for a key, a rule for blanks, a cut-off, or a second language, so none of
them travels: what comes back is a draft whose scoring must be written anew. Totals are not made
calculated fields, because REDCap's sum() silently leaves blanks out.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from io import StringIO

from tirek.catalog.exchange import conditions, texts
from tirek.catalog.exchange.blank_words import DECLINE
from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.flat_form import FlatForm, FlatItem, FlatOption, draft_of
from tirek.catalog.exchange.foreign import ExchangeError, Remark, read_text
from tirek.catalog.exchange.redcap_names import BLANK_CODES, field_name, form_name
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import AnswerState, Instrument, Item, Required

COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
NAME, FORM, HEADER, TYPE, LABEL, CHOICES = COLUMNS[:6]
LOGIC, REQUIRED, ANNOTATION = COLUMNS[11], COLUMNS[12], COLUMNS[17]
# What API exports call the same columns.
API_NAMES = {
    "field_name": NAME,
    "form_name": FORM,
    "section_header": HEADER,
    "field_type": TYPE,
    "field_label": LABEL,
    "select_choices_or_calculations": CHOICES,
    "branching_logic": LOGIC,
    "required_field": REQUIRED,
    "field_annotation": ANNOTATION,
}
KINDS = {
    "radio": "choice",
    "dropdown": "choice",
    "checkbox": "choice",
    "yesno": "choice",
    "truefalse": "choice",
    "descriptive": "display",
    "calc": "decimal",
    "text": "string",
    "notes": "text",
    "slider": "integer",
    "file": "attachment",
}
YES_NO = {"yesno": (("1", "Yes"), ("0", "No")), "truefalse": (("1", "True"), ("0", "False"))}
# REDCap's own fields of a record hold no question.
RECORD_ID = "record_id"
SEPARATOR = re.compile(r"\s*\|\s*")


def write(files: InstrumentFiles, wanted: Wanted) -> bytes:
    """Return the dictionary in one language (Kazakh unless another is wanted)."""
    instrument = files.instrument
    lang = texts.languages(instrument, wanted)[0]
    sheet = StringIO()
    writer = csv.DictWriter(sheet, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for index, item in enumerate(instrument.items):
        row = _row(instrument, item, lang)
        if index == 0:
            row[HEADER] = texts.leading_text(instrument, lang, "recall") or ""
        writer.writerow(row)
    return sheet.getvalue().encode()


def read(content: bytes, name: str) -> Draft:
    """Return the draft of a dictionary; raise ExchangeError with the line that stops it."""
    rows = list(_rows(content))
    items = [item for line, row in rows for item in [_item(line, row)] if item is not None]
    if not items:
        raise ExchangeError("the file", "names no field below its header")
    form = next((row[FORM] for _, row in rows if row.get(FORM)), name)
    return draft_of(
        FlatForm(
            form, f"a REDCap data dictionary ({form})", ("en",), {"en": form}, items, _remarks(rows)
        )
    )


def _row(instrument: Instrument, item: Item, lang: str) -> dict[str, str]:
    choices = [
        (option.code, instrument.text(lang, f"{item.options}.{option.code}"))
        for option in instrument.options(item.id)
    ]
    if instrument.structure.may_decline:
        choices.append((BLANK_CODES[AnswerState.DECLINED], DECLINE[lang]))
    logic = conditions.written(
        instrument,
        item.show_if,
        lambda other, code: f"[{field_name(instrument.id, other)}] = '{code}'",
        {"code": BLANK_CODES[AnswerState.DECLINED]},
    )
    return {
        NAME: field_name(instrument.id, item.id),
        FORM: form_name(instrument.id),
        TYPE: "radio",
        LABEL: texts.item_text(instrument, lang, item.id),
        # A bar divides choices, so none may stand inside a label.
        CHOICES: " | ".join(f"{code}, {label.replace('|', '/')}" for code, label in choices),
        LOGIC: logic,
        REQUIRED: "y" if item.required is Required.HARD else "",
    }


def _rows(content: bytes) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(StringIO(read_text(content), newline=""), strict=True)
    try:
        header = [API_NAMES.get(cell.strip(), cell.strip()) for cell in next(reader, [])]
        for needed in (NAME, TYPE, LABEL, CHOICES):
            if needed not in header:
                raise ExchangeError("line 1", f"lacks the column {needed!r} of a data dictionary")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                said = f"has {len(cells)} cells, the header {len(header)}"
                raise ExchangeError(f"line {reader.line_num}", said)
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise ExchangeError(f"line {reader.line_num}", f"is not CSV: {error}") from None


def _item(line: int, row: Mapping[str, str]) -> FlatItem | None:
    kind, name = row[TYPE].strip().casefold(), row[NAME].strip()
    if name == RECORD_ID:
        return None
    place = f"line {line}"
    if not name:
        raise ExchangeError(place, f"has no {NAME!r}")
    options = [
        FlatOption(code, {"en": label})
        for code, label in YES_NO.get(kind) or _choices(row[CHOICES], kind, place)
    ]
    return FlatItem(
        place,
        name,
        KINDS.get(kind, kind or "string"),
        {"en": row[LABEL]},
        options,
        required=row.get(REQUIRED, "").strip().casefold() == "y",
        has_condition=bool(row.get(LOGIC, "").strip()),
        is_computed=kind == "calc",
        takes_several=kind == "checkbox",
    )


def _choices(text: str, kind: str, place: str) -> list[tuple[str, str]]:
    if KINDS.get(kind) != "choice":
        return []
    found: list[tuple[str, str]] = []
    for choice in SEPARATOR.split(text.strip()):
        code, comma, label = choice.partition(",")
        if not comma or not code.strip():
            raise ExchangeError(place, f"{choice[:40]!r} is no choice like '1, Yes'")
        if code.strip() not in BLANK_CODES.values():
            found.append((code.strip(), label.strip()))
    return found


def _remarks(rows: list[tuple[int, Mapping[str, str]]]) -> tuple[Remark, ...]:
    """What a dictionary says beside its fields, and what it does not say: its language."""
    found = [Remark("the file", "does not say its language; the labels were taken as English")]
    found += [
        Remark(f"line {line}", f"{column} {row[column][:60]!r} is not taken")
        for line, row in rows
        for column in (HEADER, ANNOTATION)
        if row.get(column, "").strip()
    ]
    return tuple(found)
