"""Read models, assembled."""

from typing import Final

from services.readmodels.projections import PROJECTIONS
from services.readmodels.queries import (
    notifications,
    objectives,
    organization,
    policies,
    progress,
    summaries,
)
from services.readmodels.queries.view import View
from shared.runtime.assembly import Service

SERVICE: Final = Service(
    "readmodels",
    reads=(
        organization.reads,
        policies.reads,
        objectives.reads,
        progress.reads,
        summaries.reads,
        notifications.reads,
    ),
    models=View.of,
    projections=PROJECTIONS,
)
