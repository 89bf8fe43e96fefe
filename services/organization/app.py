"""Organization, assembled."""

from typing import Final

from services.organization.api import cycles, departments, members, policies
from services.organization.domain import DECIDER
from services.organization.reactions import EFFECTS
from shared.runtime.assembly import Service

SERVICE: Final = Service(
    "organization",
    decider=DECIDER,
    writes=(departments.writes, members.writes, cycles.writes, policies.writes),
    effects=EFFECTS,
)
