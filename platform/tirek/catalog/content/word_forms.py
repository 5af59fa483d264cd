"""Kazakh terms typed with Russian letters: the term with its endings, not any word like it."""

import re
from collections.abc import Iterable, Mapping

from tirek.domain.alphabet import fold

SHORTEST_TERM = 4
# As the school grammar has it, vowels that take -м, -сы and the like; и and у end like consonants.
VOWELS = "аәеыіоөұүяё"
# Endings as they look once Kazakh letters are folded into Russian ones.
NEW_WORD = "(?:[лдт][ыи][кг]?|шы|ши|сыз|сиз)?"
PLURAL = "(?:[лдт][ае]р)?"
AFTER_THEIRS = "(?:н|н[ае]|н[ыи]н|нд[ае]|н[ае]н|мен)?"
AFTER_OURS = "(?:[ае]|д[ыи]н?|д[ае]|н[ае]н|мен)?"
CASE = "(?:[ндт][ыи]н?|[гк][ае]|[дт][ае]|[ндт][ае]н|[мбп]ен)?"
TAIL = "(?:[гк][ыи])?(?:с[ыи]з|ш[ае]|[дт][ае]й)?"
ONES = "[ыи]|[ыи](?:м|н|м[ыи]з|н[ыи]з)"
VOWEL_ONES = "с[ыи]|м|н|м[ыи]з|н[ыи]з"
# The last letter of these softens before an ending: сабақ, сабағы.
SOFTER = {"қ": "ғ", "к": "г", "п": "б"}


class Spelling:
    """The approved Kazakh words, and how one of them is recognised in Russian letters."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words of all terms; one without a Kazakh letter cannot be typed wrongly."""
        self._terms: dict[str, tuple[str, str]] = {}
        for word in words:
            for stem in _stems(word.lower()):
                if fold(stem) != stem and len(stem) >= SHORTEST_TERM:
                    self._terms[fold(stem)] = stem, word
        self._pattern = _pattern({typed: stem for typed, (stem, _word) in self._terms.items()})

    def meant(self, word: str) -> str | None:
        """The approved word that is typed here with Russian letters; None for any other word."""
        found = self._pattern.fullmatch(fold(word))
        if found is None:
            return None
        stem, term = self._terms[next(one for one in found.groups() if one)]
        typed = word.lower()[: len(stem)]
        # A letter that is Kazakh here and Russian in the term makes another word: өзіңе, өзіне.
        is_slip = all(
            one in {letter, fold(letter)} for letter, one in zip(stem, typed, strict=True)
        )
        return term if is_slip and typed != stem else None


def _stems(word: str) -> list[str]:
    softened = SOFTER.get(word[-1])
    return [word, word[:-1] + softened] if softened else [word]


def _pattern(right: Mapping[str, str]) -> re.Pattern[str]:
    by_end = {True: list[str](), False: list[str]()}
    for stem in sorted(right, key=len, reverse=True):
        by_end[right[stem][-1] in VOWELS].append(re.escape(stem))
    forms = [_forms("|".join(stems), vowel=vowel) for vowel, stems in by_end.items() if stems]
    return re.compile("|".join(forms) or r"(?!)")


def _forms(stems: str, *, vowel: bool) -> str:
    theirs, ours = (VOWEL_ONES if vowel else ONES).split("|", 1)
    owned = f"(?:{theirs}){AFTER_THEIRS}|(?:{ours}){AFTER_OURS}"
    after_plural = f"[лдт][ае]р(?:[ыи]{AFTER_THEIRS}|[ыи](?:м|н|м[ыи]з|н[ыи]з){AFTER_OURS})"
    return f"({stems}){NEW_WORD}(?:{owned}|{after_plural}|{PLURAL}{CASE}){TAIL}"
