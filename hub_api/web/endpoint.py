"""A call of the hub, put together from small pieces: who makes it, which tenant it means, what it sends, its log line.

    @blueprint.post("/messages", summary="Send a message", responses={202: MessageObject})
    @endpoint(in_url, command="send")
    def send(call: Call, path: TenantPath, body: SendBody) -> Response: ...

flask-openapi3 reads the same annotations for the document but does not validate: it would build each model's JSON
schema anew per request, and it can't tell bad JSON from none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, cast

from flask import Request, Response, current_app, g
from flask import request as current_request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge

from hub_api.principal import Directory, Principal, TenantProfile
from hub_api.services import Services
from hub_api.web import callers
from hub_api.web.command_log import CommandLog
from hub_api.web.inputs import Body, Inputs
from shared.texts import Language

View = Callable[..., Response]


class Blueprint(APIBlueprint):
    """A blueprint whose views read their inputs by themselves, as `endpoint` has them do."""

    @staticmethod
    def create_view_func(func: View, *models: Any, **options: Any) -> View:
        """flask-openapi3's hook for what Flask is to call."""
        return func


@dataclass(frozen=True, slots=True)
class Call:
    """A verified call, as a view gets it. cliente_id: the tenant it means; 0 where it means none."""

    services: Services
    caller: Principal
    cliente_id: int
    directory: Directory

    @property
    def profile(self) -> TenantProfile:
        """What holds for the tenant that the call means, else for the caller's own, else for the installation."""
        return self.directory.profile(self.cliente_id or self.caller.cliente_id or 0)

    @property
    def language(self) -> Language:
        """The language of texts for people in the answer."""
        return self.profile.language


class Incoming:
    """A request on its way to its view, as the pieces see it. Each of them may refuse it."""

    def __init__(self, request: Request, url: Mapping[str, str], expected: Inputs) -> None:
        self.request = request
        self.url = url
        self.services = current_services()
        self.directory = cast(Directory, current_app.extensions["directory"])
        self.caller = callers.NOBODY
        self.cliente_id: int | str = url.get("cliente_id", "")[:10]  # what was written, until it is verified
        self._expected = expected

    @cached_property
    def inputs(self) -> dict[str, BaseModel]:
        """Path, query and body, read when the first piece asks for them. Raises as `Inputs.read`."""
        return self._expected.read(self.request, self.url)


def endpoint(
    tenant: Callable[[Incoming], int],
    *,
    who: Callable[[Request, Directory], Principal] = callers.known,
    body: Body = Body(),  # noqa: B008  it is frozen
    command: str | None = None,
) -> Callable[[View], View]:
    """Makes of a view `(call, path=…, query=…, body=…)` what Flask calls.

    tenant: one of `web.tenant`. who: one of `web.callers`. body: how a body is taken, where the view has one.
    command: the name in the log of a call that changes something; reads leave no line.
    """

    def decorate(view: View) -> View:
        expected = Inputs(view, body)

        def handle(incoming: Incoming) -> Response:
            incoming.caller = who(incoming.request, incoming.directory)
            try:
                incoming.cliente_id = cliente_id = tenant(incoming)
                call = Call(incoming.services, incoming.caller, cliente_id, incoming.directory)
                g.call = call
                return view(call, **incoming.inputs)
            except RequestEntityTooLarge:
                raise body.too_large(details={"body": f"more than {body.max_bytes:,} bytes"}) from None

        @wraps(view)
        def run(**url: str) -> Response:
            request: Request = current_request._get_current_object()  # type: ignore[attr-defined]  # proxies cost
            request.max_content_length = body.max_bytes
            incoming = Incoming(request, url, expected)
            if command is None:
                return handle(incoming)
            log: CommandLog = current_app.extensions["command_log"]
            return log.around(command, incoming, handle)

        return run

    return decorate


def language_in_force() -> Language:
    """Of the tenant whose call is being answered, once it is known; else the installation's."""
    call: Call | None = g.get("call")
    try:
        return current_services().language if call is None else call.language
    except SQLAlchemyError:
        return current_services().language


# The extension of an application that lists what is called with it, as `Callable[[Flask], None]`, each time that it is
# given services: a blueprint adds what it makes of these.
ON_ATTACH = "on_attach"


def current_services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions["services"])
