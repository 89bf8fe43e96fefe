"""Explores world after world, prints a table as it goes, and remembers what is done."""

import json
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from time import strftime

from tests.protocol.checker import explore
from tests.protocol.model import Configuration, Rules
from tests.protocol.protocol import Protocol
from tests.protocol.sentences import told_as_sentences

KEPT = Path(__file__).parents[2] / "build" / "protocol.json"
MODEL = (
    *("model", "folding", "promises", "reading", "brokers", "owners", "readers"),
    *("protocol", "checker"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one world that was explored whole."""

    world: str
    states: int
    steps: int
    depth: int
    seconds: float

    def __str__(self) -> str:
        figures = f"{self.states:,} | {self.steps:,} | {self.depth} | {self.seconds:.1f}"
        return f"| {self.world} | {figures} |"


class WrongHistory(Exception):
    """A history that breaks a promise though every rule is kept; told in sentences."""


def explore_tier(worlds: tuple[Configuration, ...], *, resume: bool) -> tuple[Row, ...]:
    """Explores the worlds with every rule kept.

    With `resume`, worlds that an earlier run finished with this very model are not explored again.

    Raises:
        WrongHistory: the shortest there is, in sentences.
    """
    kept = _kept() if resume else {}
    rows = []
    say("| world | states | steps | depth | seconds |\n|---|--:|--:|--:|--:|")
    for world in worlds:
        key = _key(world)
        if key not in kept:
            kept[key] = _explored(world)
            if resume:
                KEPT.parent.mkdir(exist_ok=True)
                text = json.dumps({name: asdict(row) for name, row in kept.items()}, indent=1)
                KEPT.write_text(f"{text}\n", encoding="utf-8")
        rows.append(kept[key])
        say(str(kept[key]))
    total = Row(
        "together",
        sum(row.states for row in rows),
        sum(row.steps for row in rows),
        max(row.depth for row in rows),
        sum(row.seconds for row in rows),
    )
    say(f"{total}\nNo wrong history. {strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}.")
    return tuple(rows)


def say(text: str) -> None:
    """Prints at once, so that a long run shows how far it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _explored(world: Configuration) -> Row:
    model = Protocol(world, Rules())
    seen = explore(model)
    if seen.trace:
        raise WrongHistory(f"{world.name}:\n{told_as_sentences(model, seen.trace)}")
    return Row(world.name, seen.states, seen.transitions, seen.depth, round(seen.seconds, 1))


def _key(world: Configuration) -> str:
    """Names a world as it is explored by the model as it is written."""
    digest = sha256(json.dumps(asdict(world)).encode())
    for name in MODEL:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return f"{world.name} {digest.hexdigest()[:16]}"


def _kept() -> dict[str, Row]:
    if not KEPT.exists():
        return {}
    rows = json.loads(KEPT.read_text(encoding="utf-8"))
    return {name: Row(**row) for name, row in rows.items()}
