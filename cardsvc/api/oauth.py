"""The token endpoint: access tokens for callers (RFC 6749 §4.4), and assertions for visits (RFC 8693).

Both authenticate the client by a JWT that it signed (RFC 7523); a visit token is worth nothing without the key that
the visit was begun with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from starlette.requests import Request

from cardsvc.api.certificates import shown_certificate
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.limiting import charge_known, charge_stranger
from cardsvc.api.problems import NO_STORE, oauth_error_of
from cardsvc.authentication.assertions import ExchangeRequest
from cardsvc.callers.errors import (
    ClientRefusal,
    ClientRefused,
    GrantUnsupported,
    ScopeNotAllowed,
    TokenRequestMalformed,
)
from cardsvc.callers.principal import Principal
from cardsvc.callers.private_key_jwt import authenticate_client
from cardsvc.callers.scopes import parse_scopes, write_scopes
from cardsvc.db import in_transaction
from cardsvc.errors import ServiceError
from cardsvc.limits import Traffic
from cardsvc.services import Services
from cardsvc.wire.authentication import (
    BEARER,
    CLIENT_ASSERTION_TYPE,
    GRANT_TOKEN_EXCHANGE,
    NOT_APPLICABLE,
    TOKEN_TYPE_ACCESS,
    TOKEN_TYPE_JWT,
    TOKEN_TYPE_VISIT,
    USE_PREPARE,
    TokenResponse,
)
from cardsvc.wire.base import Code
from cardsvc.wire.manifest import AttributeName, QuestionCode
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/oauth", tags=["tokens"])

TokenForm = Mapping[str, str]

_log = structlog.get_logger("cardsvc.oauth")
_code: Final[TypeAdapter[str]] = TypeAdapter(Code)
_attributes: Final[TypeAdapter[frozenset[str]]] = TypeAdapter(frozenset[AttributeName])
_questions: Final[TypeAdapter[frozenset[str]]] = TypeAdapter(frozenset[QuestionCode])
_MAX_ATTRIBUTES: Final = 32
_EXCHANGING: Final = frozenset({Scope.AUTHENTICATE})


async def _token_form(request: Request) -> TokenForm | ServiceError:
    """The parameters, each at most once (RFC 6749 §3.2). What is wrong is given back, for an answer in OAuth's form."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return TokenRequestMalformed("Send the parameters as application/x-www-form-urlencoded.")
    pairs = (await request.form(max_fields=32)).multi_items()
    form = {name: value for name, value in pairs if isinstance(value, str)}
    if len(form) != len(pairs):
        return TokenRequestMalformed("A parameter came twice.")
    return form


def _parameter(description: str, **schema: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **schema}


_FORM_SCHEMA: Final = {
    "type": "object",
    "required": ["grant_type", "client_assertion_type", "client_assertion"],
    "properties": {
        "grant_type": _parameter("What is asked for.", enum=["client_credentials", GRANT_TOKEN_EXCHANGE]),
        "client_assertion_type": _parameter("How the client shows who it is.", enum=[CLIENT_ASSERTION_TYPE]),
        "client_assertion": _parameter("The JWT that the client signed (RFC 7523)."),
        "scope": _parameter("client_credentials: the scopes wanted, separated by spaces; all by default."),
        "subject_token": _parameter("Token exchange: the visit token."),
        "subject_token_type": _parameter("Token exchange.", enum=[TOKEN_TYPE_VISIT]),
        "requested_token_type": _parameter(
            "Token exchange; an assertion for a department unless given. At a desk it can be an access token of the "
            "officer whose card it is: that takes a scope, all by default, and nothing of what follows.",
            enum=[TOKEN_TYPE_JWT, TOKEN_TYPE_ACCESS],
        ),
        "audience": _parameter("Token exchange: the department, as urn:citizen-card:department:<code>."),
        "service": _parameter("Token exchange: the code of the service."),
        "attributes": _parameter("Token exchange: names of what the citizen agreed to tell, separated by spaces."),
        "questions": _parameter("Token exchange: what the citizen agreed to have answered, separated by spaces."),
        "use": _parameter("Token exchange, at level sign: to have a document prepared.", enum=[USE_PREPARE]),
    },
}
_DOCUMENTED_ERROR: Final = {
    "description": "An OAuth error (RFC 6749 §5.2); ``problem`` is the code of the problem.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {name: {"type": "string"} for name in ("error", "error_description", "problem")},
            }
        }
    },
}


@router.post(
    "/token",
    operation_id="getToken",
    summary="Get an access token, or exchange a visit for an assertion",
    response_model=TokenResponse,
    response_model_exclude_none=True,
    responses=dict.fromkeys((400, 401, 429), _DOCUMENTED_ERROR),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": _FORM_SCHEMA}},
        }
    },
)
def get_token(
    request: Request,
    form: Annotated[TokenForm | ServiceError, Depends(_token_form)],
    services: ServicesDep,
    response: Response,
) -> Any:
    """The client authenticates itself in either case."""
    try:
        answer = _grant(request, services, form)
    except ClientRefused as refusal:
        _log.warning("client-refused", reason=refusal.reason.value, client_id=(refusal.client_id or "")[:64])
        return oauth_error_of(refusal)
    except ServiceError as refusal:
        return oauth_error_of(refusal)
    if isinstance(answer, ServiceError):
        return oauth_error_of(answer)
    response.headers.update(NO_STORE)
    return answer


