"""The restore drill in short; `make restore-drill` runs it at length."""

import os
from pathlib import Path
from random import SystemRandom

import pytest

from tests.faults.restore.drill import Drill


@pytest.fixture
def seed(tmp_path: Path) -> int:
    for each in (tmp_path, *tmp_path.parents):
        # PostgreSQL may have to run as another account, which must get through pytest's folders.
        if os.geteuid() == 0 and each.name.startswith(("test_", "popen-", "pytest-")):
            each.chmod(0o711)
    found = int(os.environ.get("TIREK_FAULTS_SEED") or SystemRandom().randrange(10**9))
    print(f"TIREK_FAULTS_SEED={found}")
    return found


@pytest.mark.parametrize("commits_wait", [False, True], ids=["usual", "commits-wait"])
def test_a_lost_server_comes_back_from_its_backup(
    tmp_path: Path, seed: int, commits_wait: bool
) -> None:
    figures = Drill(tmp_path, 3, commits_wait=commits_wait, seed=seed).run()
    print(*figures.lines(), sep="\n")
    assert figures.is_good


def test_the_drill_sees_what_a_backup_without_the_log_loses(tmp_path: Path, seed: int) -> None:
    figures = Drill(tmp_path, 3, follows_log=False, seed=seed).run()
    print(*figures.lines(), sep="\n")
    assert figures.lost > 0
    assert figures.rpo_seconds > 0
    assert figures.audit_findings > 0, "heads that left the house tell of the tail that is gone"
    assert not figures.is_good
    assert figures.unequal == 0, "older, but whole"
