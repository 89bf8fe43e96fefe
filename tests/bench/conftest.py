"""What every benchmark shares: how much, the board, and where the table goes in the end."""

from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.table import Table

from tests.bench import machine, proof
from tests.bench.rows import HEADS, Board
from tests.bench.sizes import SEED, Sizes, sizes


@pytest.fixture(scope="session")
def much() -> Sizes:
    """How much is measured."""
    return sizes()


@pytest.fixture(scope="session")
def board(much: Sizes) -> Iterator[Board]:
    """Takes the rows; prints them at the end, and keeps them where the run was a whole one."""
    busy = machine.busy_before()
    board = Board()
    yield board
    out = Console(width=160)
    table = Table(*HEADS, title=f"{machine.commit()} · seed {SEED} · before the run: {busy}")
    for row in board.rows:
        table.add_row(*row.cells, style=None if row.met else "yellow")
    out.print(table)
    for row in board.rows:
        if row.note:
            out.print(f"{row.what}: {row.note}", style="dim", markup=False, highlight=False)
    if much.whole and proof.is_complete(board):
        proof.keep(board, {**machine.described(), "before": busy, "seed": str(SEED)})
        out.print(f"Kept in {proof.FILE.relative_to(proof.CHECKOUT)}.")
