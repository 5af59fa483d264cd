from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders_content import one_course, plant
from tirek.cli import main

KK, RU = "kk/calm-parent/02-ten-second-stop.md", "ru/calm-parent/02-ten-second-stop.md"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return one_course(tmp_path)


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


def test_lint_tells_what_is_no_fault_yet_and_lets_it_pass(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson, translation = content / RU, content / KK
    plant(lesson, "Дочери 14 лет.", "Дочери 14 лет. Зима.")
    today = datetime.now(UTC).date()
    plant(translation, "status:", f'outdated_since: "{today}"\nstatus:')

    assert run("lint", "--root", str(content), "--advice") == 0

    printed = capsys.readouterr().out
    assert "[outdated] ru has changed: 30 days are left" in printed
    assert "[unused] no lesson trains the skill 'homework'" in printed


def test_a_recording_is_stamped_with_the_words_it_holds(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    media = content / "media" / "calm-parent"
    media.mkdir(parents=True)
    for lang, file in (("kk", KK), ("ru", RU)):
        for suffix in ("opus", "mp3"):
            (media / f"stop.{lang}.{suffix}").write_bytes(b"sound")
        audio = f"{{file: stop.{lang}.opus, seconds: 61, voice: human, text_hash: none}}"
        plant(content / file, "audio: null", f"audio: {audio}")
    assert run("lint", "--root", str(content)) == 1

    assert run("stamp", "--recorded", str(content / KK), str(content / RU)) == 0

    assert run("lint", "--root", str(content)) == 0
    capsys.readouterr()
    assert run("stamp", "--recorded", str(content / "ru/calm-parent/_course.md")) == 2
    assert "names no recording" in capsys.readouterr().err
