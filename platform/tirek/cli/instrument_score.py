"""One person's answers in, scores and flags out, for the command line."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tirek.cli import instrument_page
from tirek.cli.parser import CommandError
from tirek.domain.errors import DomainError
from tirek.domain.flagging import Flag, flags_for
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.interpretation import Sex
from tirek.domain.precision import precision_of
from tirek.domain.quality import Quality, quality
from tirek.domain.scoring import ScaleScore, as_number, score


def admit(instrument: Instrument, *, lang: str, age: int | None) -> None:
    """Raise CommandError for a language without a wording, or an age outside the gate."""
    if lang not in instrument.wordings:
        raise CommandError(f"{instrument.id} has no wording in {lang!r}.")
    if age is not None and not instrument.fits_age(age):
        ages = instrument.structure.ages
        raise CommandError(f"{instrument.id} is for ages {ages.min} to {ages.max}, not {age}.")


def read_answers(name: str) -> dict[str, Answer]:
    """Return the answers in a JSON file ("-" is stdin); raise CommandError when it is not such."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        found = json.loads(text, object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"The answers cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise CommandError('The answers must be a JSON object such as {"q1": "0", "q2": null}.')
    return {item: _answer(item, written) for item, written in found.items()}


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that stands twice: which answer counts would be chance."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an item is answered twice")
    return found


def _answer(item: str, written: object) -> Answer:
    if written is None or isinstance(written, str):
        return Answer.read(written)
    raise CommandError(f"The answer to {item} must be a text, null or a state, not {written!r}.")


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that follows from one person's answers."""

    instrument: Instrument
    scores: tuple[ScaleScore, ...]
    flags: tuple[Flag, ...]
    quality: Quality

    @classmethod
    def of(cls, instrument: Instrument, answers: Mapping[str, Answer]) -> Self:
        """Return the result; raise CommandError for an unknown item or option."""
        try:
            scores = score(instrument, answers)
            flags = flags_for(instrument, scores, answers)
        except DomainError as error:
            raise CommandError(f"{error}.") from error
        return cls(instrument, scores, flags, quality(instrument, answers))

    def as_json(self, lang: str) -> str:
        """Return the result as the documented JSON object."""
        hashes = self.instrument.hashes
        pins = {
            "structure": hashes.structure,
            "wording": hashes.wordings[lang],
            "scoring": hashes.scoring,
            "interpretation": hashes.interpretation,
            "release": hashes.release,
        }
        result = {
            "instrument": self.instrument.id,
            "release": self.instrument.release,
            "hashes": pins,
            "lang": lang,
            "scales": {score.scale: _scale_json(score) for score in self.scores},
            "flags": [{"id": f.id, "level": f.level, "at": f.at} for f in self.flags],
            "quality": asdict(self.quality),
        }
        return json.dumps(result, ensure_ascii=False, indent=2)

    def lines(self, sex: Sex | None) -> Iterator[str]:
        """Yield the result for a reader, with the precision of scores where it is sourced."""
        yield f"{self.instrument.id} {self.instrument.release} ({self.instrument.status})"
        yield from instrument_page.banner_lines(self.instrument)
        for scale_score in self.scores:
            yield _scale_line(scale_score)
            yield from _precision_lines(self.instrument, scale_score, sex)
        for flag in self.flags:
            yield f"flag {flag.id}: {flag.level}"
        yield ", ".join(f"{name} {value}" for name, value in asdict(self.quality).items())


def _scale_json(scale_score: ScaleScore) -> dict[str, object]:
    value = scale_score.value
    return {
        "value": None if value is None else as_number(value),
        "state": scale_score.state,
        "reason": scale_score.reason,
        "answered": scale_score.answered,
        "prorated": scale_score.prorated,
        "band": scale_score.band,
    }


def _scale_line(scale_score: ScaleScore) -> str:
    if scale_score.value is None:
        return f"{scale_score.scale}: not computable ({scale_score.reason})"
    marks = [scale_score.band, "prorated" if scale_score.prorated else None]
    named = ", ".join(mark for mark in marks if mark)
    value = as_number(scale_score.value)
    return f"{scale_score.scale}: {value:g}" + (f" ({named})" if named else "")


def _precision_lines(
    instrument: Instrument, scale_score: ScaleScore, sex: Sex | None
) -> Iterator[str]:
    found = precision_of(instrument, scale_score, sex)
    if found is None:
        return
    low, high = found.interval.low, found.interval.high
    yield f"  true score about {found.true_score:.1f} ({low:.1f} to {high:.1f}, 95 %)"
    for cut_off in found.cut_offs:
        yield f"  past the cut-off of {cut_off.flag} ({cut_off.cut:g}): {cut_off.probability:.0%}"
