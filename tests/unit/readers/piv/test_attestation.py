"""Attestation: read from cards, and judged by somebody who trusts some roots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from readers.errors import (
    CardError,
    CardInconsistent,
    CertificateExpired,
    CertificateForged,
    CertificateNotYetValid,
    CertificateUntrusted,
)
from readers.piv.admin import PinPolicy, PivAdmin, TouchPolicy
from readers.piv.attestation import Attestation, VerifiedAttestation, read_attestation, verify_attestation
from readers.piv.identifiers import KeyReference
from readers.piv.products import factory_key, recognise
from readers.piv.session import PivSession
from readers.virtual import attesting
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on
from readers.virtual.profiles import PIVAPPLET_LIKE, STRICT, YUBICO_LIKE, CardProfile
from tests.fixtures.attesters import Maker

AT = datetime(2030, 1, 1, tzinfo=UTC)
NINE_A, NINE_C = KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE


@contextmanager
def on_card(folder: Path, profile: CardProfile) -> Iterator[PivSession]:
    VirtualCard(folder / "card.json", profile=profile).close()
    put_on(folder / "slot", folder / "card.json")
    with LoopbackReader(folder / "slot").connect() as connection:
        session = PivSession.open(connection)
        PivAdmin(session).authenticate(factory_key(session, recognise(session)))
        yield session


def test_a_key_made_on_a_yubikey(tmp_path: Path) -> None:
    with on_card(tmp_path, YUBICO_LIKE) as session:
        public = PivAdmin(session).generate_key(NINE_A, pin_policy=PinPolicy.ALWAYS, touch=TouchPolicy.CACHED)
        attestation = read_attestation(session, NINE_A)
        serial = int(recognise(session).serial(session) or "")
    verified = verify_attestation(attestation, NINE_A, public, [attesting.root()], AT)
    assert (verified.pin_policy, verified.touch_policy) == (PinPolicy.ALWAYS, TouchPolicy.CACHED)
    assert (verified.firmware, verified.serial) == ((5, 4, 3), serial)
    assert verified.path[1:] == (attestation.attester, attesting.root())


def test_a_key_made_on_pivapplet_whose_attester_was_taken_over(tmp_path: Path) -> None:
    with on_card(tmp_path, PIVAPPLET_LIKE) as session:
        public = PivAdmin(session).generate_key(NINE_C)
        attestation = read_attestation(session, NINE_C)
    verified = verify_attestation(attestation, NINE_C, public, [attestation.attester], AT)
    assert (verified.pin_policy, verified.serial) == (PinPolicy.ALWAYS, None)
    with pytest.raises(CertificateUntrusted):
        verify_attestation(attestation, NINE_C, public, [attesting.root()], AT)


def test_a_product_without(tmp_path: Path) -> None:
    with on_card(tmp_path, STRICT) as session, pytest.raises(CardError):
        read_attestation(session, NINE_A)


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker.new()


def judge(attestation: Attestation, maker: Maker, at: datetime = AT) -> VerifiedAttestation:
    return verify_attestation(
        attestation, NINE_A, maker.key, [maker.root], at, intermediates=[maker.intermediate, maker.intermediate]
    )


def test_a_chain_with_an_intermediate(maker: Maker) -> None:
    """As Yubico's since firmware 5.7.4."""
    verified = judge(maker.attest(NINE_A), maker)
    assert verified.path[2:] == (maker.intermediate, maker.root)
    with pytest.raises(CertificateUntrusted):
        verify_attestation(maker.attest(NINE_A), NINE_A, maker.key, [maker.root], AT)


def test_another_key(maker: Maker) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(CardInconsistent, match="another key"):
        judge(maker.attest(NINE_A, key=other), maker)


@pytest.mark.parametrize("name", ["YubiKey PIV Attestation 9c", "YubiKey PIV Attestation", "", "9a", "Attestation 9a!"])
def test_another_slot(maker: Maker, name: str) -> None:
    with pytest.raises(CardInconsistent, match="slot"):
        judge(maker.attest(NINE_A, name=name), maker)


@pytest.mark.parametrize("policies", [None, b"", b"\x02", b"\x02\x01\x00", b"\x09\x01", b"\x02\x09"])
def test_policies_that_are_none(maker: Maker, policies: bytes | None) -> None:
    with pytest.raises(CardInconsistent, match="PIN"):
        judge(maker.attest(NINE_A, policies=policies), maker)


def test_a_serial_that_is_none(maker: Maker) -> None:
    with pytest.raises(CardInconsistent, match="serial"):
        judge(maker.attest(NINE_A, serial=b"\x04\x01\x00"), maker)
    assert judge(maker.attest(NINE_A, serial=b"\x02\x01\x07"), maker).serial == 7


def test_a_statement_that_another_attester_signed(maker: Maker) -> None:
    mixed = replace(maker.attest(NINE_A), attester=Maker.new().attester)
    with pytest.raises(CertificateForged):
        judge(mixed, maker)


def test_a_statement_that_does_not_go_by_way_of_the_attester_the_card_shows(maker: Maker) -> None:
    """F9 is the card's: a path past it, over another authority of the maker's, says nothing of this card."""
    attestation = maker.attest(NINE_A)
    shown = replace(attestation, attester=Maker.new(key=maker.key, above=maker).attester)
    authorities = [maker.intermediate, attestation.attester]
    with pytest.raises(CertificateUntrusted, match="attester"):
        verify_attestation(shown, NINE_A, maker.key, [maker.root], AT, intermediates=authorities)


def test_a_statement_that_is_a_root(maker: Maker) -> None:
    """Trust in a certificate is not what it says about keys."""
    attestation = maker.attest(NINE_A)
    with pytest.raises(CertificateUntrusted, match="attester"):
        verify_attestation(attestation, NINE_A, maker.key, [attestation.statement], AT)


def test_an_attester_further_from_the_root_than_the_maker_allows(maker: Maker) -> None:
    """YubiKey's F9 and its root say so (pathLenConstraint): what a card certifies certifies nothing more."""
    short = Maker.new(key=maker.key, path_length=0)
    with pytest.raises(CertificateUntrusted, match="no path"):
        judge(short.attest(NINE_A), short)


def test_another_maker(maker: Maker) -> None:
    """Same names, other keys."""
    with pytest.raises(CertificateForged):
        judge(Maker.new(key=maker.key).attest(NINE_A), maker)


def test_an_attester_that_is_no_authority(maker: Maker) -> None:
    """Whoever has any certificate of the maker's, for example of an attested key, is no attester."""
    leaf = Maker.new(key=maker.key, attester_is_ca=False, above=maker)
    with pytest.raises(CertificateUntrusted, match="no path"):
        judge(leaf.attest(NINE_A), maker)


def test_times(maker: Maker) -> None:
    attestation = maker.attest(NINE_A)
    with pytest.raises(CertificateExpired):
        judge(attestation, maker, datetime(2060, 1, 1, tzinfo=UTC))
    with pytest.raises(CertificateNotYetValid):
        judge(attestation, maker, datetime(2010, 1, 1, tzinfo=UTC))


def test_no_roots_no_trust(maker: Maker) -> None:
    with pytest.raises(CertificateUntrusted):
        verify_attestation(maker.attest(NINE_A), NINE_A, maker.key, [], AT)


def test_the_certificates_are_certificates(maker: Maker) -> None:
    assert isinstance(maker.attest(NINE_A).statement, x509.Certificate)
