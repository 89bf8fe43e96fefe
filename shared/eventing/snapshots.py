"""Snapshots (rule 9): a cache of folds in Postgres. Losing all of them costs time, never data."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final, Protocol

import asyncpg

from shared.eventing.positions import Checkpoint

log = logging.getLogger(__name__)

_PATIENCE: Final = 5.0

# Made by whoever comes first: `if not exists` alone is no protection against two at once.
_TABLE: Final = """
select pg_advisory_xact_lock(hashtext('eventing.snapshots'));
create schema if not exists eventing;
create table if not exists eventing.snapshots (
    service text not null,
    partition integer not null,
    fingerprint text not null,
    log_id text not null,
    log_offset bigint not null,
    ce_id text not null,
    taken_at timestamptz not null default now(),
    content bytea not null,
    primary key (service, partition)
)
"""

_LOAD: Final = """
select log_id, log_offset, ce_id, content from eventing.snapshots
where service = $1 and partition = $2 and fingerprint = $3
"""

# A slower owner of the same fold must not put an older snapshot over a newer one.
_SAVE: Final = """
insert into eventing.snapshots
    (service, partition, fingerprint, log_id, log_offset, ce_id, content)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (service, partition) do update set
    fingerprint = excluded.fingerprint, log_id = excluded.log_id,
    log_offset = excluded.log_offset, ce_id = excluded.ce_id,
    taken_at = now(), content = excluded.content
where snapshots.fingerprint <> excluded.fingerprint
   or snapshots.log_id <> excluded.log_id
   or snapshots.log_offset < excluded.log_offset
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A fold as bytes, and the place directly behind a valid `Decided` where it goes on."""

    held: Checkpoint
    content: bytes


class Snapshots(Protocol):
    """Where snapshots are kept; whatever goes wrong, neither method raises nor waits for long."""

    async def load(self, service: str, partition: int, fingerprint: str) -> Snapshot | None:
        """The newest snapshot of this fold's code, if there is one and it can be had now."""

    async def save(
        self, service: str, partition: int, fingerprint: str, snapshot: Snapshot
    ) -> None:
        """Keep a snapshot, unless there is a newer one."""


class NoSnapshots:
    """Keeps nothing: every recovery folds from the beginning."""

    async def load(self, service: str, partition: int, fingerprint: str) -> None:
        """Nothing is there."""

    async def save(
        self, service: str, partition: int, fingerprint: str, snapshot: Snapshot
    ) -> None:
        """Nothing is kept."""


class PostgresSnapshots:
    """Snapshots in `eventing.snapshots`; the table is made when it is first needed."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def load(self, service: str, partition: int, fingerprint: str) -> Snapshot | None:
        """See `Snapshots`."""
        try:
            async with asyncio.timeout(_PATIENCE):
                pool = await self._opened()
                row = await pool.fetchrow(_LOAD, service, partition, fingerprint)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            log.warning("no snapshot of %s/%s: %r", service, partition, error)
            return None
        if row is None:
            return None
        held = Checkpoint(row["log_id"], row["log_offset"], row["ce_id"])
        return Snapshot(held, row["content"])

    async def save(
        self, service: str, partition: int, fingerprint: str, snapshot: Snapshot
    ) -> None:
        """See `Snapshots`."""
        held = snapshot.held
        try:
            async with asyncio.timeout(_PATIENCE):
                pool = await self._opened()
                await pool.execute(
                    _SAVE, service, partition, fingerprint,
                    held.log_id, held.offset, held.ce_id, snapshot.content,
                )  # fmt: skip
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            log.warning("snapshot of %s/%s is not kept: %r", service, partition, error)

    async def stop(self) -> None:
        """Close the connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _opened(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=2)
                await pool.execute(_TABLE)
                self._pool = pool
            return self._pool
