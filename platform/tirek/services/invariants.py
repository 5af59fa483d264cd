"""The promises about referrals (I1 to I16), asked of whatever stands in the database.

Each promise is kept by a rule of the database as well; these questions do not trust it. They read
only, go over whole tables, and belong to the night. A row that comes back is a fault of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from tirek.domain.ladder import ClockKind
from tirek.domain.protocols import LevelRule, Protocol
from tirek.domain.referral import HANDED_ON, OWNED, TERMINAL, TRANSITIONS, UNOWNED
from tirek.services.invariant_questions import QUESTIONS
from tirek.services.notices import words_hash

# A sweep comes round far more often; later than this, nobody is watching.
SWEEP_GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks one promise."""

    invariant: str
    what: str
    subject: str


# What cannot be asked, with the reason.
NOT_ASKED: Mapping[str, str] = {
    "I15": "no erasure is built yet; what the rest of these questions need is ids, never names",
    "I16": "no anonymous channel is built yet",
}


def violations(session: Session, protocol: Protocol) -> list[Violation]:
    """Everything that breaks a promise, in the order of their numbers.

    The session must see every row (`Scope.system()`).
    """
    known = _facts(protocol)
    found = []
    for invariant, what, question, names in _questions():
        rows = session.execute(question, {name: known[name] for name in names})
        found += [Violation(invariant, what, str(row[0])) for row in rows]
    return found


@cache
def _questions() -> tuple[tuple[str, str, TextClause, tuple[str, ...]], ...]:
    """Number, what is wrong, the question, and the facts that it asks for."""
    return tuple(
        (invariant, what, question, tuple(question.compile().params))
        for invariant, questions in QUESTIONS.items()
        for what, words in questions.items()
        for question in [text(words)]
    )


def _facts(protocol: Protocol) -> dict[str, object]:
    """What the questions have to know from the code and the protocol."""
    steps = sorted(TRANSITIONS, key=lambda one: (one.from_state, one.to_state, one.actor))
    words = [
        (level.value, notice.kind, words_hash(notice))
        for level, rule in protocol.levels.items()
        for notice in rule.notices
    ]
    promises = [
        (level.value, clock.value, seconds)
        for level, rule in protocol.levels.items()
        for clock, seconds in _round_the_clock(rule).items()
    ]
    return {
        "froms": [one.from_state.value for one in steps],
        "tos": [one.to_state.value for one in steps],
        "actors": [one.actor.value for one in steps],
        "levels": [one.level.value for one in steps],
        "owned": [state.value for state in OWNED],
        "unowned": [state.value for state in UNOWNED],
        "handed_on": [state.value for state in HANDED_ON],
        "terminal": [state.value for state in TERMINAL],
        "grace": SWEEP_GRACE,
        "protocol": protocol.id,
        "version": protocol.version,
        "word_levels": [one[0] for one in words],
        "word_kinds": [one[1] for one in words],
        "word_hashes": [one[2] for one in words],
        "promise_levels": [one[0] for one in promises],
        "promise_clocks": [one[1] for one in promises],
        "promise_seconds": [one[2] for one in promises],
    }


def _round_the_clock(rule: LevelRule) -> Mapping[ClockKind, float]:
    """The limits of a level that no calendar has a say in, in seconds."""
    clocks = {
        ClockKind.SEEN: rule.seen,
        ClockKind.ACKNOWLEDGED: rule.acknowledged,
        ClockKind.CONTACT: rule.contact,
    }
    return {kind: clock.minutes * 60.0 for kind, clock in clocks.items() if clock.minutes}
