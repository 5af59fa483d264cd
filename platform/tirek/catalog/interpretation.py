"""interpretation.yaml: bands, flags, norms, precision, and who is shown what."""

from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from tirek.catalog.conditions import Lack, read_any, read_item_condition
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Document, Node, SequenceNode
from tirek.domain.interpretation import (
    AgeGroup,
    AnyItem,
    Band,
    Condition,
    FlagRule,
    Interpretation,
    ItemAtLeast,
    ItemRefused,
    Moment,
    Norm,
    NormStatus,
    NotComputable,
    PercentileKind,
    PercentileTable,
    Precision,
    ScaleAtLeast,
    ScaleAtMost,
    Sex,
)
from tirek.domain.levels import Level

READERS = ("child", "parent", "psychologist")


class Shown(StrEnum):
    """How much of a result a reader gets."""

    NONE = "none"
    TEXT_ONLY = "text_only"
    FULL = "full"


def read_interpretation(document: Document) -> Interpretation:
    """Return the typed interpretation, or raise CatalogError."""
    with Fields.of(document) as fields:
        with fields.fields("show_to") as show_to:
            shown = {reader: str(show_to.choice(reader, Shown)) for reader in READERS}
        return Interpretation(
            version=fields.text("version"),
            bands=fields.named("bands", lambda node: _bands(document.path, node)),
            flags=fields.each("flags", _flag),
            norms=fields.each("norms", _norm),
            precision=fields.each("precision", _precision),
            show_to=shown,
            has_banner=fields.maybe_true("banner"),
        )


def _bands(path: Path, node: Node) -> tuple[Band, ...]:
    if not isinstance(node, SequenceNode):
        raise CatalogError(path, node.line, "bands must be a list")
    return tuple(_band(Fields(path, band)) for band in node.items)


def _band(fields: Fields) -> Band:
    with fields:
        return Band(fields.text("id"), fields.number("le"))


def _flag(fields: Fields) -> FlagRule:
    when = _condition(fields.fields("when"))
    at = fields.choice("at", Moment)
    if at is Moment.ANSWER and not isinstance(when, ItemAtLeast | ItemRefused | AnyItem):
        reason = "only {item, ge}, {item, is: refused} and any of them are known at the answer"
        raise fields.error("at", reason)
    return FlagRule(
        id=fields.text("id"),
        when=when,
        at=at,
        level=fields.choice("level", Level),
        source=fields.text("source"),
        note=fields.maybe_text("note"),
    )


def _condition(fields: Fields) -> Condition:
    with fields:
        if fields.has("item"):
            return read_item_condition(fields)
        if fields.has("any"):
            return read_any(fields)
        if fields.has("scales"):
            fields.choice("is", Lack)
            return NotComputable(fields.texts("scales"))
        return _scale_condition(fields)


def _scale_condition(fields: Fields) -> Condition:
    scale = fields.text("scale")
    if fields.has("ge"):
        return ScaleAtLeast(scale, fields.number("ge"))
    if fields.has("le"):
        return ScaleAtMost(scale, fields.number("le"))
    if fields.choice("is", Lack) is not Lack.NOT_COMPUTABLE:
        raise fields.error("is", "a scale can only be 'not_computable'")
    return NotComputable((scale,))


def _norm(fields: Fields) -> Norm:
    has_table = fields.has("percentiles")
    return Norm(
        id=fields.text("id"),
        scale=fields.text("scale"),
        population=fields.text("population"),
        langs=fields.texts("lang"),
        year=fields.maybe_integer("year"),
        n=fields.maybe_integer("n"),
        sex=fields.maybe_choice("sex", Sex),
        mean=fields.maybe_number("mean") if has_table else fields.number("mean"),
        sd=fields.maybe_number("sd"),
        source=fields.text("source"),
        confidence=fields.text("confidence"),
        status=fields.choice("status", NormStatus),
        note=fields.maybe_text("note"),
        ages=_age_group(fields.fields("ages")) if fields.has("ages") else None,
        percentiles=_percentiles(fields.fields("percentiles")) if has_table else None,
    )


def _age_group(fields: Fields) -> AgeGroup:
    with fields:
        return AgeGroup(fields.integer("min"), fields.integer("max"))


def _percentiles(fields: Fields) -> PercentileTable:
    with fields:
        rows = fields.some("rows", fields.each("rows", _percentile))
        return PercentileTable(fields.choice("kind", PercentileKind), rows)


def _percentile(fields: Fields) -> tuple[Fraction, Fraction]:
    return fields.number("raw"), fields.number("percentile")


def _precision(fields: Fields) -> Precision:
    return Precision(
        scale=fields.text("scale"),
        population=fields.text("population"),
        sex=fields.maybe_choice("sex", Sex),
        mean=fields.number("mean"),
        sd=fields.number("sd"),
        reliability=fields.number("reliability"),
        reliability_kind=fields.text("reliability_kind"),
        source=fields.text("source"),
        confidence=fields.text("confidence"),
        note=fields.maybe_text("note"),
    )
