"""Texts in the letters of their language."""

import re
import unicodedata
from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import WORDING, InstrumentFiles

# a to ya, and yo
RUSSIAN = frozenset(map(chr, range(0x430, 0x450))) | {"\u0451"}
# schwa, ghe with stroke, ka and en with descender, barred o, both straight u, shha, dotted i
KAZAKH = RUSSIAN | frozenset("\u04d9\u0493\u049b\u04a3\u04e9\u04b1\u04af\u04bb\u0456")
ALPHABETS = {"kk": KAZAKH, "ru": RUSSIAN}
# Latin letters that nobody can tell from Cyrillic ones; a word of nothing else was mistyped.
LOOK_ALIKES = frozenset("aceiopxyhABCEHIKMOPTXY")
WORD = re.compile(r"[^\W\d_]+")
# What is left when UTF-8 was read as something else.
BROKEN = re.compile("[\ufffd\x00-\x1f\x7f-\x9f]")


def letters_are_right(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `alphabet`: no Latin look-alike, no letter of another alphabet, no broken encoding."""
    for lang, wording in files.instrument.wordings.items():
        for key, text in wording.strings.items():
            for reason in wrong_letters(text, lang):
                place = ("strings", key)
                yield files.finding("alphabet", WORDING + lang, place, f"{key}: {reason}")


def wrong_letters(text: str, lang: str) -> Iterator[str]:
    """Yield what is wrong with the letters of one text."""
    if BROKEN.search(text):
        yield "has a character that no keyboard makes: broken encoding?"
    if _is_misread(text):
        yield "was UTF-8 and has been read as Windows-1251"
    if lang in ALPHABETS:
        for word in WORD.findall(text):
            yield from _wrong_word(word, ALPHABETS[lang])


def _is_misread(text: str) -> bool:
    """Whether the bytes of another text stand behind this one: no Cyrillic sentence decodes so."""
    try:
        return text != text.encode("cp1251").decode("utf-8")
    except ValueError:
        return False


def has_cyrillic(text: str) -> bool:
    """Whether any letter is Cyrillic."""
    return any(map(_is_cyrillic, text))


def _wrong_word(word: str, alphabet: frozenset[str]) -> Iterator[str]:
    foreign = {letter for letter in word if not letter.isascii() and letter.lower() not in alphabet}
    latin = {letter for letter in word if letter.isascii()}
    if foreign:
        yield f"{word!r} has letters of another alphabet: {' '.join(sorted(foreign))}"
    elif latin and (has_cyrillic(word) or latin <= LOOK_ALIKES):
        yield f"{word!r} has Latin letters that look Cyrillic: {' '.join(sorted(latin))}"


def _is_cyrillic(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CYRILLIC")
