"""Kazakh and Russian are equal: every string is there, in both, and says the same placeholders."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).parents[2] / "translations"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
# A Latin letter beside a Cyrillic one inside a word: it looks right and is found by no search.
MIXED = re.compile(r"[а-яёәғқңөұүһі][a-z]|[a-z][а-яёәғқңөұүһі]", re.IGNORECASE)
# A standard deviation is a figure of many, not a word for one child.
LABELS = re.compile(
    r"неблагополучн|трудн(ый|ого|ым) (ребён|подрост)|групп[аеыу] риска|диагноз"
    r"|(?<!стандартного )(?<!стандартное )отклонени"
    r"|тәуекел тоб|(?<!стандартты )ауытқу",
    re.IGNORECASE,
)


def catalogue(lang: str) -> Catalog:
    with (TRANSLATIONS / lang / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=lang)


def messages(lang: str) -> list[Message]:
    return [message for message in catalogue(lang) if message.id]


def forms(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (str(value),)


@pytest.fixture(params=["kk", "ru"])
def lang(request) -> str:
    return request.param


def test_both_languages_hold_the_same_strings():
    assert {forms(one.id) for one in messages("kk")} == {forms(one.id) for one in messages("ru")}


def test_no_string_is_empty_or_doubtful(lang):
    lacking = [
        message.id
        for message in messages(lang)
        if message.fuzzy or not all(forms(message.string)) or message.string == message.id
    ]
    # The name of the house is the same in every language.
    assert [one for one in lacking if one != "Tirek"] == []


def test_placeholders_survive(lang):
    for message in messages(lang):
        wanted = set(PLACEHOLDER.findall(" ".join(forms(message.id))))
        for form in forms(message.string):
            assert set(PLACEHOLDER.findall(form)) <= wanted, message.id
        assert set(PLACEHOLDER.findall(" ".join(forms(message.string)))) == wanted, message.id


def test_no_word_mixes_alphabets(lang):
    for message in messages(lang):
        for form in forms(message.string):
            assert not MIXED.search(PLACEHOLDER.sub(" ", form)), form


def test_no_string_labels_a_child(lang):
    for message in messages(lang):
        for form in forms(message.string):
            assert not LABELS.search(form), form


def test_kazakh_has_its_own_letters_and_russian_has_none_of_them():
    kazakh = " ".join(form for one in messages("kk") for form in forms(one.string))
    russian = " ".join(form for one in messages("ru") for form in forms(one.string))
    assert all(letter in kazakh.lower() for letter in "әғқңөұүі")
    assert not [word for word in russian.split() if re.search("[әғқңөұүһ]", word)]
