"""A definition as XLSForm (ODK, Kobo): survey, choices and settings sheets of one .xlsx file.

Both languages are named; there is no unnamed default one, which other tools grow by themselves
(pyxform #32). Our own parts stand in a sheet of their own, `tirek`, which ODK's converter passes
over, so that our file comes back as it went.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from tirek.catalog.exchange import conditions, texts
from tirek.catalog.exchange.blank_words import DECLINE
from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.flat_form import FlatForm, FlatItem, FlatOption, draft_of
from tirek.catalog.exchange.foreign import ExchangeError, Remark
from tirek.catalog.exchange.own_parts import draft_of_parts, parts_of, pieces
from tirek.catalog.exchange.redcap_names import form_name
from tirek.catalog.exchange.unpack import is_archive, unpacked
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import Instrument, Item, Required
from tirek.domain.scoring import as_number

LANGUAGES = {"kk": "Kazakh (kk)", "ru": "Russian (ru)"}
LABEL = "label"
# `label::Kazakh (kk)`, or `label` alone.
LABELLED = re.compile(r"label(?:\s*::\s*(?P<name>.+))?", re.IGNORECASE)
LANG_CODE = re.compile(r"\(([A-Za-z]{2,3})(?:-[A-Za-z0-9]+)?\)\s*$")
SELECTED = re.compile(r"select[_ ](one|multiple)(?:_from_file)?\s+(\S+)", re.IGNORECASE)
OWN_SHEET = "tirek"
DECLINED_CODE = "declined"
MAX_ROWS = 5_000
KINDS = {
    "note": "display",
    "calculate": "decimal",
    "text": "string",
    "integer": "integer",
    "decimal": "decimal",
    "date": "date",
    "begin repeat": "group",
    "begin_repeat": "group",
}
PASSED_OVER = frozenset(
    {"begin group", "begin_group", "end group", "end_group", "end repeat", "end_repeat",
     "start", "end", "today", "deviceid", "username", "audit"}
)  # fmt: skip
Row = Mapping[str, str]


def write(files: InstrumentFiles, wanted: Wanted) -> bytes:
    """Return the workbook; raise ExchangeError for a language that is not there."""
    from openpyxl import Workbook  # noqa: PLC0415 - this export alone needs it

    instrument = files.instrument
    langs = texts.languages(instrument, wanted)
    book = Workbook(write_only=True)
    for title, rows in (
        ("survey", _survey(instrument, langs)),
        ("choices", _choices(instrument, langs, is_public=wanted.is_public)),
        ("settings", _settings(instrument, langs)),
        (OWN_SHEET, _own(files, wanted)),
    ):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([_as_cell(sheet, value) for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def read(content: bytes, name: str) -> Draft:
    """Return the draft of a workbook; raise ExchangeError with sheet and row."""
    sheets = _sheets(content)
    own = _own_pairs(sheets.get(OWN_SHEET, []))
    if own:
        return draft_of_parts(own)
    if "survey" not in sheets:
        raise ExchangeError("the file", "has no sheet 'survey'")
    langs = _languages(sheets["survey"])
    options = _option_lists(sheets.get("choices", []), langs)
    remarks: list[Remark] = []
    items = [
        item
        for number, row in sheets["survey"]
        for item in [_item(number, row, options, langs, remarks)]
        if item is not None
    ]
    settings = dict(sheets["settings"][0][1]) if sheets.get("settings") else {}
    title = settings.get("form_title", "")
    return draft_of(
        FlatForm(
            settings.get("form_id") or name,
            "an XLSForm",
            list(langs.values()),
            {lang: title for lang in list(langs.values())[:1] if title},
            items,
            remarks,
        )
    )


def _as_cell(sheet: Any, value: object) -> object:
    """A cell whose text stays a text also where it begins like a formula."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 (see `write`)

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell


def _heads(langs: Sequence[str]) -> list[str]:
    return [f"{LABEL}::{LANGUAGES.get(lang, lang)}" for lang in langs]


def _survey(instrument: Instrument, langs: Sequence[str]) -> Iterator[list[str]]:
    yield ["type", "name", *_heads(langs), "required", "relevant"]
    for key in ("intro", "recall"):
        said = [texts.leading_text(instrument, lang, key) or "" for lang in langs]
        if all(said):
            yield ["note", key, *said, "", ""]
    for item in instrument.items:
        labels = [texts.item_text(instrument, lang, item.id) for lang in langs]
        required = "yes" if item.required is Required.HARD else ""
        yield [
            f"select_one {item.options}",
            item.id,
            *labels,
            required,
            _relevant(instrument, item),
        ]


def _relevant(instrument: Instrument, item: Item) -> str:
    return conditions.written(
        instrument,
        item.show_if,
        lambda other, code: f"${{{other}}} = '{code}'",
        {"code": DECLINED_CODE},
    )


