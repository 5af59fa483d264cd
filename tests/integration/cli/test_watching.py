"""`tirek heartbeat`, `tirek drill` and `tirek duty` as operators run them."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.app import create_app
from tirek.config import ROOT, Config, Keys
from tirek.domain.people import Role
from tirek.services import heartbeats
from tirek.storage.models import Drill, DutyPost

Command = Callable[..., subprocess.CompletedProcess[str]]
TOKEN = "t" * 40


@pytest.fixture
def tirek(database_url: str, tmp_path: Path) -> Command:
    keys = tmp_path / "keys.json"
    keys.write_text(Keys.fresh())
    settings = {
        "DATABASE_URL": database_url,
        "TIREK_KEYS_FILE": str(keys),
        "TIREK_VAR": str(tmp_path),
        "TIREK_METRICS_TOKEN": TOKEN,
        "PYTHONPATH": str(ROOT / "platform"),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run(*words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tirek.cli", *words],
            env=kept | settings | changed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


@pytest.fixture
def site(database_url: str, keys: Keys, tmp_path: Path) -> Iterator[str]:
    """The web on a real socket."""
    config = Config(
        keys=keys, database_url=database_url, var_dir=tmp_path, metrics_token=TOKEN, testing=True
    )
    app = create_app(config, database_url, the_catalog())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["tirek"].engine.dispose()


def beat(system: Session, *names: str) -> None:
    for name in names:
        heartbeats.record(system, name)
    system.commit()


def make_silent(owner: Engine, name: str) -> None:
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE sweeps SET last_ok_at = now() - interval '130 seconds' WHERE name = :name"
            ),
            {"name": name},
        )


def test_another_host_hears_of_silence_by_the_site_itself(
    tirek: Command, site: str, system: Session, owner: Engine
) -> None:
    nothing = tirek("heartbeat", "--url", site)
    assert nothing.returncode == 1
    assert "ever worked" in nothing.stdout
    beat(system, "relay.outbox", "relay.deadlines")
    well = tirek("heartbeat", "--url", f"{site}/")
    assert (well.returncode, well.stdout) == (0, "")
    make_silent(owner, "relay.deadlines")
    ill = tirek("heartbeat", "--url", site)
    assert ill.returncode == 1
    assert ill.stdout.startswith("relay.deadlines has done nothing for 13")
    assert "relay.outbox" not in ill.stdout


def test_a_site_that_does_not_answer_is_an_alarm(tirek: Command, site: str) -> None:
    away = tirek("heartbeat", "--url", "http://127.0.0.1:9")
    assert away.returncode == 1
    assert away.stdout == "The site does not work: there was no answer (URLError).\n"
    # The token is wrong, so nobody knows how the loops do.
    closed = tirek("heartbeat", "--url", site, TIREK_METRICS_TOKEN="w" * 40)
    assert closed.returncode == 1
    assert "the answer was 404" in closed.stdout


def test_a_short_token_is_refused_at_the_start(tirek: Command) -> None:
    refused = tirek("heartbeat", TIREK_METRICS_TOKEN="short")
    assert refused.returncode == 2
    assert "TIREK_METRICS_TOKEN must have at least 32" in refused.stderr


def test_a_drill_is_rung_by_hand_once(tirek: Command, system: Session, world: World) -> None:
    rung = tirek("drill", "start", "--center", str(world.home.id))
    assert rung.returncode == 0, rung.stderr
    assert system.scalars(select(Drill.support_center_id)).all() == [world.home.id]
    # No transaction may stay open while another process is waited for.
    system.rollback()
    again = tirek("drill", "start", "--center", str(world.home.id))
    assert again.returncode == 2
    assert "has had its drill" in again.stderr
    unknown = tirek("drill", "start", "--center", str(world.school.id))
    assert unknown.returncode == 2
    assert "There is no center" in unknown.stderr


def test_the_upper_rungs_from_the_command_line(
    tirek: Command, system: Session, world: World
) -> None:
    unit = world.unit()
    national = an_adult(unit, Role.NATIONAL_DUTY)
    coordinator = an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    system.commit()
    empty = tirek("duty", "show")
    assert empty.returncode == 1
    assert "calls nobody: immediate: national_duty (schools: 1)" in empty.stdout
    assert "without a telephone (/admin/schools): 1 schools" in empty.stdout
    assert tirek("duty", "add", "--email", national.account.email).returncode == 0
    region = world.home.region.iso
    added = tirek("duty", "add", "--email", coordinator.account.email, "--region", region)
    assert added.returncode == 0, added.stderr
    shown = tirek("duty", "show").stdout
    assert national.account.display_name in shown
    assert "calls nobody: immediate: national_duty" not in shown
    found = dict(system.execute(select(DutyPost.post, DutyPost.id)).all())
    system.rollback()
    assert set(found) == {"national_duty", "last_responder"}
    assert tirek("duty", "remove", str(found["national_duty"])).returncode == 0
    nobody = tirek("duty", "add", "--email", "nobody@example.org")
    assert nobody.returncode == 2


def test_the_relay_tells_the_watcher_outside_only_while_all_is_well(
    database_url: str, keys: Keys, tmp_path: Path, system: Session, owner: Engine
) -> None:
    """The watcher is a real server; the relay's own job asks it."""
    from tirek.cli import relay  # noqa: PLC0415
    from tirek.cli.workbench import build_workbench  # noqa: PLC0415

    asked: list[str] = []

    def watcher(environ, start):
        asked.append(environ["PATH_INFO"])
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = make_server("127.0.0.1", 0, watcher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = Config(keys=keys, database_url=database_url, var_dir=tmp_path)
    built = relay.build(config, the_catalog())
    bench = build_workbench(config, the_catalog(), lambda: built)
    url = f"http://127.0.0.1:{server.server_port}/ping/abc"
    try:
        beat(system, "relay.deadlines")
        relay._tell_outside(bench, url)  # noqa: SLF001 - a job of the loop, asked here by itself
        assert asked == ["/ping/abc"]
        make_silent(owner, "relay.deadlines")
        relay._tell_outside(bench, url)  # noqa: SLF001
        assert asked == ["/ping/abc"]
    finally:
        built.engine.dispose()
        server.shutdown()
        thread.join()
        server.server_close()
    # A watcher that is away breaks nothing.
    beat(system, "relay.deadlines")
    relay._tell_outside(bench, url)  # noqa: SLF001
    built.engine.dispose()
