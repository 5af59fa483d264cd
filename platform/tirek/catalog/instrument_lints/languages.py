"""Languages that say the same."""

from collections.abc import Iterator
from itertools import combinations

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import LANGUAGES, WORDING, InstrumentFiles
from tirek.catalog.instrument_lints.letters import has_cyrillic
from tirek.catalog.interpretation import Shown
from tirek.domain.instruments import Instrument, Wording

ALWAYS = ("title", "intro", "end")


def languages_say_the_same(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `parity`: every language has every text, its own, and no text for two things."""
    needed = set(texts_needed(files.instrument))
    questions = {f"{item.id}.text" for item in files.instrument.items}
    for lang, wording in files.instrument.wordings.items():
        asked = needed - questions if wording.topics_only else needed
        yield from _keys(files, WORDING + lang, wording, asked)
        yield from _shared(files, WORDING + lang, wording)
    yield from _copied(files)


def texts_needed(instrument: Instrument) -> Iterator[str]:
    """Yield the keys of all texts that the instrument's other parts call for."""
    yield from ALWAYS
    if instrument.structure.recall:
        yield "recall"
    if instrument.interpretation.has_banner:
        yield "banner"
    for item in instrument.items:
        yield f"{item.id}.text"
        yield f"{item.id}.topic"
        if item.critical:
            yield f"safety.{item.critical}"
    for name, options in instrument.structure.option_sets.items():
        yield from (f"{name}.{option.code}" for option in options)
    yield from (f"scale.{scale.id}" for scale in instrument.scoring.scales)
    yield from (f"flag.{flag.id}" for flag in instrument.flags)
    yield from pictures(instrument)


def pictures(instrument: Instrument) -> Iterator[str]:
    """Yield the keys of the sentences that a parent reads in place of a score, one for a band."""
    rules = instrument.interpretation
    if (rules.show_to or {}).get("parent") == Shown.TEXT_ONLY:
        for scale, bands in rules.bands.items():
            yield from (f"picture.{scale}.{band.id}" for band in bands)


def _keys(
    files: InstrumentFiles, part: str, wording: Wording, needed: set[str]
) -> Iterator[Finding]:
    for key in sorted(needed - set(wording.strings)):
        yield files.finding("parity", part, ("strings",), f"{key} is missing")
    for key, text in wording.strings.items():
        if key not in needed:
            yield files.finding("parity", part, ("strings", key), f"nothing asks for {key}")
        elif not text.strip():
            yield files.finding("parity", part, ("strings", key), f"{key} is empty")


def _shared(files: InstrumentFiles, part: str, wording: Wording) -> Iterator[Finding]:
    """Two items, options, scales, flags or pictures that read the same: one was pasted."""
    structure = files.instrument.structure
    groups = [
        [f"{item.id}.text" for item in structure.items],
        [f"{item.id}.topic" for item in structure.items],
        [f"{name}.{o.code}" for name, options in structure.option_sets.items() for o in options],
        [f"scale.{scale.id}" for scale in files.instrument.scoring.scales],
        [f"flag.{flag.id}" for flag in files.instrument.flags],
        [*pictures(files.instrument)],
    ]
    for group in groups:
        for first, second in combinations(group, 2):
            text = wording.strings.get(first)
            if text is not None and text == wording.strings.get(second):
                reason = f"{second} says the same as {first}"
                yield files.finding("parity", part, ("strings", second), reason)


def _copied(files: InstrumentFiles) -> Iterator[Finding]:
    """One text for both languages, unless kk lists it under `same`."""
    part = WORDING + LANGUAGES[0]
    first, second = (files.instrument.wordings[lang] for lang in LANGUAGES)
    equal = {
        key
        for key, text in first.strings.items()
        if text == second.strings.get(key) and has_cyrillic(text)
    }
    for key in sorted(equal - set(first.same)):
        reason = f"{key} is the same in {' and '.join(LANGUAGES)}: translate it or list it in same"
        yield files.finding("parity", part, ("strings", key), reason)
    for key in sorted(set(first.same) - equal):
        yield files.finding("parity", part, ("same",), f"{key} is not the same in both languages")
