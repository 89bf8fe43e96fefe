"""How a service declares its write routes: which path is which command. The rest is carried.

A declaration is a pure function from path, body and a few helpers to a command. Whoever serves it
(`answering`) authenticates, derives the command id from the Idempotency-Key, reads `If-Match`,
`OKR-After` and `?dry_run=true`, asks the owner of the stream through the edge, and answers.

A whole file of routes::

    \"\"\"Departments over HTTP.\"\"\"

    writes = Writes("organization", tag="departments")


    class NewDepartment(Body):
        name: Title
        aliases: Annotated[tuple[Title, ...], Field(max_length=MOST_ITEMS)] = ()
        parent_id: Id | None = None


    class Move(Body):
        parent_id: Id
        reason: Reason


    @writes.post(
        "/v1/departments", permission="departments.write", creates="/v1/departments/{id}"
    )
    def create_department(call: Call, body: NewDepartment) -> CreateDepartment:
        \"\"\"Create a department; the first one without a parent is the company.\"\"\"
        return CreateDepartment(
            department_id=call.id, name=body.name, aliases=body.aliases, parent_id=body.parent_id
        )


    @writes.post("/v1/departments/{department_id}/move", permission="departments.write")
    def move_department(call: Call, body: Move, department_id: Id) -> MoveDepartment:
        \"\"\"Move a department below another parent.\"\"\"
        return MoveDepartment(
            department_id=department_id, parent_id=body.parent_id, reason=call.seal(body.reason)
        )

The docstring's first line is the route's summary in OpenAPI. In `app.py`: `Service(..., writes=
(departments.writes, members.writes))`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, get_type_hints, overload

from shared.events.deciding import Command
from shared.okr import identity
from shared.runtime.auth.callers import Caller
from shared.runtime.auth.permissions import PERMISSIONS, Permission
from shared.runtime.http.fields import Body, NoBody

Method = Literal["POST", "PUT", "PATCH", "DELETE"]
F = TypeVar("F", bound=Callable[..., "Command | Named"])

_BODY: Final = "body"
_CALL: Final = "call"


@dataclass(frozen=True, slots=True)
class Call:
    """What a declaration may use besides path and body; the same for every try of one request.

    `sealing` is bound to the caller's key: sealed text opens only while that key exists.
    """

    command_id: str
    caller: Caller
    sealing: Callable[[str], str]

    @property
    def id(self) -> str:
        """The id of the resource that this request creates: uuid5(command id, "id")."""
        return identity.created_id(self.command_id)

    def further(self, n: int) -> str:
        """The id of the n-th further resource, counted from 1: uuid5(command id, "id:<n>")."""
        return identity.further_id(self.command_id, n)

    @overload
    def seal(self, text: str) -> str: ...
    @overload
    def seal(self, text: None) -> None: ...
    def seal(self, text: str | None) -> str | None:
        """Free text as a command may carry it: `sealed:1:<author>:<…>`; None stays None."""
        return None if text is None else self.sealing(text)


@dataclass(frozen=True, slots=True)
class Named:
    """A command about a person, and what stands of it only in the people store.

    `details` has any of display_name, email, title, external_id; a field left out stays as it was,
    None clears it. They are staged before the command is sent and apply once it was accepted.
    """

    command: Command
    person_id: str
    details: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Write:
    """One declared write route; see `Writes` for the meaning of each field."""

    service: str
    tag: str
    method: Method
    path: str
    permission: Permission
    command: Callable[..., Command | Named]
    body: type[Body]
    takes_body: bool
    parameters: Mapping[str, Any]
    creates: str | None
    shows: tuple[str, ...]
    resource: str

    @property
    def name(self) -> str:
        """The function's name, which is the operation's id in OpenAPI."""
        return self.command.__name__

    @property
    def status(self) -> int:
        """What a first answer and all its repeats are answered with."""
        return 200 if self.creates is None else 201

    def makes(self, command_id: str) -> str | None:
        """The id of the resource that a request makes; None when it makes none that has one."""
        if self.creates is None or "{id}" not in self.creates:
            return None
        return identity.created_id(command_id)

    def subject(self, path: Mapping[str, Any], made: str | None, stream: str) -> str:
        """The `id` of the answer: what was made, else what the path names last, else the stream's.

        A number in the path (a measurement's `n`) is no id; what it counts within is.
        """
        named = [value for value in path.values() if isinstance(value, str)]
        return made or (named[-1] if named else stream.partition("-")[2])


@dataclass(frozen=True)
class Writes:
    """The write routes of one tag of one service, in the order they were declared."""

    service: str
    tag: str
    declared: list[Write] = field(default_factory=list)

    def post(
        self,
        path: str,
        *,
        permission: Permission,
        creates: str | None = None,
        shows: Sequence[str] = (),
        resource: str | None = None,
    ) -> Callable[[F], F]:
        """Declare `POST path`.

        `creates` is the Location of what is made (201 instead of 200), with `{id}` for `call.id`
        and any path parameter or shown field. `shows` copies fields of the first event's data into
        the answer beside id, version and events (a measurement's `n`). `resource` is what `Prefer:
        return=representation` answers with; left out it is `creates`, else the path up to its last
        parameter.
        """
        return self._declare("POST", path, permission, creates, shows, resource)

    def patch(
        self, path: str, *, permission: Permission, resource: str | None = None
    ) -> Callable[[F], F]:
        """Declare `PATCH path`; the arguments are those of `post`."""
        return self._declare("PATCH", path, permission, None, (), resource)

    def put(
        self, path: str, *, permission: Permission, resource: str | None = None
    ) -> Callable[[F], F]:
        """Declare `PUT path`; the arguments are those of `post`."""
        return self._declare("PUT", path, permission, None, (), resource)

    def delete(
        self, path: str, *, permission: Permission, resource: str | None = None
    ) -> Callable[[F], F]:
        """Declare `DELETE path`; the arguments are those of `post`."""
        return self._declare("DELETE", path, permission, None, (), resource)

    def _declare(
        self,
        method: Method,
        path: str,
        permission: Permission,
        creates: str | None,
        shows: Sequence[str],
        resource: str | None,
    ) -> Callable[[F], F]:
        if permission not in PERMISSIONS:
            raise ValueError(f"{method} {path} names no known permission: {permission!r}")

        def declare(function: F) -> F:
            body, parameters = _asked_for(function, path)
            self.declared.append(
                Write(
                    service=self.service,
                    tag=self.tag,
                    method=method,
                    path=path,
                    permission=permission,
                    command=function,
                    body=body or NoBody,
                    takes_body=body is not None,
                    parameters=parameters,
                    creates=creates,
                    shows=tuple(shows),
                    resource=resource or creates or up_to_last_parameter(path),
                )
            )
            return function

        return declare


def up_to_last_parameter(path: str) -> str:
    """`/v1/cycles/{cycle_id}/activate` is about `/v1/cycles/{cycle_id}`."""
    end = path.rfind("}")
    return path if end < 0 else path[: end + 1]


def _asked_for(function: Callable[..., Any], path: str) -> tuple[type[Body] | None, dict[str, Any]]:
    """The body's model and the types of the path parameters, from the function's signature."""
    hints = get_type_hints(function, include_extras=True)
    names = list(inspect.signature(function).parameters)
    in_path = {part[1:-1] for part in path.split("/") if part.startswith("{")}
    # A route that needs nothing of the call says so by an underscore.
    if names[0] not in {_CALL, f"_{_CALL}"} or set(names[1:]) - {_BODY} != in_path:
        raise TypeError(
            f"{function.__name__} must take call, body (where there is one) and {sorted(in_path)}"
        )
    body = hints.get(_BODY)
    if body is not None and not (isinstance(body, type) and issubclass(body, Body)):
        raise TypeError(f"the body of {function.__name__} must be a Body")
    in_order = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return body, {name: hints[name] for name in in_order}
