"""An author's page shows what was just saved, without a press, and a fault in place of a text."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.builders_content import one_course, plant
from tirek.cli.content_preview import make_server

RU = "ru/calm-parent/02-ten-second-stop.md"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return one_course(tmp_path)


@pytest.fixture
def desk(content: Path) -> Iterator[str]:
    server = make_server(content, 0)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_follows_its_files(open_page: OpenPage, desk: str, content: Path) -> None:
    page = open_page(f"{desk}/", viewport={"width": 1280, "height": 800})
    page.click("text=calm-parent/ten-second-stop")
    expect(page.locator("td[lang=kk] h1")).to_contain_text("10 секунд")
    expect(page.locator(".fault")).to_have_count(0)

    plant(content / RU, "Скажите себе: «Стоп».", "Звоните 111 и скажите себе: «Стоп».")
    expect(page.locator("td[lang=ru] li").first).to_contain_text("Звоните 111", timeout=20_000)
    expect(page.locator(".fault")).to_contain_text(["[phone]"])

    plant(content / RU, "## Зачем останавливаться\n", "")
    expect(page.locator("td[lang=ru] .fault").first).to_contain_text(
        "a card starts with '## '", timeout=20_000
    )
    expect(page.locator("td[lang=kk]").first).to_contain_text("10 секунд")

    plant(content / RU, ":::card{#why}\n", ":::card{#why}\n## Зачем останавливаться\n")
    plant(content / RU, "Звоните 111 и скажите себе", "Скажите себе")
    expect(page.locator(".fault")).to_have_count(0, timeout=20_000)
