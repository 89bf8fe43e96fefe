"""The local issuer: a key of this installation's own, and the tokens that `okr token` prints."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid4, uuid5

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.runtime.auth.callers import ROLE_OF_OPERATOR
from shared.runtime.auth.tokens import TYPE, Issuer
from shared.runtime.secret_files import read_or_make
from shared.runtime.settings import Settings

USUAL_LIFE: Final = timedelta(hours=12)
_KEY_FILE: Final = "token-signing-key.pem"


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """Signs tokens with the installation's own key; its public half verifies them."""

    name: str
    audience: str
    key: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        """A name for the key that changes with it."""
        raw = self.key.public_key().public_bytes_raw()
        return hashlib.sha256(raw).hexdigest()[:16]

    @property
    def trusted(self) -> Issuer:
        """The issuer as whoever verifies knows it."""
        return Issuer(
            self.name, self.audience, "EdDSA", {self.key_id: self.key.public_key()}, roles=True
        )

    def mint(
        self,
        subject: str,
        *,
        roles: Sequence[str] = (),
        life: timedelta = USUAL_LIFE,
        now: float | None = None,
    ) -> str:
        """Return a signed token that names `subject`, and `roles` besides those in the log."""
        issued = int(time.time() if now is None else now)
        claims = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject,
            "iat": issued,
            "exp": issued + int(life.total_seconds()),
            "jti": str(uuid4()),
            "roles": list(roles),
        }
        return jwt.encode(claims, self.key, "EdDSA", headers={"typ": TYPE, "kid": self.key_id})

    def mint_operator(self, who: str, *, life: timedelta = USUAL_LIFE) -> str:
        """Return a token for `admin` or `auditor`; `KeyError` for anybody else."""
        role = ROLE_OF_OPERATOR[who]
        return self.mint(operator_id(who), roles=[role], life=life)


def operator_id(who: str) -> str:
    """The principal of a local operator, the same in every installation."""
    return str(uuid5(NAMESPACE_URL, f"okr-principal\n{who}"))


def local_issuer(settings: Settings) -> LocalIssuer:
    """The issuer of this installation; its key is made at first use, readable by its owner only."""
    path = settings.token_key_file or settings.secret_file(_KEY_FILE)
    pem = read_or_make(path, _new_key)
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} does not hold an Ed25519 key")
    return LocalIssuer(settings.token_issuer, settings.token_audience, key)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
