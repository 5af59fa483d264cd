from pathlib import Path
from shutil import copytree

import pytest

from tirek.cli import main

CONTENT = Path(__file__).resolve().parents[3] / "content"
KK, RU = "kk/calm-parent/02-ten-second-stop.md", "ru/calm-parent/02-ten-second-stop.md"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return copytree(CONTENT, tmp_path / "content")


def run(*words: str) -> int:
    return main(["content", *words])


def test_lint_is_silent_about_clean_courses(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lint", "--root", str(content)) == 0
    assert capsys.readouterr().out == ""


def test_lint_prints_every_fault_with_its_place(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson = content / RU
    text = lesson.read_text(encoding="utf-8").replace("Скажите себе", "Звоните 111 и скажите себе")
    lesson.write_text(text.replace("Отец идёт", "Трудный подросток. Отец идёт"), encoding="utf-8")

    assert run("lint", "--root", str(content)) == 1
    printed = capsys.readouterr().out.splitlines()
    assert all("ten-second-stop.md:" in line for line in printed)
    assert sorted(line.split("[")[1].split("]")[0] for line in printed) == [
        "forbidden",
        "numbers",
        "phone",
        "stale",
    ]


def test_stamp_makes_a_translation_follow_its_source(content: Path) -> None:
    lesson = content / RU
    text = lesson.read_text(encoding="utf-8").replace("Дочери 14 лет.", "Дочери 14 лет. Зима.")
    lesson.write_text(text, encoding="utf-8")
    assert run("lint", "--root", str(content)) == 1

    assert run("stamp", str(content / KK)) == 0

    assert run("lint", "--root", str(content)) == 0


def test_an_original_cannot_be_stamped(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (content / KK).read_bytes()

    assert run("stamp", str(content / KK), str(content / RU)) == 2

    assert "an original" in capsys.readouterr().err
    assert (content / KK).read_bytes() == before
