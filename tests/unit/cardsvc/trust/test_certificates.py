"""Certificates as rows."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.services import Services
from cardsvc.trust.certificates import (
    KeyAlreadyCertified,
    UnfitKey,
    WeakKey,
    certify,
    fingerprint_of,
    put_into_force,
    put_on_hold,
    revoke_all,
)
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin, StatusPlace
from cardsvc.wire.status_list import StatusReference
from readers.piv.identifiers import KeyReference
from tests.fixtures.issuance import reserve
from tests.fixtures.proofs import BASE_URL


def the_card(session: Session) -> Card:
    return session.scalars(select(Card)).one()


def certify_on(curve: ec.EllipticCurve, services: Services, session: Session) -> x509.Certificate:
    return certify_key(ec.generate_private_key(curve).public_key(), services, session)


def certify_key(public_key: ec.EllipticCurvePublicKey, services: Services, session: Session) -> x509.Certificate:
    return certify(
        session,
        services.authority,
        the_card(session),
        KeyReference.CARD_AUTHENTICATION,
        public_key,
        origin=KeyOrigin.ATTESTED,
        now=services.clock(),
    )


def test_the_row_says_what_the_certificate_says(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    with sqlite_services.sessions() as session:
        certificate = certify_on(ec.SECP256R1(), sqlite_services, session)
        row = session.scalars(select(Certificate)).one()
        assert x509.load_der_x509_certificate(row.der) == certificate
        assert int(row.serial, 16) == certificate.serial_number
        assert row.not_after == certificate.not_valid_after_utc
        assert (row.key_reference, row.key_origin) == (0x9E, KeyOrigin.ATTESTED)
        assert row.status is CertificateStatus.ON_HOLD


def test_only_p256_is_certified(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    with sqlite_services.sessions() as session, pytest.raises(UnfitKey):
        certify_on(ec.SECP384R1(), sqlite_services, session)


def test_a_key_that_others_can_find_out_is_not_certified(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    guessed = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    with sqlite_services.sessions() as session, pytest.raises(WeakKey) as refused:
        certify_key(guessed, sqlite_services, session)
    assert refused.value.data == {"weakness": "published"}


def test_the_same_key_is_not_certified_twice(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with sqlite_services.sessions() as session:
        certify_key(public_key, sqlite_services, session)
        with pytest.raises(KeyAlreadyCertified):
            certify_key(public_key, sqlite_services, session)


def test_all_certificates_of_a_card_say_where_its_status_is(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    with sqlite_services.sessions() as session:
        references = {
            StatusReference.of_certificate(certify_on(ec.SECP256R1(), sqlite_services, session)) for _ in range(3)
        }
        place = session.scalars(select(StatusPlace)).one()
    assert references == {StatusReference(f"{BASE_URL}/status-lists/{place.list_id}", place.place)}


def test_what_is_held_and_released(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    with sqlite_services.sessions() as session:
        certify_on(ec.SECP256R1(), sqlite_services, session)
        card_id, now = the_card(session).id, sqlite_services.clock()
        assert standing(session) == (CertificateStatus.ON_HOLD, now)
        put_into_force(session, card_id)
        assert standing(session)[0] is CertificateStatus.VALID
        later = now + timedelta(days=1)
        put_on_hold(session, card_id, later)
        assert standing(session) == (CertificateStatus.ON_HOLD, later)


def standing(session: Session) -> tuple[CertificateStatus, datetime | None]:
    session.expire_all()
    row = session.scalars(select(Certificate)).one()
    return row.status, row.held_at


def test_a_card_without_an_end_gets_no_certificate(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    with sqlite_services.sessions() as session:
        the_card(session).expires_on = None
        with pytest.raises(ValueError, match="without expiry"):
            certify_on(ec.SECP256R1(), sqlite_services, session)


def test_what_is_revoked_stays_so(sqlite_services: Services) -> None:
    reserve(sqlite_services)
    now = sqlite_services.clock()
    with sqlite_services.sessions() as session:
        certify_on(ec.SECP256R1(), sqlite_services, session)
        card_id = the_card(session).id
        revoke_all(session, card_id, x509.ReasonFlags.key_compromise, now)
        revoke_all(session, card_id, x509.ReasonFlags.superseded, now)
        put_into_force(session, card_id)
        session.expire_all()
        row = session.scalars(select(Certificate)).one()
        assert (row.status, row.revocation_reason) == (CertificateStatus.REVOKED, "keyCompromise")


def test_the_fingerprint_is_of_the_public_key_info(tmp_path: Path) -> None:
    """Compared with OpenSSL's own encoding of the same key."""
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = tmp_path / "key.pem"
    pem.write_bytes(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = ["openssl", "pkey", "-pubin", "-in", str(pem), "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout
    assert fingerprint_of(public_key) == hashlib.sha256(der).digest()
