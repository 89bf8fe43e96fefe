"""The registry of projections: which tables each has, and how the log becomes their rows."""

from typing import Final

from services.readmodels.projections import (
    cards,
    cycles,
    days,
    departments,
    notices,
    objectives,
    standings,
    tracking,
    units,
)
from shared.eventing.projection import Projection

OKRS: Final = Projection(
    name="okrs",
    version=1,
    tables=(
        *departments.TABLES,
        *cycles.TABLES,
        *objectives.TABLES,
        *tracking.TABLES,
        *days.TABLES,
        *standings.TABLES,
        *cards.TABLES,
        *units.TABLES,
    ),
    handlers={
        **departments.HANDLERS,
        **cycles.HANDLERS,
        **objectives.HANDLERS,
        **tracking.HANDLERS,
        **days.HANDLERS,
    },
    derivations=(
        days.DERIVATION,
        standings.DERIVATION,
        cards.DERIVATION,
        units.DERIVATION,
    ),
)
"""The organization, its objectives, and every figure: one snapshot that answers read together."""

NOTICES: Final = notices.PROJECTION
"""What members were told."""

PROJECTIONS: Final = (OKRS, NOTICES)
