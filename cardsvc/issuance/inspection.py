"""Is the finished card what was meant? A fresh session reads everything again; without a pass there is no delivery."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cardsvc.issuance.errors import CardNotConforming
from cardsvc.issuance.writing import ISSUED_KEYS, CardWriter
from cardsvc.trust.profiles import PROFILES
from readers.connection import CardConnection
from readers.errors import CardError, CardNotAuthenticated, PinBlocked, ProtocolError, WrongPin
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import KeyReference
from readers.piv.judging import Trust, read_card
from readers.piv.judging.inspecting import CardReading
from readers.piv.session import PivSession

_POLICIES: Final[Mapping[KeyReference | str, frozenset[str]]] = {
    key: frozenset({profile.policy.dotted_string}) for key, profile in PROFILES.items()
}


def inspect(connection: CardConnection, written: CardWriter, now: datetime) -> None:
    """Judge a card just written. Raises CardNotConforming, and what the connection raises.

    Costs no PIN or PUK try on a good card, and leaves it reset.
    """
    connection.reset()
    inspection = _Inspection(written, PivSession.open(connection), now)
    for check in _CHECKS:
        check(inspection)
    connection.reset()
    if inspection.findings:
        raise CardNotConforming(inspection.findings)


@dataclass
class _Inspection:
    written: CardWriter
    session: PivSession
    now: datetime
    findings: list[str] = field(default_factory=list)

    @contextmanager
    def expecting(self, finding: str) -> Iterator[None]:
        """What the card refuses or gets wrong inside the block is a finding; that it went away is not."""
        try:
            yield
        except (CardError, CardNotAuthenticated, ProtocolError):
            self.findings.append(finding)

    def require(self, finding: str, *, right: bool) -> None:
        if not right:
            self.findings.append(finding)

    def pin_tries(self) -> None:
        """A verified PIN at this point would mean that the reset did not reach the card."""
        with self.expecting("pin-tries"):
            tries = self.session.pin_tries_left()
            self.require("pin-tries", right=tries is not None and tries >= self.written.card.pin_tries)

    def card(self) -> None:
        """Everything on it, as any reader would judge it; and byte for byte what was written.

        9E must sign before any PIN was entered. That the transport PIN is right proves that the factory's is gone, and
        costs no try.
        """
        reading = None
        try:
            reading = read_card(self.session.connection, secrets.token_bytes, pin=self.written.secrets.transport_pin)
        except (WrongPin, PinBlocked):
            self.findings.append("transport-pin")
        except (CardError, ProtocolError):
            self.findings.append("reading")
        if reading is not None:
            self._judge(reading)

    def puk(self) -> None:
        """Changed to itself: that it is right proves that the factory's is gone."""
        puk = self.written.secrets.puk
        with self.expecting("puk"):
            self.session.change_puk(puk, puk)

    def management_key(self) -> None:
        admin = PivAdmin(self.session)
        try:
            admin.authenticate(self.written.card.product.management_key)
        except (CardError, CardNotAuthenticated):
            pass
        else:
            self.findings.append("factory-management-key")
        with self.expecting("management-key"):
            admin.authenticate(self.written.secrets.management_key)

    def _judge(self, reading: CardReading) -> None:
        for object_id, content in self.written.contents.items():
            self.require(object_id.name.lower().replace("_", "-"), right=reading.objects.get(object_id) == content)
        authority = self.written.services.authority
        verdict = reading.judged(Trust([authority.root], [authority.issuing], policies=_POLICIES), self.now)
        self.findings += [f"{fault.code}:{fault.where}" for fault in verdict.faults]
        unproved = {f"{key:02x}" for key in ISSUED_KEYS if key not in reading.proofs}
        self.findings += [f"key-{key}" for key in sorted(unproved)]


_CHECKS: Final = (_Inspection.pin_tries, _Inspection.card, _Inspection.puk, _Inspection.management_key)
"""In this order: the tries are counted before the PIN is used."""
