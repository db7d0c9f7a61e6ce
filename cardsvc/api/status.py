"""What anybody may ask about certificates and cards: revocation lists, OCSP, status lists, and who signed.

Nobody has to say who they are: whoever asks about a card must not be known for it.
"""

from __future__ import annotations

import base64
from email.utils import format_datetime
from typing import Annotated, Final
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Path, Response

from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import Responses, problems
from cardsvc.api.uploads import Upload, file_answer, file_body
from cardsvc.db import reading
from cardsvc.services import Services
from cardsvc.trust.addresses import ROOT, issuer_code
from cardsvc.trust.errors import NotPublished
from cardsvc.trust.keystore import FIRST
from cardsvc.trust.models import PublishedStatement
from cardsvc.trust.ocsp import MAX_REQUEST
from cardsvc.trust.revocation_lists import revocation_list
from cardsvc.trust.status_lists import TTL, status_list
from cardsvc.wire.status_list import MEDIA_TYPE

router = APIRouter(tags=["status"])

_CRL: Final = "application/pkix-crl"
_CERTIFICATE: Final = "application/pkix-cert"
_OCSP: Final = "application/ocsp-response"
_URL_TOO_LONG: Final[Responses] = {
    400: {
        "description": "The server reads no URL of more than 65,535 bytes, and says so itself.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
        "headers": {},
    }
}
"""An answer that never comes to us, so it has none of our headers."""
_LIST_SECONDS: Final = 300
"""How long a revocation list may be kept on the way; it says itself for how long it is good."""

IssuerCode = Annotated[str, Path(pattern=r"^[a-z]{1,10}(-[0-9]{1,3})?$")]


@router.get(
    "/crl/{issuer}.crl",
    operation_id="getRevocationList",
    summary="Which certificates of an issuer are not good (RFC 5280)",
    responses=file_answer(_CRL) | problems(404, 422),
    response_class=Response,
)
def get_revocation_list(services: ServicesDep, issuer: IssuerCode) -> Response:
    """Issuers are ``root``, ``issuing``, and after renewals ``issuing-2`` and so on."""
    topic = revocation_list(services.authority, issuer)
    if topic is None:
        raise NotPublished
    published = services.publisher.current(topic)
    return _answer(published.content, _CRL, _LIST_SECONDS, published)


@router.get(
    "/ca/{issuer}.cer",
    operation_id="getIssuer",
    summary="The certificate of an issuer",
    responses=file_answer(_CERTIFICATE) | problems(404, 422),
    response_class=Response,
)
def get_issuer(services: ServicesDep, issuer: IssuerCode) -> Response:
    """DER, by the same names as its revocation list."""
    authority = services.authority
    known = {issuer_code(version): one for version, one in enumerate(authority.issuers, start=FIRST)}
    certificate = (known | {ROOT: authority.root}).get(issuer)
    if certificate is None:
        raise NotPublished
    return _answer(certificate.public_bytes(Encoding.DER), _CERTIFICATE, 86_400)


@router.get(
    "/status-lists/{list_id}",
    operation_id="getStatusList",
    summary="A token status list (draft-ietf-oauth-status-list)",
    responses=file_answer(MEDIA_TYPE) | problems(404, 422),
    response_class=Response,
)
def get_status_list(services: ServicesDep, list_id: UUID) -> Response:
    """A signed list of the states of many cards. Which of them is meant, only the asker knows."""
    with reading(services.sessions) as session:
        topic = status_list(session, services.key_ring, services.authority.addresses, list_id)
    if topic is None:
        raise NotPublished
    published = services.publisher.current(topic)
    return _answer(published.content, MEDIA_TYPE, int(TTL.total_seconds()), published)


@router.post(
    "/ocsp",
    operation_id="askStatus",
    summary="Is a certificate good (RFC 6960)",
    responses=file_answer(_OCSP),
    openapi_extra=file_body("application/ocsp-request"),
    response_class=Response,
)
def ask_status(services: ServicesDep, request: Upload) -> Response:
    """An OCSP request in DER."""
    return _ask(services, request)


@router.get(
    "/ocsp/{encoded:path}",
    operation_id="askStatusByUrl",
    summary="Is a certificate good, as caches like it (RFC 6960 appendix A)",
    responses=file_answer(_OCSP) | problems(404, 422) | _URL_TOO_LONG,
    response_class=Response,
)
def ask_status_by_url(services: ServicesDep, encoded: Annotated[str, Path(max_length=2 * MAX_REQUEST)]) -> Response:
    """The same request in base64, in the URL."""
    try:
        der = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:  # not base64, or not even ASCII
        der = b""
    return _ask(services, der)


def _ask(services: Services, der: bytes) -> Response:
    answer = services.responder.answer(der)
    seconds = 0 if answer.keep_until is None else int((answer.keep_until - services.clock()).total_seconds())
    return _answer(answer.der, _OCSP, seconds)


def _answer(content: bytes, media_type: str, seconds: int, published: PublishedStatement | None = None) -> Response:
    caching = f"public, max-age={seconds}" if seconds else "no-store"
    headers = {"Cache-Control": caching}
    if published is not None:
        headers["ETag"] = f'"{published.id.hex}"'
        headers["Last-Modified"] = format_datetime(published.made_at, usegmt=True)
    return Response(content, media_type=media_type, headers=headers)
