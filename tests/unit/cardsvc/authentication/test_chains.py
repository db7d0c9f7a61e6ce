"""Verdicts on certificates: only what leads to our root, for this key, at this time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from cardsvc.authentication import chains
from cardsvc.authentication.chains import ChainVerdicts
from cardsvc.trust.authority import IssuingAuthority
from readers.errors import CertificateExpired, CertificateNotYetValid, CertificateUnfit, PathError
from readers.piv.identifiers import KeyReference
from tests.fixtures.cards import Authority
from tests.fixtures.services import NOW

CARD_AUTHENTICATION, PIV_AUTHENTICATION = KeyReference.CARD_AUTHENTICATION, KeyReference.PIV_AUTHENTICATION
LAST_DAY = date(2028, 1, 1)


def certificate(authority: IssuingAuthority, key: KeyReference = CARD_AUTHENTICATION) -> bytes:
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return authority.issue(key, public_key, uuid4(), LAST_DAY, NOW).public_bytes(Encoding.DER)


@pytest.fixture
def verdicts(authority: IssuingAuthority) -> ChainVerdicts:
    return ChainVerdicts(authority.root, authority.issuers)


def test_the_key_of_a_right_certificate_is_trusted(authority: IssuingAuthority, verdicts: ChainVerdicts) -> None:
    der = certificate(authority)

    trusted = verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW)

    assert trusted.public_key == x509.load_der_x509_certificate(der).public_key()
    assert trusted.not_after == datetime(2028, 1, 1, 23, 59, 59, tzinfo=UTC)


def test_a_tap_certificate_does_not_stand_for_a_pin(authority: IssuingAuthority, verdicts: ChainVerdicts) -> None:
    der = certificate(authority, CARD_AUTHENTICATION)
    verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW)

    with pytest.raises(CertificateUnfit):
        verdicts.trusted_key(der, PIV_AUTHENTICATION, NOW)


def test_a_verdict_does_not_outlive_the_certificate(authority: IssuingAuthority, verdicts: ChainVerdicts) -> None:
    der = certificate(authority)
    verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW)

    with pytest.raises(CertificateExpired):
        verdicts.trusted_key(der, CARD_AUTHENTICATION, datetime(2028, 1, 2, tzinfo=UTC))
    with pytest.raises(CertificateNotYetValid):
        verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW - timedelta(hours=1))


def test_a_certificate_of_another_authority_is_refused(verdicts: ChainVerdicts) -> None:
    other = Authority().issue("a card", ec.generate_private_key(ec.SECP256R1()).public_key())

    with pytest.raises(PathError):
        verdicts.trusted_key(other.public_bytes(Encoding.DER), CARD_AUTHENTICATION, NOW)


def test_a_certificate_is_judged_once(
    authority: IssuingAuthority, verdicts: ChainVerdicts, monkeypatch: pytest.MonkeyPatch
) -> None:
    der = certificate(authority)
    first = verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW)
    monkeypatch.setattr(chains, "validate_path", None)

    assert verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW + timedelta(days=1)) is first


def test_beyond_its_capacity_the_one_seen_longest_ago_is_forgotten(
    authority: IssuingAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = ChainVerdicts(authority.root, authority.issuers, capacity=2)
    first, second, third = (certificate(authority) for _ in range(3))
    for der in (first, second, first, third):
        verdicts.trusted_key(der, CARD_AUTHENTICATION, NOW)
    monkeypatch.setattr(chains, "validate_path", None)

    verdicts.trusted_key(first, CARD_AUTHENTICATION, NOW)
    verdicts.trusted_key(third, CARD_AUTHENTICATION, NOW)
    with pytest.raises(TypeError):
        verdicts.trusted_key(second, CARD_AUTHENTICATION, NOW)
