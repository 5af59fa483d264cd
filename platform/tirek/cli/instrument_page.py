"""One instrument in words, for the command line."""

from collections.abc import Iterator

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import (
    AllItems,
    AnyItem,
    Condition,
    ItemAtLeast,
    ItemCondition,
    ItemRefused,
    ItemUnanswered,
    NotComputable,
    ScaleAtLeast,
    ScaleAtMost,
)


def line(instrument: Instrument) -> str:
    """Return id, status, ages, languages and release in one line."""
    ages = f"{instrument.structure.ages.min}-{instrument.structure.ages.max}"
    langs = " ".join(f"{lang}:{w.status}" for lang, w in instrument.wordings.items())
    return f"{instrument.id:23} {instrument.status:9} {ages:6} {langs:22} {instrument.release}"


def lines(instrument: Instrument) -> Iterator[str]:
    """Yield what a methodologist asks first: source, licence, items, scales, cut-offs."""
    structure = instrument.structure
    yield line(instrument)
    yield f"release   {instrument.hashes.release}"
    yield from banner_lines(instrument)
    yield f"source    {structure.source.citation} [{structure.source.confidence}]"
    yield f"licence   {structure.licence.holder}: {structure.licence.terms}"
    yield f"subject   {structure.subject}, {len(structure.items)} items, {structure.minutes} min"
    yield f"use       {structure.gate}"
    for item in instrument.items:
        marks = "".join(f", {mark}" for mark in (item.critical,) if mark)
        marks += "" if item.is_scored else ", not scored"
        marks += f", only if {_say(item.show_if)}" if item.show_if else ""
        codes = "/".join(option.code for option in instrument.options(item.id))
        yield f"item      {item.id}: {codes}{marks}"
    for scale in instrument.scoring.scales:
        bands = instrument.interpretation.bands.get(scale.id, ())
        named = ", ".join(f"{band.id} to {band.le}" for band in bands)
        end = f": {named}" if named else ""
        yield f"scale     {scale.id} {scale.method} {scale.lowest}-{scale.highest}{end}"
    for rule in instrument.flags:
        yield f"flag      {rule.id} {rule.level} when {_say(rule.when)} ({rule.source})"


def banner_lines(instrument: Instrument) -> Iterator[str]:
    """Yield the warning in each language, and that questions are missing where they are."""
    if instrument.interpretation.has_banner:
        yield from (f"WARNING   {lang}: {instrument.banner(lang)}" for lang in instrument.wordings)
    if not instrument.can_be_asked:
        yield "NO TEXT   topics only: the licence-holder enters the questions"


def _say(condition: Condition | AllItems) -> str:
    match condition:
        case AnyItem(conditions):
            return " or ".join(map(_say, conditions))
        case AllItems(conditions):
            return " and ".join(map(_say, conditions))
        case NotComputable(scales):
            return f"{' or '.join(scales)} is not computable"
        case _:
            return _say_one(condition)


def _say_one(condition: ItemCondition | ItemUnanswered | ScaleAtLeast | ScaleAtMost) -> str:
    match condition:
        case ItemAtLeast(name, cut) | ScaleAtLeast(name, cut):
            return f"{name} >= {cut}"
        case ScaleAtMost(name, cut):
            return f"{name} <= {cut}"
        case ItemRefused(name):
            return f"{name} is refused"
        case ItemUnanswered(name):
            return f"{name} is unanswered"
