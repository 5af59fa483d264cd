"""Before it begins, a worker asks Redis how safe it is; some answers end it with one sentence."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection
from threading import Event

import pytest

from tests.faults.broker.conftest import until
from tirek.cli.cluster.servers import free_port, redis_program
from tirek.config import ROOT, Keys
from tirek.tasks import settings
from tirek.tasks.broker import BrokerRefusedError, say, wait_and_check
from tirek.tasks.celery_app import enqueuer

OURS = ("TIREK_", "DATABASE_URL", "REDIS_URL", "SMTP_URL")


@contextmanager
def a_redis(
    folder: Path, *options: str, port: int = 0, settings_file: Path | None = None
) -> Iterator[int]:
    """A real server with these settings."""
    port = port or free_port()
    file = [str(settings_file)] if settings_file else []
    command = [redis_program(), *file, "--port", str(port), "--dir", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: _listens(port), 10)
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _check(url: str) -> list[str]:
    told: list[str] = []
    assert wait_and_check(url, Event(), told.append)
    return told


def test_a_safe_redis_is_taken_without_a_word(tmp_path: Path):
    shipped = ROOT / "deploy" / "redis.conf"
    own = tmp_path / "redis.conf"
    own.write_text(f"include {shipped}\nrequirepass secret\n")
    with a_redis(tmp_path, settings_file=own) as port:
        assert _check(f"redis://:secret@127.0.0.1:{port}/0") == []


def test_one_without_an_append_only_file_is_taken_with_a_loud_warning(tmp_path: Path):
    with a_redis(tmp_path, "--bind", "127.0.0.1") as port:
        [told] = _check(f"redis://127.0.0.1:{port}/0")
    assert told.startswith("WARNING")
    assert "appendonly yes" in told


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_one_that_throws_messages_away_is_refused(tmp_path: Path, policy: str):
    with (
        a_redis(tmp_path, "--maxmemory-policy", policy) as port,
        pytest.raises(BrokerRefusedError, match="noeviction"),
    ):
        _check(f"redis://127.0.0.1:{port}/0")


def test_one_that_is_open_to_the_world_is_refused(tmp_path: Path):
    options = ("--bind", "0.0.0.0", "--protected-mode", "no")  # noqa: S104 - what must be refused
    with a_redis(tmp_path, *options) as port:
        with pytest.raises(BrokerRefusedError, match="requirepass"):
            _check(f"redis://127.0.0.1:{port}/0")
        say(f"redis://127.0.0.1:{port}/0", "CONFIG", "SET", "requirepass", "secret")
        assert _check(f"redis://:secret@127.0.0.1:{port}/0")


def test_a_wrong_password_is_refused_and_not_waited_for(tmp_path: Path):
    with (
        a_redis(tmp_path, "--requirepass", "secret") as port,
        pytest.raises(BrokerRefusedError, match="REDIS_URL"),
    ):
        _check(f"redis://:wrong@127.0.0.1:{port}/0")


def test_the_account_of_the_guide_may_do_what_tirek_does_and_no_more(tmp_path: Path):
    guide = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    [line] = [line for line in guide.splitlines() if line.strip().startswith("user tirek ")]
    words = line.replace("PASSWORD", "secret").split()[1:]
    with a_redis(tmp_path, "--requirepass", "admin") as port:
        say(f"redis://:admin@127.0.0.1:{port}/0", "ACL", "SETUSER", *words)
        url = f"redis://tirek:secret@127.0.0.1:{port}/0"
        assert len(_check(url)) == 1
        enqueuer(url).enqueue(1, "mail")
        assert enqueuer(url).room("mail", 10) == 9
        for word in ("FLUSHALL", "FLUSHDB", "KEYS *", "SHUTDOWN", "CONFIG SET maxmemory 1"):
            with pytest.raises(Exception, match="permissions"):
                say(url, *word.split())


def test_a_task_ends_well_before_it_is_given_to_somebody_else():
    conf = settings.settings("redis://localhost/0")
    assert settings.refusal(conf) is None
    assert conf["task_soft_time_limit"] < conf["task_time_limit"]
    assert settings.refusal(conf | {"task_time_limit": 90}) is not None


def _process(tmp_path: Path, command: str, url: str, log: Path) -> subprocess.Popen[bytes]:
    keys = tmp_path / "keys.json"
    keys.write_text(Keys.fresh())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "tirek.cli", command],
            env=kept
            | {
                "PYTHONPATH": str(ROOT / "platform"),
                "TIREK_VAR": str(tmp_path),
                "TIREK_KEYS_FILE": str(keys),
                "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
                "REDIS_URL": url,
            },
            stdout=file,
            stderr=file,
        )


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_the_command_is_refused_in_one_sentence(tmp_path: Path, command: str):
    log = tmp_path / "log"
    with a_redis(tmp_path, "--maxmemory-policy", "allkeys-lru") as port:
        process = _process(tmp_path, command, f"redis://127.0.0.1:{port}/0", log)
        assert process.wait(60) == 2
    last = log.read_text().splitlines()[-1]
    assert "noeviction" in last
    assert "Traceback" not in log.read_text()


def test_a_redis_that_comes_later_is_waited_for_and_so_is_an_end(tmp_path: Path):
    port, log = free_port(), tmp_path / "log"
    beat = _process(tmp_path, "beat", f"redis://127.0.0.1:{port}/0", log)
    until(lambda: "waiting for it" in log.read_text())
    with a_redis(tmp_path, "--bind", "127.0.0.1", port=port):
        until(lambda: int(str(say(f"redis://127.0.0.1:{port}/0", "LLEN", "sweep"))) > 0)
        beat.terminate()
        assert beat.wait(30) == 0
    other = _process(tmp_path, "worker", f"redis://127.0.0.1:{port}/0", log)
    until(lambda: "waiting for it" in log.read_text())
    time.sleep(0.2)
    other.terminate()
    assert other.wait(30) == 0
