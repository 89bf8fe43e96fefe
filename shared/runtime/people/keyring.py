"""The authors' keys at hand: fetched or made once, kept for a while, gone when destroyed."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from shared.runtime.people.postgres import PeopleAway, Postgres
from shared.runtime.people.sealing import AuthorKey, Unopenable, Vault, author_of, new_key

MOST_KEPT: Final = 20_000
FRESH_SECONDS: Final = 30.0
"""How long another process may still read what was erased meanwhile."""

_FETCH: Final = "select principal, wrapped from people.author_key where principal = any($1)"
_MAKE: Final = """
    insert into people.author_key (principal, wrapped) values ($1, $2)
    on conflict (principal) do nothing
"""
_DESTROY: Final = """
    insert into people.author_key (principal, destroyed_at) values ($1, now())
    on conflict (principal) do update set wrapped = null, destroyed_at = now()
    where author_key.destroyed_at is null
"""


class KeyDestroyed(Exception):
    """The author was erased; nothing can be written or read under their key any more."""


@dataclass(frozen=True, slots=True)
class _Kept:
    key: AuthorKey | None
    until: float


class Keyring:
    """The keys of authors. While Postgres is away, keys that were at hand go on working."""

    def __init__(
        self,
        postgres: Postgres,
        vault: Vault,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_KEPT,
    ) -> None:
        self._postgres = postgres
        self._vault = vault
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def at_hand(self, principal: str) -> AuthorKey | None:
        """The author's key if it was used a moment ago; for the hot path."""
        kept = self._kept.get(principal)
        return kept.key if kept is not None and self._clock() < kept.until else None

    async def author(self, principal: str) -> AuthorKey:
        """The author's key, made at first use. `KeyDestroyed` once they were erased."""
        found = await self._keys([principal])
        if principal not in found:
            wrapped = self._vault.wrap(principal, new_key())
            await self._postgres.execute(_MAKE, principal, wrapped)
            # Somebody else may have been first: what counts is what stands there now.
            found = await self._keys([principal])
        key = found[principal]
        if key is None:
            raise KeyDestroyed(principal)
        return key

    async def destroy(self, principal: str) -> None:
        """Erase: no text of this author can be read again. Repeating it changes nothing."""
        await self._postgres.execute(_DESTROY, principal)
        self._keep(principal, None)

    async def open_all(self, sealed: Iterable[str]) -> dict[str, str | None]:
        """Sealed text → the text, None where its author was erased or it is damaged.

        What is not sealed is its own text, so that callers need not look.
        """
        texts = set(sealed)
        authors = {text: author_of(text) for text in texts}
        keys = await self._keys({author for author in authors.values() if author is not None})
        opened: dict[str, str | None] = {}
        for text, author in authors.items():
            opened[text] = text if author is None else _opened(keys.get(author), text)
        return opened

    async def _keys(self, principals: Iterable[str]) -> dict[str, AuthorKey | None]:
        now = self._clock()
        found: dict[str, AuthorKey | None] = {}
        stale: list[str] = []
        for principal in principals:
            kept = self._kept.get(principal)
            if kept is not None and now < kept.until:
                found[principal] = kept.key
            else:
                stale.append(principal)
        if stale:
            found.update(await self._fetched(stale))
        return found

    async def _fetched(self, principals: list[str]) -> dict[str, AuthorKey | None]:
        try:
            rows = await self._postgres.fetch(_FETCH, principals)
        except PeopleAway:
            kept = {p: self._kept[p].key for p in principals if p in self._kept}
            if len(kept) < len(principals):
                raise
            return kept
        return {row["principal"]: self._unwrapped(row) for row in rows}

    def _unwrapped(self, row: Any) -> AuthorKey | None:  # noqa: ANN401 - asyncpg has no types
        principal, wrapped = row["principal"], row["wrapped"]
        key = None if wrapped is None else self._vault.unwrap(principal, wrapped)
        self._keep(principal, key)
        return key

    def _keep(self, principal: str, key: AuthorKey | None) -> None:
        self._kept[principal] = _Kept(key, self._clock() + FRESH_SECONDS)
        self._kept.move_to_end(principal)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _opened(key: AuthorKey | None, text: str) -> str | None:
    if key is None:
        return None
    try:
        return key.open(text)
    except Unopenable:
        return None
