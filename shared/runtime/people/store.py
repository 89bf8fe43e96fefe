"""What stands of people outside the log: read by id, found by e-mail or staff number, erased.

Details reach a person in two steps. They are staged under the id of the command that is about to be
sent, and settled once it was accepted (or dropped when it was refused), so that a refused command
changes nobody. Both steps may be repeated: a command settles once, and what was changed by a later
one stays changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import asyncpg
from pydantic_core import from_json, to_json

from shared.runtime.people.keyring import Keyring
from shared.runtime.people.postgres import Postgres
from shared.runtime.people.sealing import Vault, new_key
from shared.runtime.secret_files import read_or_make
from shared.runtime.settings import Settings

Details = Mapping[str, str | None]
"""Any of display_name, email, title, external_id; None clears one."""

FIELDS: Final = ("display_name", "email", "title", "external_id")
_VAULT_FILE: Final = "people-vault.key"
# Both must be of one person only; the lock makes looking and writing one step.
_UNIQUE: Final = {"email": "email_taken", "external_id": "external_id_taken"}
_LOCK: Final = "select pg_advisory_xact_lock(7305804402566652016)"

_READ: Final = "select id, display_name, email, title, external_id, erased_at is not null as erased"
_BY_ID: Final = _READ + " from people.person where id = any($1)"
_BY_EMAIL: Final = _READ + " from people.person where lower(email) = lower($1)"
_BY_NUMBER: Final = _READ + " from people.person where external_id = any($1)"
_HOLDER: Final = {
    "email": "select id from people.person where lower(email) = lower($1) and id <> $2",
    "external_id": "select id from people.person where external_id = $1 and id <> $2",
}
_STAGE: Final = """
    insert into people.staged (command_id, person_id, details) values ($1, $2, $3)
"""
_STAGED: Final = "select from people.staged where command_id = $1"
_SETTLE: Final = """
    with due as (
        select command_id, details from people.staged
        where command_id = $1 and settled_at is null for update
    )
    update people.staged s set settled_at = now(), details = null
    from due where s.command_id = due.command_id
    returning s.person_id, due.details
"""
_DROP: Final = "delete from people.staged where command_id = $1 and settled_at is null"
_WRITE: Final = """
    insert into people.person as p (id, display_name, email, title, external_id)
    values ($1, $2, $3, $4, $5)
    on conflict (id) do update set
        display_name = case when $6 then excluded.display_name else p.display_name end,
        email = case when $7 then excluded.email else p.email end,
        title = case when $8 then excluded.title else p.title end,
        external_id = case when $9 then excluded.external_id else p.external_id end,
        changed_at = now()
    where p.erased_at is null
"""
_ERASE: Final = """
    insert into people.person (id, erased_at) values ($1, now())
    on conflict (id) do update set display_name = null, email = null, title = null,
        external_id = null, changed_at = now(), erased_at = coalesce(person.erased_at, now())
"""
_SWEEP: Final = "delete from people.staged where staged_at < now() - interval '8 days'"


class Taken(Exception):
    """An e-mail address or staff number belongs to somebody else; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person; everything is None once they were erased."""

    id: str
    display_name: str | None = None
    email: str | None = None
    title: str | None = None
    external_id: str | None = None
    erased: bool = False


class PeopleStore:
    """People by id; `keys` seals and opens what they write."""

    def __init__(self, postgres: Postgres, keys: Keyring) -> None:
        self.postgres = postgres
        self.keys = keys

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The store of this installation; nothing is connected before `start`."""
        path = settings.people_key_file or settings.secret_file(_VAULT_FILE)
        postgres = Postgres(settings.postgres)
        return cls(postgres, Keyring(postgres, Vault(read_or_make(path, new_key))))

    async def start(self) -> None:
        """Begin to connect; never waits for the database."""
        await self.postgres.start()

    async def stop(self) -> None:
        """Close every connection."""
        await self.postgres.stop()

    async def read(self, ids: Iterable[str]) -> dict[str, Person]:
        """The people with these ids; who was never named is not in the answer."""
        rows = await self.postgres.fetch(_BY_ID, list(ids))
        return {row["id"]: Person(**row) for row in rows}

    async def find_by_email(self, email: str) -> Person | None:
        """Who has this e-mail address, in any case of its letters."""
        rows = await self.postgres.fetch(_BY_EMAIL, email)
        return Person(**rows[0]) if rows else None

    async def find_by_external_ids(self, numbers: Iterable[str]) -> dict[str, Person]:
        """Staff number → who has it."""
        rows = await self.postgres.fetch(_BY_NUMBER, list(numbers))
        return {row["external_id"]: Person(**row) for row in rows}

    async def stage(self, command_id: str, person_id: str, details: Details) -> None:
        """Keep details until the command is answered; `Taken` when they are somebody else's.

        A command that staged before, even one that was settled since, stages nothing new.
        """
        async with self.postgres.connection() as connection, connection.transaction():
            await connection.execute(_LOCK)
            if await connection.fetchrow(_STAGED, command_id) is not None:
                return
            for name, code in _UNIQUE.items():
                if await _held_by_another(connection, name, details.get(name), person_id):
                    raise Taken(code)
            stored = to_json({name: details[name] for name in FIELDS if name in details}).decode()
            await connection.execute(_STAGE, command_id, person_id, stored)

    async def settle(self, command_id: str) -> None:
        """The command was accepted: what it staged is so now. Nothing staged: nothing to do."""
        async with self.postgres.connection() as connection, connection.transaction():
            await connection.execute(_LOCK)
            row = await connection.fetchrow(_SETTLE, command_id)
            if row is not None:
                details: dict[str, str | None] = from_json(row["details"])
                await _write(connection, row["person_id"], details)

    async def drop(self, command_id: str) -> None:
        """The command was refused: forget what it staged."""
        await self.postgres.execute(_DROP, command_id)

    async def write(self, people: Sequence[tuple[str, Details]]) -> None:
        """Write details at once, all or none; for an import, whose ids nobody else can have."""
        async with self.postgres.connection() as connection, connection.transaction():
            await connection.execute(_LOCK)
            for person_id, details in people:
                for name, code in _UNIQUE.items():
                    if await _held_by_another(connection, name, details.get(name), person_id):
                        raise Taken(code)
                await _write(connection, person_id, details)

    async def erase(self, person_id: str) -> None:
        """Forget a person and destroy their key. Repeating it changes nothing."""
        async with self.postgres.connection() as connection, connection.transaction():
            await connection.execute("delete from people.staged where person_id = $1", person_id)
            await connection.execute(_ERASE, person_id)
        await self.keys.destroy(person_id)

    async def sweep(self) -> None:
        """Forget what was staged by commands that nobody can send again."""
        await self.postgres.execute(_SWEEP)


async def _held_by_another(
    connection: asyncpg.Connection, name: str, value: str | None, person_id: str
) -> bool:
    if value is None:
        return False
    return await connection.fetchval(_HOLDER[name], value, person_id) is not None


async def _write(connection: asyncpg.Connection, person_id: str, details: Details) -> None:
    kept: dict[str, Any] = dict(details)
    for name in _UNIQUE:
        # Two commands under way may both have staged it; the earlier one keeps it.
        if await _held_by_another(connection, name, kept.get(name), person_id):
            del kept[name]
    values = [kept.get(name) for name in FIELDS]
    await connection.execute(_WRITE, person_id, *values, *(name in kept for name in FIELDS))
