"""Tokens: the good one names its caller, and every forged one is turned away."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.runtime.auth.issuing import LocalIssuer, local_issuer, operator_id
from shared.runtime.auth.tokens import TYPE, Forged, Issuer, Tokens
from shared.runtime.settings import Settings
from tests.support.http import MEMBER, Asker, FakeEdge, application
from tests.unit.runtime.things import things

NOW: Final = 1_800_000_000
KEY: Final = Ed25519PrivateKey.generate()
OURS: Final = LocalIssuer("okr-local", "okr", KEY)
CLAIMS: Final[Mapping[str, Any]] = {
    "iss": "okr-local",
    "aud": "okr",
    "sub": MEMBER,
    "iat": NOW - 10,
    "exp": NOW + 3600,
    "roles": [],
}
HEADER: Final[Mapping[str, Any]] = {"typ": TYPE, "kid": OURS.key_id, "alg": "EdDSA"}


def encoded(value: Any) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(claims: Any = None, header: Any = None, key: Ed25519PrivateKey = KEY) -> bytes:
    """A token with any header and claims, and a signature that fits them."""
    head = encoded({**HEADER, **(header or {})} if not isinstance(header, bytes) else header)
    body = encoded({**CLAIMS, **(claims or {})} if not isinstance(claims, bytes) else claims)
    return head + b"." + body + b"." + encoded(key.sign(head + b"." + body))


def without(*names: str) -> bytes:
    return json.dumps({k: v for k, v in CLAIMS.items() if k not in names}).encode()


def by_secret(secret: bytes) -> bytes:
    """Signed with HMAC, the public key taken for the secret."""
    head, body = encoded({**HEADER, "alg": "HS256"}), encoded(dict(CLAIMS))
    return (
        head
        + b"."
        + body
        + b"."
        + encoded(hmac.new(secret, head + b"." + body, hashlib.sha256).digest())
    )


def by_another_curve() -> bytes:
    key = generate_private_key(SECP256R1())
    return jwt.encode(
        dict(CLAIMS), key, "ES256", headers={"typ": TYPE, "kid": OURS.key_id}
    ).encode()


PUBLIC: Final = KEY.public_key()
PEM: Final = PUBLIC.public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
GOOD: Final = signed()
HEAD, BODY, SIGNATURE = GOOD.split(b".")

FORGED: Final[dict[str, bytes]] = {
    "no signature": HEAD + b"." + BODY + b".",
    "algorithm none": encoded({**HEADER, "alg": "none"}) + b"." + BODY + b".",
    "algorithm None in other letters": encoded({**HEADER, "alg": "nOnE"}) + b"." + BODY + b".",
    "another key": signed(key=Ed25519PrivateKey.generate()),
    "the public key as an HMAC secret": by_secret(PEM),
    "the raw public key as an HMAC secret": by_secret(PUBLIC.public_bytes_raw()),
    "another curve": by_another_curve(),
    "claims changed after signing": HEAD
    + b"."
    + encoded({**CLAIMS, "sub": "x"})
    + b"."
    + SIGNATURE,
    "roles added after signing": HEAD
    + b"."
    + encoded({**CLAIMS, "roles": ["administrator"]})
    + b"."
    + SIGNATURE,
    "signature of another token": HEAD + b"." + BODY + b"." + signed({"jti": "2"}).split(b".")[2],
    "expired": signed({"exp": NOW - 1}),
    "expires never": signed(without("exp")),
    "expires as a text": signed({"exp": "tomorrow"}),
    "not yet valid": signed({"nbf": NOW + 600}),
    "issued in the future": signed({"iat": NOW + 600}),
    "another issuer": signed({"iss": "https://evil.example"}),
    "issuer as a list": signed({"iss": ["okr-local"]}),
    "no issuer": signed(without("iss")),
    "another audience": signed({"aud": "somebody"}),
    "several audiences": signed({"aud": ["okr", "somebody"]}),
    "no audience": signed(without("aud")),
    "no subject": signed(without("sub")),
    "an empty subject": signed({"sub": ""}),
    "a subject that is a number": signed({"sub": 7}),
    "a subject with a line break": signed({"sub": "a\r\nx: y"}),
    "a subject with a colon": signed({"sub": "a:b"}),
    "another type": signed(header={"typ": "JWT"}),
    "an identity token": signed(header={"typ": "id+jwt"}),
    "an unknown key id": signed(header={"kid": "x"}),
    "a key id that is a path": signed(header={"kid": "../../dev/null"}),
    "a key of its own in the header": signed(
        header={"jwk": {"kty": "OKP", "crv": "Ed25519"}}, key=Ed25519PrivateKey.generate()
    ),
    "a critical header": signed(header={"crit": ["b64"], "b64": False}),
    "roles that are no list": signed({"roles": "administrator"}),
    "claims that are no object": signed(b"[1]"),
    "claims nested without end": signed(b"[" * 1500),
    "a header that is no JSON": signed(header=b"{"),
    "two parts": HEAD + b"." + BODY,
    "five parts, an encrypted token": GOOD + b".a.b",
    "nothing but dots": b"..",
    "too long": GOOD + b"A" * 5000,
    "no text at all": b"\xff\xfe",
}


def tokens(now: float = NOW) -> Tokens:
    return Tokens([OURS.trusted], clock=lambda: now)


def test_a_good_token_names_its_caller() -> None:
    caller = tokens().caller(GOOD)
    assert (caller.id, caller.type) == (MEMBER, "user")
    assert (caller.roles, caller.scopes) == (frozenset(), None)


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_token_is_turned_away(forged: str) -> None:
    with pytest.raises(Forged):
        tokens().caller(FORGED[forged])


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_token_is_401_and_reaches_nobody(forged: str) -> None:
    edge = FakeEdge()
    asker = Asker(application(things, edge=edge), FORGED[forged].decode("latin-1"))
    told = await asker.ask("POST", "/v1/things", {"name": "a"})
    assert (told.status, told.json["code"], edge.asked) == (401, "unauthenticated", [])
    assert told.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "Bearer a b", "bearer\t"]
)
async def test_no_token_is_401_with_a_challenge(given: str) -> None:
    told = await Asker(application(things), "").ask(
        "POST", "/v1/things", {"name": "a"}, headers={"authorization": given}
    )
    assert told.status == 401
    assert 'realm="okr"' in told.headers["www-authenticate"]


def test_a_token_is_remembered_until_it_expires() -> None:
    now = float(NOW)
    seen = Tokens([OURS.trusted], clock=lambda: now)
    assert seen.caller(GOOD) is seen.caller(GOOD)
    now = NOW + 3601.0
    with pytest.raises(Forged):
        seen.caller(GOOD)


def test_roles_count_only_from_an_issuer_that_may_name_them() -> None:
    token = signed({"roles": ["administrator", "emperor"]})
    assert tokens().caller(token).roles == {"administrator"}
    elsewhere = Issuer("okr-local", "okr", "EdDSA", {OURS.key_id: PUBLIC})
    assert Tokens([elsewhere], clock=lambda: NOW).caller(token).roles == set()


def test_an_integration_is_a_service_account() -> None:
    assert tokens().caller(signed({"roles": ["integration"]})).type == "service_account"


def test_two_keys_may_count_while_one_replaces_the_other() -> None:
    new = LocalIssuer("okr-local", "okr", Ed25519PrivateKey.generate())
    both = Issuer(
        "okr-local", "okr", "EdDSA", {**OURS.trusted.keys, **new.trusted.keys}, roles=True
    )
    seen = Tokens([both])
    assert seen.caller(OURS.mint("a").encode()).id == "a"
    assert seen.caller(new.mint("b").encode()).id == "b"


class TestTheLocalIssuer:
    def test_its_key_is_made_once_and_only_its_owner_reads_it(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path)
        assert local_issuer(settings).key_id == local_issuer(settings).key_id
        path = settings.secret_file("token-signing-key.pem")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_an_operator_is_the_same_principal_everywhere(self) -> None:
        caller = Tokens([OURS.trusted]).caller(OURS.mint_operator("auditor").encode())
        assert (caller.id, caller.roles) == (operator_id("auditor"), frozenset({"auditor"}))

    def test_nobody_else_is_an_operator(self) -> None:
        with pytest.raises(KeyError):
            OURS.mint_operator("root")
