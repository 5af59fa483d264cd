"""A course to keep: a ZIP for everybody, pages on a device for those who want it, recordings."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from bs4 import BeautifulSoup
from flask import Flask

from tests.builders_content import one_course, plant
from tests.functional.browser import Browser
from tirek.catalog.content import load_courses
from tirek.web.transaction import EXTENSION, Plant

LESSONS = 7


@pytest.fixture
def spoken(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """The site with one course whose second lesson can be heard and seen in both languages."""
    root = one_course(tmp_path)
    media = root / "media" / "calm-parent"
    media.mkdir(parents=True)
    (media / "door.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    lesson = load_courses(root)["calm-parent"].lesson("ten-second-stop")
    for lang, old in (("kk", "Қызы 14 жаста."), ("ru", "Дочери 14 лет.")):
        path = root / lang / "calm-parent" / "02-ten-second-stop.md"
        (media / f"stop.{lang}.opus").write_bytes(b"OggS" + b"o" * 180_000)
        (media / f"stop.{lang}.mp3").write_bytes(b"ID3" + b"m" * 480_000)
        if lang == "ru":
            plant(path, old, f"![Закрытая дверь](door.svg)\n\n{old}")
        digest = load_courses(root)["calm-parent"].lesson("ten-second-stop").text(lang).digest
        audio = f"{{file: stop.{lang}.opus, seconds: 61, voice: human, text_hash: {digest}}}"
        plant(path, "audio: null", f"audio: {audio}")
    assert lesson.text("ru").audio is None
    before: Plant = app.extensions[EXTENSION]
    catalog = replace(before.catalog, courses=load_courses(root))
    app.extensions[EXTENSION] = replace(before, catalog=catalog)
    kept_media, app.config["MEDIA"] = app.config["MEDIA"], str(root / "media")
    yield root
    app.config["MEDIA"] = kept_media


def unpacked(browser: Browser, course: str) -> tuple[str, dict[str, str]]:
    answer = browser.client.get(f"/{browser.lang}/courses/{course}/save.zip")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    name = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])
    assert name is not None
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return name[1], {one: archive.read(one).decode() for one in archive.namelist()}


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_zip_is_one_folder_that_needs_nothing_else(
    browser: Callable[..., Browser], lang: str
) -> None:
    name, files = unpacked(browser(lang), "safe-child")

    folder = name.removesuffix(".zip")
    assert name == f"tirek-9-{lang}.zip"
    assert all(f'<html lang="{lang}">' in page for one, page in files.items() if "html" in one)
    pages = {one for one in files if one.endswith(".html")}
    assert pages == {
        f"{folder}/index.html",
        *(f"{folder}/{number:02}.html" for number in range(1, LESSONS + 1)),
    }
    for page in pages:
        html5lib.HTMLParser(strict=False).parse(files[page])
        tree = BeautifulSoup(files[page], "html5lib")
        assert not tree.select("script, form, iframe")
        loaded = [str(one.get("src") or one.get("href")) for one in tree.select("link, img")]
        followed = [str(one["href"]) for one in tree.select("a")]
        for target in (*loaded, *(one for one in followed if one.endswith(".html"))):
            assert f"{folder}/{target}" in files, target
        assert "tel:112" in files[page] or page.endswith("index.html")


def test_names_in_the_zip_tell_a_bystander_nothing(browser: Callable[..., Browser]) -> None:
    _, files = unpacked(browser("ru"), "safe-child")

    titles = [re.search(r"<title>(.*?)</title>", one) for one in files.values()]
    shown = {found[1] for found in titles if found}
    assert shown == {
        "Курс для родителей – Tirek",
        *(f"Урок {number} для родителей – Tirek" for number in range(1, LESSONS + 1)),
    }


def test_the_size_stands_on_the_page_before_anything_is_fetched(
    browser: Callable[..., Browser],
) -> None:
    page = browser().open("/en/courses/safe-child")
    size = len(browser().client.get("/en/courses/safe-child/save.zip").data)

    shown = re.search(r"ZIP file, (\d+) KB", page.text)
    assert shown is not None
    assert int(shown[1]) == -(-size // 1024)


def test_the_same_words_make_the_same_file_and_a_browser_that_has_it_gets_nothing(
    browser: Callable[..., Browser],
) -> None:
    client = browser("kk").client
    first = client.get("/kk/courses/calm-parent/save.zip")
    again = client.get("/kk/courses/calm-parent/save.zip")

    assert first.data == again.data
    mark = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/kk/courses/calm-parent/save.zip", headers=mark).status_code == 304


def test_changed_words_make_another_file(
    app: Flask, browser: Callable[..., Browser], spoken: Path
) -> None:
    _, files = unpacked(browser("ru"), "calm-parent")

    assert "tirek-8-ru/door.svg" in files
    assert 'src="door.svg"' in files["tirek-8-ru/02.html"]


def test_what_may_be_kept_on_a_device_is_public_only(browser: Callable[..., Browser]) -> None:
    page = browser("kk").open("/kk/courses/safe-child")

    box = page.html.select_one("[data-keep-course]")
    assert box is not None
    assert box.has_attr("hidden"), "it needs scripts"
    urls = str(box["data-urls"]).split()
    assert len(urls) == 1 + LESSONS + 4
    for url in urls:
        assert re.match(r"/kk/courses/safe-child(/[a-z-]+)?$|/static/", url)
        assert browser("kk").client.get(url).status_code == 200


def test_the_worker_is_never_taken_from_a_cache(browser: Callable[..., Browser]) -> None:
    answer = browser().client.get("/sw.js")

    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert "caches" in answer.text
    assert ".put(" not in answer.text
    assert ".add" not in answer.text.replace("addEventListener", "")


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/kk/courses", True),
        ("/ru/courses/calm-parent/repair", True),
        ("/static/app.css", True),
        ("/kk/parent", False),
        ("/kk/parent/reading", False),
        ("/kk/s/page/1", False),
        ("/kk/school/cases", False),
        ("/kk/psc", False),
        ("/kk/login", False),
        ("/kk/courses/calm-parent/repair/feedback", False),
        ("/kk/", False),
        ("/api/v1/tasks", False),
    ],
)
def test_the_worker_looks_at_public_lessons_alone(
    browser: Callable[..., Browser], path: str, passes: bool
) -> None:
    written = re.search(r"const PUBLIC = /(.+)/;", browser().client.get("/sw.js").text)

    assert written is not None
    assert bool(re.search(written[1], path)) is passes


def test_the_kill_switch_takes_copies_and_worker_away(
    app: Flask, browser: Callable[..., Browser]
) -> None:
    app.config["OFFLINE_COPIES"] = False
    try:
        worker = browser().client.get("/sw.js").text
        # A page that no reader has asked for yet: kept pages stay until the next start.
        page = browser().client.get("/en/courses/teen?x").text
    finally:
        app.config["OFFLINE_COPIES"] = True

    assert "caches.delete" in worker
    assert "registration.unregister" in worker
    assert '"fetch"' not in worker
    assert "data-keep-course" not in page
    assert "save.zip" in page


def test_a_recording_is_offered_small_first_and_fetched_only_when_played(
    browser: Callable[..., Browser], spoken: Path
) -> None:
    page = browser().open("/en/courses/calm-parent/ten-second-stop")

    player = page.html.select_one("audio")
    assert player is not None
    assert player["preload"] == "none"
    assert not player.has_attr("autoplay")
    sources = player.select("source")
    assert [(one["src"], one["type"]) for one in sources] == [
        ("/media/calm-parent/stop.ru.opus", "audio/ogg"),
        ("/media/calm-parent/stop.ru.mp3", "audio/mpeg"),
    ]
    assert "1 minute · 176 KB · read by a person" in page.text
    assert (
        "/media/calm-parent/stop.kk.opus"
        in browser("kk").client.get("/kk/courses/calm-parent/ten-second-stop").text
    )
    silent = browser("kk").client.get("/kk/courses/calm-parent/repair").text
    assert "<audio" not in silent


def test_a_recording_of_an_older_text_is_not_offered(
    app: Flask, browser: Callable[..., Browser], spoken: Path
) -> None:
    plant(
        spoken / "kk" / "calm-parent" / "02-ten-second-stop.md",
        "Қызы 14 жаста.",
        "Қызы 14 жаста. Қыс.",
    )
    before: Plant = app.extensions[EXTENSION]
    catalog = replace(before.catalog, courses=load_courses(spoken))
    app.extensions[EXTENSION] = replace(before, catalog=catalog)

    page = browser("kk").client.get("/kk/courses/calm-parent/ten-second-stop").text

    assert "<audio" not in page


def test_players_may_ask_for_a_part_of_a_recording(
    browser: Callable[..., Browser], spoken: Path
) -> None:
    client = browser().client
    whole = client.get("/media/calm-parent/stop.kk.opus")
    part = client.get("/media/calm-parent/stop.kk.opus", headers={"Range": "bytes=0-3"})

    assert whole.status_code == 200
    assert whole.mimetype == "audio/ogg"
    assert "Set-Cookie" not in whole.headers
    assert (part.status_code, part.data) == (206, b"OggS")
    part.close()
    whole.close()


@pytest.mark.parametrize(
    "path",
    [
        "/media/calm-parent/none.opus",
        "/media/calm-parent/..%2f..%2fglossary.yml",
        "/media/../glossary.yml",
        "/media/calm-parent/.opus",
        "/media/calm-parent/02-ten-second-stop.md",
    ],
)
def test_nothing_but_recordings_and_pictures_is_handed_out(
    browser: Callable[..., Browser], spoken: Path, path: str
) -> None:
    assert browser().client.get(path).status_code == 404
