"""Search over short texts in memory: Kazakh letters folded, endings and slips forgiven, ranked.

A database would need its own dictionary for Kazakh; 100 lessons fit in the memory of a telephone.
"""

import math
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tirek.domain.alphabet import composed, fold
from tirek.domain.search_words import SAME, SLIP, Vocabulary, spans, words

LONGEST_QUERY = 80
MOST_WORDS = 6
_EXCERPT = 170
# An excerpt may begin this far before the first word that was found, at a sentence.
_BEFORE = 70
_ENDS = ".!?\n…»"
# A word that stands often in a lesson counts more, but not as many times more.
_OFTEN = 3.0
# A word that stands in more than this share of the texts does not tell one from another.
_COMMON = 0.5


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text; a word in the title counts more than one in the middle of a card."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Document:
    """One text that may be found; its first passage is its title."""

    id: str
    passages: tuple[Passage, ...]
    # Other words that lead here; they are not part of the text, so no excerpt shows them.
    keywords: str = ""
    keywords_weight: float = 5.0

    @property
    def weighed(self) -> tuple[Passage, ...]:
        """All that the text is found by."""
        return (*self.passages, Passage(self.keywords, self.keywords_weight))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_found` says that it is what was looked for."""

    text: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What a question found: ids, best first, and how each word of the question was understood."""

    ids: tuple[str, ...] = ()
    # By place in the vocabulary: which word of the question it answers.
    answers: Mapping[int, int] = field(default_factory=dict)
    # Each word of the question that tells texts apart stands in each text found.
    has_all_words: bool = True
    # Words are as typed or have another ending; no slip of the finger was thought of.
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class _Text:
    """A document as kept: its words by place, so that an excerpt is cut without reading it anew."""

    title: str
    body: str
    starts: Sequence[int]
    ends: Sequence[int]
    # Place of each word in the vocabulary.
    places: Sequence[int]

    def answers_to(self, findings: Findings) -> list[tuple[int, int]]:
        """Which shown words are what was looked for: their number here and in the question."""
        wanted = findings.answers
        return [(at, wanted[place]) for at, place in enumerate(self.places) if place in wanted]


class SearchIndex:
    """All texts of one language."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """Read every text once."""
        kept = tuple(documents)
        self._vocabulary = Vocabulary(
            word for one in kept for part in one.weighed for word in words(fold(part.text))
        )
        self._texts = {one.id: self._read(one) for one in kept}
        # By word: in which texts it stands and what it counts there.
        self._found_in: list[dict[str, float]] = [{} for _word in self._vocabulary.words]
        for one in kept:
            self._weigh(one)
        self._rarity = [math.log(1 + len(kept) / max(1, len(where))) for where in self._found_in]

    def find(self, question: str, within: Container[str]) -> Findings:
        """Texts with all words of the question, else those with the most; none for no words."""
        meant = [self._vocabulary.meant(word) for word in asked(question)]
        by_word = [self._scores(one, within) for one in meant]
        telling = [one for one in by_word if len(one) <= _COMMON * len(self._texts)] or by_word
        counts = Counter(document for one in telling for document in one)
        if not counts:
            return Findings()
        most = max(counts.values())
        best = {
            document: sum(one.get(document, 0) for one in by_word)
            for document, count in counts.items()
            if count == most
        }
        return Findings(
            ids=tuple(sorted(best, key=lambda one: (-best[one], one))),
            answers={place: number for number, one in enumerate(meant) for place in one},
            has_all_words=most == len(telling),
            is_sure=all(max(one.values(), default=SAME) > SLIP for one in meant),
        )

    def title(self, findings: Findings, document_id: str) -> tuple[Piece, ...]:
        """The title, with what was found marked."""
        text = self._texts[document_id]
        return _cut(text, text.answers_to(findings), 0, len(text.title))

    def excerpt(self, findings: Findings, document_id: str) -> tuple[Piece, ...]:
        """The stretch below the title with the most of what was asked; the beginning if none."""
        text = self._texts[document_id]
        first = len(text.title) + 1
        answers = [one for one in text.answers_to(findings) if text.starts[one[0]] >= first]
        start = _sentence_before(text.body, _densest(text, answers), first) if answers else first
        end = _end_of_excerpt(text.body, start)
        pieces = _cut(text, answers, start, end)
        return (*pieces, Piece("…", is_found=False)) if end < len(text.body) else pieces

    def _read(self, document: Document) -> _Text:
        body = "\n".join(part.text for part in document.passages)
        folded = fold(body)
        starts, ends, places = array("I"), array("I"), array("I")
        for start, end in spans(folded):
            starts.append(start)
            ends.append(end)
            places.append(self._vocabulary.places[folded[start:end]])
        return _Text(document.passages[0].text, body, starts, ends, places)

    def _weigh(self, document: Document) -> None:
        counted: dict[int, float] = {}
        heaviest: dict[int, float] = {}
        for part in document.weighed:
            for word in words(fold(part.text)):
                place = self._vocabulary.places[word]
                counted[place] = counted.get(place, 0) + 1
                heaviest[place] = max(heaviest.get(place, 0), part.weight)
        for place, count in counted.items():
            often = count / (count + _OFTEN)
            self._found_in[place][document.id] = heaviest[place] * (1 + often)

    def _scores(self, meant: Mapping[int, float], within: Container[str]) -> dict[str, float]:
        """What one word of the question counts in each text, at its best."""
        scores: dict[str, float] = {}
        for place, sureness in meant.items():
            worth = sureness * self._rarity[place]
            for document, weight in self._found_in[place].items():
                if document in within:
                    scores[document] = max(scores.get(document, 0), worth * weight)
        return scores


def asked(question: str) -> list[str]:
    """The words of a question, folded, each once, no more than anybody means."""
    found = words(fold(composed(question)[:LONGEST_QUERY]))
    return list(dict.fromkeys(found))[:MOST_WORDS]


def _densest(text: _Text, answers: list[tuple[int, int]]) -> int:
    """Where the stretch begins that holds the most different words of the question."""
    at = [(text.starts[word], number) for word, number in answers]

    def different(start: int) -> int:
        return len({number for place, number in at if start <= place < start + _EXCERPT})

    return max((start for start, _number in at), key=lambda start: (different(start), -start))


def _cut(text: _Text, answers: list[tuple[int, int]], start: int, end: int) -> tuple[Piece, ...]:
    found = [(text.starts[word], text.ends[word]) for word, _number in answers]
    inside = (edge for one in found if start <= one[0] and one[1] <= end for edge in one)
    pieces = (
        Piece(text.body[left:right].replace("\n", " "), is_found=number % 2 == 1)
        for number, (left, right) in enumerate(pairwise([start, *inside, end]))
    )
    return tuple(piece for piece in pieces if piece.text)


def _sentence_before(body: str, place: int, first: int) -> int:
    earliest = max(first, place - _BEFORE)
    ends = max(body.rfind(sign, earliest, place) for sign in _ENDS)
    if ends >= 0:
        start = ends + 1
    elif earliest == first:
        start = first
    else:
        start = body.find(" ", earliest, place) + 1 or place
    while start < place and not body[start].isalnum() and body[start] != "«":
        start += 1
    return start


def _end_of_excerpt(body: str, start: int) -> int:
    if len(body) - start <= _EXCERPT:
        return len(body)
    return max(body.rfind(" ", start, start + _EXCERPT), start + 1)
