"""Objectives, assembled."""

from typing import Final

from services.objectives.api import key_results, objectives
from services.objectives.domain import DECIDER
from shared.runtime.assembly import Service

SERVICE: Final = Service(
    "objectives", decider=DECIDER, writes=(objectives.writes, key_results.writes)
)
