"""A small service of things: the routes that the tests of HTTP are told about."""

from decimal import Decimal

from shared.events.deciding import Command
from shared.events.event import Id
from shared.okr.figures import Quantity
from shared.runtime.http.fields import Body, Day, FreeText, Instant, Title, Truth
from shared.runtime.http.writes import Call, Named, Writes

THING = "7d444840-9dc0-51d1-b245-5ffdce74fad2"


class MakeThing(Command):
    thing_id: str
    name: str
    amount: Quantity = Decimal(0)
    note: str | None = None

    @property
    def stream(self) -> str:
        return f"thing-{self.thing_id}"


class Touch(Command):
    thing_id: str
    n: int = 0

    @property
    def stream(self) -> str:
        return f"thing-{self.thing_id}"


class NewThing(Body):
    name: Title
    amount: Quantity = Decimal(0)
    note: FreeText | None = None
    day: Day | None = None
    at: Instant | None = None
    good: Truth = True


class NewPerson(Body):
    name: Title
    email: str | None = None


things = Writes("things", tag="things")


@things.post("/v1/things", permission="objectives.write", creates="/v1/things/{id}")
def make_thing(call: Call, body: NewThing) -> MakeThing:
    """Make a thing."""
    return MakeThing(
        thing_id=call.id, name=body.name, amount=body.amount, note=call.seal(body.note)
    )


@things.post("/v1/things/{thing_id}/touch", permission="objectives.write")
def touch_thing(_call: Call, thing_id: Id) -> Touch:
    """Touch a thing."""
    return Touch(thing_id=thing_id)


@things.post(
    "/v1/things/{thing_id}/marks",
    permission="objectives.write",
    creates="/v1/things/{thing_id}/marks/{n}",
    shows=("n",),
)
def mark_thing(_call: Call, thing_id: Id) -> Touch:
    """Mark a thing; marks are counted."""
    return Touch(thing_id=thing_id)


@things.delete("/v1/things/{thing_id}/marks/{n}", permission="objectives.write")
def unmark_thing(_call: Call, thing_id: Id, n: int) -> Touch:
    """Take a mark away."""
    return Touch(thing_id=thing_id, n=n)


@things.post("/v1/people", permission="members.write", creates="/v1/people/{id}")
def name_person(call: Call, body: NewPerson) -> Named:
    """Name a person."""
    command = Touch(thing_id=call.id)
    return Named(command, call.id, {"display_name": body.name, "email": body.email})
