"""`python -m tests.protocol`: explores the worlds, or tells how history goes wrong without a rule.

    python -m tests.protocol                     the short tier
    python -m tests.protocol --long              both tiers; parts that are done are not done again
    python -m tests.protocol --without okr_prev  the shortest wrong history, in sentences
    python -m tests.protocol --faults            the length of each of them

Results of `--long` are kept under build/, by world and by the text of the model: a changed model is
explored again, an interrupted exploration goes on with the next world.
"""

import argparse

from tests.protocol.checker import explore
from tests.protocol.configurations import LONG, SHORT
from tests.protocol.faults import FAULTS, Planted
from tests.protocol.protocol import Protocol
from tests.protocol.sentences import told_as_sentences
from tests.protocol.tiers import WrongHistory, explore_tier, say


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
    try:
        explore_tier((*SHORT, *LONG) if given.long else SHORT, resume=given.long)
    except WrongHistory as wrong:
        say(str(wrong))
        return 1
    return 0


def _tell(planted: Planted) -> int:
    model = Protocol(planted.world, planted.rules())
    trace = explore(model).trace
    say(told_as_sentences(model, trace) if trace else "No history goes wrong.")
    return 0 if trace else 1


def _measure(planted: Planted) -> int:
    trace = explore(Protocol(planted.world, planted.rules())).trace
    found = f"{len(trace.steps)} | {trace.broken}" if trace else "none | nothing"
    say(f"| {planted.rule} | {planted.world.name} | {found} |")
    return 0 if trace else 1


if __name__ == "__main__":
    raise SystemExit(main())
