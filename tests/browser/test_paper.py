"""A lesson on paper: two sheets of A4 at most, and its Kazakh can be read by machines too."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.walk import serve
from tests.world import the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys

MOST_PAGES = 2
KAZAKH = set("әғқңөұүһі")


def longest(lang: str, how_many: int) -> list[str]:
    """The lessons that are hardest to fit."""
    sized = [
        (sum(len(card.html) + len(str(card.choices)) for card in lesson.text(lang).cards),
         f"/{lang}/courses/{course.id}/{lesson.id}")
        for course in the_catalog().courses.values()
        for lesson in course.lessons
    ]  # fmt: skip
    return [path for _size, path in sorted(sized, reverse=True)[:how_many]]


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_longest_lessons_fit_two_sheets(
    chromium: Browser, keys: Keys, tmp_path: Path, lang: str
) -> None:
    # Nobody who prints is asked who they are: no database is needed.
    config = Config(keys=keys, var_dir=tmp_path)
    app = create_app(config, "postgresql+psycopg://nobody@/nowhere", the_catalog())
    with serve(app) as url:
        page = chromium.new_page()
        for path in longest(lang, 5):
            page.goto(f"{url}{path}/print")
            pdf = page.pdf(prefer_css_page_size=True)
            assert pages_of(pdf) <= MOST_PAGES, path
            _is_readable(pdf, page.locator("main").inner_text(), tmp_path)
        page.close()


def _is_readable(pdf: bytes, shown: str, folder: Path) -> None:
    """Every letter of Kazakh and every long word can be taken out of the file again."""
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("no pdftotext here: the pages were counted, their letters not read")
    (folder / "lesson.pdf").write_bytes(pdf)
    told = subprocess.run(
        [reader, "-enc", "UTF-8", str(folder / "lesson.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()
    assert KAZAKH & set(shown.lower()) <= set(told.lower())
    long = set(re.findall(r"\w{8,}", shown))
    assert long
    assert {word for word in long if word not in told} == set()
