"""What authors have: both languages side by side, a live preview, a spelling report."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest

from tests.builders_content import one_course, plant
from tirek.cli import main
from tirek.cli.content_preview import make_server

KK, RU = (f"{lang}/calm-parent/02-ten-second-stop.md" for lang in ("kk", "ru"))
PLACE = "calm-parent/ten-second-stop"

Get = Callable[..., tuple[int, str]]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return one_course(tmp_path)


# diff


def test_both_languages_stand_side_by_side(
    content: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    assert main(["content", "diff", PLACE, "--root", str(content)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("== how · words ") and "steps 5/5" in line for line in lines)
    assert any("Қалай кідіреміз" in line and "Как сделать паузу" in line for line in lines)
    assert max(map(len, lines)) <= 100


def test_what_does_not_correspond_is_marked(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(content / KK, "Қызы 14 жаста", "Қызы 15 жаста")
    plant(content / KK, "1. Іштей «Тоқта» деңіз.\n", "")

    assert main(["content", "diff", PLACE, "--root", str(content)]) == 1

    marked = [line for line in capsys.readouterr().out.splitlines() if "<<" in line]
    assert [line.split("<< ")[1] for line in marked] == [
        "not the same: steps",
        "not the same: numbers",
    ]


def test_the_page_escapes_what_authors_wrote(content: Path, tmp_path: Path) -> None:
    plant(content / RU, "## Хлопнула дверь", "## Хлопнула & дверь")
    page = tmp_path / "page.html"

    main(["content", "diff", PLACE, "--root", str(content), "--html", str(page)])

    text = page.read_text(encoding="utf-8")
    assert "Хлопнула &amp; дверь" in text
    assert '<td lang="kk">' in text
    assert "<script" not in text


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_changed_since_a_revision_is_told(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git = ["git", "-C", str(content), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    plant(content / RU, "Часто этого хватает", "Обычно этого хватает")

    main(["content", "diff", PLACE, "--root", str(content), "--since", "HEAD"])
    told = capsys.readouterr().out
    main(["content", "diff", PLACE, "--root", str(content), "--since", "nowhere"])
    unknown = capsys.readouterr().out

    assert "kk/calm-parent/02-ten-second-stop.md: nothing changed since HEAD" in told
    assert "\n-За 10 секунд можно 2 раза медленно выдохнуть. Часто этого хватает" in told
    assert "\n+За 10 секунд можно 2 раза медленно выдохнуть. Обычно этого хватает" in told
    assert "git knows no such text at nowhere" in unknown


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["calm-parent/none"], "there is no text 'calm-parent/none'"),
        (["../../etc/passwd"], "there is no text"),
        ([PLACE, "--since=--output=x"], "is not a revision"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_sentence(
    content: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    assert main(["content", "diff", *words, "--root", str(content)]) == 2
    assert reason in capsys.readouterr().err


# preview


@pytest.fixture
def get(content: Path) -> Iterator[Get]:
    server = make_server(content, 0)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def ask(path: str, host: str | None = None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    yield ask
    server.shutdown()
    thread.join()
    server.server_close()


def test_both_languages_are_shown_as_readers_see_them(get: Get) -> None:
    status, index = get("/")
    _, page = get(f"/{PLACE}")

    assert status == 200
    assert f'href="/{PLACE}"' in index
    assert "<li>Скажите себе: «Стоп».</li>" in page
    assert "<li>Іштей «Тоқта» деңіз.</li>" in page
    assert "«Не выдумывай!»" in page
    assert 'class="fault"' not in page


def test_a_fault_stands_below_its_card(content: Path, get: Get) -> None:
    plant(content / RU, "Скажите себе", "Звоните 111 и скажите себе")

    page = get(f"/{PLACE}")[1]

    found = page.index("[phone] &#x27;111&#x27; looks like a phone number")
    assert page.index("Как сделать паузу") < found < page.index("Хлопнула дверь")


def test_a_broken_text_shows_its_fault_and_the_other_language(content: Path, get: Get) -> None:
    plant(content / RU, ":::card{#how}", ":::card{how}")

    status, page = get(f"/{PLACE}")

    assert status == 200
    assert "is not &#x27;#id&#x27; or &#x27;key=word&#x27;" in page
    assert ":::card{how}" in page
    assert "Іштей «Тоқта» деңіз." in page


def test_a_page_learns_that_a_file_has_changed(content: Path, get: Get) -> None:
    before = json.loads(get("/state")[1])
    assert json.loads(get("/state")[1]) == before
    assert f'data-state="{before}"' in get(f"/{PLACE}")[1]

    plant(content / RU, "Скажите себе", "Скажите себе тихо")

    assert json.loads(get("/state")[1]) != before
    assert "location.reload()" in get("/preview.js")[1]


def test_only_this_machine_and_only_the_texts_are_answered(content: Path, get: Get) -> None:
    (content / "media" / "calm-parent").mkdir(parents=True)
    (content / "media" / "calm-parent" / "door.svg").write_text("<svg/>")

    assert get("/", host="evil.example:80")[0] == 403
    assert get("/media/calm-parent/door.svg") == (200, "<svg/>")
    assert get("/media/../glossary.yml")[0] == 404
    assert get("/media/%2e%2e/glossary.yml")[0] == 404
    assert get("/calm-parent/none")[0] == 404
    assert get("/../secrets")[0] == 404


def test_a_port_in_use_is_said_in_one_sentence(
    content: Path, get: Get, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server(content, 0)
    port = str(server.server_address[1])
    try:
        assert main(["content", "preview", "--root", str(content), "--port", port]) == 2
    finally:
        server.server_close()
    assert f"port {port} cannot be used" in capsys.readouterr().err


# spell


def test_the_spelling_report_is_never_a_gate(
    content: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    assert main(["content", "spell", "--root", str(content)]) == 0
    assert "hunspell is not installed" in capsys.readouterr().out


@pytest.mark.skipif(
    not Path("/usr/share/hunspell/kk_KZ.dic").exists() or not shutil.which("hunspell"),
    reason="hunspell with its Kazakh dictionary is not installed",
)
def test_doubtful_words_are_named_with_their_places_unless_a_person_knows_them(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(content / KK, "Іштей «Тоқта»", "Іштеәй «Тоқта»")
    plant(content / RU, "Скажите себе", "Скожите себе")

    assert main(["content", "spell", "--root", str(content)]) == 0
    told = capsys.readouterr().out
    (content / "words.ru.txt").write_text("# names\nскож*\n", encoding="utf-8")
    main(["content", "spell", "--root", str(content)])
    known = capsys.readouterr().out

    assert "kk Іштеәй x1: " in told
    assert "ru Скожите x1: " in told
    assert "02-ten-second-stop.md:" in told
    assert "Скожите" not in known
