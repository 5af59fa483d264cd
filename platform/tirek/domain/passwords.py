"""What a parent's password must be: long enough, and not what anybody would try first."""

from enum import StrEnum
from itertools import pairwise

SHORTEST = 10
LONGEST = 256
# Fewer different letters than this is one key pressed over and over.
FEWEST_LETTERS = 4
# Rows of the two keyboards and of digits, there and back, and the words that are tried first.
_ROWS = (
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "abcdefghijklmnopqrstuvwxyz",
)
_FIRST_TRIED = ("password", "parol", "qwerty", "admin", "tirek", "пароль", "құпиясөз", "тірек")


class PasswordProblem(StrEnum):
    """Why a password is refused; each is said in words beside the field."""

    SHORT = "short"
    LONG = "long"
    PLAIN = "plain"
    ADDRESS = "address"


def problem_of(password: str, email: str) -> PasswordProblem | None:
    """Say what is wrong with a password; None when nothing is."""
    if len(password) < SHORTEST:
        return PasswordProblem.SHORT
    if len(password) > LONGEST:
        return PasswordProblem.LONG
    folded = password.lower()
    if email and folded in {email.lower(), email.lower().partition("@")[0]}:
        return PasswordProblem.ADDRESS
    return PasswordProblem.PLAIN if _is_plain(folded) else None


def _is_plain(password: str) -> bool:
    if len(set(password)) < FEWEST_LETTERS:
        return True
    if any(password in row or password in row[::-1] for row in _ROWS):
        return True
    rest = password.strip("0123456789!.-_ ")
    return rest in _FIRST_TRIED or (not rest and password.isdigit() and _is_counted(password))


def _is_counted(digits: str) -> bool:
    """Whether the digits only count up or down, or say the same few over again."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    return len(steps) == 1
