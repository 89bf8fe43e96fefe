"""The projector: one loop that folds event logs into all read models of a process.

One tail for all projections, so that a record is fetched and decoded once; each projection has a
connection, a transaction a batch, and checkpoints of its own. A projection that fails stops where
it is and says so, and the others go on. Void and internal records reach no projection.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal

from shared.eventing.checkpoints import Generation
from shared.eventing.folding import ProjectionFailed
from shared.eventing.live import HeardBatch, Live
from shared.eventing.positions import Checkpoint, Vector
from shared.eventing.projection import Projection
from shared.eventing.reader import Batch, Place, Tail, places_of
from shared.eventing.rebuild import build

log = logging.getLogger(__name__)

_AT_ONCE: Final = 2_500
"""Records folded in one go: owners in the same process must not stand still for long."""

State = Literal["starting", "building", "live", "failed", "superseded"]


class Member:
    """A projection in the projector: its state, and why it is not live."""

    def __init__(self, projection: Projection, dsn: str) -> None:
        self.projection = projection
        self.live = Live(projection, dsn)
        self.state: State = "starting"
        self.reason: str | None = None

    def stop(self, state: State, reason: str) -> None:
        """Fold no further."""
        self.state = state
        self.reason = reason
        log.error("projection %s is %s: %s", self.projection.name, state, reason)

    def judge(self, generation: Generation | None) -> bool:
        """Whether this code keeps that generation up to date; stops where newer code took over."""
        if generation is None:
            return False
        if generation.version > self.projection.version:
            self.stop("superseded", f"version {generation.version} has taken over")
            return False
        mine = (self.projection.version, self.projection.fingerprint)
        return (generation.version, generation.fingerprint) == mine


class Projector:
    """Keeps projections up to date; `run` until cancelled.

    At its start it builds, from the log, each projection that has no tables of its version yet;
    meanwhile queries see the generation before. Starts while broker and database are away.
    `make_live_tail`, where it is another than `make_tail`, makes the tail that follows for good.
    """

    def __init__(
        self,
        projections: Iterable[Projection],
        *,
        dsn: str,
        bootstrap: str,
        make_tail: Callable[..., Tail] = Tail,
        make_live_tail: Callable[..., Tail] | None = None,
    ) -> None:
        self._dsn = dsn
        self._bootstrap = bootstrap
        self._make_tail = make_tail
        self._make_live_tail = make_live_tail or make_tail
        self._members = [Member(projection, dsn) for projection in projections]
        self._tail: Tail | None = None
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Fold until cancelled. Raises `HistoryCut` and `Unreadable`: nothing may go on then."""
        try:
            await self._begin()
            await self._follow()
        finally:
            for member in self._members:
                await member.live.disconnect()

    @property
    def ready(self) -> bool:
        """Whether all projections are live, with nothing in their way."""
        return all(
            member.state == "live" and member.live.trouble is None for member in self._members
        )

    def status(self) -> dict[str, Any]:
        """For `/readyz` and `okr status`: each projection's state, reason, and positions."""
        tail = self._tail
        return {
            "ready": self.ready,
            "log": None if tail is None else str(tail.broken or tail.trouble or "") or None,
            "projections": {
                member.projection.name: {
                    "state": member.state,
                    "reason": member.reason or member.live.trouble,
                    "version": member.projection.version,
                    "behind": self._behind(member),
                }
                for member in self._members
            },
        }

    def folded(self) -> Vector | None:
        """Topic → partition → the next offset to be folded; None while something is in hand."""
        if self._tail is None or not self.ready:
            return None
        if any(self._behind(member) for member in self._members):
            return None
        vector: dict[str, dict[int, int]] = {}
        services = {service for member in self._members for service in member.projection.hears}
        for topic, number in places_of(services):
            vector.setdefault(topic, {})[number] = self._tail.next_offset((topic, number))
        return vector

    async def _begin(self) -> None:
        missing = []
        for member in self._members:
            generation = await member.live.read_again()
            if generation is not None and member.judge(generation):
                member.live.begin(generation)
                member.state = "live"
            elif member.state == "starting":
                member.state = "building"
                missing.append(member)
        if missing:
            await self._build(missing)

    async def _build(self, missing: Sequence[Member]) -> None:
        failed = await build(
            [member.projection for member in missing],
            dsn=self._dsn,
            bootstrap=self._bootstrap,
            make_tail=self._make_tail,
        )
        for member in missing:
            reason = failed.get(member.projection.name)
            if reason is not None:
                member.stop("failed", reason)
                continue
            await self._read_again(member)

    async def _follow(self) -> None:
        services = {service for member in self._members for service in member.projection.hears}
        self._tail = tail = self._make_live_tail(
            self._bootstrap, places_of(sorted(services)), self._held(), client_id="okr-projector"
        )
        await tail.open()
        upcoming = asyncio.create_task(tail.next(at_most=_AT_ONCE))
        try:
            while True:
                batches = await upcoming
                # The next batch is fetched and judged while the database commits this one.
                upcoming = asyncio.create_task(tail.next(at_most=_AT_ONCE))
                if not await self._apply(batches):
                    upcoming.cancel()
                    await asyncio.wait([upcoming])
                    tail.rewind(self._held())
                    upcoming = asyncio.create_task(tail.next(at_most=_AT_ONCE))
        finally:
            upcoming.cancel()
            await asyncio.wait([upcoming])
            await tail.close()

    async def _apply(self, batches: Sequence[Batch]) -> bool:
        """Give the batches to all live projections; False: the log has to be read again."""
        heard = [HeardBatch(batch) for batch in batches]
        going = [member for member in self._members if member.state == "live"]
        return all(await asyncio.gather(*(self._apply_one(member, heard) for member in going)))

    async def _apply_one(self, member: Member, heard: Sequence[HeardBatch]) -> bool:
        try:
            if await member.live.apply(heard) == "moved":
                return True
        except ProjectionFailed as error:
            log.exception("a projection failed")
            member.stop("failed", str(error))
            await member.live.disconnect()
            return True
        await self._read_again(member)
        return False

    async def _read_again(self, member: Member) -> None:
        generation = await member.live.read_again()
        if generation is not None and member.judge(generation):
            member.live.begin(generation)
            member.state = "live"
        elif member.state != "superseded":
            member.stop("superseded", "its tables were built by other code")

    def _held(self) -> dict[Place, Checkpoint]:
        """The least that the live projections hold, in each partition that all of them hold."""
        least: dict[Place, Checkpoint] = {}
        going = [member for member in self._members if member.state == "live"]
        services = {service for member in going for service in member.projection.hears}
        for place in places_of(services):
            hearing = [m.live.held.get(place) for m in going if place[0] in m.projection.topics]
            if None not in hearing:
                least[place] = min((h for h in hearing if h), key=lambda held: held.offset)
        return least

    def _behind(self, member: Member) -> int | None:
        """Offsets that have been read from the log and not been folded by this projection."""
        if self._tail is None or member.state not in ("live", "failed"):
            return None
        try:
            held = member.live.held
        except RuntimeError:
            return None
        return sum(
            max(0, self._tail.next_offset(place) - (held[place].offset + 1 if place in held else 0))
            for place in places_of(member.projection.hears)
        )
