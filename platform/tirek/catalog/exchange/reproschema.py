"""A definition as ReproSchema 1.0: an activity and its items as JSON-LD files in one .zip.

What ReproSchema has a word for is said in it; our own parts stand in the activity's
`additionalNotesObj`, so that our file comes back as it went. Scores are not written as JavaScript:
its evaluators take a skipped item for a zero.
"""

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from posixpath import dirname, join, normpath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tirek.catalog.exchange import conditions, texts
from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.flat_form import FlatForm, FlatItem, FlatOption, draft_of
from tirek.catalog.exchange.foreign import ExchangeError, Remark, read_json
from tirek.catalog.exchange.own_parts import draft_of_parts, parts_of
from tirek.catalog.exchange.redcap_names import form_name
from tirek.catalog.exchange.unpack import is_archive, unpacked
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import Instrument, Item, Required

CONTEXT = "https://raw.githubusercontent.com/ReproNim/reproschema/main/releases/1.0.0/reproschema"
SCHEMA_VERSION = "1.0.0"
ACTIVITY, ITEM = "reproschema:Activity", "reproschema:Item"
NOTES = "additionalNotesObj"
# Names that older releases gave the same types.
ACTIVITIES = frozenset({ACTIVITY, "Activity", "reproschema:Activity"})
KINDS = {"radio": "choice", "select": "choice", "static": "display", "number": "integer"}
KINDS |= {"text": "string", "slider": "integer", "date": "date", "float": "decimal"}
# The oldest time that a .zip can hold: the same files give the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
Node = Mapping[str, object]


def write(files: InstrumentFiles, wanted: Wanted) -> bytes:
    """Return the .zip; raise ExchangeError for a language that is not there."""
    instrument = files.instrument
    langs = texts.languages(instrument, wanted)
    folder = form_name(instrument.id)
    written = {f"{folder}/{folder}_schema": _activity(files, wanted, langs)}
    for item in instrument.items:
        written[f"{folder}/items/{item.id}"] = _item(instrument, item, langs)
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, node in written.items():
            text = json.dumps(node, ensure_ascii=False, indent=2)
            archive.writestr(ZipInfo(name, EPOCH), text + "\n", ZIP_DEFLATED)
    return content.getvalue()


def read(content: bytes, name: str) -> Draft:
    """Return the draft of a .zip with one activity; raise ExchangeError with the file in it."""
    nodes = _nodes(content)
    path, activity = _the_activity(nodes)
    own = _own_pairs(activity)
    if own:
        return draft_of_parts(own)
    items = [
        _flat_item(place, node, each, nodes) for place, node, each in _items(path, activity, nodes)
    ]
    titles = _said(activity.get("prefLabel"))
    langs = sorted({lang for item in items for lang in item.texts} | set(titles)) or ["en"]
    # English is what most of the library is written in; it is the base where it is there.
    langs.sort(key=lambda lang: lang != "en")
    identity = activity.get("id", activity.get("@id"))
    called = identity if isinstance(identity, str) else name
    remarks = [Remark(path, "the scores of this file are programs and were not taken")]
    return draft_of(
        FlatForm(
            called.removesuffix("_schema").rsplit("/", 1)[-1],
            "a ReproSchema activity",
            langs,
            titles,
            items,
            remarks if activity.get("compute") or _ui(activity).get("compute") else (),
        )
    )


def _activity(files: InstrumentFiles, wanted: Wanted, langs: tuple[str, ...]) -> Node:
    instrument = files.instrument
    preamble = {lang: texts.leading_text(instrument, lang, "intro") for lang in langs}
    properties = [
        {
            "isAbout": f"items/{item.id}",
            "variableName": item.id,
            "isVis": _visible(instrument, item),
            "valueRequired": item.required is Required.HARD,
        }
        for item in instrument.items
    ]
    skips = ["reproschema:AllowSkip"] if instrument.structure.may_decline else []
    node: dict[str, object] = {
        "@context": CONTEXT,
        "id": f"{form_name(instrument.id)}_schema",
        "category": ACTIVITY,
        "prefLabel": {lang: instrument.text(lang, "title") for lang in langs},
        "description": {"en": instrument.structure.source.citation},
        "schemaVersion": SCHEMA_VERSION,
        "version": instrument.structure.version,
        "preamble": {lang: text for lang, text in preamble.items() if text},
        "ui": {
            "shuffle": instrument.structure.layout.shuffle,
            "order": [f"items/{item.id}" for item in instrument.items],
            "addProperties": properties,
            "allow": skips,
        },
    }
    parts = [
        {"source": "tirek", "column": name, "value": content}
        for name, content in parts_of(files, wanted)
    ]
    return node | ({NOTES: parts} if parts else {})


