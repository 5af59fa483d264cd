"""`tirek audit` as an operator runs it: exit codes, the first bad entry, heads kept elsewhere."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tirek.config import ROOT, Keys

Command = Callable[..., subprocess.CompletedProcess[str]]
ADD = (
    "INSERT INTO audit_entries (school_year, action, entity, outcome)"
    " VALUES (2026, 'result.view', 'administration', 'done')"
)


@pytest.fixture
def tirek(database_url: str, tmp_path: Path) -> Command:
    """The command on this test's database, with three entries that are sealed and signed."""
    keys = tmp_path / "keys.json"
    keys.write_text(Keys.fresh())
    settings = {
        "DATABASE_URL": database_url,
        "TIREK_KEYS_FILE": str(keys),
        "TIREK_VAR": str(tmp_path),
        "PYTHONPATH": str(ROOT / "platform"),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run(*words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tirek.cli", "audit", *words],
            env=kept | settings | changed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def sealed(owner: Engine, tirek: Command) -> None:
    for _ in range(3):
        as_superuser(owner, "SELECT ensure_school_year(2026)", ADD)
    done = tirek("seal")
    assert done.stdout.startswith("Entries sealed: 3."), done


def as_superuser(owner: Engine, *statements: str) -> None:
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def test_an_intact_trail_is_said_to_be_so(sealed: None, tirek: Command) -> None:
    done = tirek("verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Compared: entries 3, links 3, heads 1. Waiting to be sealed: 0.",
        "Intact.",
    ]


def test_the_first_bad_entry_is_named(sealed: None, owner: Engine, tirek: Command) -> None:
    as_superuser(owner, "UPDATE audit_entries SET role = 'nobody' WHERE id >= 2")
    done = tirek("verify")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1] == (
        "DAMAGED: first edited: school year 2026, link 2, entry 2: it is not what was sealed"
    )
    report = json.loads(tirek("verify", "--json").stdout)
    assert not report["intact"]
    assert [found["entry_id"] for found in report["findings"]] == [2, 3]


def test_a_cut_tail_is_found_by_heads_kept_elsewhere(
    sealed: None, owner: Engine, tirek: Command, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_text(tirek("heads").stdout)
    assert elsewhere.read_text() == (tmp_path / "audit-heads.jsonl").read_text()
    as_superuser(
        owner,
        "DELETE FROM audit_entries WHERE id = 3",
        "DELETE FROM audit_links WHERE seq = 3",
        "DELETE FROM audit_heads",
    )
    (tmp_path / "audit-heads.jsonl").unlink()
    assert tirek("verify").returncode == 0, "nothing in this database tells any more"
    done = tirek("verify", "--heads", str(elsewhere))
    assert done.returncode == 1
    assert "truncated: school year 2026, link 3" in done.stdout


def test_heads_are_checked_with_the_public_key_alone(
    sealed: None, tirek: Command, tmp_path: Path
) -> None:
    public = tirek("key").stdout.strip()
    others = tmp_path / "other-keys.json"
    others.write_text(Keys.fresh())
    done = tirek("verify", TIREK_KEYS_FILE=str(others))
    assert done.returncode == 1
    assert "its key is not one of ours" in done.stdout
    assert tirek("verify", "--key", public, TIREK_KEYS_FILE=str(others)).returncode == 0


def test_a_keys_file_from_before_signs_too(sealed: None, tirek: Command, tmp_path: Path) -> None:
    old = json.loads(Keys.fresh())
    del old["audit_key"]
    path = tmp_path / "old-keys.json"
    path.write_text(json.dumps(old))
    first, second = (tirek("key", TIREK_KEYS_FILE=str(path)).stdout for _ in range(2))
    assert first == second
    assert first != tirek("key").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "--heads", "nowhere"), "nowhere cannot be read"),
        (("verify", "--heads", "/proc/version"), "line 1 is not a head"),
        (("verify", "--key", "ключ"), "is not a key"),
        (("bogus",), "invalid choice"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    tirek: Command, words: tuple[str, ...], said: str
) -> None:
    done = tirek(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert said in done.stderr


def test_the_newest_head_of_each_year_is_what_is_printed_on_paper(
    sealed: None, owner: Engine, tirek: Command
) -> None:
    as_superuser(owner, ADD)
    tirek("seal")
    assert len(tirek("heads").stdout.splitlines()) == 2
    (line,) = tirek("heads", "--newest").stdout.splitlines()
    assert json.loads(line)["seq"] == 4
