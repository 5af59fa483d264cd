"""What pupils answer on their last page, and what must follow from it.

Of the six instruments these take the fewest answers for each level: the four questions on bullying
(medium, low), WHO-5 (none, or two flags at once), and PHQ-A, which alone raises high and immediate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from tests.world import the_catalog
from tirek.domain.flagging import Flag, critical_flags, flags_for
from tirek.domain.instruments import Answer
from tirek.domain.levels import Level
from tirek.domain.referral import ReceiverKind
from tirek.domain.scoring import score


@dataclass(frozen=True, slots=True)
class Plan:
    """One way of answering: what is stored already, and what the last page carries."""

    name: str
    instrument: str
    before: Mapping[str, str]
    last: Mapping[str, str]
    # Of a hundred pupils, how many answer this way.
    share: int


@dataclass(frozen=True, slots=True)
class Following:
    """What must stand in the database once a plan has been answered to the end."""

    # Flag -> level; flags of level "review" open a task and nothing else.
    flags: Mapping[str, str] = field(default_factory=dict)
    reviews: int = 0
    level: str | None = None
    # Receiver of each leg -> the level it has in the end, and how many events it has.
    legs: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    # The level whose clocks apply, for each time that something was raised.
    rules: tuple[str, ...] = ()
    scores: int = 0


def _row(codes: str) -> dict[str, str]:
    return {f"q{number}": code for number, code in enumerate(codes, start=1)}


def _phq(symptoms: str, q13: str) -> tuple[dict[str, str], dict[str, str]]:
    before = _row(symptoms + "0") | {"q10": "0", "q11": "0", "q12": "0"}
    return before, {"q13": q13}


PLANS = (
    Plan("calm, bullying", "hbsc-bullying", {}, _row("1211"), 6),
    Plan("calm, WHO-5", "who-5", {}, _row("34434"), 4),
    Plan("low", "hbsc-bullying", {}, _row("1311"), 14),
    Plan("medium", "hbsc-bullying", {}, _row("4121"), 38),
    Plan("medium, two flags", "who-5", {}, _row("01101"), 8),
    Plan("high", "phq-a", *_phq("23222221", "0"), 20),
    Plan("immediate", "phq-a", *_phq("11010101", "1"), 7),
    # Item 13 acts by itself, then the end adds the total: a second signal joins the first leg.
    Plan("immediate, then high", "phq-a", *_phq("33222221", "1"), 3),
)
# F15: the whole of PHQ-A, one in ten with a critical answer.
BELL = (
    Plan("bell, calm", "phq-a", {}, _row("1010010000000"), 9),
    Plan("bell, immediate", "phq-a", {}, _row("1010010010000"), 1),
)
BY_NAME = {plan.name: plan for plan in (*PLANS, *BELL)}
CALM = frozenset(plan.name for plan in PLANS if plan.name.startswith("calm"))


@cache
def following_of(name: str) -> Following:
    """What follows from the plan of this name."""
    return following(BY_NAME[name])


def following(plan: Plan) -> Following:
    """Follow the rules by hand, as the school's protocol says; no service is asked."""
    instrument = the_catalog().instruments[plan.instrument]
    given = {item: Answer.read(code) for item, code in {**plan.before, **plan.last}.items()}
    steps = [
        list(critical_flags(instrument, item, given[item]))
        for item in plan.last
        if instrument.is_critical(item)
    ]
    scores = score(instrument, given)
    steps.append(list(flags_for(instrument, scores, given)))
    flags: dict[str, str] = {}
    reviews = 0
    legs: dict[str, tuple[str, int]] = {}
    notices: list[str] = []
    rules: list[str] = []
    for step in steps:
        fresh = [flag for flag in step if flag.id not in flags]
        flags |= {flag.id: flag.level.value for flag in fresh}
        reviews += sum(flag.level is Level.REVIEW for flag in fresh)
        raised = [flag for flag in fresh if flag.level is not Level.REVIEW]
        if raised:
            rules.append(_follow(raised, legs, notices).value)
    levels = [Level(level) for level in flags.values() if level != Level.REVIEW]
    worst = max(levels, key=lambda level: level.rank).value if levels else None
    return Following(flags, reviews, worst, legs, tuple(sorted(notices)), tuple(rules), len(scores))


def _follow(flags: list[Flag], legs: dict[str, tuple[str, int]], notices: list[str]) -> Level:
    worst = max((flag.level for flag in flags), key=lambda level: level.rank)
    rule = the_catalog().protocol.rule(worst)
    receiver = ReceiverKind(rule.receiver).value
    level, events = legs.get(receiver, (worst.value, 0))
    higher = max(Level(level), worst, key=lambda one: one.rank)
    legs[receiver] = (higher.value, events + 1)
    notices += [notice.kind for notice in rule.notices if notice.kind not in notices]
    return worst
