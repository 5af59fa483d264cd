"""Each planted bug is caught, and the same story without it is clean: this can fail both ways."""

import os

import pytest

from tests.faults.planted.bugs import BUGS, Bug
from tests.faults.planted.hunt import hunt, play_against
from tests.properties.ground import Ground

BUGS_OF_THE_ISSUE = 10


def test_all_bugs_are_there() -> None:
    assert len({bug.name for bug in BUGS}) == BUGS_OF_THE_ISSUE


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_a_planted_bug_is_caught(ground: Ground, bug: Bug) -> None:
    hunted = hunt(ground, bug)
    assert not hunted.healthy
    assert hunted.refusal == bug.refusal
    assert bug.breaks <= hunted.numbers, hunted.found


@pytest.mark.skipif(os.environ.get("TIREK_FAULTS") != "long", reason="minutes; TIREK_FAULTS=long")
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_the_state_machine_catches_it_too(ground: Ground, bug: Bug) -> None:
    assert play_against(ground, bug)
