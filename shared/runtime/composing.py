"""Puts the parts of services together: routes for `web`, owners and groups for `work`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shared.eventing.edge import Edge
from shared.eventing.owner import Owner
from shared.eventing.positions import Vector
from shared.eventing.projector import Projector
from shared.eventing.snapshots import Snapshots
from shared.eventing.topics import commands_topic
from shared.runtime.assembly import Service
from shared.runtime.auth.issuing import local_issuer
from shared.runtime.auth.tokens import Tokens
from shared.runtime.carrying import Acting, Carrier, Reacting
from shared.runtime.delivery import Delivery
from shared.runtime.http.answering import Answering, Fetch
from shared.runtime.http.app import Lifespan, public_app
from shared.runtime.http.dispatch import Application
from shared.runtime.http.gate import Gate
from shared.runtime.http.limits import Rate
from shared.runtime.http.looking import Looking
from shared.runtime.http.operations import read_operation, write_operation
from shared.runtime.http.reads import Models
from shared.runtime.http.representation import fetch_by
from shared.runtime.http.routing import Operation
from shared.runtime.means import Means, Shared
from shared.runtime.reacting import Effect, Reaction
from shared.runtime.rest import Probe


def add_edges(services: Sequence[Service], shared: Shared) -> None:
    """An edge for each service that decides; all of them share what was answered lately."""
    for service in services:
        if service.decider is None:
            continue
        edge = Edge(
            service.name,
            bootstrap=shared.settings.bootstrap,
            writer=shared.writer,
            answered=shared.answered,
            hears=tuple(service.decider.hears),
            make_tail=shared.tail.tail,
        )
        shared.edges[service.name] = edge
        shared.readiness.watch(f"edge {service.name}", _trouble_of(edge))


def add_owners(
    services: Sequence[Service], shared: Shared, snapshots: Snapshots
) -> dict[str, Owner[Any, Any]]:
    """An owner for each service that decides, and its reference view for the reactions."""
    owners: dict[str, Owner[Any, Any]] = {}
    for service in services:
        if service.decider is None:
            continue
        owner: Owner[Any, Any] = Owner(
            service.decider,
            bootstrap=shared.settings.bootstrap,
            snapshots=snapshots,
            make_tail=shared.tail.tail,
        )
        owners[service.name] = owner
        shared.views[service.name] = owner.view
        shared.readiness.watch(f"owner {service.name}", _why_of(owner))
        shared.rest.watch(f"owner {service.name}", _decided_by(owner, service.name))
    return owners


def delivery(services: Sequence[Service], shared: Shared) -> Delivery:
    """The groups of all reactions and effects."""
    made = Delivery(shared.settings.bootstrap, client_id="okr-reactions")
    for service in services:
        means = Means(service.name, shared)
        groups: tuple[Reaction | Effect, ...] = (*service.reactions, *service.effects)
        for each in groups:
            name = f"{service.name}.{each.name}"
            light = shared.readiness.component(f"reaction {name}")
            deal = (
                Acting(each, means).deal
                if isinstance(each, Effect)
                else Reacting(service.name, each, means.edge, shared.views[service.name]).deal
            )
            made.add(Carrier(name, each.hears, deal, light, shared.metrics), each.hears, light)
    for name, probe in made.probes().items():
        shared.rest.watch(f"reaction {name}", probe)
    return made


def add_projector(services: Sequence[Service], shared: Shared) -> Projector | None:
    """One projector for all projections; None where there is nothing to project."""
    projections = [each for service in services for each in service.projections]
    if not projections:
        return None
    settings = shared.settings
    projector = Projector(
        projections,
        dsn=settings.postgres,
        bootstrap=settings.bootstrap,
        make_live_tail=shared.tail.tail,
    )

    async def folded() -> Vector | None:
        return projector.folded()

    shared.readiness.watch("projector", lambda: _why_not_live(projector))
    shared.rest.watch("projector", folded)
    return projector


def open_models(services: Sequence[Service], shared: Shared) -> dict[str, Models]:
    """The read sides, not started yet."""
    opened = {
        service.name: service.models(Means(service.name, shared))
        for service in services
        if service.models is not None
    }
    for name, models in opened.items():
        shared.readiness.watch(f"reads {name}", _reads_trouble(models))
    return opened


def application(
    services: Sequence[Service], shared: Shared, models: dict[str, Models], lifespan: Lifespan
) -> Application:
    """The public application of everything that the services declare."""
    settings = shared.settings
    gate = Gate(
        Tokens([local_issuer(settings).trusted]),
        Rate(settings.rate_per_second, settings.rate_burst),
        shared.metrics,
        most_under_way=settings.most_under_way,
    )
    made: list[Application] = []
    fetch = fetch_by(lambda: made[0], settings.readmodels_url)
    operations = [each for s in services for each in _operations(s, shared, models, fetch)]
    made.append(public_app(operations, gate, lifespan=lifespan))
    return made[0]


def _operations(
    service: Service, shared: Shared, models: dict[str, Models], fetch: Fetch
) -> Iterator[Operation]:
    means = Means(service.name, shared)
    if service.writes:
        wait = shared.settings.write_wait_seconds
        answering = Answering(means.edge, means.people, wait=wait, fetch=fetch)
        for writes in service.writes:
            yield from (write_operation(write, answering) for write in writes.declared)
    if service.reads:
        looking = Looking(models[service.name])
        for reads in service.reads:
            yield from (read_operation(route, looking) for route in reads.declared)
    if service.operations is not None:
        yield from service.operations(means)


def _trouble_of(edge: Edge) -> Callable[[], str | None]:
    return lambda: None if edge.ready else edge.trouble or "not ready"


def _reads_trouble(models: Models) -> Callable[[], str | None]:
    return lambda: models.trouble


def _why_of(owner: Owner[Any, Any]) -> Callable[[], str | None]:
    return lambda: "; ".join(owner.status()["why"]) or None


def _why_not_live(projector: Projector) -> str | None:
    status = projector.status()
    why = [status["log"]] if status["log"] else []
    why += [
        f"{name} is {each['state']}: {each['reason']}"
        for name, each in status["projections"].items()
        if each["state"] != "live" or each["reason"]
    ]
    return "; ".join(why) or None


def _decided_by(owner: Owner[Any, Any], service: str) -> Probe:
    async def decided() -> dict[str, dict[int, int]]:
        partitions = owner.status()["partitions"]
        return {
            commands_topic(service): {n: figures["upto"] + 1 for n, figures in partitions.items()}
        }

    return decided
