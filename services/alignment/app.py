"""Alignment, assembled."""

from typing import Final

from services.alignment import api
from services.alignment.domain import DECIDER
from services.alignment.reactions import REACTIONS
from shared.runtime.assembly import Service

SERVICE: Final = Service("alignment", decider=DECIDER, writes=(api.writes,), reactions=REACTIONS)
"""Alignments and dependency requests over HTTP, and what follows from what happens elsewhere."""
