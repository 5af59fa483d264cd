"""`tirek demo` and `tirek users add`: what they build, write, and refuse."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import Engine, text

from tests.world import the_catalog
from tirek.cli import main
from tirek.cli.demo import build_if_missing
from tirek.cli.parser import CommandError
from tirek.config import Config, Keys
from tirek.services.demo_size import Size

TINY = Size(schools=2, classes=(5, 5, 4), open_schools=2, codes_main=1, codes_other=1, families=1)


def count(owner: Engine, table: str) -> int:
    with owner.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


@pytest.fixture
def environment(
    config: Config, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Config:
    """The commands find the test's database and keys in their environment."""
    keys = tmp_path / "keys.json"
    keys.write_text(Keys.fresh())
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TIREK_KEYS_FILE", str(keys))
    monkeypatch.setenv("TIREK_VAR", str(tmp_path))
    return replace(config, keys=Keys.parse(keys.read_text()))


def test_demo_is_built_once_listed_and_thrown_away(
    environment: Config, database_url: str, owner: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    build_if_missing(environment, database_url, the_catalog(), size=TINY)
    file = environment.var_dir / "demo.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listing = json.loads(file.read_text())
    assert {"code", "instrument", "lang", "school", "psc"} <= listing["students"][0].keys()
    assert {"email", "password"} <= listing["parents"][0].keys()
    assert {"role", "email", "password", "totp_secret"} <= listing["staff"][0].keys()
    assert all({"school", "psc", "region"} & one.keys() for one in listing["staff"][:-6])
    assert not (environment.var_dir / "demo.unfinished").exists()

    build_if_missing(environment, database_url, the_catalog(), size=TINY)
    assert json.loads(file.read_text()) == listing
    assert count(owner, "students") == 28

    _screen_and_one_time_code(listing, capsys)
    _reset_keeps_out_of_others_work(environment, database_url, owner, listing)


def _screen_and_one_time_code(
    listing: dict[str, list[dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["demo", "--no-serve"]) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) < 30
    assert all(len(line) <= 80 for line in shown.splitlines() if "demo.json" not in line)
    one = listing["staff"][0]
    assert one["email"] in shown
    assert one["password"] in shown
    assert main(["demo", "--totp", one["email"]]) == 0
    assert pyotp.TOTP(one["totp_secret"]).verify(capsys.readouterr().out.strip(), valid_window=1)
    assert main(["demo", "--totp", "nobody@tirek.example"]) == 2


def _reset_keeps_out_of_others_work(
    environment: Config, database_url: str, owner: Engine, listing: object
) -> None:
    file = environment.var_dir / "demo.json"
    (environment.var_dir / "demo.unfinished").touch()
    build_if_missing(environment, database_url, the_catalog(), size=TINY)
    assert json.loads(file.read_text()) != listing
    assert count(owner, "students") == 28
    add = ["users", "add", "--email", "real@school.kz", "--name", "Real Person", "--role"]
    assert main([*add, "observer"]) == 0
    with pytest.raises(CommandError, match="not the demo's"):
        build_if_missing(environment, database_url, the_catalog(), reset=True, size=TINY)
    file.unlink()
    with pytest.raises(CommandError, match="is missing"):
        build_if_missing(environment, database_url, the_catalog(), size=TINY)
    assert count(owner, "students") == 28


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["psychologist", "--psc", "KZ-71"], "a psychologist works at one school"),
        (["psychologist", "--school", "X1"], "There is no school X1."),
        (["psc_specialist", "--psc", "KZ-71"], "There is no PSC KZ-71."),
        (["regional_coordinator", "--region", "KZ-00"], "There is no region KZ-00."),
        (["methodologist", "--region", "KZ-71"], "a methodologist works at no school"),
        (["student"], "invalid choice"),
    ],
)
def test_users_are_refused_in_one_sentence(
    environment: Config,
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environment
    add = ["users", "add", "--email", "a@b.kz", "--name", "A B", "--role", *arguments]
    assert main(add) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_user_is_added_once_and_told_everything(
    environment: Config, owner: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    add = ["users", "add", "--email", "a@b.kz", "--name", "A B", "--role", "methodologist"]
    assert main(add) == 0
    said = capsys.readouterr().out
    assert "a@b.kz" in said
    assert "TOTP secret" in said
    assert main([*add[:3], "A@B.kz", *add[4:]]) == 2
    assert count(owner, "accounts") == 1
