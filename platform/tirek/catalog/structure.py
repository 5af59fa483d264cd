"""structure.yaml: what is asked of whom, in which order, with which options."""

from enum import StrEnum

from tirek.catalog.conditions import read_show_if
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Document, Node, SequenceNode
from tirek.domain.gates import Gate
from tirek.domain.instruments import (
    Ages,
    Item,
    Layout,
    Licence,
    Option,
    Required,
    Source,
    Structure,
    Subject,
)
from tirek.domain.scales import Worse

PERMISSIONS = ("display", "store", "export_wording", "translate")


class ItemType(StrEnum):
    """The kinds of item that can be shown and scored so far."""

    SINGLE = "single"


class Audio(StrEnum):
    """Whether items can be listened to."""

    NONE = "none"
    RECORDED = "recorded"


def read_structure(document: Document) -> Structure:
    """Return the typed structure, or raise CatalogError."""
    with Fields.of(document) as fields:
        with fields.fields("ages") as ages:
            age_gate = Ages(ages.integer("min"), ages.integer("max"))
        with fields.fields("answers") as answers:
            may_decline, may_be_unsure = answers.boolean("declined"), answers.boolean("unsure")
        return Structure(
            id=fields.text("id"),
            version=fields.text("version"),
            url=fields.text("url"),
            subject=fields.choice("subject", Subject),
            ages=age_gate,
            recall=fields.nullable_text("recall"),
            minutes=fields.integer("minutes"),
            source=_source(fields.fields("source")),
            licence=_licence(fields.fields("licence")),
            option_sets=fields.named("option_sets", lambda node: _options(fields, node)),
            items=fields.some("items", fields.each("items", _item)),
            may_decline=may_decline,
            may_be_unsure=may_be_unsure,
            layout=_layout(fields.fields("layout")),
            codes=fields.each("codes", _code) if fields.has("codes") else (),
            notes=fields.maybe_texts("notes"),
            gate=_gate(fields.fields("use")) if fields.has("use") else Gate.FREE,
        )


def _source(fields: Fields) -> Source:
    with fields:
        page = fields.maybe_scalar("page")
        return Source(
            citation=fields.text("citation"),
            doi=fields.maybe_text("doi"),
            document_sha256=fields.maybe_text("document_sha256"),
            page=None if page is None else str(page),
            confidence=fields.text("confidence"),
            note=fields.maybe_text("note"),
        )


def _licence(fields: Fields) -> Licence:
    with fields:
        with fields.fields("may") as may:
            allowed = {name: may.boolean(name) for name in PERMISSIONS}
        return Licence(
            holder=fields.text("holder"),
            terms=fields.text("terms"),
            evidence=fields.maybe_text("evidence"),
            valid_to=fields.maybe_text("valid_to"),
            confidence=fields.text("confidence"),
            note=fields.maybe_text("note"),
            may=allowed,
        )


def _options(fields: Fields, node: Node) -> tuple[Option, ...]:
    if not isinstance(node, SequenceNode) or not node.items:
        raise fields.error("option_sets", "an option set must be a list of options")
    return tuple(_option(Fields(fields.path, option)) for option in node.items)


def _option(fields: Fields) -> Option:
    with fields:
        return Option(fields.text("code"), fields.number("weight"))


def _item(fields: Fields) -> Item:
    fields.choice("type", ItemType)
    return Item(
        id=fields.text("id"),
        options=fields.text("options"),
        required=fields.choice("required", Required),
        worse=fields.choice("worse", Worse),
        critical=fields.maybe_text("critical"),
        is_scored=not fields.maybe_true("not_scored"),
        show_if=read_show_if(fields.fields("show_if")) if fields.has("show_if") else None,
    )


def _gate(fields: Fields) -> Gate:
    with fields:
        return fields.choice("gate", Gate)


def _layout(fields: Fields) -> Layout:
    with fields:
        audio = fields.choice("audio", Audio)
        return Layout(fields.boolean("back"), fields.boolean("shuffle"), str(audio))


def _code(fields: Fields) -> tuple[str, str]:
    return fields.text("system"), fields.text("code")
