"""A tired parent types quickly, without Kazakh keys, and finds the lesson all the same."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.alphabet import LETTERS, composed, fold
from tirek.domain.search import MOST_WORDS, Document, Findings, Passage, Piece, SearchIndex, asked
from tirek.domain.search_words import slips


class Everything:
    """A shelf from which nothing is taken away."""

    def __contains__(self, _one: object) -> bool:
        return True


ALL = Everything()


def lesson(name: str, title: str, *cards: str, keywords: str = "") -> Document:
    passages = [Passage(title, 8.0), *(Passage(card, 1.0) for card in cards)]
    return Document(name, tuple(passages), keywords)


KK = SearchIndex(
    [
        lesson("fear", "Қорқыныш пен уайым", "Бала неден қорқады? Қараңғыдан, иттен."),
        lesson("anger", "Ашу қалай келеді", "Ашу келсе, Сізге де оңай емес. Кідіріңіз."),
        lesson("sleep", "Ұрыссыз келген ұйқы", "Сәби шаршаса да, ұйықтай алмайды. Қолғаныңыз."),
        lesson("school", "Мектепке жол", "Балаңызбен бірге жүріңіз. Ертең тағы."),
    ]
)
RU = SearchIndex(
    [
        lesson("fear", "Страхи и тревоги", "Ребёнок боится темноты. Ещё он боится собак."),
        lesson("school", "«Не хочу в школу»", "Ребёнок не хочет идти. Спросите учителя о школе."),
        lesson("bullying", "Травля в сети", "Травля повторяется. Сохраните снимок экрана."),
        lesson("temper", "Когда ребёнка захлестнули чувства", "Крик.", keywords="истерика капризы"),
        lesson("lies", "Обман и чужие вещи", "Не спрашивайте с угрозой."),
    ]
)


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(f"[{one.text}]" if one.is_found else one.text for one in pieces)


@given(st.text(alphabet=LETTERS + LETTERS.upper() + " İǅß.,-«»1", max_size=60))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(alphabet=LETTERS, max_size=30))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert not set(fold(text)) & set("әғқңөұүһіё")


def test_a_letter_of_two_signs_is_one() -> None:
    assert fold(composed("и\u0306од")) == "йод"


@pytest.mark.parametrize("typed", ["қорқыныш", "коркыныш", "ҚОРҚЫНЫШ", "Коркыныш!", "корқыныш"])
def test_kazakh_is_found_with_russian_letters(typed: str) -> None:
    assert KK.find(typed, ALL).ids[0] == "fear"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("ребенок темноты", "fear"), ("еще боится", "fear"), ("собаки", "fear"), ("школа", "school")],
)
def test_endings_and_dots_do_not_matter_in_russian(typed: str, expected: str) -> None:
    assert RU.find(typed, ALL).ids[0] == expected


@pytest.mark.parametrize(("typed", "expected"), [("балаңызға", "school"), ("ұйқысыз", "sleep")])
def test_kazakh_endings_hang_on_endings(typed: str, expected: str) -> None:
    assert expected in KK.find(typed, ALL).ids


@pytest.mark.parametrize("typed", ["травлч", "тралвя", "тавля", "трравля", "травбя"])
def test_one_slip_of_the_finger_is_forgiven(typed: str) -> None:
    assert RU.find(typed, ALL).ids[0] == "bullying"


def test_a_slip_is_told_and_a_word_as_typed_is_sure() -> None:
    assert not RU.find("тавля", ALL).is_sure
    assert RU.find("травля", ALL).is_sure


def test_a_word_that_is_nowhere_finds_nothing() -> None:
    assert RU.find("мотоцикл", ALL) == Findings()
    assert RU.find("", ALL) == Findings()
    assert RU.find("!!! ...", ALL) == Findings()


def test_a_word_of_the_title_comes_first() -> None:
    assert RU.find("чужие", ALL).ids == ("lies",)
    assert RU.find("школе", ALL).ids[0] == "school"


def test_parents_own_words_lead_to_a_lesson_that_never_says_them() -> None:
    found = RU.find("истерика", ALL)
    assert found.ids == ("temper",)
    assert text_of(RU.excerpt(found, "temper")) == "Крик."


def test_all_words_are_wanted_where_some_text_has_them() -> None:
    found = RU.find("ребёнок боится", ALL)
    assert found.ids == ("fear",)
    assert found.has_all_words
    nearest = RU.find("травля темноты мотоцикл", ALL)
    assert set(nearest.ids) == {"fear", "bullying"}
    assert not nearest.has_all_words


def test_only_what_may_be_read_is_found() -> None:
    assert RU.find("травля", {"fear"}).ids == ()


def test_what_was_found_is_marked_as_it_is_written() -> None:
    found = KK.find("коркады караңғыдан", ALL)
    assert text_of(KK.excerpt(found, "fear")) == "Бала неден [қорқады]? [Қараңғыдан], иттен."
    assert text_of(KK.title(KK.find("уайым", ALL), "fear")) == "Қорқыныш пен [уайым]"


def test_an_excerpt_of_a_long_text_begins_near_the_word_and_ends_at_one() -> None:
    card = "Слова без смысла. " * 40 + "Вот нужное слово: велосипед. " + "И ещё слова. " * 40
    index = SearchIndex([lesson("long", "Долгий урок", card)])
    excerpt = text_of(index.excerpt(index.find("велосипед", ALL), "long"))
    assert excerpt.startswith("Вот нужное слово: [велосипед].")
    assert excerpt.endswith("…")
    assert len(excerpt) < 200


@given(st.text(max_size=200))
def test_any_question_is_answered(question: str) -> None:
    assert len(asked(question)) <= MOST_WORDS
    found = RU.find(question, ALL)
    for one in found.ids:
        assert RU.title(found, one)
        assert RU.excerpt(found, one)


@pytest.mark.parametrize(
    ("typed", "word", "expected"),
    [("школа", "школа", 0), ("школ", "школами", 0), ("шкла", "школа", 1), ("шокла", "школа", 1)],
)
def test_slips_are_counted_up_to_the_beginning_of_a_word(
    typed: str, word: str, expected: int
) -> None:
    assert slips(typed, word) == expected
