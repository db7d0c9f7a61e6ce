"""Certificate authorities and card certificates, judged by OpenSSL and by `readers.paths`."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from cardsvc.trust.authority import IssuingAuthority, OutlivesItsIssuer
from cardsvc.trust.building import CLOCK_SKEW
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import KeystoreError, KeystoreMissing
from cardsvc.trust.profiles import PROFILES
from readers.paths import validate_path
from readers.piv.identifiers import KeyReference
from readers.piv.judging import named_uuids
from tests.fixtures.services import ADDRESSES, NOW

CARD = UUID("6fb0ffcc-b5b9-4ffb-a8ae-1cfabda66d08")
EXPIRES = date(2031, 3, 2)
CARD_AUTH = "2.16.840.1.101.3.6.8"


def issue(authority: IssuingAuthority, key: KeyReference, card: UUID = CARD) -> x509.Certificate:
    return authority.issue(key, ec.generate_private_key(ec.SECP256R1()).public_key(), card, EXPIRES, NOW)


def openssl_verify(folder: Path, authority: IssuingAuthority, leaf: x509.Certificate, *options: str) -> bool:
    for name, certificate in (("root", authority.root), ("issuing", authority.issuing), ("leaf", leaf)):
        (folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(NOW.timestamp())), *options]
    command += ["-CAfile", str(folder / "root"), "-untrusted", str(folder / "issuing"), str(folder / "leaf")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("key", PROFILES)
def test_openssl_and_we_find_the_path(authority: IssuingAuthority, key: KeyReference, tmp_path: Path) -> None:
    leaf = issue(authority, key)
    assert openssl_verify(tmp_path, authority, leaf, "-policy_check")
    path = validate_path(leaf, [authority.issuing], [authority.root], NOW)
    assert path == (leaf, authority.issuing, authority.root)


@pytest.mark.parametrize(
    ("key", "purposes"),
    [
        (KeyReference.PIV_AUTHENTICATION, set()),
        (KeyReference.DIGITAL_SIGNATURE, {"smimesign"}),
        (KeyReference.CARD_AUTHENTICATION, set()),
    ],
)
def test_openssl_lets_them_be_used_for_nothing_else(
    authority: IssuingAuthority, key: KeyReference, purposes: set[str], tmp_path: Path
) -> None:
    leaf = issue(authority, key)
    tried = ("sslclient", "sslserver", "smimesign", "smimeencrypt", "timestampsign")
    allowed = {purpose for purpose in tried if openssl_verify(tmp_path, authority, leaf, "-purpose", purpose)}
    assert allowed == purposes


@pytest.mark.parametrize("key", PROFILES)
def test_certificates_name_the_card_and_nothing_else(authority: IssuingAuthority, key: KeyReference) -> None:
    leaf = issue(authority, key)
    assert named_uuids(leaf) == {CARD}
    assert {attribute.value for attribute in leaf.subject} == {str(CARD)}
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (fasc_n,) = names.get_values_for_type(x509.OtherName)
    assert fasc_n.type_id.dotted_string == "2.16.840.1.101.3.6.6"
    # DER OCTET STRING of 25 bytes; start sentinel and agency code 9999 in FASC-N code (TIG SCEPACS 2.3 §2.1)
    assert fasc_n.value[:5].hex() == "0419d4e739"


def test_a_tap_certificate_is_for_taps_only(authority: IssuingAuthority) -> None:
    """FIPS 201-3 §4.2.2: the extended key usage is critical and lists id-PIV-cardAuth alone."""
    usage = issue(authority, KeyReference.CARD_AUTHENTICATION).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert [oid.dotted_string for oid in usage.value] == [CARD_AUTH]


@pytest.mark.parametrize("key", [KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE])
def test_no_certificate_is_for_tls_or_log_on(authority: IssuingAuthority, key: KeyReference) -> None:
    usages = set(issue(authority, key).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    forbidden = {
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.SMARTCARD_LOGON,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }
    assert usages
    assert not usages & forbidden


@pytest.mark.parametrize("key", PROFILES)
def test_key_usage_is_critical_and_only_9c_commits_to_contents(authority: IssuingAuthority, key: KeyReference) -> None:
    usage = issue(authority, key).extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment is (key is KeyReference.DIGITAL_SIGNATURE)
    assert not usage.value.key_cert_sign
    assert not usage.value.key_agreement


def test_times(authority: IssuingAuthority) -> None:
    leaf = issue(authority, KeyReference.CARD_AUTHENTICATION)
    assert leaf.not_valid_before_utc == NOW - CLOCK_SKEW
    assert leaf.not_valid_after_utc == datetime(2031, 3, 2, 23, 59, 59, tzinfo=UTC)


def test_a_certificate_does_not_outlive_its_issuer(authority: IssuingAuthority) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    last_day = authority.issuing.not_valid_after_utc.date()
    authority.issue(KeyReference.CARD_AUTHENTICATION, key, CARD, last_day - timedelta(days=1), NOW)
    with pytest.raises(OutlivesItsIssuer):
        authority.issue(KeyReference.CARD_AUTHENTICATION, key, CARD, last_day, NOW)


def test_no_key_without_a_profile_is_certified(authority: IssuingAuthority) -> None:
    with pytest.raises(KeyError):
        issue(authority, KeyReference.KEY_MANAGEMENT)


def test_serial_numbers_are_long_random_and_positive(authority: IssuingAuthority) -> None:
    """RFC 5280 §4.1.2.2: at most 20 bytes; CA/Browser Forum asks for 64 random bits."""
    serials = {issue(authority, KeyReference.CARD_AUTHENTICATION).serial_number for _ in range(8)}
    assert len(serials) == 8
    assert all(0 < serial < 2**159 for serial in serials)
    assert max(serials) > 2**64


def test_the_authorities_bind_themselves(authority: IssuingAuthority) -> None:
    for certificate, path_length in ((authority.root, 1), (authority.issuing, 0)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(ca=True, path_length=path_length)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.key_cert_sign
        assert not usage.digital_signature
    assert isinstance(authority.root.public_key(), ec.EllipticCurvePublicKey)


def test_the_content_signer_is_for_that(authority: IssuingAuthority) -> None:
    usage = authority.content_signing.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert [oid.dotted_string for oid in usage.value] == ["2.16.840.1.101.3.6.7"]
    validate_path(authority.content_signing, [authority.issuing], [authority.root], NOW)


def test_a_certificate_of_another_keystore_is_refused(tmp_path: Path, keystore: FileKeystore) -> None:
    stranger = FileKeystore.create(tmp_path / "other", b"other")
    IssuingAuthority.establish(stranger, ADDRESSES, "Other City", NOW).save(tmp_path / "other")
    with pytest.raises(KeystoreError, match="not the certificate of the keystore"):
        IssuingAuthority.load(tmp_path / "other", keystore, ADDRESSES)


def test_missing_and_broken_certificates_are_named(tmp_path: Path, keystore: FileKeystore) -> None:
    with pytest.raises(KeystoreMissing, match=r"root-ca\.pem"):
        IssuingAuthority.load(tmp_path, keystore, ADDRESSES)
    (tmp_path / "root-ca.pem").write_text("none")
    with pytest.raises(KeystoreError, match="not a certificate"):
        IssuingAuthority.load(tmp_path, keystore, ADDRESSES)
