"""The OCSP responder (RFC 6960), with a key and certificates of its own.

An answer without nonce is signed once for many (RFC 5019): it is the same for everybody as long as the status is. With
a nonce (RFC 9654) it is signed for the one who asks. A serial number that we never issued is "unknown", which is not
"good"; about the certificates of others we say nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, reading
from cardsvc.trust.addresses import issuer_code
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystore import FIRST, KeyName
from cardsvc.trust.models import Certificate, Publication, SealCertificate
from cardsvc.trust.publishing import Draft, Publisher, Topic
from cardsvc.trust.revocation_lists import STATUS_ONLY, Revoked, revoked_state

ANSWER_LIFETIME: Final = timedelta(hours=1)
RESPONDER_LIFETIME: Final = timedelta(days=30)
"""Short, since nobody asks whether the responder's own certificate is revoked."""
MAX_REQUEST: Final = 4096
REMEMBERED: Final = 20_000
"""Answers, of about a kilobyte each."""
_NONCE_SIZES: Final = range(1, 129)
"""RFC 9654 §2.1: others are malformed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send. Shared answers may be kept by whoever passes them on, until then."""

    der: bytes
    keep_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    """About which certificate, and by which of our keys its issuer signed it."""

    version: int
    serial_number: int
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    algorithm: str
    nonce: bytes | None


@dataclass(frozen=True, slots=True)
class _Finding:
    """The status of a certificate; ``issued`` False: we never made one of that number."""

    issued: bool
    revoked: Revoked | None


_IN_FORCE: Final = _Finding(issued=True, revoked=None)


class Responder:
    """Answers about the certificates of every key of the issuing CA. Safe to share between threads."""

    def __init__(
        self, authority: IssuingAuthority, sessions: SessionFactory, publisher: Publisher, clock: Clock
    ) -> None:
        self._authority = authority
        self._sessions = sessions
        self._publisher = publisher
        self._clock = clock
        self._shared: OrderedDict[tuple[_Question, _Finding], Answer] = OrderedDict()
        self._lock = Lock()

    def answer(self, der: bytes) -> Answer:
        """The answer to a request, whatever it is."""
        try:
            question = self._read(_parse(der))
        except (ValueError, NotImplementedError):  # the latter: about several certificates at once
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if question is None:
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        finding, now = self._find(question), self._clock()
        if question.nonce is not None:
            return Answer(self._sign(question, finding, now))
        return self._share(question, finding, now)

    def vouch(self, certificate: Certificate) -> bytes | None:
        """An answer about a card's certificate, signed now, to be kept with what its key signed.

        None when it is not in force: then nothing is to be kept.
        """
        leaf = x509.load_der_x509_certificate(certificate.der)
        issuer = self._authority.issuers[certificate.issuer_version - FIRST]
        question = self._read(ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA256()).build())
        if question is None:
            return None
        finding = self._find(question)
        return self._sign(question, finding, self._clock()) if finding == _IN_FORCE else None

    def _read(self, request: ocsp.OCSPRequest) -> _Question | None:
        """None when it is about somebody else's certificate. Raises ValueError."""
        nonce = _nonce(request)
        if nonce is not None and len(nonce) not in _NONCE_SIZES:
            raise ValueError("a nonce of this size is malformed")
        for version, issuer in enumerate(self._authority.issuers, start=FIRST):
            if _hashes(issuer, request.hash_algorithm) == (request.issuer_name_hash, request.issuer_key_hash):
                return _Question(
                    version,
                    request.serial_number,
                    request.issuer_name_hash,
                    request.issuer_key_hash,
                    request.hash_algorithm.name,
                    nonce,
                )
        return None

    def _find(self, question: _Question) -> _Finding:
        if question.serial_number == self._authority.content_signing.serial_number:
            return _Finding(issued=question.version == self._authority.issuer_version, revoked=None)
        with reading(self._sessions) as session:
            certificate = _of_card(session, question) or _of_seal(session, question)
        if certificate is None:
            return _Finding(issued=False, revoked=None)
        return _Finding(issued=True, revoked=revoked_state(certificate))

    def _share(self, question: _Question, finding: _Finding, now: datetime) -> Answer:
        name = (question, finding)
        with self._lock:
            known = self._shared.get(name)
            if known is not None and known.keep_until is not None and now < known.keep_until:
                self._shared.move_to_end(name)
                return known
        # Kept for half its life only: whoever gets it last can rely on it for the other half.
        made = Answer(self._sign(question, finding, now), now + ANSWER_LIFETIME / 2)
        with self._lock:
            self._shared[name] = made
            while len(self._shared) > REMEMBERED:
                self._shared.popitem(last=False)
        return made

    def _sign(self, question: _Question, finding: _Finding, now: datetime) -> bytes:
        certificate = self._certificate(question.version)
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=question.issuer_name_hash,
            issuer_key_hash=question.issuer_key_hash,
            serial_number=question.serial_number,
            algorithm=_ALGORITHMS[question.algorithm],
            cert_status=_status(finding),
            this_update=now,
            next_update=now + ANSWER_LIFETIME,
            revocation_time=finding.revoked.since if finding.revoked else None,
            revocation_reason=x509.ReasonFlags(finding.revoked.reason) if finding.revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, certificate).certificates([certificate])
        if question.nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(question.nonce), critical=False)
        signed = builder.sign(self._authority.keystore.signer(KeyName.OCSP), hashes.SHA256())
        return signed.public_bytes(Encoding.DER)

    def _certificate(self, version: int) -> x509.Certificate:
        topic = Topic(
            Publication.RESPONDER_CERTIFICATE,
            issuer_code(version),
            RESPONDER_LIFETIME,
            partial(_draft_certificate, self._authority, version),
        )
        return x509.load_der_x509_certificate(self._publisher.current(topic).content)


