"""Too much, twice, at the wrong time, or nobody there: F7, F8, F9, F13, F14, F18."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

import psycopg
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tests.faults.campaign.fault import Fault
from tests.faults.campaign.ground import CLOCKS, Ground, faketime
from tests.faults.campaign.template import Staff

if TYPE_CHECKING:
    from collections.abc import Callable

TEN_MEGABYTES = 10 * 1024 * 1024
OK_STATUS, WON, LOST = 200, 303, 409


def _celery(ground: Ground) -> "Callable[[int], object]":
    """Something that asks Celery to deliver a message."""
    from celery import Celery  # noqa: PLC0415 - only where there is a broker

    from tirek.tasks.celery_app import DELIVER  # noqa: PLC0415
    from tirek.tasks.settings import settings  # noqa: PLC0415

    app = Celery("campaign", set_as_current=False)
    app.conf.update(settings(ground.cluster.redis_url()))
    return lambda number: app.send_task(DELIVER, args=[number], queue="mail")


class TenTimes(Fault):
    """Each message is asked for ten times more, in any order."""

    code = "F7"
    what = "deliveries x10, reordered"
    is_of_redis = True
    messages: ClassVar[int] = 60

    def inject(self, ground: Ground) -> None:
        """Enqueue the latest messages again and again."""
        with ground.owner() as connection:
            rows = connection.execute(
                "SELECT id FROM outbox ORDER BY id DESC LIMIT %s", (self.messages,)
            ).fetchall()
        numbers = [int(str(row[0])) for row in rows for _ in range(10)]
        self.random.shuffle(numbers)
        send = _celery(ground)
        with suppress(OperationalError, RedisError):
            for number in numbers:
                send(number)
        self.detail = f"{len(rows)} messages"


class Twins(Fault):
    """A second relay and a second beat join the first ones until the end."""

    code = "F8"
    what = "two relays, two beats"

    def inject(self, ground: Ground) -> None:
        """Start them besides; a twin that came earlier stays."""
        if "relay-twin" not in ground.others:
            ground.run_besides("relay-twin", "relay")
            if ground.with_redis:
                ground.run_besides("beat-twin", "beat")


class ClockStep(Fault):
    """The clock of a process is set two hours ahead or back, or by a day."""

    code = "F9"
    what = "clock step"
    needs = frozenset({CLOCKS})
    lasts = (10.0, 20.0)

    @classmethod
    def cannot_run(cls) -> str | None:
        """Clocks are moved by libfaketime."""
        return None if faketime() else "libfaketime is not installed"

    def inject(self, ground: Ground) -> None:
        """Step the clock of one part of each kind."""
        self.names = [
            name
            for name in ground.cluster.names()
            if name in {"web-1", "worker-1", "relay-1", "beat"} and self.random.random() < 0.7
        ] or ["web-1"]
        said = []
        for name in self.names:
            step = self.random.choice(["+2h", "-2h", "+1d"])
            ground.clock_file(name).write_text(step + "\n")
            said.append(f"{name} {step}")
        self.detail = ", ".join(said)

    def undo(self, ground: Ground) -> None:
        """Set them right again, which is a step too."""
        for name in self.names:
            ground.clock_file(name).write_text("+0\n")


class NobodyThere(Fault):
    """A region's first centre is closed, another's people are all switched off."""

    code = "F13"
    what = "centre closed, nobody on duty"
    lasts = (10.0, 20.0)

    def inject(self, ground: Ground) -> None:
        """Close one centre and empty another."""
        centers = sorted({one.center for one in ground.template.staff()})
        self.closed, self.empty = self.random.sample(centers, 2)
        with ground.owner() as connection:
            connection.execute(
                "UPDATE support_centers SET is_open = false WHERE id = %s", (self.closed,)
            )
            connection.execute(
                "UPDATE accounts SET is_active = false WHERE support_center_id = %s", (self.empty,)
            )
        ground.moved_centers |= {self.closed, self.empty}

    def undo(self, ground: Ground) -> None:
        """Open again."""
        with ground.owner() as connection:
            connection.execute("UPDATE support_centers SET is_open = true")
            connection.execute("UPDATE accounts SET is_active = true WHERE NOT is_active")


class TwoAtOnce(Fault):
    """Two specialists accept the same referral in the same second."""

    code = "F14"
    what = "two acknowledge at once"
    referrals: ClassVar[int] = 6

    def inject(self, ground: Ground) -> None:
        """Let pairs press, each pair on one referral of its centre."""
        won = 0
        with ThreadPoolExecutor(2) as pool:
            for center, pair in _pairs(ground).items():
                for referral, student, version in self._open(ground, center):
                    ground.worked_on.add(student)
                    presses = [pool.submit(_press, ground, one, referral, version) for one in pair]
                    statuses = sorted(press.result() for press in presses)
                    if WON in statuses and LOST in statuses:
                        won += 1
                    elif statuses == [WON, WON]:
                        self.complaints.append("both have won")
        self.detail = f"{won} times one winner and one 409"

    def _open(self, ground: Ground, center: str) -> list[tuple[str, str, int]]:
        with ground.owner() as connection:
            rows = connection.execute(
                "SELECT id::text, student_id::text, version FROM referrals"
                " WHERE support_center_id = %s AND owner_id IS NULL AND closed_at IS NULL"
                " ORDER BY random() LIMIT 2",
                (center,),
            ).fetchall()
        return [(str(row[0]), str(row[1]), int(str(row[2]))) for row in rows]


def _pairs(ground: Ground) -> dict[str, list[Staff]]:
    pairs: dict[str, list[Staff]] = {}
    for one in ground.template.staff():
        pairs.setdefault(one.center, []).append(one)
    return {center: pair for center, pair in pairs.items() if len(pair) == 2}


def _press(ground: Ground, who: Staff, referral: str, version: int) -> int:
    connection = HTTPConnection("127.0.0.1", ground.port, timeout=20)
    fields = urlencode({"csrf_token": who.csrf, "version": version})
    headers = {"Cookie": who.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        path = f"/ru/psc/referrals/{referral}/acknowledge"
        connection.request("POST", path, fields, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


class PoisonRows(Fault):
    """Messages nobody can write: of an unknown kind, to nobody, and one of ten megabytes."""

    code = "F18"
    what = "poison in the outbox"

    def inject(self, ground: Ground) -> None:
        """Add them for a person of the country."""
        self.mark = f"poison-{self.random.randrange(10**9)}"
        kinds = ("unknown-kind", "", "x" * TEN_MEGABYTES)
        with suppress(psycopg.Error), ground.owner() as connection:
            leg = connection.execute(
                "SELECT r.id, a.id FROM referrals r, accounts a WHERE a.role = 'psychologist'"
                " LIMIT 1"
            ).fetchone()
            if leg is None:
                self.detail = "no referral yet"
                return
            for number, kind in enumerate(kinds):
                connection.execute(
                    "INSERT INTO outbox (dedup, kind, referral_id, account_id, attempts)"
                    " VALUES (%s, %s, %s, %s, 0)",
                    (f"{self.mark}-{number}", kind, *leg),
                )
            ground.poisoned += len(kinds)
            self.detail = f"{len(kinds)} rows"

    def check(self, ground: Ground) -> None:
        """They are parked as stuck, and none is done or gone."""
        with ground.owner() as connection:
            row = connection.execute(
                "SELECT count(*) FROM outbox WHERE stuck_at IS NOT NULL AND done_at IS NULL"
                " AND starts_with(dedup, %s)",
                (self.mark,),
            ).fetchone()
        parked = row[0] if row else None
        if self.detail.endswith("rows") and parked != 3:
            self.complaints.append(f"{parked} of 3 poisoned rows are parked as stuck")


class PoisonTasks(Fault):
    """Celery messages that are no JSON, name no task, no row, or are of ten megabytes."""

    code = "F18"
    what = "poison in Celery's queue"
    is_of_redis = True

    def inject(self, ground: Ground) -> None:
        """Push them into the queues."""
        bad = ("not json", "{}", '{"body": 1}', "x" * TEN_MEGABYTES)
        with suppress(RedisError):
            for body in bad:
                ground.cluster.redis_cli("LPUSH", "mail", body)
        with suppress(OperationalError, RedisError):
            send = _celery(ground)
            for number in (0, -1, 10**12):
                send(number)
        time.sleep(0.1)
        self.detail = f"{len(bad) + 3} messages"
