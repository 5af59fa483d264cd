"""The order of Kazakh letters, which the database's byte order does not know."""

# Kazakh Cyrillic in the order of the school primer; Russian letters have their usual places in it.
LETTERS = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
_PLACE = {letter: place for place, letter in enumerate(LETTERS)}


def sort_key(text: str) -> tuple[tuple[int, int], ...]:
    """Key that puts digits and other signs first, then Kazakh letters; capitals do not matter."""
    return tuple(
        (1, _PLACE[letter]) if letter in _PLACE else (0, ord(letter)) for letter in text.lower()
    )
