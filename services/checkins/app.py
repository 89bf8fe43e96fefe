"""Checkins, assembled."""

from typing import Final

from services.checkins import api
from services.checkins.domain import DECIDER
from services.checkins.reactions import REACTIONS
from services.checkins.scheduler import keep_days
from shared.runtime.assembly import Service

SERVICE: Final = Service(
    "checkins", decider=DECIDER, writes=(api.writes,), reactions=REACTIONS, loops=(keep_days,)
)
