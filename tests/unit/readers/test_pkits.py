"""NIST PKITS 1.0.1, the public test suite of path validation, from the PyPI package `cryptography-vectors`.

An end entity's file name says whether its path is valid; sections 4.8 to 4.12 of its manual name the settings under
which some of them change. All authorities and revocation lists are in the pool each time, so the path must be found,
too. Nothing is left out but what `EXCLUDED` names.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

import pytest
from cryptography import x509

from readers.errors import (
    CertificateExpired,
    CertificateForged,
    CertificateNotYetValid,
    CertificatePolicyMissing,
    CertificateRevoked,
    PathError,
    RevocationUnknown,
)
from readers.paths import ANY_POLICY, Policies, find_path

pytestmark = pytest.mark.filterwarnings(
    "ignore:Parsed a serial number:cryptography.utils.CryptographyDeprecationWarning"
)
DATA: Final = files("cryptography_vectors") / "x509" / "PKITS_data"
NOW: Final = datetime(2024, 6, 1, tzinfo=UTC)
"""Between the beginning (2010) and the end (2030) of the suite."""


def policy(*numbers: int, explicit: bool = False) -> Policies:
    """NIST-test-policy-1 and so on, as the initial policy set."""
    return Policies(frozenset(f"2.16.840.1.101.3.2.1.48.{number}" for number in numbers), explicit=explicit)


EXPLICIT: Final = Policies(explicit=True)
INHIBIT_MAPPING: Final = Policies(inhibit_mapping=True)

SETTINGS: Final = [
    # §4.8.1: four settings for one path
    ("ValidCertificatePathTest1", EXPLICIT, True),
    ("ValidCertificatePathTest1", policy(1, explicit=True), True),
    ("ValidCertificatePathTest1", policy(2, explicit=True), False),
    ("ValidCertificatePathTest1", policy(1, 2, explicit=True), True),
    ("AllCertificatesNoPoliciesTest2", ANY_POLICY, True),
    ("AllCertificatesNoPoliciesTest2", EXPLICIT, False),
    ("DifferentPoliciesTest3", ANY_POLICY, True),
    ("DifferentPoliciesTest3", EXPLICIT, False),
    ("DifferentPoliciesTest3", policy(1, 2, explicit=True), False),
    ("DifferentPoliciesTest4", ANY_POLICY, False),
    ("DifferentPoliciesTest5", ANY_POLICY, False),
    ("OverlappingPoliciesTest6", ANY_POLICY, True),
    ("OverlappingPoliciesTest6", policy(1), True),
    ("OverlappingPoliciesTest6", policy(2), False),
    ("DifferentPoliciesTest7", ANY_POLICY, False),
    ("DifferentPoliciesTest8", ANY_POLICY, False),
    ("DifferentPoliciesTest9", ANY_POLICY, False),
    ("AllCertificatesSamePoliciesTest10", ANY_POLICY, True),
    ("AllCertificatesSamePoliciesTest10", policy(1), True),
    ("AllCertificatesSamePoliciesTest10", policy(2), True),
    ("AllCertificatesanyPolicyTest11", ANY_POLICY, True),
    ("AllCertificatesanyPolicyTest11", policy(1), True),
    ("DifferentPoliciesTest12", ANY_POLICY, False),
    ("AllCertificatesSamePoliciesTest13", policy(1), True),
    ("AllCertificatesSamePoliciesTest13", policy(2), True),
    ("AllCertificatesSamePoliciesTest13", policy(3), True),
    ("AnyPolicyTest14", policy(1), True),
    ("AnyPolicyTest14", policy(2), False),
    ("UserNoticeQualifierTest15", ANY_POLICY, True),
    ("UserNoticeQualifierTest16", ANY_POLICY, True),
    ("UserNoticeQualifierTest17", ANY_POLICY, True),
    ("UserNoticeQualifierTest18", policy(1), True),
    ("UserNoticeQualifierTest18", policy(2), True),
    ("UserNoticeQualifierTest19", ANY_POLICY, True),
    ("CPSPointerQualifierTest20", EXPLICIT, True),
    # §4.10
    ("ValidPolicyMappingTest1", policy(1), True),
    ("ValidPolicyMappingTest1", policy(2), False),
    ("ValidPolicyMappingTest1", INHIBIT_MAPPING, False),
    ("InvalidPolicyMappingTest2", INHIBIT_MAPPING, False),
    ("ValidPolicyMappingTest3", policy(1), False),
    ("ValidPolicyMappingTest3", policy(2), True),
    ("ValidPolicyMappingTest5", policy(1), True),
    ("ValidPolicyMappingTest5", policy(6), False),
    ("ValidPolicyMappingTest6", policy(1), True),
    ("ValidPolicyMappingTest6", policy(6), False),
    ("ValidPolicyMappingTest12", policy(1), True),
    ("ValidPolicyMappingTest12", policy(2), True),
    # §4.12.3
    ("inhibitAnyPolicyTest3", ANY_POLICY, True),
    ("inhibitAnyPolicyTest3", Policies(inhibit_any=True), False),
]

EXCLUDED: Final = {
    "ValidDSASignaturesTest4": "FIPS 186-5 has withdrawn DSA; its key of 1024 bits counts as weak",
    "ValidDSAParameterInheritanceTest5": "as above; `cryptography` does not read a key without its parameters at all",
    "ValidNameUIDsTest6": "asn1crypto 1.5.1 loses the unused bits of a unique identifier, so it looks forged; "
    "RFC 5280 §4.1.2.8 forbids to issue one",
}
"""Valid paths that we refuse, and why."""

UNREADABLE: Final = ("DSAParametersInheritedCACert.crt", "ValidDSAParameterInheritanceTest5EE.crt")


def _file(folder: str, name: str) -> bytes:
    return (DATA / folder / name).read_bytes()


@cache
def _names(folder: str) -> tuple[str, ...]:
    return tuple(sorted(entry.name for entry in (DATA / folder).iterdir()))


def _certificate(name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(_file("certs", name))


@cache
def _authorities() -> tuple[x509.Certificate, ...]:
    others = ("EE.crt", "TrustAnchorRootCertificate.crt", *UNREADABLE)
    return tuple(_certificate(name) for name in _names("certs") if not name.endswith(others))


@cache
def _lists() -> tuple[bytes, ...]:
    return tuple(_file("crls", name) for name in _names("crls"))


def find(name: str, policies: Policies = ANY_POLICY) -> tuple[x509.Certificate, ...]:
    anchor = _certificate("TrustAnchorRootCertificate.crt")
    return find_path(_certificate(f"{name}EE.crt"), _authorities(), [anchor], NOW, policies=policies, crls=_lists())


def named(*, valid: bool) -> list[str]:
    prefix = "Valid" if valid else "Invalid"
    return [
        name.removesuffix("EE.crt") for name in _names("certs") if name.startswith(prefix) and name.endswith("EE.crt")
    ]


@pytest.mark.parametrize("name", [name for name in named(valid=True) if name not in EXCLUDED])
def test_valid(name: str) -> None:
    assert find(name)[-1].subject.rfc4514_string() == "CN=Trust Anchor,O=Test Certificates 2011,C=US"


@pytest.mark.parametrize("name", named(valid=False))
def test_invalid(name: str) -> None:
    with pytest.raises(PathError):
        find(name)


@pytest.mark.parametrize(("name", "policies", "valid"), SETTINGS)
def test_settings(name: str, policies: Policies, *, valid: bool) -> None:
    if valid:
        assert find(name, policies)
    else:
        with pytest.raises(PathError):
            find(name, policies)


@pytest.mark.parametrize("name", EXCLUDED)
def test_what_is_excluded_is_refused(name: str) -> None:
    with pytest.raises((PathError, ValueError)):
        find(name)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("InvalidCASignatureTest2", CertificateForged),
        ("InvalidEESignatureTest3", CertificateForged),
        ("InvalidCAnotBeforeDateTest1", CertificateNotYetValid),
        ("InvalidEEnotBeforeDateTest2", CertificateNotYetValid),
        ("InvalidCAnotAfterDateTest5", CertificateExpired),
        ("InvalidEEnotAfterDateTest6", CertificateExpired),
        ("Invalidpre2000UTCEEnotAfterDateTest7", CertificateExpired),
        ("InvalidMissingCRLTest1", RevocationUnknown),
        ("InvalidRevokedCATest2", CertificateRevoked),
        ("InvalidRevokedEETest3", CertificateRevoked),
        ("InvalidBadCRLSignatureTest4", RevocationUnknown),
        ("InvalidBadCRLIssuerNameTest5", RevocationUnknown),
        ("InvalidWrongCRLTest6", RevocationUnknown),
        ("InvalidUnknownCRLExtensionTest9", RevocationUnknown),
        ("InvalidOldCRLnextUpdateTest11", RevocationUnknown),
        ("Invalidpre2000CRLnextUpdateTest12", RevocationUnknown),
        ("InvaliddeltaCRLTest3", CertificateRevoked),
    ],
)
def test_what_is_wrong_is_said(name: str, error: type[PathError]) -> None:
    with pytest.raises(PathError) as raised:
        find(name)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("name", "revoked"), [("InvalidRevokedCATest2", "RevokedsubCACert"), ("InvalidRevokedEETest3", "")]
)
def test_who_was_revoked_why_and_when(name: str, revoked: str) -> None:
    with pytest.raises(CertificateRevoked) as raised:
        find(name)
    assert raised.value.certificate == _certificate(f"{revoked}.crt" if revoked else f"{name}EE.crt")
    assert raised.value.why is x509.ReasonFlags.key_compromise
    assert raised.value.since.date() == date(2010, 1, 1)


def test_a_policy_that_is_wanted_is_named_as_the_reason() -> None:
    with pytest.raises(CertificatePolicyMissing):
        find("ValidCertificatePathTest1", policy(2, explicit=True))
