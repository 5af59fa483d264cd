"""`tirek content spell`: words that hunspell does not know, where it is installed; never a gate.

The Kazakh dictionary knows few of the endings that hang on endings, so most of what it doubts is
right. What a person has read and found right goes to content/words.{kk,ru}.txt.
"""

import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from os.path import relpath
from pathlib import Path

from tirek.catalog.content.files import Text
from tirek.catalog.content.kazakh_stems import stems
from tirek.catalog.content.prose import WORD, headings, prose
from tirek.catalog.content.survey import survey
from tirek.cli.parser import CommandError

DICTIONARIES = {"kk": "kk_KZ", "ru": "ru_RU"}
SECONDS = 120
# How many places of one word are named.
PLACES = 3
FEWEST_LETTERS = 3

Places = dict[str, list[str]]


def run_spell(arguments: Namespace) -> int:
    """Print the doubtful words of each language with their places; always 0."""
    hunspell = shutil.which("hunspell")
    if hunspell is None:
        sys.stdout.write("hunspell is not installed: nothing was checked\n")
        return 0
    texts = list(survey(arguments.root).texts)
    for lang in DICTIONARIES:
        places = _words(text for text in texts if text.writing.lang == lang)
        known = _known(arguments.root / f"words.{lang}.txt")
        asked = [word for word in places if not known.fullmatch(word.lower())]
        doubtful = _doubtful(hunspell, lang, asked)
        for word in sorted(doubtful, key=str.lower):
            named = ", ".join(places[word][:PLACES])
            sys.stdout.write(f"{lang} {word} x{len(places[word])}: {named}\n")
        sys.stdout.write(f"{lang}: {len(doubtful)} doubtful of {len(places)} different words\n")
    return 0


def _words(texts: Iterator[Text]) -> Places:
    places: Places = {}
    for text in texts:
        for paragraph in (*headings(text), *prose(text)):
            for word in WORD.findall(paragraph.shown):
                if len(word) >= FEWEST_LETTERS and not word[0].isdigit():
                    place = f"{relpath(text.path)}:{paragraph.line}"
                    places.setdefault(word, []).append(place)
    return places


def _known(path: Path) -> re.Pattern[str]:
    """The words that were read and found right; a `*` stands for any ending."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    words = [line.strip().lower() for line in lines if line.strip() and not line.startswith("#")]
    patterns = (re.escape(word).replace(r"\*", r"[\w-]*") for word in words)
    return re.compile("|".join(patterns) or r"(?!)")


def _doubtful(hunspell: str, lang: str, words: list[str]) -> list[str]:
    """The words of which the dictionary knows no form; in a hyphenated one, of any half."""
    halves = {word: word.split("-") for word in words}
    forms = {half: _forms(lang, half) for parts in halves.values() for half in parts}
    unknown = _unknown(hunspell, DICTIONARIES[lang], sorted(set().union(*forms.values())))
    return [word for word in words if any(forms[half] <= unknown for half in halves[word])]


def _forms(lang: str, word: str) -> set[str]:
    """What may stand for the word: Kazakh ones also without some of their endings."""
    return {word, *stems(word.lower())} if lang == "kk" else {word}


def _unknown(hunspell: str, dictionary: str, words: list[str]) -> set[str]:
    told = subprocess.run(  # noqa: S603  hunspell as the machine has it, reading our own words
        [hunspell, "-d", dictionary, "-i", "utf-8", "-l"],
        input="\n".join(words),
        capture_output=True,
        check=False,
        text=True,
        timeout=SECONDS,
    )
    if told.returncode:
        reason = told.stderr.strip().splitlines() or ["it says nothing"]
        raise CommandError(f"hunspell cannot use {dictionary}: {reason[0]}")
    return set(told.stdout.splitlines())
