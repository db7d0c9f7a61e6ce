"""yubikit with our card behind pcscd: it uses the card we issue, and issues one that others can use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from readers.piv.identifiers import KeyReference
from readers.virtual.journal import read_journal
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.parts import is_there

pytestmark = pytest.mark.needs("pcscd", "vpcd", "yubikey-manager", "pyscard")

if is_there("yubikey-manager") and is_there("pyscard"):
    from smartcard.System import readers as pcsc_readers
    from ykman.pcsc import ScardSmartCardConnection
    from yubikit.core import InvalidPinError, Tlv
    from yubikit.core.smartcard import ApduError
    from yubikit.piv import KEY_TYPE, MANAGEMENT_KEY_TYPE, OBJECT_ID, SLOT, PivSession

MESSAGE = b"signed through yubikit"


@contextmanager
def session_on(reader: str) -> Iterator[PivSession]:
    (found,) = (known for known in pcsc_readers() if known.name == reader)
    connection = ScardSmartCardConnection(found.createConnection())
    try:
        yield PivSession(connection)
    finally:
        connection.close()


def test_a_tap(tmp_path: Path, private_pcscd: PrivatePcscd, personalised_card: PersonalisedCard) -> None:
    """The same as our tap, in six commands, and it leaves the card's memory untouched."""
    journal = tmp_path / "journal"
    before = personalised_card.state_file.stat()
    with private_pcscd.put_on(personalised_card.state_file, contactless=True, journal=journal):
        start = len(read_journal(journal))
        with session_on(CONTACTLESS_READER) as session:
            chuid = Tlv.parse_dict(session.get_object(OBJECT_ID.CHUID))
            certificate = session.get_certificate(SLOT.CARD_AUTH)
            signature = session.sign(SLOT.CARD_AUTH, KEY_TYPE.ECCP256, MESSAGE, hashes.SHA256())
        seen = read_journal(journal)[start:]
    assert UUID(bytes=chuid[0x34]) == personalised_card.uuid
    assert certificate == personalised_card.certificates[KeyReference.CARD_AUTHENTICATION]
    personalised_card.verify(KeyReference.CARD_AUTHENTICATION, signature, MESSAGE)
    assert sum(exchange.ins != "C0" for exchange in seen) == 6, "besides GET RESPONSE"
    after = personalised_card.state_file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_contactless_reader_takes_no_pin(private_pcscd: PrivatePcscd, personalised_card: PersonalisedCard) -> None:
    with (
        private_pcscd.put_on(personalised_card.state_file, contactless=True),
        session_on(CONTACTLESS_READER) as session,
        pytest.raises(ApduError) as refusal,
    ):
        session.verify_pin(personalised_card.pin)
    assert refusal.value.sw == 0x6982


def test_wrong_pins_are_counted(private_pcscd: PrivatePcscd, personalised_card: PersonalisedCard) -> None:
    """The counter outlives the card's being taken off and put on."""
    for left in (2, 1, 0):
        with (
            private_pcscd.put_on(personalised_card.state_file),
            session_on(CONTACT_READER) as session,
            pytest.raises(InvalidPinError) as refusal,
        ):
            session.verify_pin("000000")
        assert refusal.value.attempts_remaining == left
    with private_pcscd.put_on(personalised_card.state_file), session_on(CONTACT_READER) as session:
        with pytest.raises(InvalidPinError):
            session.verify_pin(personalised_card.pin)
        session.unblock_pin(personalised_card.puk, "975310")
        session.verify_pin("975310")


def test_it_personalises_a_blank_card(tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
    new_key = bytes(range(32))
    with private_pcscd.put_on(tmp_path / "blank.json"), session_on(CONTACT_READER) as session:
        assert session.get_management_key_metadata().default_value
        session.authenticate(bytes(range(1, 9)) * 3)
        session.verify_pin("123456")
        session.set_pin_attempts(5, 4)
        assert session.get_pin_metadata().total_attempts == 5
        session.set_management_key(MANAGEMENT_KEY_TYPE.AES256, new_key)
        public = session.generate_key(SLOT.SIGNATURE, KEY_TYPE.ECCP384)
        session.put_object(OBJECT_ID.PRINTED, b"\x01\x04ANNA")
        session.verify_pin("123456")
        signature = session.sign(SLOT.SIGNATURE, KEY_TYPE.ECCP384, MESSAGE, hashes.SHA384())
        with pytest.raises(ApduError):  # PIN always: once for each signature
            session.sign(SLOT.SIGNATURE, KEY_TYPE.ECCP384, MESSAGE, hashes.SHA384())
        session.authenticate(new_key)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA384()))