def _grant(request: Request, services: Services, form: TokenForm | ServiceError) -> TokenResponse | ServiceError:
    """Authenticate the client and serve its grant in one transaction, committed also when the grant is refused.

    Until the client has shown who it is, the request counts for the address it comes from.
    """
    charge_stranger(request)
    if isinstance(form, ServiceError):
        raise form
    serve = _GRANTS.get(_required(form, "grant_type"))
    if serve is None:
        raise GrantUnsupported

    def work(session: Session) -> TokenResponse | ServiceError:
        client = _authenticate(services, session, form)
        charge_known(request, client.client_id, Traffic.TOKEN)
        return serve(services, session, form, client, shown_certificate(request))

    return in_transaction(services.sessions, work)


def _authenticate(services: Services, session: Session, form: TokenForm) -> Principal:
    if _required(form, "client_assertion_type") != CLIENT_ASSERTION_TYPE:
        raise TokenRequestMalformed("This client_assertion_type is not supported.")
    issuer = services.settings.issuer
    client = authenticate_client(
        session,
        _required(form, "client_assertion"),
        audiences=(issuer, f"{issuer}/oauth/token"),
        now=services.clock(),
    )
    if form.get("client_id", client.client_id) != client.client_id:
        raise ClientRefused(ClientRefusal.WRONG_SUBJECT, client.client_id)
    return client


def _client_credentials(
    services: Services, _: Session, form: TokenForm, client: Principal, certificate: str | None
) -> TokenResponse | ServiceError:
    """Bound to the certificate that the client shows, if it does (RFC 8705 §3)."""
    allowed = client.scopes | client.withheld  # a kiosk may be enabled again before the token is over
    wanted = parse_scopes(form["scope"]) if form.get("scope") else frozenset(allowed)
    if wanted - allowed:
        return ScopeNotAllowed(wanted - allowed)
    seconds = services.settings.access_token_seconds
    lifetime = timedelta(seconds=seconds)
    token = services.access_tokens.issue(
        client, wanted, now=services.clock(), lifetime=lifetime, certificate=certificate
    )
    return TokenResponse(access_token=token, token_type=BEARER, expires_in=seconds, scope=write_scopes(wanted))


def _exchange(
    services: Services, session: Session, form: TokenForm, client: Principal, certificate: str | None
) -> TokenResponse | ServiceError:
    unfit = client.refusal(_EXCHANGING)
    if unfit is not None:
        return unfit
    if form.get("requested_token_type") == TOKEN_TYPE_ACCESS:
        return _sign_in(services, session, form, client, certificate)
    return _tell_department(services, session, form, client)


def _sign_in(
    services: Services, session: Session, form: TokenForm, client: Principal, certificate: str | None
) -> TokenResponse | ServiceError:
    try:
        visit_token = _visit_token(form)
    except TokenRequestMalformed as refusal:
        return refusal
    wanted = parse_scopes(form.get("scope", ""))
    signed_in = services.sign_ins.exchange(
        session, visit_token, wanted, actor=client, now=services.clock(), certificate=certificate
    )
    if isinstance(signed_in, ServiceError):
        return signed_in
    return TokenResponse(
        access_token=signed_in.token,
        token_type=BEARER,
        expires_in=signed_in.expires_in,
        scope=write_scopes(signed_in.scopes),
        issued_token_type=TOKEN_TYPE_ACCESS,
    )


def _tell_department(
    services: Services, session: Session, form: TokenForm, client: Principal
) -> TokenResponse | ServiceError:
    try:
        request = _exchange_request(form)
    except TokenRequestMalformed as refusal:
        return refusal
    issued = services.assertions.exchange(session, request, actor=client, now=services.clock())
    if isinstance(issued, ServiceError):
        return issued
    return TokenResponse(
        access_token=issued.assertion,
        token_type=NOT_APPLICABLE,
        expires_in=issued.expires_in,
        issued_token_type=TOKEN_TYPE_JWT,
    )


def _visit_token(form: TokenForm) -> str:
    if _required(form, "subject_token_type") != TOKEN_TYPE_VISIT:
        raise TokenRequestMalformed("The subject token must be a visit token.")
    if "actor_token" in form or "resource" in form:
        raise TokenRequestMalformed("actor_token and resource are not supported.")
    return _required(form, "subject_token")[:128]


def _exchange_request(form: TokenForm) -> ExchangeRequest:
    visit_token = _visit_token(form)
    if form.get("requested_token_type", TOKEN_TYPE_JWT) != TOKEN_TYPE_JWT:
        raise TokenRequestMalformed("Only JWTs are issued.")
    if form.get("use", USE_PREPARE) != USE_PREPARE:
        raise TokenRequestMalformed("There is no such use.")
    names, questions = form.get("attributes", "").split(), form.get("questions", "").split()
    if len(names) > _MAX_ATTRIBUTES or len(questions) > _MAX_ATTRIBUTES:
        raise TokenRequestMalformed("Too many attributes or questions.")
    audience = _required(form, "audience")
    if not audience.isprintable():  # no database could look it up
        raise TokenRequestMalformed("The audience is not a name.")
    try:
        return ExchangeRequest(
            visit_token=visit_token,
            audience=audience,
            service=_code.validate_python(_required(form, "service")),
            attributes=_attributes.validate_python(names),
            questions=_questions.validate_python(questions),
            to_prepare="use" in form,
        )
    except ValidationError:
        raise TokenRequestMalformed("The service, an attribute or a question is not a name.") from None


def _required(form: TokenForm, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise TokenRequestMalformed(f"The parameter {name} is missing.", parameter=name)
    return value


_Serve = Callable[[Services, Session, TokenForm, Principal, str | None], TokenResponse | ServiceError]
_GRANTS: Final[Mapping[str, _Serve]] = {
    "client_credentials": _client_credentials,
    GRANT_TOKEN_EXCHANGE: _exchange,
}
