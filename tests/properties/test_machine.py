"""F20: random sequences of all steps, people and faults; I1 to I14 hold after each."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.ground import Ground
from tests.properties.machine import IS_LONG, SEEN, Referrals, profile

# In parts, each shorter than the time after which a test counts as hanging.
PARTS = 20 if IS_LONG else 1


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds_whatever_happens(ground: Ground, part: int) -> None:
    chosen = profile(examples=15, steps=60) if IS_LONG else profile(examples=12, steps=40)
    Referrals.ground = ground
    SEEN.clear()
    try:
        run_state_machine_as_test(Referrals, settings=chosen)
    finally:
        print("\n" + "\n".join(f"{number:6} {what}" for what, number in sorted(SEEN.items())))
