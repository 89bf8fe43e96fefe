"""Rows: what was measured, what it should be, and what bare machinery did in the same run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_PLAIN: Final = 1_000
_TENTHS: Final = 100
_HUNDREDTHS: Final = 10


@dataclass(frozen=True, slots=True)
class Bound:
    """The least or the most that a figure may be."""

    limit: float
    is_least: bool

    def holds(self, figure: float) -> bool:
        return figure >= self.limit if self.is_least else figure <= self.limit

    def said(self, unit: str) -> str:
        """`≥ 1,500/s`."""
        return f"{'≥' if self.is_least else '≤'} {figure_text(self.limit)}{unit}"


def at_least(limit: float) -> Bound:
    return Bound(limit, is_least=True)


def at_most(limit: float) -> Bound:
    return Bound(limit, is_least=False)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What bare machinery did in the same run, and how the row compares with it."""

    what: str
    ratio: float
    aim: Bound | None = None
    unit: str = " ×"

    @property
    def met(self) -> bool:
        return self.aim is None or self.aim.holds(self.ratio)

    @property
    def said(self) -> str:
        """`3.1 × (≤ 8 ×)`."""
        aim = "" if self.aim is None else f" ({self.aim.said(self.unit)})"
        return f"{figure_text(self.ratio)}{self.unit}{aim}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `note` is what was measured of where the time goes; `key` never changes."""

    key: str
    what: str
    figure: float
    unit: str
    aim: Bound
    baselines: Sequence[Baseline]
    note: str = ""

    @property
    def met(self) -> bool:
        return self.aim.holds(self.figure) and all(each.met for each in self.baselines)

    @property
    def said(self) -> str:
        """`3.4 ms`."""
        return f"{figure_text(self.figure)}{self.unit}"

    @property
    def cells(self) -> tuple[str, ...]:
        """What a table shows of it, by `HEADS`."""
        return (
            self.what,
            self.said,
            self.aim.said(self.unit),
            "; ".join(each.what for each in self.baselines),
            "; ".join(each.said for each in self.baselines),
            "met" if self.met else "missed",
        )


HEADS: Final = ("what", "figure", "aim", "baseline of the same run", "ratio (aim)", "")


@dataclass
class Board:
    """The rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)


def figure_text(figure: float) -> str:
    """A figure with as many digits as it deserves."""
    size = abs(figure)
    if size >= _PLAIN:
        return f"{figure:,.0f}"
    if size >= _TENTHS or figure == int(figure):
        return f"{figure:.0f}"
    return f"{figure:.1f}" if size >= _HUNDREDTHS else f"{figure:.2f}"
