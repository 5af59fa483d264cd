import pytest

from tirek.catalog.content.word_forms import Spelling

SPELLING = Spelling(
    [
        "сәби",
        "көмек",
        "сабақ",
        "қолдау",
        "орталық",
        "ереже",
        "қамқоршы",
        "құпия",
        "өзіне",
        "ата-ана",
        "қол",
    ]
)


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("комек", "көмек"),
        ("Комекке", "көмек"),
        ("саби", "сәби"),
        ("сабидің", "сәби"),
        ("сабилеринизди", "сәби"),
        ("сабагы", "сабақ"),
        ("сабақтарга", None),
        ("сабактарға", "сабақ"),
        ("колдаусыз", "қолдау"),
        ("колдауына", "қолдау"),
        ("орталыгында", "орталық"),
        ("камқоршылар", "қамқоршы"),
        ("купияларын", "құпия"),
        ("озине", "өзіне"),
    ],
)
def test_a_term_in_russian_letters_is_known_with_its_endings(typed: str, term: str | None) -> None:
    assert SPELLING.meant(typed) == term


@pytest.mark.parametrize(
    "word",
    ["Сабина", "Сабинаға", "сабын", "комедия", "колдонба", "өзіңе", "сәбилер", "көмекке", "кол"],
)
def test_another_word_is_left_alone(word: str) -> None:
    assert SPELLING.meant(word) is None


def test_no_terms_mean_nothing_to_find() -> None:
    assert Spelling([]).meant("комек") is None
