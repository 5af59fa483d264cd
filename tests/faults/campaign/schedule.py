"""Which faults a run has, and when: all of it follows from the run's seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.faults.campaign import away, killed, wrong
from tests.faults.campaign.fault import Fault

FAULTS: tuple[type[Fault], ...] = (
    killed.KillWeb,
    killed.KillWorker,
    killed.KillRelay,
    killed.KillBeat,
    killed.KillNginx,
    killed.KillChildren,
    killed.KillAtCommit,
    away.RedisAway,
    away.RedisKilled,
    away.RedisForgets,
    away.RedisRefuses,
    away.RedisHangs,
    away.RedisFull,
    away.RedisEvicts,
    away.PostgresCrash,
    away.PostgresCrashes,
    away.PostgresHangs,
    away.BackendsTerminated,
    away.NoConnectionsLeft,
    away.LostCommit,
    wrong.TenTimes,
    wrong.Twins,
    wrong.ClockStep,
    away.DatabaseClock,
    away.DiskFull,
    wrong.NobodyThere,
    wrong.TwoAtOnce,
    killed.RollingRestart,
    wrong.PoisonRows,
    wrong.PoisonTasks,
    killed.SqueezeMemory,
    killed.NoForks,
    killed.Freeze,
    killed.Silence,
)
# Of the suite F1-F21 what is not a fault of these runs, and where it is proved or why it is not.
ELSEWHERE = {
    "F11 log volume": "processes write to stderr only; whose disk that is, systemd knows",
    "F11 upload volume": "nobody uploads anything yet",
    "F12": "tests/faults/test_sms_away.py, with stub providers",
    "F15": "a scenario of its own: `make faults ARGS=--bell`",
    "F17": "tests/faults/test_restore.py: backup, new server, deadlines that passed meanwhile",
    "F20": "tests/properties: hypothesis' RuleBasedStateMachine",
}
FIRST_SECONDS = 4.0
# Not in mixed runs: these need a ground or a length of their own.
ALONE = (away.DatabaseClock, away.DiskFull, killed.Silence)


@dataclass(frozen=True)
class Timed:
    """A fault, and how many seconds after the first pupil it comes."""

    at: float
    fault: Fault


def possible(*, with_redis: bool) -> list[type[Fault]]:
    """The faults that this machine can have."""
    return [
        kind
        for kind in FAULTS
        if kind.cannot_run() is None and (with_redis or not kind.is_of_redis)
    ]


def impossible() -> dict[str, str]:
    """The faults that it cannot, with the reason."""
    return {
        f"{kind.code} {kind.what}": reason
        for kind in FAULTS
        if (reason := kind.cannot_run()) is not None
    }


def single(kind: type[Fault], random: Random, seconds: float) -> list[Timed]:
    """One fault by itself, somewhere in the first half of the load."""
    return [Timed(random.uniform(FIRST_SECONDS, max(FIRST_SECONDS, seconds * 0.4)), kind(random))]


def mixed(kinds: Sequence[type[Fault]], random: Random, seconds: float, number: int) -> list[Timed]:
    """Many faults, one after another and some at the same time, over most of the load."""
    usual = [kind for kind in kinds if kind not in ALONE]
    chosen = [random.choice(usual) for _ in range(number)]
    last = max(FIRST_SECONDS + 1, seconds * 0.75)
    moments = sorted(random.uniform(FIRST_SECONDS, last) for _ in chosen)
    return [Timed(at, kind(random)) for at, kind in zip(moments, chosen, strict=True)]
