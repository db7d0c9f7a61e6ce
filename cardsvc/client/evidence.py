"""Checking evidence of verifications years later, with nothing but the city's root certificate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from joserfc.jwk import ECKey
from pydantic import ValidationError

from cardsvc.client.errors import EvidenceFault, EvidenceRefused
from cardsvc.wire import jose
from cardsvc.wire.evidence import EVIDENCE_TYP, EVIDENCE_USAGE, Evidence, EvidenceClaims, Verified
from cardsvc.wire.merkle import ProofInvalid
from cardsvc.wire.notes import NoteInvalid, NoteKey

_USAGE: Final = x509.ObjectIdentifier(EVIDENCE_USAGE)


@dataclass(frozen=True, slots=True)
class VerifiedEvidence:
    """Evidence that was checked. Only `EvidenceVerifier` makes one."""

    claims: EvidenceClaims
    logged: bool
    """Whether the audit log has the record, as its signed checkpoint proves; else that is promised, or not known."""

    @property
    def verified(self) -> Verified:
        """What was asked and answered."""
        return self.claims.verified

    @property
    def verified_at(self) -> datetime:
        """When."""
        return datetime.fromtimestamp(self.claims.verified_at, UTC)

    @property
    def signed_at(self) -> datetime:
        """When this was signed; the certificates were checked for that time."""
        return datetime.fromtimestamp(self.claims.iat, UTC)


class EvidenceVerifier:
    """Checks evidence offline, as of the time when it was signed.

    ``roots`` are the certificates of the city's root, got from somebody you trust. With an ``audience`` only evidence
    for that department is good. ``log`` is the verifier key of the audit log, got likewise: without it the key that the
    evidence names is believed, and somebody who stole the evidence key could name one of their own. Safe to share
    between threads.
    """

    def __init__(
        self, roots: Iterable[x509.Certificate], *, audience: str | None = None, log: str | None = None
    ) -> None:
        self._store = verification.Store(list(roots))
        self._audience = audience
        self._log = log

    def verify(self, evidence: Evidence) -> VerifiedEvidence:
        """Signature, certificates, and what the log says. Raises EvidenceRefused, which carries the fault."""
        claims = self.verify_statement(evidence.evidence).claims
        if evidence.place.record_id != claims.jti:
            raise EvidenceRefused(EvidenceFault.ANOTHER_RECORD)
        try:
            logged = evidence.place.verify_entry(claims.leaf_hash, NoteKey.parse(claims.log))
        except (NoteInvalid, ProofInvalid) as error:
            raise EvidenceRefused(EvidenceFault.NOT_IN_LOG) from error
        return VerifiedEvidence(claims, logged)

    def verify_statement(self, compact: str) -> VerifiedEvidence:
        """The signed statement alone, as a verification is answered with. Raises EvidenceRefused."""
        try:
            certified = jose.parse_certified(compact, typ=EVIDENCE_TYP)
            key = self._trusted_key(certified)
            claims = EvidenceClaims.model_validate(certified.token.verify(key, typ=EVIDENCE_TYP))
        except jose.JwtRefused as error:
            raise EvidenceRefused(EvidenceFault.MALFORMED) from error
        except ValidationError:
            raise EvidenceRefused(EvidenceFault.MALFORMED) from None
        if claims.iat < claims.verified_at:
            raise EvidenceRefused(EvidenceFault.MALFORMED)
        if self._audience not in (None, claims.aud):
            raise EvidenceRefused(EvidenceFault.WRONG_AUDIENCE)
        if self._log not in (None, claims.log):
            raise EvidenceRefused(EvidenceFault.ANOTHER_LOG)
        return VerifiedEvidence(claims, logged=False)

    def _trusted_key(self, certified: jose.CertifiedJwt) -> ECKey:
        own, *others = _certificates(certified.certificates)
        signed_at = certified.token.claims.get("iat")
        if not isinstance(signed_at, int) or not 0 <= signed_at < 2**33:
            raise EvidenceRefused(EvidenceFault.MALFORMED)
        try:
            self._path_verifier(datetime.fromtimestamp(signed_at, UTC)).verify(own, others)
        except verification.VerificationError as error:
            raise EvidenceRefused(EvidenceFault.CERTIFICATE_REFUSED) from error
        key = own.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise EvidenceRefused(EvidenceFault.CERTIFICATE_REFUSED)
        return ECKey.import_key(key)

    def _path_verifier(self, signed_at: datetime) -> verification.ClientVerifier:
        usage = verification.ExtensionPolicy.permit_all().require_present(
            x509.ExtendedKeyUsage, verification.Criticality.CRITICAL, _check_usage
        )
        return (
            verification.PolicyBuilder()
            .store(self._store)
            .time(signed_at)
            .max_chain_depth(1)
            .extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=usage)
            .build_client_verifier()
        )


def _check_usage(_policy: verification.Policy, _own: x509.Certificate, usage: x509.ExtendedKeyUsage) -> None:
    """A card's certificate, or a department's seal, is of the same city and must not sign evidence."""
    if list(usage) != [_USAGE]:
        raise ValueError("the certificate is for something else")


def _certificates(chain: Sequence[bytes]) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(der) for der in chain]
    except (ValueError, x509.InvalidVersion) as error:
        raise EvidenceRefused(EvidenceFault.CERTIFICATE_REFUSED) from error
