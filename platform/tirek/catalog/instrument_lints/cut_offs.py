"""Bands that cover the scale, and cut-offs that can be reached and are tried on both sides."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import (
    AnyItem,
    Band,
    Condition,
    ItemAtLeast,
    ScaleAtLeast,
    ScaleAtMost,
)
from tirek.domain.scales import Method, Scale

Keys = tuple[str | int, ...]


def bands_cover_the_range(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `bands`: upper bounds rise within the range, and the last ends it."""
    for name, bands in files.instrument.interpretation.bands.items():
        scale = files.instrument.scale(name)
        for index in range(len(bands)):
            reason = _wrong_bound(scale, bands, index)
            if reason:
                yield files.finding("bands", "interpretation", ("bands", name, index), reason)
        if not bands or bands[-1].le != scale.highest:
            keys = ("bands", name, max(len(bands) - 1, 0))
            reason = f"the last band of {name} must end at {scale.highest}"
            yield files.finding("bands", "interpretation", keys, reason)


def _wrong_bound(scale: Scale, bands: tuple[Band, ...], index: int) -> str | None:
    band = bands[index]
    if index and band.le <= bands[index - 1].le:
        return f"{band.id} ends before it begins: upper bounds must rise"
    if not scale.covers(band.le):
        return f"{band.id} ends outside {scale.id} ({scale.lowest} to {scale.highest})"
    return None


def cut_offs_are_tried(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `cut-off`: each can be reached, and golden cases stand below, at and above it."""
    instrument = files.instrument
    for index, rule in enumerate(instrument.flags):
        keys: Keys = ("flags", index)
        if not _is_reachable(instrument, rule.when):
            yield files.finding("cut-off", "interpretation", keys, f"{rule.id} can never change")
        raised = {rule.id in case.flags for case in files.cases}
        if raised != {True, False}:
            reason = f"{rule.id} needs golden cases with it and without it"
            yield files.finding("cut-off", "interpretation", keys, reason)
    for keys, scale, wanted in _wanted(instrument):
        found = {case.scales[scale.id].value for case in files.cases if scale.id in case.scales}
        missing = sorted(value for value in wanted if scale.covers(value) and value not in found)
        if missing:
            values = ", ".join(map(str, missing))
            reason = f"no golden case gives {scale.id} {values}, next to this cut-off"
            yield files.finding("cut-off", "interpretation", keys, reason)


def _is_reachable(instrument: Instrument, condition: Condition) -> bool:
    match condition:
        case ItemAtLeast(item, cut):
            weights = [option.weight for option in instrument.options(item)]
            return min(weights) < cut <= max(weights)
        case AnyItem(conditions):
            return all(_is_reachable(instrument, one) for one in conditions)
        case ScaleAtLeast(name, cut):
            scale = instrument.scale(name)
            return scale.lowest < cut <= scale.highest
        case ScaleAtMost(name, cut):
            scale = instrument.scale(name)
            return scale.lowest <= cut < scale.highest
        case _:
            return True


def _wanted(instrument: Instrument) -> Iterator[tuple[Keys, Scale, set[Fraction]]]:
    """Yield the values cut - 1, cut, cut + 1 (in steps) of every flag and every band boundary."""
    for index, rule in enumerate(instrument.flags):
        match rule.when:
            case ScaleAtLeast(name) | ScaleAtMost(name) if _is_estimate(instrument, name):
                # Estimates lie on no grid of few values; cases with and without it must do.
                continue
            case ScaleAtLeast(name, cut):
                scale = instrument.scale(name)
                yield ("flags", index), scale, _around(scale, _at_or_above(scale, cut))
            case ScaleAtMost(name, cut):
                scale = instrument.scale(name)
                yield ("flags", index), scale, _around(scale, _at_or_below(scale, cut))
            case _:
                continue
    for name, bands in instrument.interpretation.bands.items():
        scale = instrument.scale(name)
        if _is_estimate(instrument, name):
            continue
        for index, band in enumerate(bands[:-1]):
            first = _at_or_below(scale, band.le) + scale.step
            yield ("bands", name, index), scale, _around(scale, first)


def _is_estimate(instrument: Instrument, name: str) -> bool:
    return instrument.scale(name).method is Method.IRT_EAP


def _around(scale: Scale, cut: Fraction) -> set[Fraction]:
    return {cut - scale.step, cut, cut + scale.step}


def _at_or_above(scale: Scale, value: Fraction) -> Fraction:
    return scale.lowest + ceil((value - scale.lowest) / scale.step) * scale.step


def _at_or_below(scale: Scale, value: Fraction) -> Fraction:
    return scale.lowest + (value - scale.lowest) // scale.step * scale.step
