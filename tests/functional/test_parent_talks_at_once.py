"""Twenty browsers and one time: the whole application, at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.builders_talks import a_host, a_parent, some_slots
from tests.functional.browser import Browser
from tests.world import World
from tirek.storage.models import Booking


def test_of_twenty_posts_at_once_one_wins_and_the_others_see_near_times(
    world: World, browser: Callable[..., Browser]
) -> None:
    slots = some_slots(world.unit(), a_host(world.unit(), world.school.psychologist))
    pupil, verifier = world.school.pupil.student, world.school.psychologist.account
    crowd = [a_parent(world.unit(), pupil, verifier) for _ in range(20)]
    world.session.commit()
    path = "/kk/parent/talks/times"
    ready: list[tuple[Browser, str]] = []
    for who in crowd:
        one = browser("kk").sign_in(who)
        token = one.open(path).html.find("input", attrs={"name": "csrf_token"})
        assert token is not None
        ready.append((one, str(token["value"])))
    barrier = Barrier(len(ready))

    def press(pair: tuple[Browser, str]) -> TestResponse:
        one, token = pair
        barrier.wait()
        return one.client.post(f"{path}/{slots[0]}", data={"csrf_token": token})

    with ThreadPoolExecutor(len(ready)) as pool:
        answers = list(pool.map(press, ready))
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 19
    for answer in answers:
        if answer.status_code == 409:
            page = answer.get_data(as_text=True)
            assert [f'action="{path}/{slot}"' in page for slot in slots] == [False, True, True]
    world.session.rollback()
    taking = select(Booking).where(Booking.slot_id == slots[0])
    assert len(world.session.scalars(taking).all()) == 1
