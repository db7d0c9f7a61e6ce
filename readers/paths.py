"""X.509 path validation (RFC 5280 §6), the only one in this tree.

The rules are carried out by `pyhanko-certvalidator`, which passes NIST PKITS (as this module does in the tests); here
are our bounds, our policy, and errors that say what is wrong. Time is always given, never read from a clock, and
nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import errors as found
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers, derive_quals_from_cert
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    CertRevTrustPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.validate import async_validate_path

from readers.certificates import public_key_of
from readers.errors import (
    CertificateExpired,
    CertificateForged,
    CertificateNotYetValid,
    CertificatePolicyMissing,
    CertificateRevoked,
    CertificateUnfit,
    CertificateUntrusted,
    PathError,
    RevocationUnknown,
)
from readers.path_building import Chain, chains
from readers.revocation_lists import RevocationLists

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

MAX_PATHS: Final = 32
"""Chains that are validated for one leaf before it counts as untrusted."""
_MINIMUM_RSA: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

_CRL_REQUIRED: Final = RevocationCheckingPolicy(
    RevocationCheckingRule.CRL_REQUIRED, RevocationCheckingRule.CRL_REQUIRED
)
_MALFORMED: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
    NotImplementedError,
)
"""What `asn1crypto` raises on bytes that are not what they should be; it decodes on access."""


@dataclass(frozen=True, slots=True)
class Policies:
    """Inputs to policy processing (RFC 5280 §6.1.1 c, e, f, g)."""

    acceptable: frozenset[str] | None = None
    """Dotted identifiers, in the anchor's domain; None: any."""
    explicit: bool = False
    """The path must hold for at least one acceptable policy."""
    inhibit_mapping: bool = False
    inhibit_any: bool = False

    @property
    def parameters(self) -> PKIXValidationParams:
        """For the validator."""
        return PKIXValidationParams(
            user_initial_policy_set=frozenset({"any_policy"}) if self.acceptable is None else self.acceptable,
            initial_explicit_policy=self.explicit,
            initial_policy_mapping_inhibit=self.inhibit_mapping,
            initial_any_policy_inhibit=self.inhibit_any,
        )


ANY_POLICY: Final = Policies()


def validate_path(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
    *,
    usage: x509.ObjectIdentifier | None = None,
    policies: Policies = ANY_POLICY,
    crls: Sequence[bytes] | None = None,
) -> tuple[x509.Certificate, ...]:
    """The path from ``leaf`` to one of ``anchors``, both included, all valid at ``at`` (with its time zone).

    ``usage`` is an extended key usage that the leaf must list; anyExtendedKeyUsage does not do. With ``crls`` (DER)
    every certificate below the anchor must have its status in them; without, revocation is not looked at.

    Raises CertificateUntrusted when there is no such path at any time (CertificateForged: and there is an authority of
    the issuer's name, but it did not sign), CertificateExpired or CertificateNotYetValid when it is the time that is
    wrong, CertificateRevoked, RevocationUnknown when the lists do not tell, CertificatePolicyMissing, CertificateUnfit
    when the path is right and the leaf is not for this.
    """
    path = find_path(leaf, intermediates, anchors, at, policies=policies, crls=crls)
    check_fitness(leaf, usage)
    return path


def find_path(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
    *,
    policies: Policies = ANY_POLICY,
    crls: Sequence[bytes] | None = None,
) -> tuple[x509.Certificate, ...]:
    """As `validate_path`, whatever the leaf is for: RFC 5280 and no more."""
    if at.tzinfo is None:
        raise ValueError("a time without its time zone")
    refusals: list[PathError] = []
    try:
        first, others, roots = _parse(leaf), [_parse(one) for one in intermediates], [_parse(one) for one in anchors]
        given = dict(zip(map(id, [*roots, *others, first]), [*anchors, *intermediates, leaf], strict=True))
        task = _Task(at, policies, None if crls is None else RevocationLists.load(crls), others)
        for chain in islice(chains(first, others, roots), MAX_PATHS):
            path = tuple(given[id(certificate)] for certificate in chain)
            refusal = _refusal(chain, path, task)
            if refusal is None:
                return path
            refusals.append(refusal)
    except _MALFORMED as error:
        raise CertificateUntrusted(leaf, "a certificate or revocation list is malformed") from error
    raise min(refusals, key=lambda refusal: _TELLING.index(type(refusal)), default=CertificateUntrusted(leaf))


@dataclass(frozen=True, slots=True)
class _Task:
    """Nothing of it outlives one call: `asn1crypto` decodes on access, which threads must not share."""

    at: datetime
    policies: Policies
    lists: RevocationLists | None
    intermediates: Sequence[asn1_x509.Certificate]


_TELLING: Final[Sequence[type[PathError]]] = (
    CertificateRevoked,
    CertificateExpired,
    CertificateNotYetValid,
    RevocationUnknown,
    CertificatePolicyMissing,
    CertificateUnfit,
    CertificateUntrusted,
    CertificateForged,  # last: a namesake of the issuer did not sign it, which is natural, unless no other did either
)
"""Where every chain is refused, the reason of the one that came closest."""


