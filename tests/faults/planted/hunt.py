"""Runs a bug's story without it, with it behind the database's guards, and with it alone."""

import time
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.faults.planted.bugs import Bug
from tests.properties.ground import Ground, Play
from tirek.services import fold


@dataclass
class Hunt:
    """What came of one bug."""

    bug: str
    # What the same story breaks without the bug: nothing, or the finding is worth nothing.
    healthy: set[str] = field(default_factory=set)
    refusal: str | None = None
    found: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def numbers(self) -> set[str]:
        """The promises that were seen broken."""
        return {one.split(":")[0] for one in self.found}


def hunt(ground: Ground, bug: Bug) -> Hunt:
    """Look for one bug by all means."""
    begun = time.monotonic()
    hunted = Hunt(bug.name)
    with ground.copy() as play:
        bug.story(play)
        hunted.healthy = broken(play)
    if bug.refusal is not None:
        with ground.copy() as play, bug.plant(play):
            hunted.refusal = _refusal(play, bug)
    with ground.copy() as play:
        with play.owner.begin() as connection:
            for statement in bug.unguarded:
                connection.execute(text(statement))
        with bug.plant(play):
            bug.story(play)
        hunted.found = broken(play)
    hunted.seconds = time.monotonic() - begun
    return hunted


def _refusal(play: Play, bug: Bug) -> str | None:
    try:
        bug.story(play)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", None))
    return None


def broken(play: Play) -> set[str]:
    """Promises that do not hold, and referrals that are not what their events say."""
    found = {f"{one.invariant}: {one.what}" for one in play.violations()}
    with play.system() as unit:
        if fold.mismatches(unit.session).mismatches:
            found.add("fold: not what the events say")
    return found
