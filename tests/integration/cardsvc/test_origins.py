"""Where the keys of a card come from, as far as anybody can vouch for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from cardsvc.cards.models import Card
from cardsvc.db import reading
from cardsvc.issuance.errors import AttestationRefuted
from cardsvc.issuance.makers import TrustedMakers
from cardsvc.services import Services
from cardsvc.trust.models import Certificate, KeyOrigin
from cardsvc.trust.weak_keys import Weakness, weakness_of
from cardsvc.wire.lifecycle import CardState
from readers import tlv
from readers.apdu import CommandApdu
from readers.connection import CardConnection
from readers.piv.identifiers import Algorithm, Instruction, KeyReference, ObjectId
from readers.piv.session import PivSession
from readers.virtual import attesting
from readers.virtual.card import VirtualCard
from readers.virtual.profiles import PIVAPPLET_LIKE, YUBICO_5_7_LIKE, CardProfile
from tests.fixtures.attesters import Maker
from tests.fixtures.issuance import card_in_reader, personalise, reserve
from tests.fixtures.transports import Through

SOFTWARE = TrustedMakers(roots=(attesting.root(),))


def origins(services: Services) -> Sequence[KeyOrigin]:
    with reading(services.sessions) as session:
        return session.scalars(select(Certificate.key_origin)).all()


def test_keys_of_a_trusted_maker_are_attested(services: Services, tmp_path: Path) -> None:
    trusting = replace(services, trusted_makers=SOFTWARE)
    with card_in_reader(tmp_path) as connection:
        personalise(trusting, reserve(trusting), connection)
    assert origins(trusting) == [KeyOrigin.ATTESTED] * 3


@pytest.mark.parametrize("makers", [TrustedMakers(), TrustedMakers(roots=(Maker.new().root,))], ids=["none", "other"])
def test_keys_of_anybody_else_are_asserted(sqlite_services: Services, tmp_path: Path, makers: TrustedMakers) -> None:
    trusting = replace(sqlite_services, trusted_makers=makers)
    with card_in_reader(tmp_path) as connection:
        personalise(trusting, reserve(trusting), connection)
    assert origins(trusting) == [KeyOrigin.ASSERTED] * 3


def test_who_vouches_with_a_weak_key_vouches_for_nothing(
    sqlite_services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As YubiKey 4 does, whose attestation keys have the ROCA fingerprint."""
    attester = attesting.root().public_key()
    monkeypatch.setattr(
        "cardsvc.issuance.origins.weakness_of", lambda key: Weakness.ROCA if key == attester else weakness_of(key)
    )
    trusting = replace(sqlite_services, trusted_makers=SOFTWARE)
    with card_in_reader(tmp_path) as connection:
        personalise(trusting, reserve(trusting), connection)
    assert origins(trusting) == [KeyOrigin.ASSERTED] * 3


def test_the_kind_of_card_is_noted_with_each_key(sqlite_services: Services, tmp_path: Path) -> None:
    VirtualCard(tmp_path / "card.json", profile=PIVAPPLET_LIKE).close()
    with card_in_reader(tmp_path) as connection:
        personalise(sqlite_services, reserve(sqlite_services), connection)
    with reading(sqlite_services.sessions) as session:
        makes = session.execute(select(Certificate.product, Certificate.firmware)).all()
    assert set(makes) == {("PivApplet 0.9", "0.9")}


@pytest.mark.parametrize("profile", [PIVAPPLET_LIKE, YUBICO_5_7_LIKE], ids=lambda profile: profile.name)
def test_other_products(sqlite_services: Services, tmp_path: Path, profile: CardProfile) -> None:
    """PivApplet comes with a CHUID and is blank all the same; its attester was taken over when it came into stock."""
    VirtualCard(tmp_path / "card.json", profile=profile).close()
    with card_in_reader(tmp_path) as connection:
        attester = attester_of(connection)
        makers = TrustedMakers(roots=(attester, attesting.root()))
        trusting = replace(sqlite_services, trusted_makers=makers)
        card_uuid = reserve(trusting)
        personalise(trusting, card_uuid, connection)
        assert PivSession.open(connection).read_chuid().guid == card_uuid
    assert origins(trusting) == [KeyOrigin.ATTESTED] * 3


def attester_of(connection: CardConnection) -> x509.Certificate:
    content = PivSession.open(connection).read_object(ObjectId.ATTESTATION_CERTIFICATE)
    return x509.load_der_x509_certificate(tlv.decode(content)[0x70])


class LyingDesk(Through):
    """Lets the card make keys and shows its own instead, with which it signs; attestations are beyond it."""

    def __init__(self, inner: CardConnection) -> None:
        super().__init__(inner)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def transmit(self, command: bytes) -> bytes:
        asked, answer = CommandApdu.from_bytes(command), self._inner.transmit(command)
        if asked.ins == Instruction.GENERATE_ASYMMETRIC_KEY_PAIR:
            point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return tlv.encode(0x7F49, tlv.encode(0x86, point)) + b"\x90\x00"
        if asked.ins == Instruction.GENERAL_AUTHENTICATE and asked.p1 == Algorithm.ECC_P256:
            digest = tlv.decode(tlv.unwrap(asked.data, 0x7C))[0x81]
            signature = self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
            return tlv.encode(0x7C, tlv.encode(0x82, signature)) + b"\x90\x00"
        return answer


def test_a_desk_that_shows_a_key_of_its_own_is_found_out(sqlite_services: Services, tmp_path: Path) -> None:
    trusting = replace(sqlite_services, trusted_makers=SOFTWARE)
    card_uuid = reserve(trusting)
    with card_in_reader(tmp_path) as connection, pytest.raises(AttestationRefuted):
        personalise(trusting, card_uuid, LyingDesk(connection))
    with reading(trusting.sessions) as session:
        assert session.scalars(select(Card.state)).one() is CardState.QUARANTINED
    assert origins(trusting) == [], "nothing was certified"


class LaxKeys(Through):
    """Has the card make keys that never want a PIN."""

    def transmit(self, command: bytes) -> bytes:
        asked = CommandApdu.from_bytes(command)
        if asked.ins == Instruction.GENERATE_ASYMMETRIC_KEY_PAIR and asked.p2 == KeyReference.DIGITAL_SIGNATURE:
            lax = tlv.encode(0xAC, tlv.unwrap(asked.data, 0xAC) + bytes.fromhex("AA0101"))
            return self._inner.transmit(bytes(CommandApdu(0, asked.ins, asked.p1, asked.p2, lax, asked.le)))
        return self._inner.transmit(command)


def test_a_key_that_signs_without_a_pin_is_found_out(sqlite_services: Services, tmp_path: Path) -> None:
    trusting = replace(sqlite_services, trusted_makers=SOFTWARE)
    card_uuid = reserve(trusting)
    with card_in_reader(tmp_path) as connection, pytest.raises(AttestationRefuted):
        personalise(trusting, card_uuid, LaxKeys(connection))


def test_makers_from_a_file(tmp_path: Path) -> None:
    maker = Maker.new()
    file = tmp_path / "makers.pem"
    file.write_bytes(b"".join(found.public_bytes(Encoding.PEM) for found in (maker.root, maker.intermediate)))
    assert TrustedMakers.load(file) == TrustedMakers((maker.root,), (maker.intermediate,))
    assert TrustedMakers.load(None) == TrustedMakers()
