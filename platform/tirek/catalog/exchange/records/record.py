"""One person's answers in a table, the totals that a table claims, and what our engine says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from tirek.catalog.exchange.foreign import ExchangeError, Remark
from tirek.domain.instruments import Answer, AnswerState, Instrument, UnknownOptionError
from tirek.domain.scoring import ScaleScore, as_number, score

# What stands before the items of a row; other programs need no more to draw a line through time.
FACTS = ("record", "language", "age", "sex", "ended")
# A table of a whole country comes in parts.
MAX_ROWS = 200_000
MAX_SENTENCES = 50
# Totals that differ by less were rounded by whoever wrote the table.
TOLERANCE = Fraction(1, 200)


@dataclass(frozen=True, slots=True)
class Record:
    """One administration: `facts` by name, an answer for each item that the table knows."""

    place: str
    facts: Mapping[str, str]
    answers: Mapping[str, Answer]
    # Totals that came with the table; never believed, only compared.
    claimed: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """A record with the scores that our engine computes, and the claims that it refutes."""

    record: Record
    scores: tuple[ScaleScore, ...]
    refuted: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All records of a file, and what in it was passed over.

    `unfinished` was passed over too: nobody's result, but an answer in it may tell of danger.
    """

    records: tuple[Record, ...]
    remarks: tuple[Remark, ...] = ()
    unfinished: tuple[Record, ...] = ()


class TableError(ExchangeError):
    """A table of which nothing is taken; `sentences` says every place, up to fifty.

    `legible` holds what could be read all the same, without the cells that could not: nobody
    enters it, but an answer in it may tell of danger, and a wrong cell elsewhere must not hide it.
    """

    def __init__(self, sentences: list[Remark], legible: Iterable[Record] = ()) -> None:
        """Keep all sentences; the first stands for them where one line is shown."""
        super().__init__(sentences[0].place, sentences[0].text)
        self.sentences = tuple(sentences[:MAX_SENTENCES])
        self.legible = tuple(legible)


def rescored(instrument: Instrument, records: Iterable[Record]) -> Iterator[Scored]:
    """Score each record anew; a total that came along and differs is named, and not taken."""
    for record in records:
        scores = score(instrument, record.answers)
        ours = {one.scale: one for one in scores}
        refuted = tuple(
            Remark(record.place, _refuted(scale, claim, ours[scale]))
            for scale, claim in record.claimed.items()
            if not _agrees(claim, ours[scale].value)
        )
        yield Scored(record, scores, refuted)


def answer_of(instrument: Instrument, item: str, written: str) -> Answer:
    """Return the answer that a cell holds; raise UnknownOptionError for a code we do not have.

    An empty cell is a skipped item. `2.0` and `2,0` are what spreadsheets make of `2`.
    """
    text = written.strip()
    if not text:
        return Answer(AnswerState.SKIPPED)
    answer = Answer.read(text)
    if answer.code is not None:
        known = {option.code for option in instrument.options(item)}
        if answer.code not in known:
            answer = Answer.read(_whole(answer.code))
        if answer.code not in known:
            raise UnknownOptionError(
                f"{item} has no option {text[:20]!r}; it has {', '.join(sorted(known))}"
            )
    return answer


def claim_of(written: str) -> Fraction | None:
    """Return the number in a cell of totals, None for an empty one; raise ValueError otherwise."""
    text = written.strip().replace(",", ".")
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{written[:20]!r} is no number") from None
    if not found.is_finite() or abs(found.adjusted()) > 12:  # noqa: PLR2004 (no score is so large)
        raise ValueError(f"{written[:20]!r} is no score")
    return Fraction(found)


def shown(one: ScaleScore) -> str:
    """Return a score as a cell: a number, or nothing where none is computable."""
    return "" if one.value is None else str(as_number(one.value))


def _whole(code: str) -> str:
    head, point, tail = code.replace(",", ".").partition(".")
    return head if point and not tail.strip("0") else code


def _agrees(claim: Fraction, value: Fraction | None) -> bool:
    return value is not None and abs(claim - value) <= TOLERANCE


def _refuted(scale: str, claim: Fraction, ours: ScaleScore) -> str:
    said = as_number(claim)
    if ours.value is None:
        return f"{scale} is said to be {said}, but is not computable ({ours.reason}); not taken"
    return f"{scale} is said to be {said}, but is {as_number(ours.value)}; not taken"
