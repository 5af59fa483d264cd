"""The order of Kazakh letters, which the database's byte order does not know, and their twins."""

import unicodedata

# Kazakh Cyrillic in the order of the school primer; Russian letters have their usual places in it.
LETTERS = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
_PLACE = {letter: place for place, letter in enumerate(LETTERS)}


def sort_key(text: str) -> tuple[tuple[int, int], ...]:
    """Key that puts digits and other signs first, then Kazakh letters; capitals do not matter."""
    return tuple(
        (1, _PLACE[letter]) if letter in _PLACE else (0, ord(letter)) for letter in text.lower()
    )


# What people type who have no Kazakh keyboard: the Russian letter that looks most like it.
_TWINS = str.maketrans("әғқңөұүһіё", "агкноуухие")


def fold(text: str) -> str:
    """The text as typed with Russian letters; of the same length, so that places in it are kept.

    What is typed goes through `composed` before: a letter of two signs would stay two.
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(letter.lower()[:1] for letter in text)
    return lowered.translate(_TWINS)


def composed(text: str) -> str:
    """The text with each letter as one sign: some telephones send й as и and a breve."""
    return unicodedata.normalize("NFC", text)
