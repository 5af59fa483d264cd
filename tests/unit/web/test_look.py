"""The stylesheet, the script and the templates keep the promises made to cheap phones."""

import gzip
import re
from pathlib import Path

import pytest

from tirek.web.assets import FOLDER

TEMPLATES = FOLDER.parent / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
CSS = (FOLDER / "app.css").read_text()
JS = (FOLDER / "app.js").read_text()
# Named for scripts, tests or readers of the source, with no look of their own.
WITHOUT_LOOK = frozenset(
    {"govuk-checkboxes", "govuk-table__head", "govuk-table__body", "govuk-table__row"}
)


def named(page: Path) -> str:
    return page.relative_to(TEMPLATES).as_posix()


def packed(text: str) -> int:
    return len(gzip.compress(text.encode(), 9))


def classes_of(source: str) -> set[str]:
    """Class names that are written out; a name completed by an expression is left out."""
    found = set()
    for value in re.findall(r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', source):
        plain = re.sub(r"\{%.*?%\}", " ", value)
        plain = re.sub(r"\S*\{\{.*?\}\}\S*", " ", plain)
        found |= set(plain.split())
    return found


def test_the_stylesheet_fits_a_slow_network() -> None:
    assert packed(CSS) <= 10 * 1024


def test_the_script_fits_a_slow_network() -> None:
    assert packed(JS) <= 6 * 1024


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import|@font-face|https?:", CSS)
    assert not re.search(r"https?:|import\b|eval\(|innerHTML", JS)
    assert "GDS Transport" not in CSS


def test_the_script_holds_no_words() -> None:
    without_comments = re.sub(r"//.*", "", JS)
    assert not re.search(r"[А-Яа-яӘәҒғҚқҢңӨөҰұҮүҺһІі]", without_comments)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_has_no_inline_style_or_script(page: Path) -> None:
    source = page.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_uses_only_classes_that_have_a_look(page: Path) -> None:
    # Missing one? Use a class of the cheat-sheet, or add it in deploy/css and run its build.
    defined = set(re.findall(r"\.((?:\\.|[\w-])+)", CSS))
    defined = {name.replace("\\", "") for name in defined}
    assert classes_of(page.read_text()) - defined - WITHOUT_LOOK == set()
