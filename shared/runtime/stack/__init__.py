"""The local stack of `okr up` and of the tests: a real Apache Kafka, a real Postgres, as children.

`LocalStack` starts the pair; its `supervisor` runs our own processes beside it, each a `Program`.
A child that dies is started again; when the parent ends, however it ends, so do the children.
"""

from shared.runtime.stack.child import Child, ChildFailed, Step
from shared.runtime.stack.local import Addresses, LocalStack, addresses_in
from shared.runtime.stack.lock import AlreadyRunning
from shared.runtime.stack.ports import Ports, PortTaken
from shared.runtime.stack.program import Program
from shared.runtime.stack.supervisor import Supervisor, stop_requests

__all__ = [
    "Addresses",
    "AlreadyRunning",
    "Child",
    "ChildFailed",
    "LocalStack",
    "PortTaken",
    "Ports",
    "Program",
    "Step",
    "Supervisor",
    "addresses_in",
    "stop_requests",
]
