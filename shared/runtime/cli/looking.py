"""`okr status` and `okr topics`: where everything is, and how far it has come."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from shared.eventing.topics import TOPICS, TopicsDiffer, assert_topics, ensure_topics
from shared.runtime.cli.installation import Installation, Running
from shared.runtime.cli.said import Said


async def show_status(data: Path, out: Console, *, as_json: bool) -> None:
    """Say it; exit code 1 when a part is away or not ready."""
    running = Installation(data).running()
    processes = dict(
        zip(
            running.internal,
            await asyncio.gather(*map(_status_of, running.internal.values())),
            strict=True,
        )
    )
    ready = all(each["ready"] for each in processes.values())
    told = {
        "ready": ready,
        "http": running.http,
        "kafka": running.kafka,
        "postgres": _without_password(running.postgres),
        "processes": processes,
    }
    if as_json:
        out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        _show(told, running, out)
    if not ready:
        raise Said("Not everything is ready.")


async def _status_of(address: str) -> dict[str, Any]:
    async with httpx2.AsyncClient(timeout=5.0) as client:
        try:
            told: dict[str, Any] = (await client.get(f"{address}/statusz")).json()
        except httpx2.TransportError:
            return {"ready": False, "away": f"nobody answers at {address}"}
    components: Mapping[str, str | None] = told["components"]
    return {"ready": all(reason is None for reason in components.values()), **told}


def _without_password(dsn: str) -> str:
    parts = urlsplit(dsn)
    place = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=user + place))


def _show(told: Mapping[str, Any], running: Running, out: Console) -> None:
    out.print(f"http      {running.http}\nkafka     {running.kafka}\npostgres  {told['postgres']}")
    for name, process in told["processes"].items():
        out.print(f"\n{name}: {'ready' if process['ready'] else 'not ready'}")
        if "away" in process:
            out.print(f"  {process['away']}")
            continue
        for component, reason in process["components"].items():
            if reason is not None:
                out.print(f"  {component}: {reason}", markup=False)
        _show_owners(process.get("owners", {}), out)
        _show_projections(process.get("projections", {}), out)


def _show_owners(owners: Mapping[str, Any], out: Console) -> None:
    if not owners:
        return
    table = Table("owner", "partitions", "decided", "lag", box=None)
    for name, owner in owners.items():
        partitions = owner["partitions"].values()
        decided = sum(each["upto"] + 1 for each in partitions)
        lag = sum(each["backlog"] for each in partitions)
        table.add_row(name, str(len(owner["partitions"])), str(decided), str(lag))
    out.print(table)


def _show_projections(projections: Mapping[str, Any], out: Console) -> None:
    if not projections:
        return
    table = Table("read model", "version", "state", "behind", box=None)
    for name, each in projections.items():
        table.add_row(name, str(each["version"]), each["state"], str(each["behind"]))
    out.print(table)


async def show_topics(
    data: Path, out: Console, *, ensure: bool, replicas: int, as_json: bool
) -> None:
    """Show the declared topics; exit code 1 when the broker has them otherwise."""
    bootstrap = Installation(data).settings().bootstrap
    try:
        if ensure:
            await ensure_topics(bootstrap, replicas=replicas)
        await assert_topics(bootstrap)
    except TopicsDiffer as differ:
        raise Said(str(differ)) from None
    except (KafkaError, OSError) as error:
        raise Said(f"The broker at {bootstrap} does not answer: {error}") from None
    if as_json:
        told = {name: {"partitions": t.partitions, **t.config} for name, t in TOPICS.items()}
        out.print_json(json.dumps(told))
        return
    table = Table("topic", "partitions", "kept", box=None)
    for name, topic in TOPICS.items():
        table.add_row(name, str(topic.partitions), topic.config["retention.ms"])
    out.print(table)
