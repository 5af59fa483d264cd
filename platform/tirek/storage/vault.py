"""Envelope encryption: one data key per pupil, wrapped by a key outside the database."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value does not open: wrong key, wrong row or column, or changed bytes."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as the database keeps it."""

    kek_version: str
    wrapped: bytes


class DataKey:
    """One pupil's key; seals and opens cells bound to their table, column and row."""

    __slots__ = ("_cipher", "_version")

    def __init__(self, key: bytes, version: str) -> None:
        self._cipher = AESGCM(key)
        self._version = version

    def seal(self, plain: str, *place: str) -> bytes:
        """Encrypt `plain` for the cell `place` (table, column, row parts); AES-256-GCM."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), self._bound(place))

    def open(self, sealed: bytes, *place: str) -> str:
        """Decrypt the cell `place`; raise `SealError` when it was made for another cell."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, self._bound(place)).decode()
        except InvalidTag as error:
            raise SealError(f"a value of {place[0]}.{place[1]} does not open") from error

    def _bound(self, place: tuple[str, ...]) -> bytes:
        # The associated data keeps a cell from being moved to another row or column.
        return "|".join((*place, self._version)).encode()


class Vault:
    """Holds the keys of the configuration: wraps data keys, indexes what must not be stored."""

    def __init__(self, keks: Mapping[str, bytes], current: str, pepper: bytes) -> None:
        self._keks = {version: AESGCM(kek) for version, kek in keks.items()}
        self._current = current
        self._pepper = pepper

    def index(self, text: str) -> bytes:
        """A keyed hash (HMAC-SHA-256) by which something can be found but not read."""
        return hmac.new(self._pepper, text.encode(), hashlib.sha256).digest()

    def new_key(self, owner: str) -> WrappedKey:
        """Make a data key for `owner` (a row id) and wrap it with the current key."""
        nonce = os.urandom(NONCE_BYTES)
        key = AESGCM.generate_key(256)
        bound = f"student_keys|{owner}".encode()
        return WrappedKey(
            self._current, nonce + self._keks[self._current].encrypt(nonce, key, bound)
        )

    def unwrap(self, wrapped: WrappedKey, owner: str) -> DataKey:
        """Open a data key; raise `SealError` when it belongs to another or the key is gone."""
        kek = self._keks.get(wrapped.kek_version)
        if kek is None:
            raise SealError(f"no key-encryption key of version {wrapped.kek_version}")
        nonce, body = wrapped.wrapped[:NONCE_BYTES], wrapped.wrapped[NONCE_BYTES:]
        try:
            key = kek.decrypt(nonce, body, f"student_keys|{owner}".encode())
        except InvalidTag as error:
            raise SealError("a data key does not open") from error
        return DataKey(key, wrapped.kek_version)

    def seal_secret(self, plain: str, *place: str) -> bytes:
        """Encrypt a small secret that belongs to no pupil, such as a TOTP secret."""
        nonce = os.urandom(NONCE_BYTES)
        bound = "|".join((*place, self._current)).encode()
        body = self._keks[self._current].encrypt(nonce, plain.encode(), bound)
        return self._current.encode() + b":" + nonce + body

    def open_secret(self, sealed: bytes, *place: str) -> str:
        """Decrypt a secret sealed by `seal_secret`; raise `SealError` when it does not open."""
        version, _, rest = sealed.partition(b":")
        kek = self._keks.get(version.decode())
        if kek is None:
            raise SealError("no key-encryption key of this version")
        bound = "|".join((*place, version.decode())).encode()
        try:
            return kek.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound).decode()
        except InvalidTag as error:
            raise SealError("a secret does not open") from error
