"""Double submits, two tabs, two devices, and a whole class that finishes in the same seconds."""

import asyncio
import time
from random import Random

from tests.faults import oracle
from tests.faults.site import Site, token
from tests.faults.sitting import LAST, Asked, Sitting, a_plan, items
from tests.http import Answered, run

DOUBLES = 20
CLASS, FLAGGED = 60, 10


def test_a_page_sent_twenty_times_at_once_counts_once(site: Site, random: Random) -> None:
    for age in (12, 14):
        [pupil] = site.pupils(1, age=age)
        plan = a_plan(random, flagged=True) | {"q12": "1", "q13": "1"}
        sitting = Sitting(site, pupil, {item: _said(value) for item, value in plan.items()})
        run(_every_page_twenty_times(site, sitting))
        oracle.is_whole(site, sitting)


def test_an_answer_and_the_end_at_once(site: Site, random: Random, is_long: bool) -> None:
    """A second tab changes an answer while the first one finishes: it counts, or it is refused."""
    refused = 0
    pupils = site.pupils(50 if is_long else 10, age=14)
    for pupil in pupils:
        sitting = Sitting(site, pupil, a_plan(random, flagged=False))
        refused += run(_answer_while_ending(site, sitting, random))
        oracle.agrees(site, sitting)
    print(f"{len(pupils)} runs, {refused} late answers refused")


def test_two_devices_with_one_code(site: Site, random: Random, is_long: bool) -> None:
    for pupil in site.pupils(20 if is_long else 5, age=random.choice([12, 14])):
        plan = {item: _said(value) for item, value in a_plan(random).items()}
        # What was acknowledged on one device, the other one's page may already pass over.
        told: dict[str, str] = {}
        pair = [
            Sitting(site, pupil, plan, lang=lang, autosaves=random.random() < 0.5, told=told,
                    is_alone=False)
            for lang in ("kk", "ru")
        ]  # fmt: skip
        run(_together(pair))
        for sitting in pair:
            oracle.is_whole(site, sitting)


def test_a_class_that_finishes_in_the_same_seconds(site: Site, random: Random) -> None:
    pupils = site.pupils(CLASS, age=14)
    flagged = set(random.sample(range(CLASS), FLAGGED))
    sittings = [
        Sitting(site, pupil, a_plan(random, flagged=number in flagged))
        for number, pupil in enumerate(pupils)
    ]
    run(site.inbox())
    begun, ended = run(_all_finish(sittings))
    run(site.arrived([pupils[number].name for number in flagged], within=2))
    print(f"{CLASS} finished within {ended - begun:.1f} s; inbox {time.monotonic() - ended:.1f} s")
    inbox = set(run(site.inbox()))
    calm = {pupils[number].name for number in range(CLASS) if number not in flagged}
    assert not inbox & calm
    for sitting in sittings:
        oracle.is_whole(site, sitting)


async def _every_page_twenty_times(site: Site, sitting: Sitting) -> None:
    path = await sitting.enter()
    while "/page/" in path:
        asked = await sitting.ask(path)
        path = await _at_once(site, sitting, asked)
    await sitting.thanks(path)
    await sitting.close()


async def _at_once(site: Site, sitting: Sitting, asked: Asked) -> str:
    """Twenty tabs of one browser send the same page; all must be led to the same next one."""
    tabs = [site.browser() for _ in range(DOUBLES)]
    for tab in tabs:
        tab.cookies = dict(sitting.browser.cookies)
    pages = await asyncio.gather(*(tab.post("post", asked.path, asked.fields) for tab in tabs))
    for tab in tabs:
        await tab.close()
    seen = sorted({(page.status, page.headers.get("location", "")) for page in pages})
    assert len(seen) == 1, (asked.path, seen)
    assert seen[0][0] == 303, seen
    sitting.told |= asked.answers
    sitting.is_completed |= asked.completes
    return seen[0][1]


async def _answer_while_ending(site: Site, sitting: Sitting, random: Random) -> bool:
    path = await sitting.answer(await sitting.enter(), until=LAST)
    last = await sitting.ask(path)
    other = site.browser()
    other.cookies = dict(sitting.browser.cookies)
    page = await other.get("get", "/ru/s/page/1")
    # One more symptom changes the score; which one is chance.
    item = random.choice([one for one in items(page.body) if one != "q9"])
    late = token(page.body) | {"item": item, "value": "3"}

    async def change() -> int:
        await asyncio.sleep(random.uniform(0, 0.02))
        return (await other.post("post", "/ru/s/answer", late)).status

    async def end() -> Answered:
        await asyncio.sleep(random.uniform(0, 0.02))
        return await sitting.send(last)

    ended, status = await asyncio.gather(end(), change())
    assert ended.status == 303
    assert status in {200, 409, 422}, status
    if status == 200:
        sitting.told[item] = "3"
    await sitting.thanks(ended.headers["location"])
    await other.close()
    await sitting.close()
    return status != 200


async def _together(pair: list[Sitting]) -> None:
    await asyncio.gather(*(sitting.go_on() for sitting in pair))
    for sitting in pair:
        await sitting.close()


async def _all_finish(sittings: list[Sitting]) -> tuple[float, float]:
    """Everybody comes to the last page, then all press "Finish"."""
    paths = await asyncio.gather(*(_to_the_last_page(sitting) for sitting in sittings))
    begun = time.monotonic()
    await asyncio.gather(
        *(sitting.answer(path) for sitting, path in zip(sittings, paths, strict=True))
    )
    ended = time.monotonic()
    for sitting in sittings:
        await sitting.close()
    return begun, ended


async def _to_the_last_page(sitting: Sitting) -> str:
    return await sitting.answer(await sitting.enter(), until=LAST)


def _said(value: str) -> str:
    """An answer instead of a blank, which would be asked about once more."""
    return value if value.isdigit() else "declined"
