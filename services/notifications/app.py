"""Notifications, assembled."""

from typing import Final

from services.notifications import api
from services.notifications.domain import DECIDER
from services.notifications.reactions import REACTIONS
from shared.runtime.assembly import Service

SERVICE: Final = Service(
    "notifications", decider=DECIDER, writes=(api.writes,), reactions=REACTIONS
)
