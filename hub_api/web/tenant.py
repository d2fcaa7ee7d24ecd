"""Which tenant a call means: the second piece of an `endpoint`, one function for each place where it may stand.

Each of them returns a `cliente_id` that the caller may reach. All raise Forbidden for another's tenant, SessionNotFound
for one that does not exist, InvalidClienteId and InvalidHeader for what is no tenant at all.
"""

from __future__ import annotations

from hub_api.principal import require_reach
from hub_api.web import callers
from hub_api.web import cliente_id as cliente_ids
from hub_api.web.endpoint import Call, Incoming
from shared.errors import SessionNotFound, ValidationFailed

ALL = 0  # what `named_or_all` finds for an admin who names none, and `no_tenant` always


def in_url(incoming: Incoming) -> int:
    """The URL's `<cliente_id>`. Header, query and body may repeat it. Raises ValidationFailed where they disagree."""
    meant = _url_tenant(incoming)
    _require_known(incoming, meant)
    _same_everywhere(incoming, meant)
    return meant


def in_url_or_new(incoming: Incoming) -> int:
    """As `in_url`, but the tenant need not exist yet."""
    meant = _url_tenant(incoming)
    _same_everywhere(incoming, meant)
    return meant


def by_instance(incoming: Incoming) -> int:
    """The URL's `<instance_id>`, the older name of a session."""
    meant = cliente_ids.parse_instance(incoming.url["instance_id"])
    if meant is None:
        raise SessionNotFound()
    require_reach(incoming.caller, meant)
    _require_known(incoming, meant)
    _same_everywhere(incoming, meant)
    return meant


def named(incoming: Incoming) -> int:
    """Beside the URL: by body, header or query, which must agree; else the caller's own.

    Raises MissingHeader where nobody names one, ValidationFailed where two disagree.
    """
    _require_reach_beside(incoming)
    in_body, request = _in_body(incoming), incoming.request
    header, query = request.headers.get("X-Cliente-Id"), request.args.get("cliente_id")
    meant = cliente_ids.resolve(in_body, header, query, incoming.caller.cliente_id)
    require_reach(incoming.caller, meant)
    _require_known(incoming, meant)
    return meant


def named_or_all(incoming: Incoming) -> int:
    """As `named`, but an admin who names none means all of them."""
    _require_reach_beside(incoming)
    in_body, request = _in_body(incoming), incoming.request
    somewhere = in_body is not None or "X-Cliente-Id" in request.headers or "cliente_id" in request.args
    return ALL if incoming.caller.cliente_id is None and not somewhere else named(incoming)


def no_tenant(incoming: Incoming) -> int:
    """The call means none; whoever names another's all the same is refused."""
    _require_reach_beside(incoming)
    return ALL


def require_same(call: Call, said: int | None) -> None:
    """For a view that reads its body by itself: what the body says of the tenant. Raises as `in_url`."""
    if said is not None and said != call.cliente_id:
        require_reach(call.caller, said)
        raise ValidationFailed(details={"cliente_id": "URL and body disagree"})


def _require_reach_beside(incoming: Incoming) -> None:
    """Header and query before the body: who may not reach what they name is told nothing of the call's other faults."""
    if incoming.caller is callers.NOBODY:
        return
    header = incoming.request.headers.get("X-Cliente-Id")
    if header is not None:
        require_reach(incoming.caller, cliente_ids.parse_header(header))
    if b"cliente_id=" in incoming.request.query_string and (query := incoming.request.args.get("cliente_id")):
        require_reach(incoming.caller, cliente_ids.parse(query))


def _url_tenant(incoming: Incoming) -> int:
    meant = cliente_ids.parse(incoming.url["cliente_id"])
    require_reach(incoming.caller, meant)
    return meant


def _require_known(incoming: Incoming, meant: int) -> None:
    if not incoming.directory.tenant_known(meant):
        raise SessionNotFound()


def _same_everywhere(incoming: Incoming, meant: int) -> None:
    request = incoming.request
    header = request.headers.get("X-Cliente-Id")
    if header is not None:
        _same(incoming, meant, cliente_ids.parse_header(header), "header")
    if b"cliente_id=" in request.query_string:
        query = request.args.get("cliente_id")
        _same(incoming, meant, None if query is None else cliente_ids.parse(query), "query")
    _same(incoming, meant, _in_body(incoming), "body")


def _in_body(incoming: Incoming) -> int | None:
    found: int | None = getattr(incoming.inputs.get("body"), "cliente_id", None)
    return found


def _same(incoming: Incoming, meant: int, other: int | None, where: str) -> None:
    if other is not None and other != meant:
        require_reach(incoming.caller, other)
        raise ValidationFailed(details={"cliente_id": f"URL and {where} disagree"})
