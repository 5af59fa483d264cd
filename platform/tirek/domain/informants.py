"""A child and a parent about the same things: where they see them alike, and where they do not.

Parents and children agree weakly as a rule (Achenbach, McConaughy & Howell 1987: r about .25;
De Los Reyes et al. 2015: .28 - from memory, to be checked). A difference is a reason to ask both,
never a reason to disbelieve one; what either of them said at a critical item stays said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from tirek.domain.instruments import Answer, Instrument

# The pupil's own form and the parent's, with the same items under the same ids.
PAIRS = (("psc-17-y", "psc-17-p"),)
# Options apart, from which on two answers about one thing are worth a question.
FAR = 2


@dataclass(frozen=True, slots=True)
class Apart:
    """One thing on which both spoke, two or more options apart."""

    item: str
    here: str
    there: str
    is_critical: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two informants item by item: how many both answered, how many alike, which far apart."""

    both: int
    alike: int
    apart: tuple[Apart, ...]


def counterpart(instrument_id: str) -> str | None:
    """The other informant's form of the same questionnaire."""
    for pair in PAIRS:
        if instrument_id in pair:
            return pair[1 - pair.index(instrument_id)]
    return None


def agreement(
    here: Instrument,
    answers: Mapping[str, Answer],
    there: Instrument,
    other: Mapping[str, Answer],
) -> Agreement:
    """Compare two informants' answers to the items that both forms have.

    An item counts where both chose an option; options are compared by their place in the list.
    """
    both = alike = 0
    apart = []
    known = {item.id for item in there.items}
    for item in here.items:
        one, two = answers.get(item.id), other.get(item.id)
        if item.id not in known or one is None or two is None:
            continue
        if one.code is None or two.code is None:
            continue
        both += 1
        distance = abs(_place(here, item.id, one.code) - _place(there, item.id, two.code))
        alike += distance == 0
        if distance >= FAR:
            apart.append(Apart(item.id, one.code, two.code, here.is_critical(item.id)))
    return Agreement(both, alike, tuple(apart))


def _place(instrument: Instrument, item: str, code: str) -> int:
    return [option.code for option in instrument.options(item)].index(code)


def difference(mine: Fraction | None, theirs: Fraction | None) -> Fraction | None:
    """How much higher this informant's score is; None where one of them has none."""
    return None if mine is None or theirs is None else mine - theirs
