"""What anybody may know: that the service is there, how to get tokens, and the keys to verify its signatures with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from cardsvc.api.certificates import asks_for_certificates
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.problems import general_problem
from cardsvc.audit.sequencer import is_late
from cardsvc.db import reading
from cardsvc.trust.key_ring import ROTATING, TYPES, RingVersion
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.authentication import GRANT_TOKEN_EXCHANGE
from cardsvc.wire.jose import ALGORITHM, TOKEN_TYPES
from cardsvc.wire.scopes import Scope

router = APIRouter(tags=["service"])

_JWKS_SECONDS = 300
_CONTACT_LIFE = timedelta(days=90)
"""RFC 9116 §2.5.5 wants less than a year."""
_DESCRIPTION_SECONDS = 3600


@router.get("/healthz", operation_id="isAlive", summary="The process is alive")
async def is_alive() -> dict[str, str]:
    """Says nothing about the database: a restart would not mend that."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    operation_id="isReady",
    summary="The service can work",
    responses=problems(503),
    response_model=dict[str, str],
)
def is_ready(services: ServicesDep) -> Response | dict[str, str]:
    """The database answers. ``audit`` is ``late`` when a record waits too long for its place in the audit log."""
    try:
        with reading(services.sessions) as session:
            late = is_late(session.connection(), services.clock())
    except SQLAlchemyError:
        return general_problem("not-ready", "Try again in a moment.")
    return {"status": "ready", "audit": "late" if late else "current"}


@router.get("/.well-known/jwks.json", operation_id="getKeys", summary="The public keys of all that we sign as JWT")
def get_keys(services: ServicesDep, response: Response) -> dict[str, list[dict[str, Any]]]:
    """A JWK set (RFC 7517 §5); each ``kid`` is a thumbprint (RFC 7638); ``token_types`` is all that the key signs."""
    response.headers["Cache-Control"] = f"public, max-age={_JWKS_SECONDS}"
    return {"keys": [_jwk(name, version) for name in ROTATING for version in services.key_ring.published(name)]}


@router.get(
    "/.well-known/oauth-authorization-server",
    operation_id="getAuthorizationServer",
    summary="How to get access tokens",
)
def get_authorization_server(request: Request, services: ServicesDep) -> dict[str, Any]:
    """Authorization server metadata (RFC 8414 §2). There is no authorization endpoint, so there are no response types.

    ``service_documentation`` is the OpenAPI document, which says in words, too, how to get tokens and what scopes mean.
    ``incident_contact`` is there when the service names one; ``sandbox``, and true, where everybody is a test person;
    ``tls_client_certificate_bound_access_tokens`` (RFC 8705 §3.3), and true, where clients can show a certificate.
    """
    settings, issuer = services.settings, services.settings.issuer
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "service_documentation": f"{issuer}/openapi.json",
        "grant_types_supported": ["client_credentials", GRANT_TOKEN_EXCHANGE],
        "response_types_supported": [],  # §2 wants it, although §3.2 would leave out what is empty
        "scopes_supported": sorted(Scope),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        **({"incident_contact": settings.incident_contact} if settings.incident_contact else {}),
        **({"sandbox": True} if settings.sandbox else {}),
        **({"tls_client_certificate_bound_access_tokens": True} if asks_for_certificates(request) else {}),
    }


@router.get(
    "/openapi.json",
    operation_id="getDescription",
    summary="This document",
    response_class=Response,
    responses={200: {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}},
)
def get_description(request: Request) -> Response:
    """What `cardsvc openapi` prints. It says nothing about the city but its name."""
    document: bytes = request.app.state.description()
    caching = {"Cache-Control": f"public, max-age={_DESCRIPTION_SECONDS}"}
    return Response(document, media_type="application/json", headers=caching)


@router.get(
    "/.well-known/security.txt",
    operation_id="getSecurityContact",
    summary="Whom to tell about a weakness or an incident of this service",
    response_class=PlainTextResponse,
    responses={404: {"description": "This service names no contact."}},
)
def get_security_contact(services: ServicesDep) -> str:
    """As RFC 9116 writes it."""
    settings = services.settings
    if settings.incident_contact is None:
        raise HTTPException(404)
    fields = {
        "Contact": settings.incident_contact,
        "Expires": f"{services.clock() + _CONTACT_LIFE:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages": "en, zh, pt",
        "Canonical": f"{settings.issuer}/.well-known/security.txt",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _jwk(name: KeyName, version: RingVersion) -> dict[str, Any]:
    members = {"kid": version.key_id, "use": "sig", "alg": ALGORITHM, TOKEN_TYPES: list(TYPES[name])}
    return {**version.key.as_dict(private=False), **members}
