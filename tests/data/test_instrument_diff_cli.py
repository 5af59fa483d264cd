"""`tirek instruments diff` says which step a version must take, to people and to programs."""

import json
from pathlib import Path

import pytest

from tests.builders_library import HARMLESS, LOWER, NEW_VERSION, PATCHED, PHQ, Edit, some_files
from tirek.cli import main

PUBLISHED = Path(__file__).parents[2] / "instruments" / PHQ / "1"


def _folder(tmp_path: Path, *edits: Edit) -> Path:
    folder = tmp_path / PHQ / "1"
    folder.mkdir(parents=True)
    for name, text in some_files(*edits).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_step_that_is_large_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = _folder(tmp_path, HARMLESS, PATCHED)
    assert main(["instruments", "diff", PHQ, str(folder)]) == 0
    said = capsys.readouterr().out
    assert "structure 1.0.0 -> 1.0.1: must take patch, takes patch: ok" in said
    assert "patch  minutes: 4 -> 5" in said


def test_a_step_that_is_too_small_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = _folder(tmp_path, LOWER, ("interpretation.yaml", '"1.0.0"', '"1.1.0"'))
    assert main(["instruments", "diff", PHQ, str(PUBLISHED), str(folder), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    (part,) = found["parts"]
    assert (part["part"], part["needed"], part["taken"]) == ("interpretation", "major", "minor")
    assert part["changes"] == [
        {
            "path": ["flags", "totalMedium", "when", "ge"],
            "before": "11",
            "after": "10",
            "step": "major",
        }
    ]
    assert found["refused"]
    assert found["replay_needed"]


def test_a_major_step_of_the_rules_asks_for_a_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = _folder(tmp_path, LOWER, NEW_VERSION)
    assert main(["instruments", "diff", PHQ, str(folder)]) == 0
    assert "run a replay before publishing" in capsys.readouterr().out


def test_a_folder_of_something_else_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for folder, words in ((tmp_path, "cannot be read"), (PUBLISHED.parents[1] / "who-5/1", "not")):
        assert main(["instruments", "diff", PHQ, str(folder)]) == 2
        assert words in capsys.readouterr().err
    assert main(["instruments", "diff", "nothing", str(PUBLISHED)]) == 2
    assert "no instrument" in capsys.readouterr().err
