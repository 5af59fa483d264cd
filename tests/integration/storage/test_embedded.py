import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tirek.storage import embedded
from tirek.storage.embedded import EmbeddedServer, EmbeddedServerError

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def _connect(server: EmbeddedServer) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True)


def _one(server: EmbeddedServer, query: str) -> object:
    with _connect(server) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _pid(server: EmbeddedServer) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _kill(server: EmbeddedServer) -> None:
    """The power cut: no good-bye to anyone."""
    pid = _pid(server)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module", params=["wheel", *map(str, DEBIAN)])
def fast(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    bin_dir = None if request.param == "wheel" else Path(request.param).parent
    server = embedded.start(tmp_path_factory.mktemp("fast"), durable=False, bin_dir=bin_dir)
    yield server
    server.stop()


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = embedded.start(tmp_path / "var")
    yield server
    server.stop()


def test_kazakh_letters_have_their_small_forms(fast: EmbeddedServer):
    assert _one(fast, "SELECT lower('ҚАЗАҚ ӘҒҢӨҰҮІҺ')") == "қазақ әғңөұүіһ"
    assert _one(fast, "SELECT 'Айгүл' ILIKE 'АЙГҮЛ'") is True


def test_trigrams_find_cyrillic_names(fast: EmbeddedServer):
    with _connect(fast) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        row = connection.execute("SELECT similarity('Нұрлыбекова', 'Нұрлыбекоба')").fetchone()
    assert row is not None
    assert row[0] > 0.5


def test_exclusion_constraints_can_mix_keys_and_ranges(fast: EmbeddedServer):
    with _connect(fast) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.execute(
            "CREATE TEMP TABLE area (school int, held daterange,"
            " EXCLUDE USING gist (school WITH =, held WITH &&))"
        )


def test_the_server_listens_on_a_private_socket_only(fast: EmbeddedServer):
    assert _one(fast, "SHOW listen_addresses") == ""
    assert fast.socket_dir.stat().st_mode & 0o077 == 0


def test_sqlalchemy_takes_the_address(fast: EmbeddedServer):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(fast.url())
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT current_database()")).scalar() == "tirek"
    engine.dispose()


def test_only_tests_run_without_fsync(fast: EmbeddedServer, durable: EmbeddedServer):
    assert _one(fast, "SHOW fsync") == "off"
    assert [_one(durable, f"SHOW {name}") for name in ("fsync", "full_page_writes")] == ["on", "on"]
    assert _one(durable, "SHOW synchronous_commit") == "on"


def test_a_server_that_runs_without_fsync_is_not_taken_for_a_safe_one(fast: EmbeddedServer):
    with pytest.raises(EmbeddedServerError, match="may lose data"):
        embedded.start(fast.data_dir.parent)


def test_a_second_start_reuses_the_running_server(durable: EmbeddedServer):
    pid = _pid(durable)
    assert embedded.start(durable.data_dir.parent) == durable
    assert _pid(durable) == pid


def test_what_was_committed_outlives_kill_9(durable: EmbeddedServer):
    with _connect(durable) as connection:
        connection.execute("CREATE TABLE answer (id int PRIMARY KEY)")
        connection.execute("INSERT INTO answer VALUES (17)")
        _kill(durable)
    assert embedded.start(durable.data_dir.parent) == durable
    assert _one(durable, "SELECT id FROM answer") == 17


def test_a_stale_pid_file_whose_number_is_taken_does_not_block(durable: EmbeddedServer):
    _kill(durable)
    pid_file = durable.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        embedded.start(durable.data_dir.parent)
        assert _one(durable, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_initdb_cut_short_is_begun_again(tmp_path: Path):
    (tmp_path / "pg.new").mkdir()
    (tmp_path / "pg.new" / "PG_VERSION").write_text("18\n")
    server = embedded.start(tmp_path, durable=False)
    assert _one(server, "SELECT 1") == 1
    server.stop()


def test_processes_that_start_at_once_share_one_server(tmp_path: Path):
    code = (
        "import sys, pathlib; from tirek.storage import embedded;"
        "print(embedded.start(pathlib.Path(sys.argv[1]), durable=False).url())"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    urls = {process.communicate(timeout=60)[0].strip() for process in starts}
    server = embedded.start(tmp_path, durable=False)
    assert urls == {server.url()}
    assert [process.returncode for process in starts] == [0, 0, 0]
    server.stop()


def test_a_path_too_long_for_a_socket_gets_a_private_short_one(tmp_path: Path):
    var_dir = tmp_path / ("қ" * 40) / ("a b'" * 10)
    server = embedded.start(var_dir, durable=False)
    assert not server.socket_dir.is_relative_to(var_dir)
    assert server.socket_dir.stat().st_mode & 0o077 == 0
    assert _one(server, "SELECT 1") == 1
    server.stop()
    server.socket_dir.rmdir()


def test_a_socket_folder_open_to_others_is_refused(tmp_path: Path):
    (tmp_path / "pg-socket").mkdir(mode=0o755)
    with pytest.raises(EmbeddedServerError, match="this account alone"):
        embedded.start(tmp_path, durable=False)


def test_stop_ends_the_server_and_may_be_called_twice(tmp_path: Path):
    server = embedded.start(tmp_path, durable=False)
    server.stop()
    server.stop()
    assert not (server.data_dir / "postmaster.pid").exists()
    with pytest.raises(psycopg.OperationalError):
        _one(server, "SELECT 1")


def test_missing_programs_are_said_in_a_sentence(tmp_path: Path):
    with pytest.raises(EmbeddedServerError, match="set DATABASE_URL"):
        embedded.start(tmp_path, bin_dir=tmp_path / "nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_can_run_it_as_nobody(monkeypatch: pytest.MonkeyPatch):
    """Where user namespaces are forbidden: only the data and the socket folder change hands."""
    bin_dir = embedded._wheel_bin_dir()  # noqa: SLF001 - the second way is chosen only there
    launcher = embedded._Launcher(bin_dir, user="nobody")  # noqa: SLF001
    if not launcher.works():
        pytest.skip("nobody cannot reach the programs here")
    monkeypatch.setattr(embedded, "_launcher", lambda _: launcher)
    var_dir = Path(tempfile.mkdtemp())  # pytest's own folders are closed to nobody
    var_dir.chmod(0o711)
    server = embedded.start(var_dir)
    assert server.data_dir.owner() == "nobody"
    assert var_dir.owner() == "root"
    assert _one(server, "SELECT 1") == 1
    server.stop()
    shutil.rmtree(var_dir)
