"""What the simulator refuses, each with the code and the HTTP status a caller sees."""

from __future__ import annotations


class SimulatorError(Exception):
    """A request that can't be served.

    Attributes:
        code: for machines, upper case.
        status: the HTTP status of the answer.
    """

    code = "INTERNAL_ERROR"
    status = 500


class BadRequest(SimulatorError):
    """The request itself is wrong: a missing field, a wrong type, an unknown kind."""

    code = "BAD_REQUEST"
    status = 400


class NotFound(SimulatorError):
    """No such phone, device, code or fault."""

    code = "NOT_FOUND"
    status = 404


class Conflict(SimulatorError):
    """The thing exists, and its state doesn't allow what was asked."""

    code = "CONFLICT"
    status = 409


class Expired(SimulatorError):
    """The code was good once: it has been replaced or has timed out."""

    code = "EXPIRED"
    status = 410
