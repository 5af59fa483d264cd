"""What every fault is: something that is done to a ground, and undone again."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from tests.faults.campaign.ground import Ground


@dataclass
class Fault(ABC):
    """One fault of one moment; chance decides the details when it is made."""

    random: Random
    # What was done in particular, for the table and for whoever repeats the seed.
    detail: str = ""
    # What should not have been so; empty means that the fault passed.
    complaints: list[str] = field(default_factory=list)
    # Why it broke nothing; among other faults that may be, by itself it proves nothing.
    in_vain: str = ""

    # The number in referrals-security §4.4, and what it is in a few words.
    code: ClassVar[str]
    what: ClassVar[str]
    # What a ground must be prepared for.
    needs: ClassVar[frozenset[str]] = frozenset()
    # Without Redis there is nothing to break.
    is_of_redis: ClassVar[bool] = False
    # How long it lasts, in seconds: from, to.
    lasts: ClassVar[tuple[float, float]] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Draw how long it lasts."""
        self.seconds = self.random.uniform(*self.lasts)

    @classmethod
    def cannot_run(cls) -> str | None:
        """Why this fault cannot be had on this machine; None when it can."""
        return None

    @abstractmethod
    def inject(self, ground: Ground) -> None:
        """Break it."""

    def undo(self, ground: Ground) -> None:  # noqa: B027 - most faults end by themselves
        """Give it back; a process that was killed is started again by its supervisor."""

    def check(self, ground: Ground) -> None:  # noqa: B027
        """After the run has come to rest: add to `complaints` what the fault should have caused."""
