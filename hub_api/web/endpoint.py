"""One call: who makes it, which tenant it means, what it sends; and the log line of a command.

`endpoint` turns a view `(call, path=…, query=…, body=…)` into what Flask calls. flask-openapi3 reads the same
annotations for the document but does not validate: it would parse each model's schema anew per request, and it can't
tell bad JSON from none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TypeVar, cast, get_type_hints

import redis
from flask import Request, Response, current_app, g
from flask import request as current_request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from hub_api.principal import Directory, Principal, require_admin, require_reach
from hub_api.services import Services
from hub_api.web import cliente_id as cliente_ids
from hub_api.web.rejections import rejected
from shared.errors import LeadMasterError, SessionNotFound, Unauthorized, ValidationFailed

Model = TypeVar("Model", bound=BaseModel)

BODY_LIMIT = 1_048_576  # bytes
BULK_BODY_LIMIT = 8 * BODY_LIMIT

TenantFrom = Literal["url", "instance", "named", "optional", "none"]


@dataclass(frozen=True, slots=True)
class Call:
    """A verified call. cliente_id: the tenant it means; 0 where it means none."""

    services: Services
    caller: Principal
    cliente_id: int


def current_services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions["services"])


def directory() -> Directory:
    """Who and which tenants exist, as the running application finds it out."""
    return cast(Directory, current_app.extensions["directory"])


def endpoint(
    *,
    command: str | None = None,
    tenant: TenantFrom = "url",
    admin: bool = False,
    public: bool = False,
    creates_tenant: bool = False,
    body_optional: bool = False,
    body_limit: int = BODY_LIMIT,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Makes a view of a function.

    command: the name in the log of a call that changes something; reads leave no line.
    tenant: where the tenant comes from: the URL, an instance id in it, a body, header, query or token, or nowhere;
        optional: as named, but an admin who names none means all of them.
    admin: for admins only. public: needs no credentials. creates_tenant: the tenant may be new.
    body_optional: no body means an empty object.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        hints = get_type_hints(view)
        body_model = cast("type[BaseModel] | None", hints.get("body"))
        query_model = cast("type[BaseModel] | None", hints.get("query"))
        path_model = cast("type[BaseModel] | None", hints.get("path"))

        def prepare(
            request: Request, services: Services, caller: Principal, url: dict[str, str]
        ) -> tuple[Call, dict[str, Any]]:
            if admin:
                require_admin(caller)
            meant = _tenant_in_url(request, services, caller, tenant, url, creates_tenant)
            given: dict[str, Any] = {}
            if path_model is not None:
                given["path"] = _valid(path_model, url)
            if query_model is not None:
                given["query"] = _valid(query_model, request.args.to_dict() if request.query_string else {})
            if body_model is not None:
                given["body"] = read_body(request, body_model, optional=body_optional)
            in_body = getattr(given.get("body"), "cliente_id", None)
            if tenant in ("named", "optional"):
                meant = _tenant_beside(request, services, caller, in_body, tenant)
            elif tenant == "url":
                _same(caller, meant, in_body, "body")
            return Call(services, caller, meant), given

        @wraps(view)
        def run(**url: str) -> Response:
            services = current_services()
            request: Request = current_request._get_current_object()  # type: ignore[attr-defined]  # proxies cost
            started = time.perf_counter()
            caller, call, outcome = _NOBODY, None, "INTERNAL_ERROR"
            request.max_content_length = body_limit
            try:
                if not public:
                    caller = authenticate(request, services)
                call, given = prepare(request, services, caller, url)
                answer = view(call, **given)
                outcome = "ok" if answer.status_code < 400 else str(answer.status_code)
                return answer
            except LeadMasterError as error:
                outcome = error.code
                raise
            except HTTPException as error:
                outcome = str(error.code)
                raise
            except (redis.RedisError, SQLAlchemyError) as error:
                outcome = type(error).__name__
                raise
            finally:
                if command is not None:
                    current_app.extensions["command_log"].tell(
                        command,
                        g.get("who", caller.name),
                        call.cliente_id if call else url.get("cliente_id", "")[:10],
                        outcome,
                        round((time.perf_counter() - started) * 1000, 1),
                    )

        run.__dict__["__delay_validate_request__"] = True
        return run

    return decorate


def authenticate(request: Request, services: Services) -> Principal:
    """The caller behind `Authorization: Bearer …` or `X-Api-Key`. Raises Unauthorized, TokenExpired."""
    headers = request.headers
    authorization = headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized()
        return directory().by_token(token.strip(), int(time.time()))
    key = headers.get("X-Api-Key")
    if key is None:
        raise Unauthorized()
    return directory().by_key(key)


def read_body(request: Request, model: type[Model], *, optional: bool = False) -> Model:
    """The JSON body, parsed and validated in one step. Raises LeadMasterError and the 413 and 415 of werkzeug."""
    raw = request.get_data(cache=False)
    if not raw and optional:
        raw = b"{}"
    elif request.mimetype != "application/json":
        if not raw:
            raise ValidationFailed(details={"body": "a JSON object is required"})
        raise UnsupportedMediaType()
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise rejected(error) from None


_NOBODY = Principal("nobody", "cliente", None)


def _valid(model: type[BaseModel], values: dict[str, str]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise rejected(error) from None


def _allow(services: Services, caller: Principal, meant: int, creates_tenant: bool) -> None:
    require_reach(caller, meant)
    if not creates_tenant and not directory().tenant_known(meant):
        raise SessionNotFound()


def _tenant_in_url(
    request: Request,
    services: Services,
    caller: Principal,
    tenant: TenantFrom,
    url: dict[str, str],
    creates_tenant: bool,
) -> int:
    if tenant == "url":
        meant = cliente_ids.parse(url["cliente_id"])
        _allow(services, caller, meant, creates_tenant)
        _agree(request, caller, meant)
        return meant
    if tenant == "instance":
        found = cliente_ids.parse_instance(url["instance_id"])
        if found is None:
            raise SessionNotFound()
        _allow(services, caller, found, creates_tenant)
        return found
    return 0


def _tenant_named(request: Request, services: Services, caller: Principal, in_body: int | None) -> int:
    header, query = request.headers.get("X-Cliente-Id"), request.args.get("cliente_id")
    meant = cliente_ids.resolve(in_body, header, query, caller.cliente_id)
    _allow(services, caller, meant, creates_tenant=False)
    return meant


def _tenant_beside(
    request: Request, services: Services, caller: Principal, in_body: int | None, tenant: TenantFrom
) -> int:
    """Named beside the URL; 0 where it is optional and an admin named none."""
    named = in_body is not None or "X-Cliente-Id" in request.headers or "cliente_id" in request.args
    if tenant == "optional" and caller.cliente_id is None and not named:
        return 0
    return _tenant_named(request, services, caller, in_body)


def _agree(request: Request, caller: Principal, meant: int) -> None:
    """Header and query may repeat the URL's tenant; another one is refused."""
    header = request.headers.get("X-Cliente-Id")
    if header is not None:
        _same(caller, meant, cliente_ids.parse_header(header), "header")
    if b"cliente_id=" in request.query_string:
        query = request.args.get("cliente_id")
        _same(caller, meant, None if query is None else cliente_ids.parse(query), "query")


def _same(caller: Principal, meant: int, other: int | None, where: str) -> None:
    if other is not None and other != meant:
        require_reach(caller, other)
        raise ValidationFailed(details={"cliente_id": f"URL and {where} disagree"})
