"""Parts that belong together, and ids that stand for one thing only."""

import re
from collections.abc import Iterator, Sequence

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import WORDING, InstrumentFiles
from tirek.domain.instruments import AnswerState

# Four digits each: a number without end breaks whoever reads it.
_NUMBER = r"(0|[1-9][0-9]{0,3})"
VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")


def parts_belong_together(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `parts`: folder, ids, languages and versions agree."""
    instrument = files.instrument
    if instrument.id != files.folder.parent.name:
        yield files.finding(
            "parts", "structure", ("id",), f"the folder is {files.folder.parent.name}"
        )
    for part in instrument.parts:
        if not VERSION.fullmatch(part.version):
            reason = f"version {part.version!r} is not like 1.0.0"
            yield files.finding("parts", part.name, ("version",), reason)
    if instrument.structure.version.split(".")[0] != str(instrument.major):
        reason = f"version {instrument.structure.version} lies in folder {instrument.major}"
        yield files.finding("parts", "structure", ("version",), reason)
    if instrument.structure.ages.min > instrument.structure.ages.max:
        yield files.finding("parts", "structure", ("ages",), "no age lies between min and max")
    yield from _wordings(files)


def _wordings(files: InstrumentFiles) -> Iterator[Finding]:
    for lang, wording in files.instrument.wordings.items():
        part = WORDING + lang
        if wording.instrument != files.instrument.id:
            reason = f"this is the folder of {files.instrument.id}"
            yield files.finding("parts", part, ("instrument",), reason)
        if wording.lang != lang:
            yield files.finding("parts", part, ("lang",), f"the file is named {lang}")
        if not _fits(wording.structure, files.instrument.structure.version):
            reason = f"{wording.structure} does not admit {files.instrument.structure.version}"
            yield files.finding("parts", part, ("structure",), reason)


def _fits(wanted: str, version: str) -> bool:
    """Whether a version satisfies a caret range such as ^1.2.0: same major, not older."""
    lowest = wanted.removeprefix("^")
    if not (wanted.startswith("^") and VERSION.fullmatch(lowest) and VERSION.fullmatch(version)):
        return False
    wants, has = ([int(number) for number in text.split(".")] for text in (lowest, version))
    return wants[0] == has[0] and wants <= has


def ids_are_unique(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `ids`: nothing has two meanings, and items are q1, q2... in the order of the form."""
    structure, scoring = files.instrument.structure, files.instrument.scoring
    interpretation = files.instrument.interpretation
    items = [item.id for item in structure.items]
    yield from _repeated(files, "structure", ("items",), items)
    for index, item_id in enumerate(items):
        if item_id not in items[:index] and item_id != f"q{index + 1}":
            reason = f"{item_id} stands where q{index + 1} belongs"
            yield files.finding("ids", "structure", ("items", index), reason)
    for name, options in structure.option_sets.items():
        codes = [option.code for option in options]
        yield from _repeated(files, "structure", ("option_sets", name), codes)
        yield from _hidden(files, name, codes)
    yield from _repeated(files, "scoring", ("scales",), [scale.id for scale in scoring.scales])
    for scale, bands in interpretation.bands.items():
        yield from _repeated(files, "interpretation", ("bands", scale), [b.id for b in bands])
    yield from _repeated(files, "interpretation", ("flags",), [f.id for f in interpretation.flags])
    yield from _repeated(files, "interpretation", ("norms",), [n.id for n in interpretation.norms])
    yield from _repeated(files, "cases", (), [case.id for case in files.cases])


def _repeated(
    files: InstrumentFiles, part: str, keys: tuple[str | int, ...], ids: Sequence[str]
) -> Iterator[Finding]:
    for index, name in enumerate(ids):
        if name in ids[:index]:
            yield files.finding("ids", part, (*keys, index), f"{name} stands here a second time")


def _hidden(files: InstrumentFiles, name: str, codes: Sequence[str]) -> Iterator[Finding]:
    for index, code in enumerate(codes):
        if code in set(AnswerState):
            keys = ("option_sets", name, index)
            yield files.finding(
                "ids", "structure", keys, f"{code!r} is the word of an answer state"
            )
