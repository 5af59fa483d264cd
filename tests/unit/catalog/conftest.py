"""Copies of real instruments, to be damaged."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from tests.finding_words import without_words
from tirek.catalog.errors import Finding
from tirek.catalog.instruments import check

INSTRUMENTS = Path(__file__).resolve().parents[3] / "instruments"


@dataclass(frozen=True)
class Copy:
    """One instrument's folder that a test may damage."""

    folder: Path

    def read(self, part: str) -> str:
        return (self.folder / f"{part}.yaml").read_text(encoding="utf-8")

    def write(self, part: str, text: str) -> None:
        (self.folder / f"{part}.yaml").write_text(text, encoding="utf-8")

    def replace(self, part: str, old: str, new: str) -> int:
        """Replace the first occurrence and return the line it stood on."""
        before = self.read(part)
        assert old in before, f"{old!r} is not in {part}.yaml: mend the test"
        self.write(part, before.replace(old, new, 1))
        return before[: before.index(old)].count("\n") + 1

    def check(self) -> list[Finding]:
        """What the lints say; a methodologist can read all of it."""
        findings = check(self.folder)[1]
        assert without_words(one.reason for one in findings) == []
        return findings

    def found(self) -> set[tuple[str, str, int]]:
        """What the lints say, as (lint, file, line)."""
        return {(found.lint, found.path.name, found.line) for found in self.check()}


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[str], Copy]:
    """Copies an instrument as an unpublished draft."""

    def make(instrument_id: str) -> Copy:
        copied = copytree(INSTRUMENTS / instrument_id / "1", tmp_path / instrument_id / "1")
        (copied / "release.yaml").unlink(missing_ok=True)
        return Copy(copied)

    return make