def _choices(
    instrument: Instrument, langs: Sequence[str], *, is_public: bool
) -> Iterator[list[object]]:
    yield ["list_name", "name", *_heads(langs), *([] if is_public else ["weight"])]
    for name, options in instrument.structure.option_sets.items():
        for option in options:
            labels = [instrument.text(lang, f"{name}.{option.code}") for lang in langs]
            weight: list[object] = [] if is_public else [as_number(option.weight)]
            yield [name, option.code, *labels, *weight]
        if instrument.structure.may_decline:
            yield [name, DECLINED_CODE, *(DECLINE[lang] for lang in langs)]


def _settings(instrument: Instrument, langs: Sequence[str]) -> Iterator[list[str]]:
    yield ["form_title", "form_id", "version", "default_language"]
    yield [
        instrument.text(langs[0], "title"),
        form_name(instrument.id),
        instrument.structure.version,
        LANGUAGES.get(langs[0], langs[0]),
    ]


def _own(files: InstrumentFiles, wanted: Wanted) -> Iterator[list[object]]:
    yield ["part", "piece", "content"]
    for name, content in parts_of(files, wanted):
        for number, piece in enumerate(pieces(content), 1):
            yield [name, number, piece]


def _own_pairs(rows: Sequence[tuple[int, Row]]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for _, row in rows:
        name = row.get("part", "")
        found[name] = found.get(name, "") + row.get("content", "")
    return list(found.items())


def _sheets(content: bytes) -> dict[str, list[tuple[int, Row]]]:
    """The rows of every sheet by column, with their numbers; strangers' files are kept small."""
    from openpyxl import load_workbook  # noqa: PLC0415 (see `write`)

    if not is_archive(content):
        raise ExchangeError("the file", "is no .xlsx workbook")
    unpacked(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        return {sheet.title.strip().casefold(): list(_sheet(sheet)) for sheet in book.worksheets}
    except ExchangeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a stranger's workbook makes the reader do
        raise ExchangeError("the file", f"cannot be read ({type(error).__name__})") from None


def _sheet(sheet: Any) -> Iterator[tuple[int, Row]]:
    header: list[str] = []
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MAX_ROWS:
            raise ExchangeError(f"sheet {sheet.title}", f"has more than {MAX_ROWS} rows")
        written = [_cell(cell) for cell in cells]
        if not header:
            header = [cell.strip() for cell in written]
        elif any(cell.strip() for cell in written):
            yield number, dict(zip(header, written, strict=False))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _languages(rows: Sequence[tuple[int, Row]]) -> dict[str, str]:
    """Columns of labels and the language of each; a column without one is taken as English."""
    found: dict[str, str] = {}
    for column in rows[0][1] if rows else {}:
        match = LABELLED.fullmatch(column)
        if match is None:
            continue
        name = match["name"] or "English (en)"
        code = LANG_CODE.search(name)
        found[column] = code.group(1).casefold() if code else _short(name)
    if not found:
        raise ExchangeError("sheet survey", "has no column 'label'")
    return found


def _short(name: str) -> str:
    known = {"kazakh": "kk", "қазақша": "kk", "russian": "ru", "русский": "ru", "english": "en"}
    return known.get(name.strip().casefold(), "en")


def _labels(row: Row, langs: Mapping[str, str]) -> dict[str, str]:
    return {lang: row.get(column, "") for column, lang in langs.items()}


def _option_lists(
    rows: Sequence[tuple[int, Row]], langs: Mapping[str, str]
) -> dict[str, list[FlatOption]]:
    lists: dict[str, list[FlatOption]] = {}
    for number, row in rows:
        name = row.get("list_name") or row.get("list name") or ""
        code = (row.get("name") or row.get("value") or "").strip()
        if not name.strip() or not code:
            raise ExchangeError(f"sheet choices, row {number}", "has no list_name or no name")
        lists.setdefault(name.strip(), []).append(FlatOption(code, _labels(row, langs)))
    return lists


def _item(
    number: int,
    row: Row,
    options: Mapping[str, Sequence[FlatOption]],
    langs: Mapping[str, str],
    remarks: list[Remark],
) -> FlatItem | None:
    place = f"sheet survey, row {number}"
    kind, name = row.get("type", "").strip(), row.get("name", "").strip()
    if kind.casefold() in PASSED_OVER or not kind:
        return None
    selected = SELECTED.match(kind)
    listed: Sequence[FlatOption] = ()
    if selected:
        if selected.group(2) not in options:
            said = f"the list {selected.group(2)[:40]!r} is not on the sheet of choices"
            raise ExchangeError(place, said)
        listed = options[selected.group(2)]
    if row.get("constraint", "").strip():
        remarks.append(Remark(place, "has a constraint, which is not taken"))
    return FlatItem(
        place,
        name or f"row {number}",
        "choice" if selected else KINDS.get(kind.casefold(), kind.casefold()),
        _labels(row, langs),
        listed,
        required=row.get("required", "").strip().casefold() in {"yes", "true", "true()", "1"},
        has_condition=bool(row.get("relevant", "").strip()),
        is_computed=kind.casefold() == "calculate",
        takes_several=bool(selected and selected.group(1).casefold() == "multiple"),
    )
