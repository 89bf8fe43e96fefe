"""Organization, assembled."""

from typing import Final

from services.organization.api import cycles, departments, members, policies
from services.organization.domain import DECIDER
from services.organization.establishing import establish
from services.organization.imports.route import import_operation
from services.organization.reactions import EFFECTS
from shared.runtime.assembly import Service

SERVICE: Final = Service(
    "organization",
    decider=DECIDER,
    writes=(departments.writes, members.writes, cycles.writes, policies.writes),
    operations=lambda means: [import_operation(means.edges, means.people)],
    effects=EFFECTS,
    loops=(establish,),
    asks=("objectives", "checkins", "alignment"),
)
