"""Numbers that say the same in both languages."""

import re
from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import LANGUAGES, WORDING, InstrumentFiles

NUMBER = re.compile(r"\d+")


def numbers_agree(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `numbers`: a cut-off, a range or a count is told alike in Kazakh and in Russian.

    A language may put a number in words ("two weeks") or leave one end of a stretch out, so only
    two sets of which neither holds the other are a fault.
    """
    first, second = (files.instrument.wordings[lang].strings for lang in LANGUAGES)
    for key in (key for key in first if key in second):
        one, other = ({*NUMBER.findall(text)} for text in (first[key], second[key]))
        if one and other and not (one <= other or other <= one):
            says = zip(LANGUAGES, (one, other), strict=True)
            reason = f"{key} tells " + ", ".join(f"{_list(told)} in {lang}" for lang, told in says)
            for lang in LANGUAGES:  # which of the two is wrong, nobody can tell from here
                yield files.finding("numbers", WORDING + lang, ("strings", key), reason)


def _list(numbers: set[str]) -> str:
    return ", ".join(sorted(numbers, key=int))
