"""Bearer tokens: what makes one good, and who it names.

A token counts when a key that we hold, pinned by its `kid`, verifies it with the one algorithm of
that key, and issuer, audience, type and times fit. Nothing that the token says of its own key or
algorithm is believed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.runtime.auth.callers import Caller

Algorithm = Literal["EdDSA", "ES256", "RS256"]
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

TYPE: Final = "at+jwt"
"""RFC 9068: an access token, so that no other signed thing passes for one."""
ROLES: Final = frozenset({"administrator", "auditor", "integration"})

_LONGEST: Final = 4_096
_LONGEST_SUBJECT: Final = 128
_LEEWAY_SECONDS: Final = 5
_MOST_REMEMBERED: Final = 4_096
_REQUIRED: Final = ["iss", "aud", "sub", "iat", "exp"]


class Forged(Exception):
    """A token that does not count; the reason is for the log only."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose tokens count, for whom, and by which keys (`kid` → key).

    `roles` says whether this issuer may name roles; else they come from the log alone.
    """

    name: str
    audience: str
    algorithm: Algorithm
    keys: Mapping[str, PublicKey]
    roles: bool = False
    type: str = TYPE


class Tokens:
    """Verifies tokens; remembers the good ones until they expire, because most come again."""

    def __init__(
        self, issuers: Sequence[Issuer], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}
        self._clock = clock
        self._good: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def caller(self, token: bytes) -> Caller:
        """Return who the token names, or raise `Forged`."""
        known = self._good.get(token)
        if known is not None:
            caller, until = known
            if self._clock() < until:
                return caller
            del self._good[token]
        caller, until = self._verified(token)
        self._good[token] = (caller, until)
        if len(self._good) > _MOST_REMEMBERED:
            self._good.popitem(last=False)
        return caller

    def _verified(self, token: bytes) -> tuple[Caller, float]:
        if len(token) > _LONGEST:
            raise Forged("too long")
        try:
            issuer, key = self._key_of(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=[issuer.algorithm],
                audience=issuer.audience,
                issuer=issuer.name,
                leeway=_LEEWAY_SECONDS,
                options={
                    "require": _REQUIRED,
                    "strict_aud": True,
                    # The times are compared below, with a clock that tests can hold.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise Forged(f"{type(error).__name__}: {error}") from error
        return _named(claims, issuer), self._expiry(claims)

    def _key_of(self, token: bytes) -> tuple[Issuer, PublicKey]:
        header = jwt.get_unverified_header(token)
        claimed = jwt.decode(token, options={"verify_signature": False})
        issuer = self._issuers[claimed["iss"]]
        if header.get("typ") != issuer.type or header.get("alg") != issuer.algorithm:
            raise Forged("another type or algorithm")
        if "crit" in header:
            raise Forged("a critical header that nobody understands")
        return issuer, issuer.keys[header["kid"]]

    def _expiry(self, claims: Mapping[str, Any]) -> float:
        times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
        if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in times):
            raise Forged("a time that is none")
        now = self._clock()
        if claims["exp"] <= now:
            raise Forged("expired")
        if max(claims["iat"], claims.get("nbf", 0)) > now + _LEEWAY_SECONDS:
            raise Forged("not yet valid")
        return float(claims["exp"])


def _named(claims: Mapping[str, Any], issuer: Issuer) -> Caller:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise Forged("a subject that is none")
    if not subject.isascii() or not subject.isprintable() or ":" in subject:
        raise Forged("a subject that no header and no sealed text can carry")
    roles = claims.get("roles", []) if issuer.roles else []
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Forged("roles that are none")
    known = frozenset(roles) & ROLES
    return Caller(subject, "service_account" if "integration" in known else "user", known)
