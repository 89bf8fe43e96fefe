"""Topics: the declared table, its making, and its assertion at every start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from shared.eventing.clients import MAX_MESSAGE_BYTES, started
from shared.events.catalogue import EVENTS
from shared.events.scopes import scope_of

PARTITIONS: Final = 12
SERVICES: Final = tuple(EVENTS)
DEAD_LETTER_GROUPS: Final = ("checkins.inbound", "notifications.delivery")
INBOUND: Final = "okr.progress.inbound"
AUDIT_CHECKPOINTS: Final = "okr.audit.checkpoints"

_FOR_EVER: Final = "-1"
_SEVEN_DAYS: Final = str(7 * 24 * 3600 * 1000)
_REPLICAS: Final = 3


def commands_topic(service: str) -> str:
    """The topic that the commands of a service are written to."""
    return f"okr.{service}.commands"


def events_topic(service: str) -> str:
    """The topic that is the log of a service."""
    return f"okr.{service}.events"


def dead_letter_topic(group: str) -> str:
    """The topic for what a consumer group gave up."""
    return f"okr.{group}.dlq"


@lru_cache(maxsize=200_000)
def partition_of(service: str, stream: str) -> int:
    """The partition of a stream's commands and events: murmur2 of its scope, as producers do it."""
    hashed: int = murmur2(scope_of(service, stream).encode())
    return (hashed & 0x7FFFFFFF) % PARTITIONS


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic must be; `config` holds what does not depend on the number of replicas."""

    partitions: int = PARTITIONS
    config: Mapping[str, str] = field(default_factory=dict)


def kept(retention_ms: str, partitions: int = PARTITIONS) -> TopicSpec:
    """A topic whose records are deleted after `retention_ms`, "-1" for never."""
    return TopicSpec(
        partitions,
        {
            "cleanup.policy": "delete",
            "retention.ms": retention_ms,
            "retention.bytes": "-1",
            "message.timestamp.type": "LogAppendTime",
            "unclean.leader.election.enable": "false",
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
        },
    )


TOPICS: Final[Mapping[str, TopicSpec]] = {
    **{commands_topic(service): kept(_FOR_EVER) for service in SERVICES},
    **{events_topic(service): kept(_FOR_EVER) for service in SERVICES},
    AUDIT_CHECKPOINTS: kept(_FOR_EVER, partitions=1),
    INBOUND: kept(_SEVEN_DAYS),
    **{dead_letter_topic(group): kept(_FOR_EVER, partitions=1) for group in DEAD_LETTER_GROUPS},
}


class TopicsDiffer(Exception):
    """Topics on the broker are not what they must be; the message says which and how."""


def durable(replicas: int) -> dict[str, str]:
    """What makes an acknowledged record survive, by the number of replicas."""
    if replicas >= _REPLICAS:
        return {"min.insync.replicas": "2", "flush.messages": str(2**63 - 1)}
    return {"min.insync.replicas": "1", "flush.messages": "1"}


async def ensure_topics(
    bootstrap: str, replicas: int = 1, *, topics: Mapping[str, TopicSpec] = TOPICS
) -> None:
    """Make the topics that are missing; leaves those that exist as they are."""
    admin = await _admin(bootstrap)
    try:
        there = set(await admin.list_topics())
        missing = [name for name in topics if name not in there]
        if missing:
            response = await admin.create_topics(
                [
                    NewTopic(
                        name,
                        topics[name].partitions,
                        replicas,
                        topic_configs={**topics[name].config, **durable(replicas)},
                    )
                    for name in missing
                ]
            )
            _raise_errors(response)
    finally:
        await admin.close()


async def assert_topics(bootstrap: str, *, topics: Mapping[str, TopicSpec] = TOPICS) -> None:
    """Compare partition counts and settings; raises `TopicsDiffer` with a sentence for each."""
    admin = await _admin(bootstrap)
    try:
        described = {
            topic["topic"]: topic["partitions"]
            for topic in await admin.describe_topics(list(topics))
            if topic["error_code"] == 0
        }
        responses = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in described]
        )
    finally:
        await admin.close()
    wrong = differences(topics, described, _configs(responses))
    if wrong:
        raise TopicsDiffer("; ".join(wrong))


def differences(
    topics: Mapping[str, TopicSpec],
    described: Mapping[str, list[dict[str, Any]]],
    configs: Mapping[str, Mapping[str, str]],
) -> list[str]:
    """Say how what is there differs from what must be, a sentence each."""
    wrong = []
    for name, spec in topics.items():
        partitions = described.get(name)
        if partitions is None:
            wrong.append(f"topic {name} does not exist")
            continue
        if len(partitions) != spec.partitions:
            wrong.append(f"topic {name} has {len(partitions)} partitions, not {spec.partitions}")
        replicas = min(len(partition["replicas"]) for partition in partitions)
        for key, value in {**spec.config, **durable(replicas)}.items():
            found = configs.get(name, {}).get(key)
            if found != value:
                wrong.append(f"topic {name} has {key}={found}, not {value}")
    return wrong


def _configs(responses: list[Any]) -> dict[str, dict[str, str]]:
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for response in responses
        for resource in response.resources
    }


def _raise_errors(response: Any) -> None:  # noqa: ANN401 - aiokafka has no types
    for topic, code, *message in response.topic_errors:
        error = for_code(code)
        # Somebody else, starting at the same time, may have made it; the assertion compares it.
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{topic}: {message}")


class _Admin(AIOKafkaAdminClient):  # type: ignore[misc]
    """An admin client that stops like the other clients."""

    async def stop(self) -> None:
        await self.close()


async def _admin(bootstrap: str) -> AIOKafkaAdminClient:
    return await started(
        lambda: _Admin(bootstrap_servers=bootstrap, client_id="okr-topics"), what="topics"
    )