def _item(instrument: Instrument, item: Item, langs: tuple[str, ...]) -> Node:
    choices = [
        {
            "name": {
                lang: instrument.text(lang, f"{item.options}.{option.code}") for lang in langs
            },
            "value": option.code,
        }
        for option in instrument.options(item.id)
    ]
    return {
        "@context": CONTEXT,
        "id": item.id,
        "category": ITEM,
        "prefLabel": {"en": item.id},
        "schemaVersion": SCHEMA_VERSION,
        "version": instrument.structure.version,
        "question": {lang: texts.item_text(instrument, lang, item.id) for lang in langs},
        "ui": {"inputType": "radio"},
        "responseOptions": {
            "valueType": ["xsd:string"],
            "multipleChoice": False,
            "choices": choices,
        },
    }


def _visible(instrument: Instrument, item: Item) -> bool | str:
    if item.show_if is None:
        return True
    return (
        conditions.written(
            instrument,
            item.show_if,
            lambda other, code: f"{other} == '{code}'",
            {"code": "declined"},
        )
        .replace(" or ", " || ")
        .replace(" and ", " && ")
    )


def _nodes(content: bytes) -> dict[str, Node]:
    """The JSON objects of a .zip by their paths; a single JSON file is an archive of one."""
    raw = unpacked(content) if is_archive(content) else {"the file": content}
    found = ((path, _node(path, each)) for path, each in raw.items())
    return {path: node for path, node in found if node is not None}


def _node(path: str, content: bytes) -> Node | None:
    """The JSON object in a file; what is none beside an activity is a picture or a licence."""
    try:
        node = read_json(content)
    except ExchangeError as error:
        if path == "the file" or path.endswith("_schema"):
            raise ExchangeError(f"{path}, {error.place}", error.reason) from None
        return None
    return node if isinstance(node, dict) else None


def _the_activity(nodes: Mapping[str, Node]) -> tuple[str, Node]:
    found = [
        (path, node)
        for path, node in nodes.items()
        if {node.get("category"), node.get("@type")} & ACTIVITIES
    ]
    if len(found) != 1:
        said = "holds no ReproSchema activity" if not found else "holds more than one activity"
        raise ExchangeError("the file", said)
    return found[0]


def _own_pairs(activity: Node) -> list[tuple[str, str]]:
    notes = activity.get(NOTES)
    return [
        (str(note.get("column")), str(note.get("value")))
        for note in (notes if isinstance(notes, list) else [])
        if isinstance(note, dict) and note.get("source") == "tirek"
    ]


def _ui(node: Node) -> Node:
    found = node.get("ui")
    return found if isinstance(found, dict) else {}


def _items(
    path: str, activity: Node, nodes: Mapping[str, Node]
) -> Iterator[tuple[str, Node, Node]]:
    """Yield (place, item, what the activity adds to it) in the order of the activity."""
    order = _ui(activity).get("order")
    if isinstance(order, dict):
        order = order.get("@list")
    if not isinstance(order, list) or not order:
        raise ExchangeError(f"{path}, ui.order", "lists no items")
    properties = _ui(activity).get("addProperties")
    added = {
        str(each.get("isAbout")): each
        for each in (properties if isinstance(properties, list) else [])
        if isinstance(each, dict)
    }
    for reference in order:
        name = reference.get("@id") if isinstance(reference, dict) else reference
        if not isinstance(name, str):
            raise ExchangeError(f"{path}, ui.order", "names an item by something that is no text")
        place = normpath(join(dirname(path), name))
        if place not in nodes:
            raise ExchangeError(f"{path}, ui.order", f"names {name[:60]!r}, which is not there")
        yield place, nodes[place], added.get(name, {})


def _flat_item(place: str, node: Node, added: Node, nodes: Mapping[str, Node]) -> FlatItem:
    responses = node.get("responseOptions")
    if isinstance(responses, str):
        responses = nodes.get(normpath(join(dirname(place), responses)))
        if responses is None:
            raise ExchangeError(f"{place}, responseOptions", "names a file that is not there")
    options = _options(responses, place) if isinstance(responses, dict) else []
    kind = _ui(node).get("inputType")
    several = isinstance(responses, dict) and responses.get("multipleChoice") is True
    visible = added.get("isVis", True)
    name = added.get("variableName")
    return FlatItem(
        place,
        name if isinstance(name, str) and name else place.rsplit("/", 1)[-1],
        KINDS.get(str(kind), str(kind or "string")),
        _said(node.get("question")) or _said(node.get("prefLabel")),
        options,
        required=added.get("valueRequired") is True,
        has_condition=visible not in (True, "true", None),
        takes_several=several,
    )


def _options(responses: Node, place: str) -> list[FlatOption]:
    choices = responses.get("choices")
    found = []
    for index, choice in enumerate(choices if isinstance(choices, list) else []):
        if not isinstance(choice, dict) or not isinstance(choice.get("value"), str | int):
            raise ExchangeError(f"{place}, choices[{index}]", "is no choice with a value")
        found.append(FlatOption(str(choice["value"]), _said(choice.get("name"))))
    return found


def _said(value: object) -> dict[str, str]:
    """A language map; a bare text is English."""
    if isinstance(value, str):
        return {"en": value}
    if not isinstance(value, dict):
        return {}
    return {
        lang.split("-")[0]: text
        for lang, text in value.items()
        if isinstance(lang, str) and isinstance(text, str) and lang.split("-")[0].isalpha()
    }
