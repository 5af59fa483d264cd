"""What is kept on a device is written by two small scripts and read by a third."""

import gzip
import re

import pytest

from tirek.web.assets import FOLDER

SCRIPTS = ["save.js", "sw.js", "sw-off.js"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_small_fetches_nothing_foreign_and_holds_no_words(name: str) -> None:
    source = (FOLDER / name).read_text(encoding="utf-8")
    said = re.sub(r"//.*", "", source)

    assert len(gzip.compress(source.encode(), 9)) <= 2 * 1024
    assert not re.search(r"https?:|import\b|eval\(|innerHTML", said)
    assert not re.search(r"[А-Яа-яӘәҒғҚқҢңӨөҰұҮүҺһІі]", said)


def test_only_a_reader_s_press_puts_something_on_the_device() -> None:
    worker = (FOLDER / "sw.js").read_text(encoding="utf-8")
    page = (FOLDER / "save.js").read_text(encoding="utf-8")

    assert not re.search(r"\.(put|add|addAll)\(", worker)
    assert page.count(".put(") == 1
    assert 'credentials: "omit"' in page
