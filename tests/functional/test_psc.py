"""The support centre's people at work, from sign-in to the closed referral."""

from collections.abc import Callable

from tests.functional.browser import Browser
from tests.world import World

NewBrowser = Callable[..., Browser]


def test_an_empty_inbox_says_so_kindly(world: World, browser: NewBrowser) -> None:
    page = browser().sign_in(world.home.specialist).open("/en/psc")
    assert page.h1 == "Referrals"
    assert "Nobody is waiting for you now" in page.text
