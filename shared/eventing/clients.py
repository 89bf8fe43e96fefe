"""Kafka clients with every unsafe default set, and their start while the broker is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""The largest record batch of any of our topics (`max.message.bytes`)."""

_METADATA_AGE_MS: Final = 30_000
_RETRY_BACKOFF_MS: Final = 50
_REQUEST_TIMEOUT_MS: Final = 15_000
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


class Startable(Protocol):
    """A client that connects when it is started."""

    async def start(self) -> None:
        """Connect, or raise."""

    async def stop(self) -> None:
        """Let go of whatever was opened."""


S = TypeVar("S", bound=Startable)


def producer(bootstrap: str, *, client_id: str) -> AIOKafkaProducer:
    """Return an idempotent producer that waits for every in-sync replica; not started.

    It retries for ever by itself: whoever sends bounds the wait, and replaces it after an error.
    """
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        compression_type=None,
        linger_ms=0,
        max_batch_size=MAX_MESSAGE_BYTES,
        max_request_size=MAX_MESSAGE_BYTES,
        metadata_max_age_ms=_METADATA_AGE_MS,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
        retry_backoff_ms=_RETRY_BACKOFF_MS,
    )


def consumer(
    bootstrap: str,
    *,
    client_id: str,
    group: str | None = None,
    fetch_max_wait_ms: int = 500,
    max_partition_fetch_bytes: int = 1024 * 1024,
    auto_offset_reset: str = "none",
) -> AIOKafkaConsumer:
    """Return a consumer without topics that commits nothing by itself; not started.

    Out-of-range positions raise (`none`), they never reset silently; only a group that may see its
    topic for the first time and seeks by itself passes `earliest`. Whoever uses it drains all that
    `getmany` gives: a partition left undrained holds up the fetches of its whole node.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=group,
        auto_offset_reset=auto_offset_reset,
        enable_auto_commit=False,
        # A corrupt record must not be folded; a batch costs one pass in C, not one per record.
        check_crcs=True,
        # Nothing here is transactional, and a gap in the offsets would break the claims anyway.
        isolation_level="read_uncommitted",
        partition_assignment_strategy=(StickyPartitionAssignor,),
        # How often an idle fetcher looks around by itself; whatever happens wakes it anyway.
        consumer_timeout_ms=1000,
        fetch_min_bytes=1,
        fetch_max_wait_ms=fetch_max_wait_ms,
        fetch_max_bytes=16 * MAX_MESSAGE_BYTES,
        max_partition_fetch_bytes=max_partition_fetch_bytes,
        session_timeout_ms=8_000,
        heartbeat_interval_ms=1_000,
        rebalance_timeout_ms=10_000,
        max_poll_interval_ms=300_000,
        metadata_max_age_ms=_METADATA_AGE_MS,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
        retry_backoff_ms=_RETRY_BACKOFF_MS,
    )


async def started(make: Callable[[], S], *, what: str) -> S:
    """Make and start a client, again and again with growing pauses while the broker is away.

    Ends only when it runs or when it is cancelled; `what` names the client in the log.
    """
    pause = _FIRST_PAUSE
    while True:
        client = make()
        try:
            await client.start()
        except (KafkaError, OSError) as error:
            await _stopped(client)
            log.warning("%s waits for the broker: %s", what, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        except BaseException:
            await _stopped(client)
            raise
        else:
            return client


async def _stopped(client: Startable) -> None:
    try:
        await client.stop()
    except (KafkaError, OSError) as error:
        log.debug("a client that never started did not stop cleanly: %s", error)


async def discard(client: AIOKafkaProducer) -> None:
    """Stop a producer without waiting for what it still wants to send.

    Its `stop` would flush, for ever where the broker is away. What it has put on the network may
    still land later; the claims of the records make that harmless.
    """
    sender = client._sender.sender_task  # noqa: SLF001 - there is no public way to stop retrying
    client._closed = True  # noqa: SLF001 - its finalizer would complain otherwise
    if sender is not None:
        sender.cancel()
    await _quietly(client.client.close)
    if sender is not None:
        await asyncio.wait([sender], timeout=_LONGEST_PAUSE)


async def _quietly(close: Callable[[], Awaitable[Any]]) -> None:
    try:
        await close()
    except (KafkaError, OSError) as error:
        log.debug("a producer's connections did not close cleanly: %s", error)
