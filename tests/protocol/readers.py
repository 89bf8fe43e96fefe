"""What edges and the projector do: they read on, and an edge answers clients."""

from collections.abc import Iterator

from tests.protocol.model import Life, Reader, State
from tests.protocol.reading import Reading, Step


class Readers(Reading):
    """The steps of those who only read."""

    def _edge_reads(self, s: State, index: int, edge: Reader) -> Iterator[tuple[Step, State]]:
        readable = self.rules.edge_may_read(s.log, s.high)
        if readable == edge.held:
            return
        held = self._fetch(edge.held, readable)
        if held is None:
            yield ("edge stops", index), self._with_edge(s, index, Reader(Life.STOPPED))
            return
        before, known = self.fold(edge.held), self.fold(held)
        if held == edge.held:
            return
        after = self._watched(self._with_edge(s, index, Reader(Life.AWAKE, held)), edge.held, held)
        fresh = known.valid[len(before.valid) :]
        after = self._tells(
            after,
            (
                (outcome.command, outcome.answer)
                for number in fresh
                if (decided := self.folding.batch(number).decided)
                for outcome in decided.outcomes
            ),
        )
        yield ("edge reads", index, *fresh), after

    def _checkpoint_moves(self, s: State) -> Iterator[tuple[Step, State]]:
        held = self._fetch(s.projector.held, s.log[: s.high])
        if held is None:
            yield ("projector stops",), s._replace(projector=Reader(Life.STOPPED, s.projector.held))
        elif held != s.projector.held:
            after = s._replace(projector=Reader(Life.AWAKE, held))
            yield ("checkpoint moves", len(held)), self._watched(after, s.projector.held, held)
