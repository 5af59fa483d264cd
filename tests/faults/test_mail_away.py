"""Mail that cannot leave, and a relay that dies over it: the referral does not wait for either."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from tests.faults import oracle
from tests.faults.service import HOST, a_port
from tests.faults.site import Coded, Site
from tests.faults.sitting import Sitting, a_plan
from tests.http import run

FLAGGED = 4


@pytest.fixture
def sittings(site: Site, random: Random) -> list[Sitting]:
    return [
        Sitting(site, pupil, a_plan(random, flagged=True)) for pupil in site.pupils(FLAGGED, 14)
    ]


def test_a_mail_server_that_refuses_delays_no_referral(site: Site, sittings: list[Sitting]) -> None:
    site.service.restart(SMTP_URL=f"smtp://{HOST}:{a_port()}")
    run(_finish_and_arrive(site, sittings))
    _wait_until(lambda: _count(site, sittings, "o.attempts > 0") > 0)
    assert _count(site, sittings, "o.done_at IS NOT NULL") == 0
    site.service.restart()
    _all_leave(site, sittings)


def test_a_relay_that_is_killed_loses_and_doubles_nothing(
    site: Site, sittings: list[Sitting], random: Random, is_long: bool
) -> None:
    run(_finish_and_arrive(site, sittings))
    kills = 0
    for _ in range(10 if is_long else 3):
        kills += _kill_relay(site, random)
        site.time_passes()
    print(f"{kills} relays killed")
    assert kills
    _all_leave(site, sittings)


async def _finish_and_arrive(site: Site, sittings: list[Sitting]) -> None:
    await site.inbox()
    await asyncio.gather(*(sitting.go_on() for sitting in sittings))
    await site.arrived([sitting.pupil.name for sitting in sittings], within=2)
    for sitting in sittings:
        await sitting.close()


def _kill_relay(site: Site, random: Random) -> int:
    deadline = time.monotonic() + 30
    while (pid := site.service.relay()) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(random.uniform(0, 0.5))
    if pid is None:
        return 0
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return 1


def _all_leave(site: Site, sittings: list[Sitting]) -> None:
    """After the relay is back every message is in the folder once, under one reference."""

    def is_done() -> bool:
        site.time_passes()
        return _count(site, sittings, "o.done_at IS NULL") == 0

    _wait_until(is_done)
    for sitting in sittings:
        oracle.is_whole(site, sitting)
        _is_in_the_folder(site, sitting.pupil)


def _is_in_the_folder(site: Site, pupil: Coded) -> None:
    with site.session() as session:
        rows = session.execute(
            text(
                "SELECT o.id, a.email, d.reference, d.result FROM outbox o"
                " JOIN accounts a ON a.id = o.account_id"
                " LEFT JOIN referrals r ON r.id = o.referral_id"
                " LEFT JOIN notices n ON n.id = o.notice_id"
                " LEFT JOIN deliveries d ON d.outbox_id = o.id"
                " WHERE coalesce(r.student_id, n.student_id) = :id"
            ),
            {"id": pupil.id},
        ).all()
    references = {row.id: {other.reference for other in rows if other.id == row.id} for row in rows}
    assert rows
    assert all(len(each) == 1 for each in references.values()), "a message has two references"
    assert len({row.reference for row in rows}) == len(references), "two messages share one"
    for message_id in references:
        taken = [row for row in rows if row.id == message_id and row.result == "accepted"]
        assert len(taken) == 1, f"message {message_id} was taken {len(taken)} times"
        letter = message_from_bytes(_letter(site.folder, taken[0].reference).read_bytes())
        assert letter["To"] == taken[0].email
        assert pupil.name not in str(letter)


def _letter(folder: Path, reference: object) -> Path:
    [found] = (folder / "mail").glob(f"*{reference}*")
    return found


def _count(site: Site, sittings: list[Sitting], what: str) -> int:
    with site.session() as session:
        found: int = session.execute(
            text(
                "SELECT count(*) FROM outbox o LEFT JOIN referrals r ON r.id = o.referral_id"  # noqa: S608 - our own words
                " LEFT JOIN notices n ON n.id = o.notice_id"
                f" WHERE coalesce(r.student_id, n.student_id) = ANY(:ids) AND {what}"
            ),
            {"ids": [sitting.pupil.id for sitting in sittings]},
        ).scalar_one()
        return found


def _wait_until(is_so: object, within: float = 30) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.2)
