"""Codes of certificates: eleven base32 characters and a check character, read in fours.

55 bits: whoever tries codes at random finds none. The alphabet and the check are those of access
codes, so that a code copied from paper by hand is forgiven its look-alikes and refused its slips.
"""

from collections.abc import Callable

from tirek.domain.access_code import ALPHABET, CodeFormatError, check_character, plain

LENGTH = 11
GROUP = 4


def new_code(choose: Callable[[str], str]) -> str:
    """Draw a code with `choose` (a cryptographic choice); odd checks are redrawn."""
    while True:
        body = "".join(choose(ALPHABET) for _ in range(LENGTH))
        check = check_character(body)
        if check in ALPHABET:
            return body + check


def normalise(typed: str) -> str:
    """Turn what was typed into a code; raises `CodeFormatError` when it cannot be one."""
    code = plain(typed)
    if len(code) != LENGTH + 1 or any(letter not in ALPHABET for letter in code):
        raise CodeFormatError
    if check_character(code[:LENGTH]) != code[LENGTH]:
        raise CodeFormatError
    return code


def pretty(code: str) -> str:
    """Group a code for reading: ABCD-EFGH-JKMN."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
