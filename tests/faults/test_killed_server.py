"""kill -9 of master, workers and relay while pupils answer, and during completion."""

import asyncio
import time
from random import Random

from tests.faults import oracle
from tests.faults.site import Site
from tests.faults.sitting import CRITICAL, LOST, Asked, Sitting, a_plan
from tests.http import run

AT_ONCE = 6
# A start takes some seconds on a busy machine, so the short form ends by the clock too.
ROUNDS, LONG_ROUNDS = 8, 100
LONGEST, LEAST_ROUNDS = 50.0, 3
LONGEST_DELAY = 0.06


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    site: Site, random: Random, is_long: bool
) -> None:
    cut = unsure = rounds = 0
    begun = time.monotonic()
    for number in range(LONG_ROUNDS if is_long else ROUNDS):
        if not is_long and number >= LEAST_ROUNDS and time.monotonic() - begun > LONGEST:
            break
        rounds = number + 1
        # Half of the kills meet a completion, the others the space between any two answers.
        sittings = run(_until_killed(site, random, at_completion=number % 2 == 0))
        cut += sum(not sitting.is_thanked for sitting in sittings)
        unsure += sum(sitting.doubtful is not None for sitting in sittings)
        site.service.start()
        for sitting in sittings:
            oracle.agrees(site, sitting)
        run(_finish(sittings, random))
        for sitting in sittings:
            oracle.is_whole(site, sitting)
    assert cut, "no kill met a run that was under way"
    print(f"{rounds} kills, {rounds * AT_ONCE} runs, {cut} cut off, {unsure} of them in a request")


def test_a_critical_answer_is_with_the_centre_though_the_server_dies_at_once(
    site: Site, random: Random, is_long: bool
) -> None:
    for _ in range(10 if is_long else 1):
        pupils = site.pupils(len(CRITICAL), age=random.choice([12, 14]))
        sittings = {
            item: Sitting(site, pupil, a_plan(random, flagged=False) | {item: "1"})
            for item, pupil in zip(CRITICAL, pupils, strict=True)
        }
        run(_answer_and_die(site, sittings))
        for sitting in sittings.values():
            oracle.agrees(site, sitting)
        site.service.start()
        run(site.arrived([pupil.name for pupil in pupils], within=5))
        run(_finish(list(sittings.values()), random))
        for sitting in sittings.values():
            oracle.is_whole(site, sitting)


async def _until_killed(site: Site, random: Random, *, at_completion: bool) -> list[Sitting]:
    """Several pupils answer; a moment after one of them sends a certain request, all is killed."""
    pupils = site.pupils(AT_ONCE, age=random.choice([12, 14]))
    loop = asyncio.get_running_loop()
    killed = asyncio.Event()

    def kill() -> None:
        site.service.kill()
        killed.set()

    request = random.randint(1, 12)
    delay = random.uniform(0, LONGEST_DELAY)
    armed = [True]

    def watch(number: int, asked: Asked) -> None:
        if armed and (asked.completes if at_completion else number == request):
            armed.pop()
            loop.call_later(delay, kill)

    sittings = [
        Sitting(site, pupil, a_plan(random), lang=random.choice(["kk", "ru"]),
                autosaves=random.random() < 0.5, retries=False)
        for pupil in pupils
    ]  # fmt: skip
    sittings[0].before_sending = watch
    ends = await asyncio.gather(*(one.go_on() for one in sittings), return_exceptions=True)
    if armed:
        # This pupil needed fewer requests than that.
        kill()
    async with asyncio.timeout(10):
        await killed.wait()
    for sitting, end in zip(sittings, ends, strict=True):
        if end is not None and not isinstance(end, LOST):
            raise end
        sitting.before_sending = lambda _number, _asked: None
        await sitting.close()
    return sittings


async def _finish(sittings: list[Sitting], random: Random) -> None:
    await asyncio.gather(*(_resume(one, random) for one in sittings if not one.is_thanked))


async def _resume(sitting: Sitting, random: Random) -> None:
    """Send the cut request once more from the same page, or begin with the code elsewhere."""
    sitting.browser.retries = True
    if sitting.doubtful is not None and random.random() < 0.5:
        await sitting.answer(await sitting.again())
    else:
        await sitting.move_to_another_device()
        await sitting.go_on()
    await sitting.close()


async def _answer_and_die(site: Site, sittings: dict[str, Sitting]) -> None:
    """Each pupil answers up to one item and not a step further; the last "yes" is the signal."""
    paths = await asyncio.gather(*(_up_to(sitting, item) for item, sitting in sittings.items()))
    asked = await asyncio.gather(
        *(sitting.ask(path) for sitting, path in zip(sittings.values(), paths, strict=True))
    )
    await asyncio.gather(
        *(sitting.send(one) for sitting, one in zip(sittings.values(), asked, strict=True))
    )
    site.service.kill()
    for sitting in sittings.values():
        await sitting.close()


async def _up_to(sitting: Sitting, item: str) -> str:
    return await sitting.answer(await sitting.enter(), until=item)
