"""docs/proof.md: the figures of the latest whole run, and a line for each run before it.

The rest of that file is written by people and left as it is.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.bench.rows import HEADS, Board

CHECKOUT: Final = Path(__file__).parents[2]
FILE: Final = CHECKOUT / "docs" / "proof.md"
KEYS: Final = (
    "up", "memory", "six_p50", "six_rate", "six_busy",
    "owner", "live", "rebuild",
    "write_p50", "write_p99", "writes_rate", "writes_p99", "seen_p50", "seen_p99",
)  # fmt: skip
"""The rows that there are."""

_LATEST: Final = re.compile(r"(?<=<!-- bench: latest -->\n).*?(?=<!-- bench: end -->)", re.DOTALL)
_HISTORY: Final = "<!-- bench: history -->\n"


def is_complete(board: Board) -> bool:
    """Whether every row was measured."""
    return {row.key for row in board.rows} == set(KEYS)


def keep(board: Board, facts: Mapping[str, str]) -> None:
    """Replace the latest run, and add a line to the history."""
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = FILE.read_text("utf-8")
    latest = "\n".join(["", *_facts(facts, day), "", *_table(board), "", *_notes(board), ""])
    text = _LATEST.sub(lambda _: latest, text)
    head, mark, tail = text.partition(_HISTORY)
    assert mark, f"{FILE.name} has lost its history mark"
    FILE.write_text(head + mark + _line(board, facts, day) + tail, "utf-8")


def _facts(facts: Mapping[str, str], day: str) -> list[str]:
    return [
        f"* {day}, commit {facts['commit']}, seed {facts['seed']}",
        f"* {facts['machine']}; before the run {facts['before']}",
        f"* {facts['versions']}",
    ]


def _table(board: Board) -> list[str]:
    rule = "|".join(["---"] * len(HEADS))
    lines = [f"| {' | '.join(HEADS)} |", f"|{rule}|"]
    lines += [f"| {' | '.join(row.cells)} |" for row in board.rows]
    return lines


def _notes(board: Board) -> list[str]:
    return [f"* {row.what}: {row.note}" for row in board.rows if row.note]


def _line(board: Board, facts: Mapping[str, str], day: str) -> str:
    figures = " · ".join(
        f"{row.key} {row.said}{'' if row.met else ' (missed)'}" for row in board.rows
    )
    return f"* {day}, {facts['commit']}: {figures}\n"
