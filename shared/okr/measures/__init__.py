"""Measures: the closed set of ways to measure a key result, one class each.

A class holds the fields of its kind, refuses a body that contradicts itself (the codes are stable,
see `shared.okr.words.refusal`), and brings its own arithmetic: `assess` and `expected_on`.
"""

from typing import Annotated

from pydantic import Field

from shared.okr import terms
from shared.okr.measures.composite import Composite, CompositePart, SimpleMeasure
from shared.okr.measures.levels import Metric, Relative
from shared.okr.measures.limits import Band, Threshold
from shared.okr.measures.mixes import Distribution
from shared.okr.measures.qualities import Discovery, Ordinal
from shared.okr.measures.steps import Milestone, Recurring, Stage

__all__ = [
    "Band",
    "Composite",
    "CompositePart",
    "Discovery",
    "Distribution",
    "Measure",
    "Metric",
    "Milestone",
    "Ordinal",
    "Recurring",
    "Relative",
    "SimpleMeasure",
    "Stage",
    "Threshold",
]

Measure = Annotated[
    Metric
    | Relative
    | Threshold
    | Band
    | Milestone
    | Recurring
    | Distribution
    | Composite
    | Ordinal
    | Discovery,
    Field(discriminator="kind"),
]
"""How a key result is measured; the kind never changes once there is a measurement."""

# Who reads `Terms` back by its annotations (snapshots do) looks this name up in its module, and
# that cannot import it: every measure is judged by `Terms`.
terms.Measure = Measure  # type: ignore[attr-defined]
