"""Everything that can happen to one partition, one step at a time, and what must never come of it.

A step is a tuple of words (see `sentences`) and the state after it. Pausing, being deposed and
losing a message need no step: whoever does not move is paused, every owner that is awake believes
it owns the partition, and an append in flight that never lands is lost.
"""

from collections.abc import Iterator

from tests.protocol.brokers import Brokers
from tests.protocol.folding import Known
from tests.protocol.model import Answer, Batch, Life, Log, LogOpened, Owner, Reader, State
from tests.protocol.owners import Owners
from tests.protocol.promises import ASTRAY, FALSE_ALARM
from tests.protocol.readers import Readers
from tests.protocol.reading import Step


class Protocol(Brokers, Owners, Readers):
    """The model that the checker explores: the steps from a state, and the promises on it."""

    def initial(self) -> State:
        """An empty command group, every owner down, nothing told."""
        log: Log = ()
        if self.configuration.opened:
            log = (self.folding.numbered(Batch(0, 0, (LogOpened(),), 0)),)
        return State(
            log=log,
            high=len(log),
            flight=(),
            owners=tuple(Owner(code) for code in self.configuration.owners),
            edges=(Reader(),) * self.configuration.edges,
            told=(Answer.NONE,) * len(self.folding.letters),
        )

    def canonical(self, state: State) -> State:
        """Owners of one code version, and edges, are interchangeable."""
        owners, edges = tuple(sorted(state.owners)), tuple(sorted(state.edges))
        if owners == state.owners and edges == state.edges:
            return state
        return state._replace(owners=owners, edges=edges)

    def steps(self, state: State) -> Iterator[tuple[Step, State]]:
        """Every step that can be next."""
        yield from self._network(state)
        yield from self._disasters(state)
        if not state.open:
            yield from self._comparison(state)
            return
        for index, owner in enumerate(state.owners):
            if owner.life is Life.DOWN:
                yield from self._takes_over(state, index, owner)
            elif owner.life is Life.AWAKE:
                if not self.configuration.calm:
                    yield ("crashes", index), self._with_owner(state, index, Owner(owner.code))
                if owner.pending:
                    yield from self._waits(state, index, owner)
                if self.rules.may_append(owner.pending):
                    yield from self._decides(state, index, owner)
        for index, edge in enumerate(state.edges):
            if edge.life is Life.AWAKE:
                yield from self._edge_reads(state, index, edge)
        if self.configuration.restore and state.projector.life is Life.AWAKE:
            yield from self._checkpoint_moves(state)

    def broken(self, state: State) -> str:
        """The promise that is broken in this state, or nothing."""
        if state.verdict:
            return state.verdict
        if state.cuts:
            # What is in a cut log harms whom it is served to: see `_watched`.
            return ""
        known = self.fold(state.log[: state.high])
        if known.broken:
            return known.broken
        final = self.fold(state.log)
        return (
            self._untrue(state.told, final.answers)
            or self._astray(state, final)
            or self._alarm(state, known)
        )

    def _astray(self, state: State, final: Known) -> str:
        """What a reader sees, at any time, is a prefix of what the final reader sees."""
        for edge in state.edges:
            seen = self.fold(edge.held).valid
            if seen != final.valid[: len(seen)]:
                return ASTRAY
        return ""

    def _alarm(self, state: State, known: Known) -> str:
        """Stopping is right after a cut only; the cut command topic stops owners, not edges."""
        edges = any(edge.life is Life.STOPPED for edge in state.edges)
        owners = any(owner.life is Life.STOPPED for owner in state.owners)
        return FALSE_ALARM if known.alarm or edges or (owners and not state.commands) else ""
