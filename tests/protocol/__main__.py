"""`python -m tests.protocol`: explores the worlds, or tells how history goes wrong without a rule.

    python -m tests.protocol                     the short tier
    python -m tests.protocol --long              both tiers; parts that are done are not done again
    python -m tests.protocol --without okr_prev  the shortest wrong history, in sentences
    python -m tests.protocol --faults            the length of each of them

Results of `--long` are kept under build/, by world and by the text of the model: a changed model is
explored again, an interrupted exploration goes on with the next world.
"""

import argparse
import json
import sys
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from time import strftime

from tests.protocol.checker import Explored, explore
from tests.protocol.configurations import LONG, SHORT
from tests.protocol.faults import FAULTS, Planted
from tests.protocol.model import Configuration, Rules, State
from tests.protocol.protocol import Protocol
from tests.protocol.reading import Step
from tests.protocol.sentences import told_as_sentences

KEPT = Path(__file__).parents[2] / "build" / "protocol.json"
MODEL = ("model", "folding", "promises", "reading", "brokers", "owners", "readers", "protocol")


def main() -> int:
    """Runs what the arguments ask for; the exit code says whether history was as it should be."""
    arguments = argparse.ArgumentParser(prog="python -m tests.protocol", description=__doc__)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("--long", action="store_true", help="both tiers, resumed")
    arguments.add_argument("--faults", action="store_true", help="every rule left out, in turn")
    arguments.add_argument("--without", choices=[planted.rule for planted in FAULTS])
    given = arguments.parse_args()
    if given.without:
        return _tell(next(planted for planted in FAULTS if planted.rule == given.without))
    if given.faults:
        return max(_measure(planted) for planted in FAULTS)
    if given.long:
        return _explore_all((*SHORT, *LONG), _kept(), keep=True)
    return _explore_all(SHORT, {}, keep=False)


def _tell(planted: Planted) -> int:
    model = Protocol(planted.world, planted.rules())
    trace = explore(model).trace
    _say(told_as_sentences(model, trace) if trace else "No history goes wrong.")
    return 0 if trace else 1


def _measure(planted: Planted) -> int:
    seen = explore(Protocol(planted.world, planted.rules()))
    if seen.trace is None:
        _say(f"| {planted.rule} | {planted.world.name} | none |")
        return 1
    length = len(seen.trace.steps)
    _say(f"| {planted.rule} | {planted.world.name} | {length} | {seen.trace.broken} |")
    return 0


def _explore_all(
    worlds: tuple[Configuration, ...], kept: dict[str, dict[str, float]], *, keep: bool
) -> int:
    """Explores world after world, prints a table as it goes, keeps each result if asked to."""
    _say("| world | states | steps | depth | seconds |\n|---|--:|--:|--:|--:|")
    for world in worlds:
        key = _key(world)
        if key not in kept:
            model = Protocol(world, Rules())
            seen = explore(model)
            if seen.trace:
                _say(f"{world.name}:\n{told_as_sentences(model, seen.trace)}")
                return 1
            kept[key] = _figures(seen)
            if keep:
                KEPT.parent.mkdir(exist_ok=True)
                KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        row = kept[key]
        figures = f"{row['states']:,.0f} | {row['steps']:,.0f} | {row['depth']:.0f}"
        _say(f"| {world.name} | {figures} | {row['seconds']:.1f} |")
    rows = [kept[_key(world)] for world in worlds]
    total = [sum(row[figure] for row in rows) for figure in ("states", "steps", "seconds")]
    _say(f"| together | {total[0]:,.0f} | {total[1]:,.0f} | | {total[2]:.1f} |")
    _say(f"No wrong history. {strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}.")
    return 0


def _figures(seen: Explored[State, Step]) -> dict[str, float]:
    return {
        "states": seen.states,
        "steps": seen.transitions,
        "depth": seen.depth,
        "seconds": round(seen.seconds, 1),
    }


def _key(world: Configuration) -> str:
    """Names a world as it is explored by the model as it is written."""
    digest = sha256(json.dumps(asdict(world)).encode())
    for name in MODEL:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return f"{world.name} {digest.hexdigest()[:16]}"


def _kept() -> dict[str, dict[str, float]]:
    if not KEPT.exists():
        return {}
    kept: dict[str, dict[str, float]] = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
