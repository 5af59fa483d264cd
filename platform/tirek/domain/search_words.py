"""Words of a text, and which of them somebody may have meant who typed another one."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

# Letters and digits; a hyphen parts words, so that "ата-ана" is found by either half.
_WORD = re.compile(r"[^\W_]+")
_LAST_SIGN = "\U0010ffff"
# One or two letters begin half of all words: these are looked for as they stand.
SHORTEST_BEGINNING = 3
# A wrong letter in a shorter word makes another word of it.
SHORTEST_WITH_SLIP = 4
SHORTEST_WITH_TWO_SLIPS = 8
# Three letters begin too many other words to be the stem of one.
_SHORTEST_STEM = 4
# What a word found in each way counts, against one found as it was typed.
SAME, BEGINNING, STEM, SLIP = 1.0, 0.8, 0.45, 0.3
# Endings hang on endings in Kazakh; a word this much longer is another one.
_LONGEST_ENDING = 5
_CANDIDATES = 40


def spans(folded: str) -> Iterator[tuple[int, int]]:
    """Where each word begins and ends."""
    for found in _WORD.finditer(folded):
        yield found.span()


def words(folded: str) -> list[str]:
    """The words of a text, in their order."""
    return _WORD.findall(folded)


class Vocabulary:
    """All different words of the texts, by their place in the alphabet."""

    def __init__(self, found: Iterable[str]) -> None:
        """Sort the words and note which three letters stand together in which of them."""
        self.words: Sequence[str] = sorted(set(found))
        self.places = {word: place for place, word in enumerate(self.words)}
        self._threes: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            for three in _threes(word):
                self._threes.setdefault(three, []).append(place)

    def meant(self, typed: str) -> dict[int, float]:
        """Places of the words that may be meant, and how sure that is: from 0 to 1.

        Slips of the finger are thought of only where nothing begins as it was typed.
        """
        if len(typed) < SHORTEST_BEGINNING:
            place = self.places.get(typed)
            return {} if place is None else {place: SAME}
        return self._stems(typed) | self._beginnings(typed) or self._slips(typed)

    def _beginnings(self, typed: str) -> dict[int, float]:
        return {
            place: SAME if self.words[place] == typed else BEGINNING
            for place in self._begin_with(typed)
        }

    def _stems(self, typed: str) -> dict[int, float]:
        """Words with another ending, or without one.

        Two letters may differ in a word of 6, three in one of 8.
        """
        shorter = (typed[:length] for length in range(_SHORTEST_STEM, len(typed)))
        found = {self.places[word]: STEM for word in shorter if word in self.places}
        stem = typed[: len(typed) - min(3, max(1, len(typed) // 2 - 1))]
        if len(stem) >= _SHORTEST_STEM:
            longest = len(typed) + _LONGEST_ENDING
            alike = self._begin_with(stem)
            found |= {place: STEM for place in alike if len(self.words[place]) <= longest}
        return found

    def _begin_with(self, letters: str) -> range:
        first = bisect_left(self.words, letters)
        return range(first, bisect_left(self.words, letters + _LAST_SIGN, lo=first))

    def _slips(self, typed: str) -> dict[int, float]:
        if len(typed) < SHORTEST_WITH_SLIP:
            return {}
        is_long = len(typed) >= SHORTEST_WITH_TWO_SLIPS
        shared: Counter[int] = Counter()
        for three in _threes(typed):
            shared.update(self._threes.get(three, ()))
        # The first letter of a short word is hardly ever the wrong one.
        near = (
            place
            for place, _count in shared.most_common(_CANDIDATES)
            if is_long or self.words[place][0] == typed[0]
        )
        return {place: SLIP for place in near if slips(typed, self.words[place]) <= 1 + is_long}


def slips(typed: str, word: str) -> int:
    """How many letters are wrong, missing, added or swapped before `typed` begins `word`."""
    word = word[: len(typed) + 2]
    before: list[int] = []
    row = list(range(len(word) + 1))
    for place, letter in enumerate(typed):
        older, before, row = before, row, [place + 1]
        for at, other in enumerate(word):
            cost = min(before[at + 1] + 1, row[at] + 1, before[at] + (letter != other))
            if older and at and letter == word[at - 1] and typed[place - 1] == other:
                cost = min(cost, older[at - 1] + 1)
            row.append(cost)
    return min(row)


def _threes(word: str) -> set[str]:
    """Three letters in a row; the first two stand for a beginning too."""
    marked = f" {word}"
    return {marked[place : place + 3] for place in range(max(1, len(marked) - 2))}
