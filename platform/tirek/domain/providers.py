"""How the messages of a channel are shared among its providers.

A provider that fails or dawdles loses ten points a minute to one that is well; when all are well
again, the shares drift back to where they rest. One message that has just failed does not wait for
this: its next attempt goes to another provider at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ALL = 100
STEP = 10
MOVE_EVERY = timedelta(minutes=1)
DRIFT_EVERY = timedelta(minutes=5)
# The first provider bears most; the others bear enough that everybody knows they still work.
SHARE_OF_OTHERS = 10
# Fewer than these are bad luck; a single message is helped by its own next attempt.
FEWEST = 3
TOO_MANY_ERRORS = 0.2
TOO_MANY_SLOW = 0.15


@dataclass(frozen=True, slots=True)
class Stats:
    """What one provider did lately."""

    calls: int = 0
    # Calls that failed, or whose end is not known.
    errors: int = 0
    # Calls that it took long to answer.
    slow: int = 0
    # Messages it accepted long enough ago to have been delivered, and those which were not.
    expected: int = 0
    unreceipted: int = 0

    @property
    def badness(self) -> float:
        """How badly it does: above 1 it is ailing."""
        return max(
            _excess(self.errors, self.calls, TOO_MANY_ERRORS),
            _excess(self.slow, self.calls, TOO_MANY_SLOW),
            _excess(self.unreceipted, self.expected, TOO_MANY_SLOW),
        )

    @property
    def is_ailing(self) -> bool:
        """Whether messages should rather go elsewhere."""
        return self.badness >= 1


@dataclass(frozen=True, slots=True)
class Weights:
    """The share of each provider, preferred ones first, and since when it is so."""

    shares: Mapping[str, int]
    changed_at: datetime

    def __post_init__(self) -> None:
        if min(self.shares.values()) < 0 or sum(self.shares.values()) != ALL:
            raise ValueError(f"shares are not negative and sum up to {ALL}")


def resting(names: Collection[str]) -> dict[str, int]:
    """The shares of these providers when all are well, preferred ones first."""
    first, *others = names
    shares = dict.fromkeys(others, SHARE_OF_OTHERS)
    return {first: ALL - sum(shares.values())} | shares


def next_weights(stats: Mapping[str, Stats], weights: Weights, now: datetime) -> Weights:
    """The weights from now on; the same ones when it is too early or there is nothing to mend."""
    ailing = {name: stats[name] for name in weights.shares if _is_ailing(stats, name)}
    if ailing:
        return _moved_away(ailing, weights, now)
    rest = resting(weights.shares)
    if weights.shares == rest or now - weights.changed_at < DRIFT_EVERY:
        return weights
    above = {name: share - rest[name] for name, share in weights.shares.items()}
    giver, taker = max(above, key=above.__getitem__), min(above, key=above.__getitem__)
    return _moved(weights, giver, taker, min(STEP, above[giver], -above[taker]), now)


def is_down(was_taken: Sequence[bool]) -> bool:
    """Whether a provider's latest attempts, the last one first, were all in vain.

    Shares take minutes to move, and each attempt on a provider that hangs takes ten seconds; so one
    that is down is not asked at all until its failures are a minute old.
    """
    return len(was_taken) >= FEWEST and not any(was_taken[:FEWEST])


def pick(weights: Mapping[str, int], chance: float, avoid: Collection[str] = ()) -> str:
    """The provider for one attempt; `chance` is at least 0 and below 1.

    Those in `avoid` have just failed with this message: they are asked only when nobody is left.
    """
    allowed = {name: share for name, share in weights.items() if name not in avoid} or weights
    point = int(chance * sum(allowed.values()))
    for name, share in allowed.items():
        if point < share:
            return name
        point -= share
    # None of those left has any share.
    return next(iter(allowed))


def _is_ailing(stats: Mapping[str, Stats], name: str) -> bool:
    return name in stats and stats[name].is_ailing


def _moved_away(ailing: Mapping[str, Stats], weights: Weights, now: datetime) -> Weights:
    well = [name for name in weights.shares if name not in ailing]
    bearing = [name for name in ailing if weights.shares[name] > 0]
    if not well or not bearing or now - weights.changed_at < MOVE_EVERY:
        return weights
    worst = max(bearing, key=lambda name: ailing[name].badness)
    return _moved(weights, worst, well[0], min(STEP, weights.shares[worst]), now)


def _moved(weights: Weights, giver: str, taker: str, points: int, now: datetime) -> Weights:
    shares = dict(weights.shares)
    shares[giver] -= points
    shares[taker] += points
    return Weights(shares, now)


def _excess(bad: int, of: int, limit: float) -> float:
    """How many times over the limit a share is; 0 when there are too few to tell."""
    return 0.0 if bad < FEWEST else bad / max(of, 1) / limit
