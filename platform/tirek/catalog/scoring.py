"""scoring.yaml: the scales, their methods and their rules for blanks."""

from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction

from tirek.catalog.calibration import read_calibration, read_short_plan
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Document
from tirek.domain.scales import (
    SECOND_ORDER,
    THRESHOLDED,
    BlankAs,
    HiddenAs,
    Method,
    MissingRule,
    Rounding,
    Scale,
    Scope,
    Scoring,
    Worse,
)

# Where a blank may simply not be counted; anywhere else that would make it a silent zero.
UNCOUNTED = frozenset({Method.COUNT_GE, Method.ANY_GE, Method.MEAN, Method.MAX, Method.IRT_EAP})
PRORATED = frozenset({Method.SUM_PRORATED, Method.MEAN_TIMES_K})


class Arithmetic(StrEnum):
    """How sums are made."""

    DECIMAL = "decimal"


class Otherwise(StrEnum):
    """What happens beyond the tolerated blanks: there is no other answer."""

    NOT_COMPUTABLE = "not_computable"


class QualityIndex(StrEnum):
    """The response-quality indices that can be asked for."""

    LONGSTRING = "longstring"
    IRV = "irv"


def read_scoring(document: Document) -> Scoring:
    """Return the typed scoring, or raise CatalogError."""
    with Fields.of(document) as fields:
        fields.choice("precision", Arithmetic)
        quality = fields.texts("quality")
        if set(quality) - set(QualityIndex):
            raise fields.error("quality", f"'quality' knows only: {', '.join(QualityIndex)}")
        return Scoring(
            fields.text("version"),
            fields.some("scales", fields.each("scales", _scale)),
            quality,
            read_calibration(fields.fields("irt")) if fields.has("irt") else None,
            read_short_plan(fields.fields("adaptive")) if fields.has("adaptive") else None,
        )


def _scale(fields: Fields) -> Scale:
    method = fields.choice("method", Method)
    scale_range = fields.numbers("range")
    if len(scale_range) != 2 or scale_range[0] >= scale_range[1]:  # noqa: PLR2004
        raise fields.error("range", "'range' must be [lowest, highest]")
    if fields.number("step") <= 0:
        raise fields.error("step", "'step' must be above 0")
    read = _second_order if method in SECOND_ORDER else _first_order
    return read(fields, method, scale_range)


def _second_order(fields: Fields, method: Method, scale_range: tuple[Fraction, ...]) -> Scale:
    is_pattern = method is Method.SYMPTOM_PATTERN
    other, major = _counts(fields.fields("counts")) if is_pattern else (0, 0)
    return Scale(
        id=fields.text("id"),
        method=method,
        lowest=scale_range[0],
        highest=scale_range[1],
        step=fields.number("step"),
        source=fields.text("from"),
        beside=fields.text("beside") if method is Method.ROLES else None,
        worse=fields.choice_or("worse", Worse.HIGH),
        secondary=fields.maybe_true("secondary"),
        factor=fields.number("factor") if method is Method.MULTIPLE else Fraction(1),
        core=fields.texts("core") if is_pattern else (),
        other_count=other,
        major_count=major,
    )


def _counts(fields: Fields) -> tuple[int, int]:
    with fields:
        return fields.integer("other"), fields.integer("major")


def _first_order(fields: Fields, method: Method, scale_range: tuple[Fraction, ...]) -> Scale:
    return Scale(
        id=fields.text("id"),
        method=method,
        lowest=scale_range[0],
        highest=scale_range[1],
        step=fields.number("step"),
        items=fields.some("items", fields.texts("items")),
        missing=_missing(fields.fields("missing"), method),
        reverse=fields.maybe_texts("reverse"),
        worse=fields.choice_or("worse", Worse.HIGH),
        secondary=fields.maybe_true("secondary"),
        shared=fields.maybe_texts("shared"),
        factor=fields.number("factor") if method is Method.MEAN_TIMES_K else Fraction(1),
        thresholds=fields.named_numbers("thresholds") if method in THRESHOLDED else None,
    )


def _missing(fields: Fields, method: Method) -> MissingRule:
    with fields:
        fields.choice_or("else", Otherwise.NOT_COMPUTABLE)
        rule = MissingRule(
            max_blanks=fields.integer("max"),
            blank_as=fields.choice("blank_as", BlankAs),
            scope=fields.choice_or("scope", Scope.SCALE),
            rounding=fields.choice_or("round", Rounding.NONE),
            band_rounding=fields.choice_or("band_round", Rounding.NONE),
            hidden_as=fields.maybe_choice("hidden_as", HiddenAs),
        )
        for refused, reason in REFUSALS:
            if refused(method, rule):
                raise fields.error("blank_as", reason)
        return rule


REFUSALS: tuple[tuple[Callable[[Method, MissingRule], bool], str], ...] = (
    (
        lambda _, rule: rule.max_blanks < 0,
        "'max' must not be negative",
    ),
    (
        lambda _, rule: rule.blank_as is BlankAs.ZERO and rule.max_blanks == 0,
        "no blank is borne, so none can count as zero: say 'none'",
    ),
    (
        lambda method, rule: rule.blank_as is BlankAs.PRORATE and method not in PRORATED,
        "only sum_prorated and mean_times_k can prorate a blank",
    ),
    (
        lambda method, rule: rule.blank_as is not BlankAs.PRORATE and method is Method.SUM_PRORATED,
        "sum_prorated needs 'blank_as: prorate'",
    ),
    (
        lambda method, rule: method is Method.ANY_GE and rule.blank_as is not BlankAs.NONE,
        "any_ge needs 'blank_as: none': a blank may be the one that decides",
    ),
    (
        lambda method, rule: (
            rule.blank_as is BlankAs.NONE and rule.max_blanks > 0 and method not in UNCOUNTED
        ),
        "this method would make an uncounted blank a silent zero: say zero or prorate",
    ),
    (
        lambda method, rule: (
            rule.hidden_as is HiddenAs.LEFT_OUT and method not in UNCOUNTED | PRORATED
        ),
        "this method would make an item left out a silent zero: say zero or blank",
    ),
)
