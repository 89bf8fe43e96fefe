"""The read side of the suite: what can be read, how far it is, and whose words can be opened.

The position of an answer is taken before its rows are read, so that it never says too much.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic_core import from_json

from services.readmodels.projections import PROJECTIONS
from services.readmodels.queries.pool import Pool
from services.readmodels.queries.remembered import Remembered
from shared.eventing.positions import Position
from shared.eventing.visible import Visible
from shared.okr.calendar import DEFAULT_ZONE
from shared.runtime.http.problems import retry_later
from shared.runtime.http.reads import Moment
from shared.runtime.means import Means
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.store import PeopleStore, Person

_ALL: Final = tuple(projection.name for projection in PROJECTIONS)

_CLOCK: Final = """
SELECT name, value FROM read.okrs_policies WHERE name IN ('organization', 'clock')
"""


def _real_time() -> datetime:
    return datetime.now(UTC)


class View:
    """What the routes read from; see `shared.runtime.http.reads.Models`."""

    def __init__(
        self,
        pool: Pool,
        visible: Visible,
        people: PeopleStore,
        *,
        real_time: Callable[[], datetime] = _real_time,
    ) -> None:
        self.pool = pool
        self.people = people
        self._visible = visible
        self._real_time = real_time
        self._told_at: tuple[int, ...] = ()
        self._told: tuple[str, timedelta, str] | None = None
        self._remembered = Remembered()

    @classmethod
    def of(cls, means: Means) -> "View":
        """The read side of a process; nothing is connected before `start`."""
        dsn = means.settings.postgres
        return cls(Pool(dsn), Visible(PROJECTIONS, dsn=dsn), means.people)

    @property
    def trouble(self) -> str | None:
        """Why it cannot answer, or may be behind; None when all is well."""
        unwell = self.pool.trouble or self._visible.trouble
        if unwell is not None or self._visible.is_built(_ALL):
            return unwell
        return "the read models are being built"

    async def start(self) -> None:
        """Begin to connect and to listen."""
        await self._visible.start()
        await self.pool.start()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.pool.stop()
        await self._visible.stop()

    async def reached(self, after: Sequence[Position], patience: float) -> bool:
        """Wait until the positions are visible in every read model that hears of them."""
        return await self._visible.reached(_ALL, after, patience)

    async def moment(self) -> Moment:
        """How far the read models are, and what time it is in the organization."""
        moves = self._moves()
        if self._told is None or moves != self._told_at:
            positions = ", ".join(map(str, self._visible.positions(_ALL)))
            self._told = (positions, *await self._clock())
            self._told_at = moves
        position, offset, zone = self._told
        return Moment(self._real_time() + offset, zone, position)

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """The rows of a statement over read models, perhaps those of a moment ago.

        Rows are given again only while no read model has moved since they were asked for, so they
        are never older than the position of the answer. 503 while the database is away.
        """
        if self.trouble is not None:
            # Moves may go unheard.
            return await self.pool.fetch(statement, *arguments)
        moves, asked = self._moves(), (statement, *arguments)
        rows = self._remembered.find(moves, asked)
        if rows is None:
            rows = await self.pool.fetch(statement, *arguments)
            self._remembered.keep(moves, asked, rows)
        return rows

    async def names(self, ids: Iterable[str]) -> dict[str, Person]:
        """The people with these ids, as the people store names them; 503 while it is away."""
        try:
            return await self.people.read(ids)
        except PeopleAway:
            raise retry_later("people_away") from None

    async def opened(self, texts: Iterable[str | None]) -> dict[str, str | None]:
        """Sealed text → what was written; None where its author was erased. 503 as above."""
        sealed = {text for text in texts if text is not None}
        if not sealed:
            return {}
        try:
            return await self.people.keys.open_all(sealed)
        except PeopleAway:
            raise retry_later("people_away") from None

    def _moves(self) -> tuple[int, ...]:
        return tuple([self._visible.moves(name) for name in _ALL])

    async def _clock(self) -> tuple[timedelta, str]:
        rows = await self.pool.fetch(_CLOCK)
        values: dict[str, Any] = {row["name"]: from_json(row["value"]) for row in rows}
        seconds = Decimal(values.get("clock", {}).get("offset_seconds", "0"))
        zone = values.get("organization", {}).get("time_zone", DEFAULT_ZONE)
        return timedelta(microseconds=int(seconds * 1_000_000)), str(zone)
