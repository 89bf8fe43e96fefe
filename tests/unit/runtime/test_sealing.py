"""Sealed texts and the keyring: only the author's key opens, and a destroyed key opens nothing."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.events.event import Sealed
from shared.runtime.people.keyring import FRESH_SECONDS, KeyDestroyed, Keyring
from shared.runtime.people.migrating import newest_version
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.sealing import AuthorKey, Unopenable, Vault, author_of, new_key
from shared.runtime.people.upgrading import statements

MINE = AuthorKey("m-1", b"k" * 32)


class TestSealing:
    @pytest.mark.parametrize("text", ["a", "进展顺利 🎉", "x" * 10_000, "sealed:1:m-1:AAAA"])
    def test_what_was_sealed_opens_again(self, text: str) -> None:
        sealed = MINE.seal(text)
        assert TypeAdapter(Sealed).validate_python(sealed) == sealed
        assert MINE.open(sealed) == text

    def test_equal_texts_do_not_look_equal(self) -> None:
        assert MINE.seal("a") != MINE.seal("a")

    def test_it_names_its_author(self) -> None:
        assert author_of(MINE.seal("a")) == "m-1"
        assert author_of("a plain text") is None

    def test_another_key_of_the_same_author_does_not_open_it(self) -> None:
        with pytest.raises(Unopenable):
            AuthorKey("m-1", b"o" * 32).open(MINE.seal("a"))

    def test_it_cannot_be_passed_off_as_another_authors(self) -> None:
        other = AuthorKey("m-2", b"k" * 32)
        with pytest.raises(Unopenable):
            other.open(MINE.seal("a").replace("m-1", "m-2"))

    @pytest.mark.parametrize("damage", ["", "A", "AAAA", "!!!!", "键"])
    def test_a_damaged_one_does_not_open(self, damage: str) -> None:
        with pytest.raises(Unopenable):
            MINE.open(f"sealed:1:m-1:{damage}")

    def test_every_bit_of_it_counts(self) -> None:
        sealed = MINE.seal("abc")
        for at in range(len("sealed:1:m-1:"), len(sealed) - 1):
            changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
            with pytest.raises(Unopenable):
                MINE.open(changed)

    def test_a_digest_tells_bodies_apart_and_authors_too(self) -> None:
        assert MINE.digest(b"a") == MINE.digest(b"a")
        assert (
            len({MINE.digest(b"a"), MINE.digest(b"b"), AuthorKey("x", new_key()).digest(b"a")}) == 3
        )
        assert len(MINE.digest(b"a")) == 32


class TestTheVault:
    def test_it_gives_back_what_it_wrapped(self) -> None:
        vault, key = Vault(new_key()), new_key()
        opened = vault.unwrap("m-1", vault.wrap("m-1", key))
        assert opened.open(AuthorKey("m-1", key).seal("a")) == "a"

    def test_a_key_is_of_one_author_only(self) -> None:
        vault = Vault(new_key())
        with pytest.raises(Unopenable):
            vault.unwrap("m-2", vault.wrap("m-1", new_key()))

    def test_another_vault_does_not_open_it(self) -> None:
        with pytest.raises(Unopenable):
            Vault(new_key()).unwrap("m-1", Vault(new_key()).wrap("m-1", new_key()))

    def test_a_short_key_is_none(self) -> None:
        with pytest.raises(ValueError, match="32"):
            Vault(b"short")


class FakePostgres:
    """The table of keys."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes | None] = {}
        self.away = False
        self.fetches = 0

    async def fetch(self, _statement: str, principals: list[str]) -> list[dict[str, Any]]:
        self.fetches += 1
        self._here()
        return [{"principal": p, "wrapped": self.rows[p]} for p in principals if p in self.rows]

    async def execute(self, statement: str, principal: str, wrapped: Any = None) -> None:
        self._here()
        if "destroyed_at" in statement:
            self.rows[principal] = None
        else:
            self.rows.setdefault(principal, wrapped)

    def _here(self) -> None:
        if self.away:
            raise PeopleAway


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestTheKeyring:
    @pytest.fixture
    def postgres(self) -> FakePostgres:
        return FakePostgres()

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def keys(self, postgres: Any, clock: Clock) -> Keyring:
        return Keyring(postgres, Vault(b"v" * 32), clock=clock, most=2)

    async def test_a_key_is_made_at_first_use_and_found_ever_after(self, keys: Keyring) -> None:
        sealed = (await keys.author("m-1")).seal("a")
        assert (await keys.author("m-1")).open(sealed) == "a"

    async def test_a_key_of_a_moment_ago_is_at_hand(
        self, keys: Keyring, clock: Clock, postgres: FakePostgres
    ) -> None:
        assert keys.at_hand("m-1") is None
        key = await keys.author("m-1")
        fetches = postgres.fetches
        assert keys.at_hand("m-1") is key
        assert postgres.fetches == fetches
        clock.now = FRESH_SECONDS + 1
        assert keys.at_hand("m-1") is None

    async def test_a_destroyed_key_opens_nothing_and_is_not_made_again(self, keys: Keyring) -> None:
        sealed = (await keys.author("m-1")).seal("a")
        await keys.destroy("m-1")
        assert keys.at_hand("m-1") is None
        assert await keys.open_all([sealed]) == {sealed: None}
        with pytest.raises(KeyDestroyed):
            await keys.author("m-1")

    async def test_one_destroyed_elsewhere_is_noticed_before_long(
        self, keys: Keyring, clock: Clock, postgres: FakePostgres
    ) -> None:
        sealed = (await keys.author("m-1")).seal("a")
        postgres.rows["m-1"] = None
        clock.now = FRESH_SECONDS + 1
        assert await keys.open_all([sealed]) == {sealed: None}

    async def test_known_keys_go_on_working_while_the_store_is_away(
        self, keys: Keyring, clock: Clock, postgres: FakePostgres
    ) -> None:
        sealed = (await keys.author("m-1")).seal("a")
        postgres.away, clock.now = True, FRESH_SECONDS + 1
        assert await keys.open_all([sealed]) == {sealed: "a"}
        assert (await keys.author("m-1")).open(sealed) == "a"
        with pytest.raises(PeopleAway):
            await keys.author("m-2")

    async def test_what_is_not_sealed_is_its_own_text(self, keys: Keyring) -> None:
        assert await keys.open_all(["plain", "sealed:1:nobody:AAAA"]) == {
            "plain": "plain",
            "sealed:1:nobody:AAAA": None,
        }

    async def test_it_keeps_a_bounded_number(self, keys: Keyring) -> None:
        for each in ("a", "b", "c"):
            await keys.author(each)
        assert (keys.at_hand("a"), keys.at_hand("c") is not None) == (None, True)


def test_alembic_leads_to_the_newest_version() -> None:
    written = statements(None, newest_version())
    assert "create table people.person" in written
    assert f"'{newest_version()}'" in written
