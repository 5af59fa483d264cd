"""What a parent agrees to is data: in both languages, versioned, and never edited in silence."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.world import the_catalog
from tirek.catalog.consents import FILE, LISTS, load_consents
from tirek.catalog.errors import CatalogError
from tirek.config import ROOT
from tirek.domain.consent import ConsentTexts, Purpose

ACTS = {"law-94"}


def written(folder: Path, old: str, new: str) -> Path:
    text = (ROOT / "protocols" / FILE).read_text(encoding="utf-8")
    assert old in text
    (folder / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_every_purpose_has_its_text_in_both_languages() -> None:
    catalog = the_catalog()
    assert set(catalog.consents) == set(Purpose)
    for texts in catalog.consents.values():
        assert set(texts.current.words) == {"kk", "ru"}
        assert texts.current.effective_from <= date.fromisoformat(texts.current.version)
        # A lawyer has confirmed no act yet, and the pages say so.
        assert not catalog.protocol.legal_grounds[texts.current.legal_ground].confirmed
        for words in texts.current.words.values():
            assert all(getattr(words, name) for name in LISTS)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Вопросы школы", "Вопросы", "changed under the same version"),
        ("сыныптастар көрмейді", "сыныптастар көреді", "changed under the same version"),
        ("legal_ground: law-94", "legal_ground: law-1", "no legal ground"),
        ('            - "Согласие не значит, что ребёнка обязательно направят."\n', "", "if_yes"),
        ("  center_help:\n", "  centre:\n", "'center_help' is missing"),
        ("meaning_changed: false", "meaning_changed: perhaps", "true or false"),
        ('effective_from: "2026-11-22"', 'effective_from: "soon"', "must be a day"),
        ("          if_no:\n", "          otherwise:\n", "'if_no' is missing"),
        ("id: consents", "id: consent", "the file's name"),
    ],
)
def test_a_wrong_file_is_refused_and_says_why(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    with pytest.raises(CatalogError, match=reason):
        load_consents(written(tmp_path, old, new), ACTS)


def test_the_same_sentence_in_both_languages_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "protocols" / FILE).read_text(encoding="utf-8")
    russian = re.search(r'title: "(Вопросы школы)"', text)
    assert russian is not None
    with pytest.raises(CatalogError, match="says the same in two languages"):
        load_consents(written(tmp_path, "Мектептің сұрақтары", russian[1]), ACTS)


def test_versions_stand_in_order(tmp_path: Path) -> None:
    text = (ROOT / "protocols" / FILE).read_text(encoding="utf-8")
    block = text[text.index('    - version: "') : text.index("  center_help:")]
    with pytest.raises(CatalogError, match="must stand after"):
        load_consents(written(tmp_path, block, block + block), ACTS)


def test_a_yes_to_an_older_version_holds_until_the_meaning_changes() -> None:
    first = the_catalog().consents[Purpose.SCREENING].current
    second = replace(first, version="2027-01-10")
    third = replace(first, version="2027-02-10", meaning_changed=True)
    assert ConsentTexts((first, second)).still_means(first.version)
    texts = ConsentTexts((first, second, third))
    assert [texts.still_means(one.version) for one in texts.versions] == [False, False, True]
    assert not texts.still_means("never written")
