"""What invented pupils answer: drawn so that means and shares are those that surveys found."""

import random
from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from tirek.domain.instruments import Answer, Instrument, Item
from tirek.domain.scales import Worse

# Shares of a question's options, from the best for the child to the worst, over all pupils.
# Sources (instruments.md §2): PHQ-A girls 6.9, boys 4.6; WHO-5 means 72 and 68; PSC-17 11.6 %
# positive; bullying in Kazakhstan 2022: 17.5 % sometimes, 6.8 % more often, 14.1 % bully others.
SHARES: dict[str, dict[str, tuple[float, ...]]] = {
    "phq-a": {
        "": (0.59, 0.26, 0.10, 0.05),
        "q3": (0.48, 0.30, 0.13, 0.09),
        "q5": (0.44, 0.35, 0.13, 0.08),
        "q8": (0.78, 0.14, 0.05, 0.03),
        "q9": (0.955, 0.030, 0.010, 0.005),
        "q10": (0.92, 0.08),
        "q11": (0.72, 0.21, 0.05, 0.02),
        "q12": (0.982, 0.018),
        "q13": (0.986, 0.014),
    },
    "gad-7": {"": (0.60, 0.26, 0.09, 0.05)},
    "who-5": {"": (0.27, 0.36, 0.18, 0.11, 0.05, 0.03)},
    "psc-17-y": {"": (0.66, 0.28, 0.06)},
    "psc-17-p": {"": (0.67, 0.28, 0.05)},
    "hbsc-bullying": {
        "q1": (0.757, 0.175, 0.035, 0.018, 0.015),
        "q2": (0.859, 0.105, 0.020, 0.010, 0.006),
        "q3": (0.87, 0.09, 0.022, 0.011, 0.007),
        "q4": (0.91, 0.065, 0.014, 0.007, 0.004),
    },
    # Of 803 young patients 5 to 12 of 100 said yes to a question.
    "asq": {"": (0.95, 0.05), "q5": (0.93, 0.07)},
    # Nobody's figures: a class of which most are over it and some are not.
    "cries-8": {"": (0.42, 0.28, 0.18, 0.12)},
}
# How strongly a question follows the pupil's state; bullying is told apart from it.
LOADING = {"hbsc-bullying": 0.40}
USUAL_LOADING = 0.66
# Girls report more than boys: the difference of the means in its own standard deviations.
BOYS_SHIFT = -0.2
GIRLS_SHIFT = 0.25
SKIPPED, DECLINED, LEFT_EARLY = 0.004, 0.002, 0.012
# From one round to the next a state stays much the same.
STABILITY = 0.75

_NORMAL = NormalDist()


def state_at_first(chance: random.Random) -> float:
    """A pupil's hidden state, standard normal; the higher, the worse."""
    return chance.gauss(0, 1)


def state_later(chance: random.Random, state: float) -> float:
    """The same pupil's state a round later."""
    return STABILITY * state + sqrt(1 - STABILITY**2) * chance.gauss(0, 1)


def answers_of(
    instrument: Instrument, chance: random.Random, state: float, sex: str | None
) -> tuple[dict[str, Answer], bool]:
    """One respondent's answers to what they saw, and whether they went to the end."""
    felt = state + (GIRLS_SHIFT if sex == "f" else BOYS_SHIFT)
    given = {item.id: _answer(instrument, item, chance, felt) for item in instrument.items}
    if chance.random() >= LEFT_EARLY:
        return given, True
    left_at = chance.randrange(1, len(instrument.items))
    return dict(list(given.items())[:left_at]), False


def _answer(instrument: Instrument, item: Item, chance: random.Random, felt: float) -> Answer:
    # Every number is drawn whether it is needed or not, so that one change moves no other draw.
    mood, own = chance.random(), chance.gauss(0, 1)
    if mood < SKIPPED:
        return Answer.read(None)
    if mood < SKIPPED + DECLINED and instrument.structure.may_decline:
        return Answer.read("declined")
    loading = LOADING.get(instrument.id, USUAL_LOADING)
    badness = loading * felt + sqrt(1 - loading**2) * own
    codes = _codes_best_first(instrument, item)
    return Answer.read(codes[_category(_shares(instrument, item), badness)])


def _codes_best_first(instrument: Instrument, item: Item) -> list[str]:
    by_weight = sorted(instrument.options(item.id), key=lambda option: option.weight)
    codes = [option.code for option in by_weight]
    return codes if item.worse is Worse.HIGH else codes[::-1]


def _shares(instrument: Instrument, item: Item) -> Sequence[float]:
    shares = SHARES[instrument.id]
    return shares[item.id] if item.id in shares else shares[""]


def _category(shares: Sequence[float], badness: float) -> int:
    """The option whose share of the normal curve holds this value."""
    below = _NORMAL.cdf(badness)
    total = 0.0
    for place, share in enumerate(shares[:-1]):
        total += share
        if below < total:
            return place
    return len(shares) - 1
