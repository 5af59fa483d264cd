"""Parameters and plans that cannot be trusted are found before anybody is asked by them."""

import re
from pathlib import Path
from shutil import copytree

import pytest

from tests.finding_words import without_words
from tests.short_runs import FOLDER, NAME
from tirek.cli import main

FOUND = re.compile(r"(.+?):(\d+): \[([a-z-]+)\] (.+)")
Q8 = "    q8: {a: 2.2, b: [-1.0, 0.0, 1.2]}\n"
EAP, TRAIT = "method: irt_eap\n", "{scale: trait, ge: 1}"
SECOND_HALF = "items: [q5, q6, q7, q8], share: 0.5"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the invented questionnaire without its release."""
    copied = copytree(FOLDER / NAME, tmp_path / NAME) / "1"
    (copied / "release.yaml").unlink()
    return copied


def lint(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    main(["instruments", "lint", "--root", str(folder.parents[1])])
    said = capsys.readouterr()
    found = [FOUND.fullmatch(line) for line in (said.out + said.err).splitlines()]
    assert without_words(m[4] for m in found if m) == []
    return [(Path(m[1]).name, m[3], m[4]) for m in found if m]


def plant(folder: Path, part: str, old: str, new: str) -> None:
    path = folder / f"{part}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not there: the fault must be planted, not missed"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_copy_itself_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(folder, capsys) == []


@pytest.mark.parametrize(
    ("part", "old", "new", "words"),
    [
        ("scoring", Q8, "", "q8 has no parameters"),
        ("scoring", Q8, Q8 + Q8.replace("q8", "q10"), "there is no item 'q10'"),
        ("scoring", "[-1.0, 0.0, 1.2]", "[-1.0, 0.0]", "so it needs 3 thresholds"),
        ("scoring", "[-1.0, 0.0, 1.2]", "[-1.0, 1.2, 0.0]", "q8: the thresholds b must ascend"),
        ("scoring", "a: 2.2", "a: -2.2", "item q8: a must be above 0"),
        ("scoring", "always: [q9]", "always: []", "q9 is critical, so it is always asked"),
        ("scoring", "always: [q9]", "always: [q9, q11]", "there is no item 'q11'"),
        ("scoring", "least: 3", "least: 7", "needs 1 <= least <= most"),
        ("scoring", SECOND_HALF, "items: [q5, q6, q7], share: 0.5", "in one area of content: q8"),
        ("scoring", EAP, f"{EAP}    reverse: [q1]\n", "nothing is reversed"),
        (
            "structure",
            "{id: q2, type",
            "{id: q2, show_if: {any: [{item: q1, ge: 1}]}, type",
            "none may depend on others",
        ),
        ("interpretation", TRAIT, "{scale: total, ge: 20}", "would lose this flag"),
        ("interpretation", "scales: [total, trait]", "scales: [total]", "somebody must look"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    part: str,
    old: str,
    new: str,
    words: str,
) -> None:
    plant(folder, part, old, new)
    found = lint(folder, capsys)
    assert any(name == "short-run" and words in reason for _file, name, reason in found), found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("status: calibrated", "status: guessed", "'status' must be one of"),
        ("model: graded", "model: rasch", "'model' must be one of"),
        ('  source: "Invented for tests of the engine; measured in nobody."\n', "", "'source'"),
        ("  most: 5\n", "  most: many\n", "whole number"),
        ("  most: 5\n", "  most: 5\n  mood: fine\n", "unknown field 'mood'"),
    ],
)
def test_a_malformed_calibration_is_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, words: str
) -> None:
    plant(folder, "scoring", old, new)
    ((file, name, reason),) = lint(folder, capsys)
    assert (file, name) == ("scoring.yaml", "format")
    assert words in reason


def test_a_plan_without_parameters_is_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "scoring.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("irt:"), text.index("adaptive:")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    reasons = [reason for _, name, reason in lint(folder, capsys) if name == "short-run"]
    assert reasons[0] == "there are no parameters: irt"
    assert "q1 has no parameters" in reasons
