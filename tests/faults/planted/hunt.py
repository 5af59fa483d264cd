"""Runs a bug's story without it, with it behind the database's guards, and with it alone."""

import time
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO

from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.faults.planted.bugs import Bug
from tests.properties.ground import Ground, Play
from tests.properties.machine import Referrals, profile
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
        _take_guards_away(play, bug)
        with bug.plant(play):
            bug.story(play)
        hunted.found = broken(play)
    hunted.seconds = time.monotonic() - begun
    return hunted


def _take_guards_away(play: Play, bug: Bug) -> None:
    with play.owner.begin() as connection:
        for statement in bug.unguarded:
            connection.execute(text(statement))


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


def play_against(ground: Ground, bug: Bug) -> str:
    """Let the state machine play with the bug in and the database's guard away; what it says."""

    class Bugged(Referrals):
        def __init__(self) -> None:
            super().__init__()
            self.planted = ExitStack()
            _take_guards_away(self.play, bug)
            self.planted.enter_context(bug.plant(self.play))

        def teardown(self) -> None:
            self.planted.close()
            super().teardown()

    Bugged.ground = ground
    with redirect_stdout(StringIO()):
        try:
            run_state_machine_as_test(Bugged, settings=profile(examples=40, steps=40))
        except (AssertionError, DBAPIError, ExceptionGroup) as error:
            return str(error).splitlines()[0]
    return ""
