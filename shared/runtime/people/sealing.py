"""Sealing: free text that only its author's key opens, and the keys themselves under a lock.

Each author (the principal who writes) has one random AES-256 key. From it come a key that seals
(AES-GCM, the author's id as associated data, so that no text can be passed off as another's) and
one that digests bodies. Destroying the key is what erases: the log keeps the text, and nobody can
read it any more.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX: Final = "sealed:1:"
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_DIGEST_CHARACTERS: Final = 32


class Unopenable(Exception):
    """A sealed text that this key does not open: damaged, or somebody else's."""


class AuthorKey:
    """One author's key, ready to seal, open and digest."""

    __slots__ = ("_author", "_cipher", "_digesting", "_head")

    def __init__(self, author: str, key: bytes) -> None:
        self._author = author.encode()
        self._head = f"{PREFIX}{author}:"
        self._cipher = AESGCM(hmac.digest(key, b"okr-seal", "sha256"))
        self._digesting = hmac.digest(key, b"okr-body", "sha256")

    def seal(self, text: str) -> str:
        """`sealed:1:<author>:<base64url of nonce and ciphertext>`; differs each time."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, text.encode(), self._author)
        return self._head + urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed; `Unopenable` when this key is not the one."""
        if not sealed.startswith(self._head):
            raise Unopenable("another author's text")
        encoded = sealed[len(self._head) :]
        try:
            raw = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            text = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._author)
        except (InvalidTag, NotBase64, ValueError) as error:
            raise Unopenable("damaged") from error
        return text.decode()

    def digest(self, body: bytes) -> str:
        """What a command carries of its body: enough to tell two apart, nothing to guess from."""
        return hmac.digest(self._digesting, body, "sha256").hex()[:_DIGEST_CHARACTERS]


class Vault:
    """Wraps the authors' keys for storage, with a key that stands outside the database."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the vault's key has {len(key)} bytes, not {KEY_BYTES}")
        self._cipher = AESGCM(key)

    def wrap(self, author: str, key: bytes) -> bytes:
        """The key as the database holds it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, author.encode())

    def unwrap(self, author: str, wrapped: bytes) -> AuthorKey:
        """The author's key; `Unopenable` when the vault's key is another one."""
        try:
            key = self._cipher.decrypt(
                wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], author.encode()
            )
        except InvalidTag as error:
            raise Unopenable("the vault's key is not the one that wrapped this") from error
        return AuthorKey(author, key)


def new_key() -> bytes:
    """A fresh random key."""
    return os.urandom(KEY_BYTES)


def author_of(sealed: str) -> str | None:
    """Whose key opens a text; None when it is not sealed."""
    if not sealed.startswith(PREFIX):
        return None
    author, colon, _ = sealed[len(PREFIX) :].partition(":")
    return author if colon else None
