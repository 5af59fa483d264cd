"""Sheets of answers on which two versions of a scoring must give the same, or they differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random

from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.domain.scoring import ScaleScore, score

# Every sheet there can be, up to so many; beyond that the ends, the steps and a random sample.
EXHAUSTIVE = 4096
RANDOM = 1200
BLANK_SHARES = (0.0, 0.0, 0.08, 0.25)
SKIPPED = Answer(AnswerState.SKIPPED)

Codes = Mapping[str, Sequence[str]]
Sheet = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """One scale of one sheet, scored otherwise; None as a value means that there is none."""

    scale: str
    sheet: Sheet
    before: str
    after: str


def codes_of(old: Instrument, new: Instrument) -> dict[str, tuple[str, ...]]:
    """The scored items of both versions, with the codes that both know."""
    known = {item.id for item in new.items}
    return {
        item.id: tuple(code for code in _codes(old, item.id) if code in _codes(new, item.id))
        for item in old.scored_items
        if item.id in known
    }


def is_exhaustive(codes: Codes) -> bool:
    """Whether `sheets` yields every sheet that there can be."""
    return prod(len(options) + 1 for options in codes.values()) <= EXHAUSTIVE


def sheets(codes: Codes) -> Iterator[Sheet]:
    """Sheets that try every step, blank and end, always the same for the same items."""
    if is_exhaustive(codes):
        for chosen in product(*((None, *options) for options in codes.values())):
            yield _sheet(dict(zip(codes, chosen, strict=True)))
        return
    for chosen_codes in _planned(codes):
        yield _sheet(chosen_codes)
    # A fixed seed: the same two files are judged alike tomorrow.
    chance = Random(20_261_122)  # noqa: S311 - a sample, not a secret
    for number in range(RANDOM):
        yield _sheet(_drawn(codes, chance, BLANK_SHARES[number % len(BLANK_SHARES)]))


def score_differences(
    old: Instrument, new: Instrument, golden: Iterable[Sheet]
) -> dict[str, ScoreDifference]:
    """The first sheet on which each scale of both versions comes out otherwise.

    `golden` are the answers of golden cases; answers that one version does not know are left out.
    """
    codes = codes_of(old, new)
    both = {s.id for s in old.scoring.scales} & {s.id for s in new.scoring.scales}
    found: dict[str, ScoreDifference] = {}
    for sheet in (*(_known(codes, one) for one in golden), *sheets(codes)):
        for scale, before, after in _scored(old, new, sheet):
            if scale in both and scale not in found and before != after:
                found[scale] = ScoreDifference(scale, sheet, before, after)
        if len(found) == len(both):
            break
    return found


def _scored(old: Instrument, new: Instrument, sheet: Sheet) -> Iterator[tuple[str, str, str]]:
    before = {one.scale: _said(one) for one in score(old, sheet)}
    for one in score(new, sheet):
        yield one.scale, before.get(one.scale, ""), _said(one)


def _said(one: ScaleScore) -> str:
    return str(one.reason) if one.value is None else str(one.value)


def _known(codes: Codes, sheet: Sheet) -> Sheet:
    return {
        item: answer
        for item, answer in sheet.items()
        if item in codes and (answer.code is None or answer.code in codes[item])
    }


def _codes(instrument: Instrument, item: str) -> tuple[str, ...]:
    return tuple(option.code for option in instrument.options(item))


def _planned(codes: Codes) -> Iterator[dict[str, str | None]]:
    """All alike, one off, the first few off, and the first few blank, from either end."""
    with_options = [item for item in codes if codes[item]]
    for base in (0, -1):
        flat: dict[str, str | None] = {item: codes[item][base] for item in with_options}
        other: dict[str, str | None] = {item: codes[item][-1 - base] for item in with_options}
        yield flat
        yield from (flat | {item: code} for item in with_options for code in codes[item])
        yield from (flat | {item: None} for item in with_options)
        for number in range(1, len(with_options) + 1):
            first, last = with_options[:number], with_options[-number:]
            for some in (first, last):
                yield flat | {item: other[item] for item in some}
                yield flat | dict.fromkeys(some)


def _drawn(codes: Codes, chance: Random, blank_share: float) -> dict[str, str | None]:
    # Each sheet leans to an end of its own, so that sums cover their whole range.
    lean = chance.random()
    return {
        item: None if chance.random() < blank_share else _leaning(options, lean, chance)
        for item, options in codes.items()
        if options
    }


def _leaning(options: Sequence[str], lean: float, chance: Random) -> str:
    spread = (lean + chance.uniform(-0.5, 0.5)) * len(options)
    return options[min(max(int(spread), 0), len(options) - 1)]


def _sheet(chosen: Mapping[str, str | None]) -> Sheet:
    return {
        item: SKIPPED if code is None else Answer(AnswerState.ANSWERED, code)
        for item, code in chosen.items()
    }
