"""X.509 path validation (RFC 5280 §6), the only one in this tree.

The work is done by `cryptography`; here are our policy and errors that say what is wrong. Time is always given, never
read from a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from readers.certificates import public_key_of
from readers.errors import CertificateExpired, CertificateNotYetValid, CertificateUnfit, CertificateUntrusted, PathError

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

MAX_DEPTH: Final = 4
"""CA certificates between the leaf and the anchor: root → issuing is one, and some federal bridges have more."""
_MINIMUM_RSA: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

_LEAF_POLICY: Final = verification.ExtensionPolicy.permit_all().may_be_present(
    # Card certificates of other issuers mark their policy as critical, which the default would refuse.
    x509.CertificatePolicies,
    verification.Criticality.AGNOSTIC,
    None,
)
"""Everything but unknown critical extensions: `cryptography`'s own is the web's, and a card has no server's name. What
a leaf of ours must be is checked in `_check_fitness`."""


def validate_path(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
    *,
    usage: x509.ObjectIdentifier | None = None,
) -> tuple[x509.Certificate, ...]:
    """The path from ``leaf`` to one of ``anchors``, both included, all valid at ``at`` (with its time zone).

    ``usage`` is an extended key usage that the leaf must list; anyExtendedKeyUsage does not do.

    Raises CertificateUntrusted when there is no such path at any time, CertificateExpired or CertificateNotYetValid
    when it is only the time that is wrong, CertificateUnfit when the path is right and the leaf is not for this.
    """
    if at.tzinfo is None:
        raise ValueError("a time without its time zone")
    try:
        path = _build(leaf, intermediates, anchors, at)
    except verification.VerificationError as error:
        raise _reason(leaf, intermediates, anchors, at) from error
    _check_fitness(leaf, usage)
    return path


def _build(
    leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], at: datetime
) -> tuple[x509.Certificate, ...]:
    if not anchors:
        raise verification.VerificationError("there are no trust anchors")
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(list(anchors)))
        .time(at)
        .max_chain_depth(MAX_DEPTH)
        .extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=_LEAF_POLICY)
        .build_client_verifier()
    )
    try:
        return tuple(verifier.verify(leaf, list(intermediates)).chain)
    except ValueError as error:  # extensions that cannot be decoded: certificates are parsed lazily
        raise verification.VerificationError("a certificate is malformed") from error


def _reason(
    leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], at: datetime
) -> PathError:
    """Why there is no path at ``at``: try again at both ends of the leaf's life, when its issuers were valid."""
    for moment in (leaf.not_valid_before_utc, leaf.not_valid_after_utc):
        try:
            path = _build(leaf, intermediates, anchors, moment)
        except verification.VerificationError:
            continue
        for certificate in path:
            if at > certificate.not_valid_after_utc:
                return CertificateExpired(certificate)
            if at < certificate.not_valid_before_utc:
                return CertificateNotYetValid(certificate)
    return CertificateUntrusted(leaf)


def _check_fitness(leaf: x509.Certificate, usage: x509.ObjectIdentifier | None) -> None:
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise CertificateUnfit(leaf, "it is a CA certificate")
    if not _strong(leaf):
        raise CertificateUnfit(leaf, "its key is too weak or of an unknown kind")
    key_usage = _extension(leaf, x509.KeyUsage)
    if key_usage is not None and not key_usage.digital_signature:
        raise CertificateUnfit(leaf, "its key is not for digital signatures")
    if usage is not None and usage not in (_extension(leaf, x509.ExtendedKeyUsage) or ()):
        raise CertificateUnfit(leaf, f"it lacks the extended key usage {usage.dotted_string}")


def _strong(leaf: x509.Certificate) -> bool:
    key = public_key_of(leaf)
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _MINIMUM_RSA
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)


def _extension(leaf: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return leaf.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except ValueError as error:
        raise CertificateUnfit(leaf, "its extensions cannot be decoded") from error
