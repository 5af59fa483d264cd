"""A Questionnaire of somebody else's as a draft: what it says is taken, what it does not is a todo.

A total that some tool computed, a level that some tool drew: neither is a key. So there is never a
scoring, an interpretation or a golden case in what comes out, only the place where they belong.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from tirek.catalog.exchange.draft import Draft, as_id, todo
from tirek.catalog.exchange.fhir_names import (
    CALCULATED,
    CORE,
    ENABLE_WHEN_EXPRESSIONS,
    HIDDEN,
    TRANSLATION,
)
from tirek.catalog.exchange.fhir_options import OptionSet, read_options
from tirek.catalog.exchange.foreign import (
    ExchangeError,
    Remark,
    extensions,
    objects,
    text_of,
    value_of,
)
from tirek.catalog.exchange.plain_text import plain_text
from tirek.catalog.yaml_subset import Data

# These may turn the meaning of all the rest, and we know none of them.
TURNING = ("implicitRules", "modifierExtension")
XHTML = CORE + "rendering-xhtml"
MAX_ITEMS = 5000
MAX_NESTING = 20
FIRST_VERSION = "1.0.0"
CHOICES = frozenset({"choice", "open-choice", "coding"})
LANGUAGES = ("kk", "ru")
Resource = Mapping[str, object]


@dataclass(slots=True)
class _Reading:
    """What has been taken so far, and every doubt on the way."""

    resource: Resource
    lang: str
    items: list[Data] = field(default_factory=list)
    option_sets: dict[str, Data] = field(default_factory=dict)
    known_sets: dict[tuple[object, ...], str] = field(default_factory=dict)
    strings: dict[str, dict[str, Data]] = field(default_factory=dict)
    notes: list[Data] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def doubt(self, place: str, text: str) -> None:
        """Keep a sentence with its place."""
        self.remarks.append(Remark(place, text))

    def say(self, key: str, element: Resource, name: str, place: str) -> None:
        """Take a text and its translations; markup is shown as text, never taken as markup."""
        for lang, text in _said(element, name, self.lang):
            found, was_changed = plain_text(text)
            if was_changed:
                self.doubt(f"{place}.{name}", "held markup, which is kept as plain text only")
            shadow = element.get(f"_{name}")
            if isinstance(shadow, dict) and next(extensions(shadow, XHTML), None) is not None:
                self.doubt(f"{place}._{name}", "has a form with markup too, which is left out")
            if found:
                self.strings.setdefault(lang, {})[key] = normalize("NFC", found)


def read_foreign(resource: Resource, name: str) -> Draft:
    """Return the draft; raise ExchangeError where the file is no questionnaire that can be read."""
    _refuse_turning(resource, "Questionnaire")
    language = resource.get("language")
    lang = language.split("-")[0] if isinstance(language, str) and language else "en"
    if not (lang.isascii() and lang.isalpha()):
        raise ExchangeError("Questionnaire.language", "is no language")
    reading = _Reading(resource, lang)
    if language is None:
        reading.doubt("Questionnaire.language", "is not said; the texts were taken as English")
    reading.say("title", resource, "title", "Questionnaire")
    _read_items(reading, resource.get("item"), "Questionnaire.item", depth=0)
    if not reading.items:
        raise ExchangeError("Questionnaire.item", "holds no question with options")
    return _draft(reading, as_id(_named(resource, name)))


def _refuse_turning(element: Resource, place: str) -> None:
    for name in TURNING:
        if name in element:
            raise ExchangeError(f"{place}.{name}", "may turn the meaning of the rest")


def _named(resource: Resource, name: str) -> str:
    for key in ("id", "name", "title"):
        found = resource.get(key)
        if isinstance(found, str) and as_id(found) != "imported":
            return found
    return name


def _draft(reading: _Reading, draft_id: str) -> Draft:
    sentences = [str(remark) for remark in reading.remarks]
    parts: dict[str, Data] = {
        "structure": _structure(reading, draft_id, sentences),
        "scoring": {
            "version": FIRST_VERSION,
            "precision": "decimal",
            "scales": todo("write the key from the rights-holder's document, cited by page"),
            "quality": [],
        },
        "interpretation": {
            "version": FIRST_VERSION,
            "bands": todo("write bands and cut-offs with the source and population of each"),
            "flags": [],
            "norms": [],
            "precision": [],
            "show_to": {"child": "text_only", "parent": "none", "psychologist": "full"},
        },
        "cases": [],
    }
    for lang in sorted({*reading.strings, *LANGUAGES}):
        parts[f"wording.{lang}"] = _wording(reading, draft_id, lang)
    return Draft(draft_id, 1, parts, tuple(reading.remarks))


def _structure(reading: _Reading, draft_id: str, sentences: list[str]) -> Data:
    url = reading.resource.get("url")
    structure: dict[str, Data] = {
        "id": draft_id,
        "version": FIRST_VERSION,
        "url": f"https://tirek.example/fhir/Questionnaire/{draft_id}",
        "subject": todo("child, parent-about-child or parent-about-self"),
        "ages": todo("the ages for which the rights-holder allows it"),
        "recall": None,
        "minutes": todo("how many minutes it takes"),
        "source": {
            "citation": todo("the rights-holder's document, with its page"),
            "confidence": "K",
            "note": f"Imported from {url or 'a FHIR Questionnaire without a url'}.",
        },
        "licence": todo("who holds the rights, on what terms, and what they allow"),
        "option_sets": reading.option_sets,
        "items": reading.items,
        "answers": {"declined": True, "unsure": False},
        "layout": {"back": True, "shuffle": False, "audio": "none"},
        "codes": [],
        "notes": reading.notes,
    }
    if sentences:
        structure["todo"] = [normalize("NFC", sentence) for sentence in sentences]
    return structure


def _wording(reading: _Reading, draft_id: str, lang: str) -> Data:
    strings = reading.strings.get(lang)
    return {
        "instrument": draft_id,
        "structure": f"^{FIRST_VERSION}",
        "lang": lang,
        "version": FIRST_VERSION,
        "status": "working",
        "status_evidence": {
            "by": todo("who wrote this wording"),
            "date": None,
            "method": "Imported; nobody has said how it was made.",
            "approvers": [],
        },
        "base": {"lang": reading.lang, "origin": "imported FHIR Questionnaire"},
        "strings": strings or todo(f"the texts in {lang}: the file had none"),
    }


def _said(element: Resource, name: str, lang: str) -> Iterator[tuple[str, str]]:
    """Yield (language, text) of an element and its translation extensions."""
    text = element.get(name)
    if isinstance(text, str):
        yield lang, text
    shadow = element.get(f"_{name}")
    if not isinstance(shadow, dict):
        return
    for extension in extensions(shadow, TRANSLATION):
        inner = extension.get("extension")
        said = {
            str(each.get("url")): value[1]
            for each in (inner if isinstance(inner, list) else [])
            if isinstance(each, dict) and (value := value_of(each))
        }
        code, content = said.get("lang"), said.get("content")
        if isinstance(code, str) and isinstance(content, str):
            short = code.split("-")[0]
            if short.isascii() and short.isalpha():
                yield short, content


def _read_items(reading: _Reading, found: object, place: str, *, depth: int) -> None:
    if depth > MAX_NESTING:
        raise ExchangeError(place, f"items are nested deeper than {MAX_NESTING}")
    for here, item in objects(found, place):
        reading.count += 1
        if reading.count > MAX_ITEMS:
            raise ExchangeError(here, f"the file holds more than {MAX_ITEMS} items")
        _read_item(reading, item, here)
        _read_items(reading, item.get("item"), f"{here}.item", depth=depth + 1)


def _read_item(reading: _Reading, item: Resource, place: str) -> None:
    _refuse_turning(item, place)
    link = _link(reading, item, place)
    kind = text_of(item.get("type"), f"{place}.type")
    if _is_computed(item):
        reading.doubt(place, f"{link} is computed by the form; our scoring computes, so it is left")
    elif kind == "group":
        if item.get("repeats") is True:
            reading.doubt(place, f"group {link} repeats; its questions were taken once")
    elif kind == "display":
        reading.doubt(place, f"{link} is only shown, not asked; put its text where it belongs")
    elif kind in CHOICES:
        _take(reading, item, link, place)
    else:
        reading.doubt(
            place, f"{link} is of type {kind[:40]!r}, which we cannot ask; it is left out"
        )


def _link(reading: _Reading, item: Resource, place: str) -> str:
    link = item.get("linkId")
    if not isinstance(link, str) or not link:
        reading.doubt(f"{place}.linkId", "is missing; answers to this item cannot be matched")
        return "an item without linkId"
    if link in reading.seen:
        reading.doubt(f"{place}.linkId", f"{link!r} stands already at {reading.seen[link]}")
    reading.seen.setdefault(link, place)
    return repr(link)


def _is_computed(item: Resource) -> bool:
    if next(extensions(item, CALCULATED), None) is not None:
        return True
    hidden = next(extensions(item, HIDDEN), {})
    return hidden.get("valueBoolean") is True and item.get("readOnly") is True


def _take(reading: _Reading, item: Resource, link: str, place: str) -> None:
    options, remarks = read_options(reading.resource, item, place)
    reading.remarks.extend(remarks)
    if not options.options:
        reading.doubt(place, f"{link} names no options in this file; it is left out")
        return
    item_id = f"q{len(reading.items) + 1}"
    reading.notes.append(normalize("NFC", f"{item_id} is linkId {link} ({place})."))
    if item.get("repeats") is True:
        reading.doubt(f"{place}.repeats", f"{link} takes several answers; we can ask for one only")
    if item.get("type") == "open-choice":
        reading.doubt(f"{place}.type", f"{link} takes free text too; only its options were taken")
    reading.say(f"{item_id}.text", item, "text", place)
    entry: dict[str, Data] = {
        "id": item_id,
        "type": "single",
        "options": _set_name(reading, options, place),
        "required": "hard" if item.get("required") is True else "soft",
        "worse": todo("which end is worse for the child: high or low"),
    }
    _take_condition(reading, item, entry, place)
    reading.items.append(entry)


def _take_condition(reading: _Reading, item: Resource, entry: dict[str, Data], place: str) -> None:
    has_expression = next(extensions(item, *ENABLE_WHEN_EXPRESSIONS), None) is not None
    if item.get("enableWhen") or has_expression:
        sentence = "is asked only after certain answers; write the condition as show_if"
        reading.doubt(f"{place}.enableWhen", sentence)
        entry["show_if"] = todo(sentence)


def _set_name(reading: _Reading, options: OptionSet, place: str) -> str:
    """Return the name of a set of options, the same one for items that share it word for word."""
    key = options.key
    if key not in reading.known_sets:
        name = f"set{len(reading.option_sets) + 1}"
        reading.known_sets[key] = name
        reading.option_sets[name] = [
            {"code": option.code, "weight": option.weight} for option in options.options
        ]
        for option in options.options:
            reading.say(f"{name}.{option.code}", option.source, "display", place)
    return reading.known_sets[key]
