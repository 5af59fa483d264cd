from tirek.domain.alphabet import LETTERS, sort_key


def test_the_alphabet_has_its_42_letters_once() -> None:
    assert len(LETTERS) == len(set(LETTERS)) == 42


def test_kazakh_letters_stand_where_the_primer_has_them() -> None:
    rooms = ["8Я", "8Б", "8Ә", "8А", "8Қ", "8К"]
    assert sorted(rooms, key=sort_key) == ["8А", "8Ә", "8Б", "8К", "8Қ", "8Я"]


def test_digits_come_before_letters_and_capitals_do_not_matter() -> None:
    assert sort_key("8ә") == sort_key("8Ә")
    assert sort_key("81") < sort_key("8А")
