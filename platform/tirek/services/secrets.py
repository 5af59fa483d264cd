"""Slow hashes for what people type: argon2id, always behind a limiter."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's smallest memory setting: about 24 ms of one core here (stack.md §7.3); the library's
# default would cost a class of 300 at one bell 57 s of CPU.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when a login name is unknown, so that time does not tell who has an account.
_NOBODY = _HASHER.hash("nobody has this password")


def hash_secret(secret: str) -> str:
    """Hash a password or an access code."""
    return _HASHER.hash(secret)


def verify_secret(hashed: str | None, secret: str) -> bool:
    """Say whether `secret` is the one that was hashed; takes equally long for nobody's."""
    try:
        return _HASHER.verify(hashed or _NOBODY, secret) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False