def _draft_certificate(authority: IssuingAuthority, version: int, _session: Session, _now: datetime) -> Draft:
    def sign(_number: int, now: datetime, _next_update: datetime) -> bytes:
        return authority.certify_responder(version, now, RESPONDER_LIFETIME).public_bytes(Encoding.DER)

    public_key = authority.keystore.public_key(KeyName.OCSP)
    return Draft(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), sign)


def _of_card(session: Session, question: _Question) -> Certificate | None:
    statement = select(Certificate).options(STATUS_ONLY).where(Certificate.serial == f"{question.serial_number:x}")
    return session.scalars(statement.where(Certificate.issuer_version == question.version)).one_or_none()


def _of_seal(session: Session, question: _Question) -> SealCertificate | None:
    statement = select(SealCertificate).where(SealCertificate.serial == f"{question.serial_number:x}")
    return session.scalars(statement.where(SealCertificate.issuer_version == question.version)).one_or_none()


def _parse(der: bytes) -> ocsp.OCSPRequest:
    if len(der) > MAX_REQUEST:
        raise ValueError("no request is so long")
    return ocsp.load_der_ocsp_request(der)


def _refusal(status: ocsp.OCSPResponseStatus) -> Answer:
    return Answer(ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER))


def _status(finding: _Finding) -> ocsp.OCSPCertStatus:
    if not finding.issued:
        return ocsp.OCSPCertStatus.UNKNOWN
    return ocsp.OCSPCertStatus.GOOD if finding.revoked is None else ocsp.OCSPCertStatus.REVOKED


def _nonce(request: ocsp.OCSPRequest) -> bytes | None:
    try:
        return request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


_ALGORITHMS: Final = {
    algorithm.name: algorithm
    for algorithm in (hashes.SHA1(), hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303 (a request names its issuer so: RFC 6960 §4.1.1)
}
"""What may name an issuer in a request. SHA-1 is what nearly everybody uses there, and it protects nothing."""


def _hashes(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Of the issuer's name and key (RFC 6960 §4.1.1). Its key identifier is the SHA-1 of the bits of the key."""
    point = issuer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _hash(issuer.subject.public_bytes(), algorithm), _hash(point, algorithm)


def _hash(content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
