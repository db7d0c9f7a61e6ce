"""What using a card costs: a tap, an authentication with the PIN, a signature; ours beside yubikit's."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from yubikit.core import Tlv
from yubikit.core.smartcard import SmartCardConnection
from yubikit.piv import OBJECT_ID, SLOT
from yubikit.piv import PivSession as YubikitSession

from readers.connection import CardConnection
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import DIGEST_SIZE, PivSession
from readers.piv.tap import tap
from tests.bench.costing import OURS, YUBIKIT, Run


@dataclass(frozen=True, slots=True)
class Operations:
    """The same card through two libraries. Each operation begins with SELECT, as a kiosk's does."""

    ours: CardConnection
    theirs: SmartCardConnection
    pin: str

    def tap(self) -> dict[str, Run]:
        """Who are you, and sign this with 9E."""
        return {
            OURS: self._run(self._our_tap),
            YUBIKIT: self._run(lambda: self._their_proof(SLOT.CARD_AUTH, pin=False)),
        }

    def pin_authentication(self) -> dict[str, Run]:
        """Who are you, here is the PIN, sign this with 9A."""
        return {
            OURS: self._run(lambda: self._our_proof(KeyReference.PIV_AUTHENTICATION)),
            YUBIKIT: self._run(lambda: self._their_proof(SLOT.AUTHENTICATION, pin=True)),
        }

    def signature(self) -> dict[str, Run]:
        """Here is the PIN, sign this with 9C."""
        return {OURS: self._run(self._our_signature), YUBIKIT: self._run(self._their_signature)}

    @staticmethod
    def _run(operation: Callable[[], object]) -> Run:
        def run() -> float:
            operation()
            return 0.0

        return run

    def _our_tap(self) -> None:
        tap(self.ours, lambda _: secrets.token_bytes(DIGEST_SIZE))

    def _our_proof(self, key: KeyReference) -> None:
        session = PivSession.open(self.ours)
        _ = session.read_chuid().guid
        session.verify_pin(Pin(self.pin))
        session.sign_digest(key, secrets.token_bytes(DIGEST_SIZE))

    def _our_signature(self) -> None:
        session = PivSession.open(self.ours)
        session.verify_pin(Pin(self.pin))
        session.sign_digest(KeyReference.DIGITAL_SIGNATURE, secrets.token_bytes(DIGEST_SIZE))

    def _their_proof(self, slot: SLOT, *, pin: bool) -> None:
        session = YubikitSession(self.theirs)
        UUID(bytes=Tlv.parse_dict(session.get_object(OBJECT_ID.CHUID))[0x34])
        key_type = session.get_slot_metadata(slot).key_type
        if pin:
            session.verify_pin(self.pin)
        session.sign(slot, key_type, secrets.token_bytes(32), hashes.SHA256())

    def _their_signature(self) -> None:
        session = YubikitSession(self.theirs)
        key_type = session.get_slot_metadata(SLOT.SIGNATURE).key_type
        session.verify_pin(self.pin)
        session.sign(SLOT.SIGNATURE, key_type, secrets.token_bytes(32), hashes.SHA256())
