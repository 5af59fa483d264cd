"""Pupils' access codes: eight base32 characters and a check character.

Alphabet of Crockford base32 (no I, L, O, U): 40 bits, drawn by a cryptographic source.
The check character catches every single wrong character and every swap of neighbours among
the eight.
"""

from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
# A prime above 32 makes the weighted sum catch all single errors and transpositions.
PRIME = 37
CHECK_ALPHABET = ALPHABET + "*~$=U"

# What hands type instead: confusable Latin letters, and Cyrillic letters that look alike.
_ALIKE = str.maketrans(
    {
        "O": "0", "I": "1", "L": "1",
        "А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "К": "K", "М": "M", "О": "0",
        "Р": "P", "Т": "T", "Х": "X", "У": "Y", "З": "3", "І": "1", "Ғ": "F", "Ү": "Y",
        "Қ": "K", "Һ": "H", "Ј": "J", "Ѕ": "S", "Ԛ": "Q", "Ԝ": "W",
    }
)  # fmt: skip
_SEPARATORS = " -–—.\t\r\n\u00a0\u200b"


class CodeFormatError(ValueError):
    """What was typed cannot be an access code: wrong length, letter or check character."""


def new_code(choose: Callable[[str], str]) -> str:
    """Draw a code with `choose` (a cryptographic choice); those needing odd checks are redrawn.

    About one draw in seven has a check character outside the plain alphabet and is thrown away,
    so that a child never sees a symbol; 39.8 bits remain.
    """
    while True:
        body = "".join(choose(ALPHABET) for _ in range(LENGTH))
        check = check_character(body)
        if check in ALPHABET:
            return body + check


def normalise(typed: str) -> str:
    """Turn what was typed or pasted into a code of nine characters.

    Spaces and dashes fall away, look-alikes are mapped. Raises `CodeFormatError` when the
    length, a letter or the check character is wrong.
    """
    code = plain(typed)
    if len(code) != LENGTH + 1 or any(letter not in ALPHABET for letter in code):
        raise CodeFormatError
    if check_character(code[:LENGTH]) != code[LENGTH]:
        raise CodeFormatError
    return code


def plain(typed: str) -> str:
    """Capital letters without spaces and dashes, look-alikes as what they stand for."""
    code = typed.strip().upper().translate(_ALIKE)
    return "".join(letter for letter in code if letter not in _SEPARATORS)


def pretty(code: str) -> str:
    """Group a code for reading: ABC-DEF-GHJ."""
    return "-".join((code[:3], code[3:6], code[6:]))


def check_character(body: str) -> str:
    """The last character of a code, which the others before it determine."""
    total = sum(place * ALPHABET.index(letter) for place, letter in enumerate(body, start=2))
    return CHECK_ALPHABET[total % PRIME]
