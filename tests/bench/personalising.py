"""What personalising a card costs, beside the fewest short APDUs that can do it, and beside yubikit doing the same.

The same card is written by one and the other in turn; in between it is blocked and reset to blank, which is not
counted. Both write the same: PIN, PUK, three keys, three certificates, CCC, security object, management key, CHUID.
That card serves its discovery object by itself; one that lets it be written is counted besides.
Signing the certificates is the issuer's work, and its time is taken out.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from yubikit.core.smartcard import ApduFormat, SmartCardConnection
from yubikit.piv import KEY_TYPE, MANAGEMENT_KEY_TYPE, OBJECT_ID, SLOT
from yubikit.piv import PivSession as YubikitSession

from readers.apdu import EXTENDED_DATA, SHORT_DATA, CommandApdu
from readers.connection import CardConnection
from readers.errors import PinBlocked, WrongPin
from readers.metering import MeteredConnection
from readers.piv.identifiers import CERTIFICATE_OBJECTS, KeyReference, ObjectId, VendorInstruction
from readers.piv.objects import CertificateObject
from readers.piv.personalising import KEYS, floor, personalise
from readers.piv.pin import Pin
from readers.piv.products import STRICT, YUBICO_5_3
from readers.piv.session import PivSession
from readers.virtual import profiles
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on
from tests.bench.costing import OURS, YUBIKIT, Run
from tests.fixtures.issuers import TestIssuer, contents, secrets_for

PRODUCT: Final = YUBICO_5_3
"""What the software card, as it comes, is taken for."""
_SLOTS: Final = {
    KeyReference.PIV_AUTHENTICATION: SLOT.AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE: SLOT.SIGNATURE,
    KeyReference.CARD_AUTHENTICATION: SLOT.CARD_AUTH,
}
OURS_EXTENDED: Final = "ours, extended"
YUBIKIT_SHORT: Final = "yubikit, short"
_WRONG: Final = Pin("99999999")


@dataclass(slots=True)
class TimedIssuer:
    """Takes note of the time it needs, and of what it made."""

    inner: TestIssuer = field(default_factory=TestIssuer)
    seconds: float = 0.0
    written: dict[ObjectId, bytes] = field(default_factory=dict)

    def certify(self, key: KeyReference, public_key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """As the inner one does."""
        began = time.perf_counter()
        certificate = self.inner.certify(key, public_key)
        self.seconds += time.perf_counter() - began
        return certificate

    def vouch(self, objects: Mapping[ObjectId, bytes]) -> bytes:
        """As the inner one does."""
        began = time.perf_counter()
        signed = self.inner.vouch(objects)
        self.seconds += time.perf_counter() - began
        self.written = {**objects, ObjectId.SECURITY_OBJECT: signed}
        return signed


@dataclass(slots=True)
class Personalisations:
    """One card, two libraries."""

    ours: CardConnection
    theirs: SmartCardConnection
    last: TimedIssuer = field(default_factory=TimedIssuer)

    def runs(self) -> dict[str, Run]:
        """Each on a blank card; both libraries also in the manner of the other.

        yubikit sends extended APDUs to any contact reader; we send short ones, which every card and reader takes,
        unless told otherwise.
        """
        return {
            OURS: lambda: self._ours(SHORT_DATA),
            YUBIKIT: lambda: self._theirs(short=False),
            OURS_EXTENDED: lambda: self._ours(EXTENDED_DATA),
            YUBIKIT_SHORT: lambda: self._theirs(short=True),
        }

    def blank(self) -> None:
        """Block PIN and PUK, reset."""
        session = PivSession.open(self.ours)
        _exhaust(lambda: session.verify_pin(_WRONG))
        _exhaust(lambda: session.reset_pin(_WRONG, _WRONG))
        answer = session.exchange(CommandApdu(0, VendorInstruction.RESET, 0, 0))
        if not answer.status.ok:
            raise RuntimeError(f"the card was not reset: {answer.status}")

    def _ours(self, longest: int) -> float:
        self.last = issuer = TimedIssuer()
        session = PivSession.open(self.ours, longest=longest)
        key = PRODUCT.management_key
        personalise(session, PRODUCT, contents(), issuer, factory_key=key, secrets=secrets_for(PRODUCT))
        return issuer.seconds

    def _theirs(self, *, short: bool) -> float:
        issuer, plan, new = TimedIssuer(), contents(), secrets_for(PRODUCT)
        session = YubikitSession(self.theirs)
        if short:
            with warnings.catch_warnings():  # the only way once a session is open, and deprecated
                warnings.simplefilter("ignore", DeprecationWarning)
                session.protocol.apdu_format = ApduFormat.SHORT
        session.authenticate(PRODUCT.management_key.value)
        session.change_puk(PRODUCT.puk.digits, new.puk.digits)
        session.change_pin(PRODUCT.pin.digits, new.pin.digits)
        certificates = {key: issuer.certify(key, _generate(session, key)) for key in KEYS}
        for key, certificate in certificates.items():
            session.put_certificate(_SLOTS[key], certificate)
        session.put_object(OBJECT_ID.CAPABILITY, plan.ccc)
        objects = {CERTIFICATE_OBJECTS[key]: bytes(CertificateObject(made)) for key, made in certificates.items()}
        vouched = issuer.vouch({**objects, ObjectId.CCC: plan.ccc, ObjectId.CHUID: plan.chuid})
        session.put_object(OBJECT_ID.SECURITY, vouched)
        if new.management_key is not None:
            kind = MANAGEMENT_KEY_TYPE(new.management_key.algorithm)
            session.set_management_key(kind, new.management_key.value)
        session.put_object(OBJECT_ID.CHUID, plan.chuid)
        return issuer.seconds


def _exhaust(guess: Callable[[], None]) -> None:
    """Guess until nothing is left to guess with."""
    while True:
        try:
            guess()
        except WrongPin:
            continue
        except PinBlocked:
            return


def _generate(session: YubikitSession, key: KeyReference) -> ec.EllipticCurvePublicKey:
    public_key = session.generate_key(_SLOTS[key], KEY_TYPE.ECCP256)
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise TypeError("not an EC key")
    return public_key


def floors(written: Mapping[ObjectId, bytes], spent: int) -> dict[str, Any]:
    """The fewest short APDUs for what was just written, and how far off we were."""
    steps = floor(PRODUCT, written)
    least = sum(step.apdus for step in steps)
    return {"apdus": least, "above_floor": spent - least, "steps": {step.name: step.apdus for step in steps}}


def with_discovery(folder: Path) -> dict[str, int]:
    """The same on a card without extensions: its discovery object is ours to write, its management key stays.

    In this process: it is only counted.
    """
    state, slot, issuer = folder / "strict.card", folder / "strict.slot", TimedIssuer()
    VirtualCard(state, profile=profiles.STRICT).close()
    put_on(slot, state)
    with LoopbackReader(slot).connect() as connection:
        metered = MeteredConnection(connection)
        session, key = PivSession.open(metered), STRICT.management_key
        personalise(session, STRICT, contents(), issuer, factory_key=key, secrets=secrets_for(STRICT))
    least = sum(step.apdus for step in floor(STRICT, issuer.written))
    return {"spent": metered.apdus, "apdus": least, "above_floor": metered.apdus - least}