def _refusal(chain: Chain, path: Sequence[x509.Certificate], task: _Task) -> PathError | None:
    """Why a chain is no valid path; None: it is one."""
    try:
        _validate(chain, task)
    except found.ValidationError as error:
        return _reason(error, chain, path, task)
    except _MALFORMED:
        return CertificateUntrusted(path[0], "a certificate is malformed")
    return None


def _validate(chain: Chain, task: _Task) -> None:
    """The algorithm of RFC 5280 §6.1. Raises ValidationError."""
    *below, anchor = chain
    trust_anchor = CertTrustAnchor(anchor, _anchor_conditions(anchor))
    crls, signers = ([], []) if task.lists is None else task.lists.about(below, task.intermediates)
    context = ValidationContext(
        trust_manager=SimpleTrustManager.build(trust_roots=[trust_anchor]),
        other_certs=signers,
        moment=task.at,
        time_tolerance=timedelta(0),
        crls=crls,
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION if task.lists is None else _CRL_REQUIRED),
    )
    path = ValidationPath(trust_anchor, below[:0:-1], below[0] if below else None)
    _run(async_validate_path(context, path, task.policies.parameters))


def _anchor_conditions(anchor: asn1_x509.Certificate) -> TrustQualifiers:
    """What an anchor's own certificate says holds too (RFC 5937), except for policies: ours are given."""
    conditions = derive_quals_from_cert(anchor)
    parameters = conditions.standard_parameters
    if parameters is not None:
        parameters = replace(
            parameters, user_initial_policy_set=frozenset({"any_policy"}), initial_explicit_policy=False
        )
    # The library takes the length for attribute authorities too as soon as there is the plain one, and counts it down.
    length = conditions.max_path_length
    return replace(conditions, standard_parameters=parameters, max_aa_path_length=length)


def _run(validation: Coroutine[Any, Any, object]) -> None:
    """It never waits, since it may fetch nothing: no event loop is needed, and one that runs does no harm."""
    try:
        validation.send(None)
    except StopIteration:
        return
    validation.close()
    raise RuntimeError("path validation wanted to wait")


def _reason(error: found.ValidationError, chain: Chain, path: Sequence[x509.Certificate], task: _Task) -> PathError:
    culprit = _culprit(chain, path, task)
    match error:
        case found.RevokedError():
            return CertificateRevoked(culprit, _crl_reason(error), error.revocation_dt)
        case found.ExpiredError() | found.NotYetValidError():
            kind = CertificateExpired if isinstance(error, found.ExpiredError) else CertificateNotYetValid
            return _reason_at_any_time(chain, path, task) or kind(culprit)
        case found.InsufficientRevinfoError():
            return RevocationUnknown(culprit)
        case found.DisallowedAlgorithmError():
            return CertificateUnfit(culprit, "it is signed with an algorithm that is too weak")
    if task.policies != ANY_POLICY and _refusal(chain, path, replace(task, policies=ANY_POLICY)) is None:
        return CertificatePolicyMissing(path[0])
    return CertificateForged(culprit) if _forged(culprit, path) else CertificateUntrusted(path[0])


def _culprit(chain: Chain, path: Sequence[x509.Certificate], task: _Task) -> x509.Certificate:
    """The certificate at which validation stopped: the last of the shortest piece, from the anchor on, that fails."""
    for start in range(len(chain) - 1, 0, -1):
        try:
            _validate(chain[start:], task)
        except (found.ValidationError, *_MALFORMED):
            return path[start]
    return path[0]


def _reason_at_any_time(chain: Chain, path: Sequence[x509.Certificate], task: _Task) -> PathError | None:
    """What would be wrong with a chain while all of it was valid, if there was such a time."""
    first = max(certificate.not_valid_before_utc for certificate in path)
    last = min(certificate.not_valid_after_utc for certificate in path)
    if first > last:
        return None
    return _refusal(chain, path, replace(task, at=first, lists=None))


def _crl_reason(error: found.RevokedError) -> x509.ReasonFlags:
    return _REASONS.get(error.reason.native, x509.ReasonFlags.unspecified)


_REASONS: Final = {flag.name: flag for flag in x509.ReasonFlags} | {"aa_compromise": x509.ReasonFlags.aa_compromise}


def _forged(certificate: x509.Certificate, path: Sequence[x509.Certificate]) -> bool:
    """Whether the signature is not by the key of the next in the path."""
    issuer = path[min(path.index(certificate) + 1, len(path) - 1)]
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return True
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return False


def _parse(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def check_fitness(leaf: x509.Certificate, usage: x509.ObjectIdentifier | None = None) -> None:
    """Whether an end entity may sign, as what ``usage`` says. Raises CertificateUnfit."""
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
