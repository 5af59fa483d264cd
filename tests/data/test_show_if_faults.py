"""Conditions and gates that are wrong are found, with file and line, by the command of authors."""

import re
from pathlib import Path
from shutil import copytree

import pytest

from tests.finding_words import without_words
from tirek.cli import main
from tirek.config import ROOT

FOUND = re.compile(r"(.+?):(\d+): \[([a-z-]+)\] (.+)")
SHOWN_BY_Q1 = "        - {item: q1, ge: 1}\n"
FIRST = "id: q1, type: single, options: yesno, required: soft, worse: high,"
HIDES = "missing: {scope: scale, max: 0, blank_as: none, round: none, else: not_computable}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the ASQ without its release, so that only its content is looked at."""
    copied = copytree(ROOT / "instruments" / "asq", tmp_path / "asq") / "1"
    (copied / "release.yaml").unlink()
    return copied


def lint(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int, str, str]]:
    status = main(["instruments", "lint", "--root", str(folder.parents[1])])
    said = capsys.readouterr()
    found = [FOUND.fullmatch(line) for line in (said.out + said.err).splitlines()]
    assert bool(status) is any(found)
    assert without_words(m[4] for m in found if m) == []
    return [(Path(m[1]).name, int(m[2]), m[3], m[4]) for m in found if m]


def plant(folder: Path, part: str, old: str, new: str) -> int:
    """Change a part where `old` stands; the number of the changed line."""
    path = folder / f"{part}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not there: the fault must be planted, not missed"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_copy_itself_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(folder, capsys) == []


@pytest.mark.parametrize(
    "fault",
    [
        ("structure", SHOWN_BY_Q1, "        - {item: q5, ge: 1}\n", "show-if", "not on q5"),
        ("structure", SHOWN_BY_Q1, "        - {item: q9, ge: 1}\n", "show-if", "not on q9"),
        (
            "structure",
            FIRST,
            FIRST.replace("type", "show_if: {any: [{item: q2, ge: 1}]}, type"),
            "show-if",
            "q1 can only depend on an item before it, not on q2",
        ),
        ("structure", SHOWN_BY_Q1, "        - {item: q1, ge: 2}\n", "show-if", "can change"),
        ("structure", SHOWN_BY_Q1, "        - {item: q1, ge: 0}\n", "show-if", "can change"),
        ("structure", SHOWN_BY_Q1, "        - {item: q1, le: 1}\n", "format", "'is' is missing"),
        (
            "structure",
            SHOWN_BY_Q1,
            "        - {item: q1, is: unanswered}\n",
            "format",
            "one answer must settle it",
        ),
        ("structure", "      any:\n", "      none:\n", "format", "'all' is missing"),
        ("structure", "gate: staffed_window", "gate: sometimes", "format", "gate"),
        ("scoring", HIDES, HIDES.replace("max", "hidden_as: zero, max"), "show-if", "ever hidden"),
        ("scoring", "items: [q1, q2, q3, q4]", "items: [q1, q2, q3, q5]", "names", "q5"),
        (
            "scoring",
            HIDES,
            HIDES.replace("max", "hidden_as: left_out, max"),
            "format",
            "silent zero",
        ),
        (
            "interpretation",
            "        - {item: q4, is: refused}",
            "        - {item: q6, is: refused}",
            "names",
            "no item 'q6'",
        ),
        (
            "interpretation",
            "when: {item: q5, is: refused}",
            "when: {item: q5, is: unanswered}",
            "format",
            "known at the answer",
        ),
    ],
)
def test_a_planted_fault_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], fault: tuple[str, str, str, str, str]
) -> None:
    part, old, new, name, words = fault
    plant(folder, part, old, new)
    found = lint(folder, capsys)
    assert any(
        file == f"{part}.yaml" and lint_name == name and words in reason
        for file, _, lint_name, reason in found
    ), found


def test_a_scored_item_that_may_be_hidden_must_say_what_it_counts_as(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(folder, "structure", "    not_scored: true\n", "")
    plant(folder, "scoring", "items: [q1, q2, q3, q4]", "items: [q1, q2, q3, q4, q5]")
    line = plant(folder, "scoring", "range: [0, 4]", "range: [0, 5]") + 2
    said = [found for found in lint(folder, capsys) if found[2] == "show-if"]
    assert said == [
        (
            "scoring.yaml",
            line,
            "show-if",
            "positives must say what an item that was not asked counts as: hidden_as",
        )
    ]


def test_what_is_read_for_a_school_only_flags_and_shows_nobody(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(folder, "structure", "gate: staffed_window", "gate: school_level_only")
    said = [reason for _, _, name, reason in lint(folder, capsys) if name == "gate"]
    assert said == [
        "it is not read per person, so it can flag nobody",
        "it is not read per person: show_to must be none for parent and psychologist",
    ]


def test_parents_have_no_specialist_beside_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(folder, "structure", "subject: child", "subject: parent-about-child")
    said = [reason for _, _, name, reason in lint(folder, capsys) if name == "gate"]
    assert said == ["staffed_window is for pupils: parents answer at home"]


def test_the_pages_say_when_an_item_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["instruments", "show", "asq"]) == 0
    said = capsys.readouterr().out
    assert "use       staffed_window" in said
    assert "only if q1 >= 1 or q2 >= 1" in said
    assert "or q4 is refused" in said
