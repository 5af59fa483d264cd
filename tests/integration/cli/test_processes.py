"""The processes of `tirek serve` as the operating system sees them, killed as life kills them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tirek.config import ROOT, Keys
from tirek.storage import embedded

# Two cores may be shared with much else; what is promised in seconds is checked in its own test.
PATIENCE = 60.0


def _environment(**settings: object) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PG_BIN") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(ROOT / "platform"),
        **{name: str(value) for name, value in settings.items()},
    }


def _tirek(*words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tirek.cli", *words],
        env=_environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def _until(condition: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait for something; return how long it took."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            pytest.fail("it did not happen in time")
        time.sleep(0.05)
    return time.monotonic() - started


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def _status(pid: int) -> tuple[str, int] | None:
    """The state letter and the parent of a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def _is_alive(pid: int) -> bool:
    status = _status(pid)
    return status is not None and status[0] != "Z"


def _relays(master: int) -> list[int]:
    """The relays that were started for this master, its children or orphans."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _is_alive(int(folder.name)):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if words[-4:-1] == [b"relay", b"--parent", str(master).encode()]:
                found.append(int(folder.name))
    return found


@contextmanager
def _serving(var: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with (var / "said.txt").open("ab") as said:
        settings = _environment(TIREK_VAR=var, TIREK_PORT=port, TIREK_DURABLE=0, TIREK_WORKERS=1)
        master = subprocess.Popen(
            [sys.executable, "-m", "tirek.cli", "serve"], env=settings, stdout=said, stderr=said
        )
    try:
        yield master
    finally:
        if master.poll() is None:
            master.terminate()
        master.wait(PATIENCE)


def _answers(port: int, path: str = "/readyz") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A folder for one installation, whose database is stopped at the end."""
    yield tmp_path
    if (tmp_path / "pg").exists():
        embedded.start(tmp_path, durable=False).stop()


def test_a_fresh_folder_serves_and_ends_when_told(var: Path):
    port = _free_port()
    with _serving(var, port) as master:
        _until(lambda: _answers(port))
        _until(lambda: len(_relays(master.pid)) == 1)
        assert "Tirek: http://127.0.0.1" in (var / "said.txt").read_text()
        master.terminate()
        assert master.wait(PATIENCE) == 0
        assert _relays(master.pid) == []
    assert not _answers(port)


def test_a_relay_that_dies_is_started_again(var: Path):
    with _serving(var, _free_port()) as master:
        _until(lambda: len(_relays(master.pid)) == 1)
        [first] = _relays(master.pid)
        os.kill(first, signal.SIGKILL)
        _until(lambda: _relays(master.pid) not in ([], [first]))
        assert master.poll() is None


def test_kill_9_leaves_no_orphan_and_the_next_server_takes_over(var: Path):
    port = _free_port()
    with _serving(var, port) as master:
        _until(lambda: _answers(port) and len(_relays(master.pid)) == 1)
        # Its watch begins after the imports; before, nothing of it talks to anybody.
        [relay] = _relays(master.pid)
        _until(lambda: _is_asleep_in_its_loop(relay))
        database = int((var / "pg" / "postmaster.pid").read_text().splitlines()[0])
        master.kill()
        master.wait(PATIENCE)
        assert _until(lambda: not _is_alive(relay)) < 2
        assert _is_alive(database)
        with _serving(var, port):
            _until(lambda: _answers(port))
            assert int((var / "pg" / "postmaster.pid").read_text().splitlines()[0]) == database


def _is_asleep_in_its_loop(relay: int) -> bool:
    """Whether the thread that watches the parent runs beside the loop."""
    return len(list(Path(f"/proc/{relay}/task").iterdir())) >= 2


def test_a_port_that_is_taken_is_said_in_one_sentence(var: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _tirek("serve", TIREK_VAR=var, TIREK_PORT=port, TIREK_DURABLE=0)
    assert done.returncode == 2
    assert re.fullmatch(
        rf"Port {port} on 127\.0\.0\.1 cannot be had: .*; set TIREK_PORT\.\n", done.stderr
    )


def test_migrate_fills_an_empty_database_and_says_nothing_new_the_second_time(
    server: object, tmp_path: Path
):
    assert _tirek("keys", "new", str(tmp_path / "keys.json")).returncode == 0
    name = f"{server.name}_migrate"  # type: ignore[attr-defined]
    settings = {
        "DATABASE_URL": server.create(name),  # type: ignore[attr-defined]
        "TIREK_KEYS_FILE": tmp_path / "keys.json",
    }
    try:
        first, second = _tirek("migrate", **settings), _tirek("migrate", **settings)
        assert first.returncode == second.returncode == 0, first.stderr
        assert re.search(r"new instrument releases: [1-9]", first.stdout)
        assert second.stdout.endswith("new instrument releases: 0.\n")
    finally:
        server.drop(name)  # type: ignore[attr-defined]


def test_models_and_migrations_agree():
    checked = _tirek("migrate", "--check")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_new_keys_are_whole_private_and_never_overwritten(tmp_path: Path):
    path = tmp_path / "keys.json"
    assert _tirek("keys", "new", str(path)).returncode == 0
    assert path.stat().st_mode & 0o077 == 0
    written = path.read_text()
    assert Keys.parse(written)
    assert len(json.loads(written)["keks"]) == 1
    again = _tirek("keys", "new", str(path))
    assert (again.returncode, again.stdout) == (2, "")
    assert "is there already" in again.stderr
    assert path.read_text() == written


@pytest.mark.parametrize(
    ("command", "settings", "sentence"),
    [
        ("migrate", {"DATABASE_URL": "postgresql:///x"}, "TIREK_KEYS_FILE must name"),
        ("migrate", {"DATABASE_URL": "mysql://x"}, "must name a PostgreSQL database"),
        ("migrate", {"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read"),
        ("migrate", {"DATABASE_URL": "postgres://u:secret@127.0.0.1:1/x"}, "cannot be used"),
        ("relay", {"DATABASE_URL": "postgres:///x", "SMTP_URL": "ftp://x"}, "SMTP_URL must look"),
        ("serve", {"TIREK_PORT": "many"}, "TIREK_PORT must be a whole number"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_exit_2(
    command: str, settings: dict[str, str], sentence: str, tmp_path: Path
):
    if sentence != "TIREK_KEYS_FILE must name":
        (tmp_path / "keys.json").write_text(Keys.fresh())
        settings = settings | {"TIREK_KEYS_FILE": str(tmp_path / "keys.json")}
    done = _tirek(command, TIREK_VAR=tmp_path, **settings)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr
