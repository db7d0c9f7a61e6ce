"""What a PIV card says about itself without a PIN. All of it is unverified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from readers.connection import CardConnection
from readers.errors import CardError, ObjectNotFound, ProtocolError, SecurityNotSatisfied
from readers.piv.identifiers import CERTIFICATE_OBJECTS, KeyReference
from readers.piv.objects import Chuid
from readers.piv.products import Product, recognise
from readers.piv.session import PivSession


@dataclass(frozen=True, slots=True)
class Overview:
    """A card at a glance; None stands for what it does not have."""

    atr: bytes
    contactless: bool
    product: Product
    chuid: Chuid | None
    certificates: dict[KeyReference, x509.Certificate | None]
    """Of the keys that have one; None where something is there that cannot be read."""
    pin_tries_left: int | None
    """None: the card does not say, as over contactless, or the PIN is verified already (see ``pin_verified``)."""
    pin_verified: bool


def overview(connection: CardConnection) -> Overview:
    """Look at a card. Raises NotAPivCard, and what the connection raises."""
    with connection.transaction():
        session = PivSession.open(connection)
        tries, verified = _pin(session)
        return Overview(
            atr=connection.atr,
            contactless=connection.contactless,
            product=recognise(session),
            chuid=_chuid(session),
            certificates=dict(_certificates(session)),
            pin_tries_left=tries,
            pin_verified=verified,
        )


def _pin(session: PivSession) -> tuple[int | None, bool]:
    try:
        tries = session.pin_tries_left()
    except CardError:
        return None, False
    return tries, tries is None


def _chuid(session: PivSession) -> Chuid | None:
    try:
        return session.read_chuid()
    except ObjectNotFound:
        return None


def _certificates(session: PivSession) -> Iterator[tuple[KeyReference, x509.Certificate | None]]:
    for key in CERTIFICATE_OBJECTS:
        try:
            yield key, session.read_certificate(key)
        except ObjectNotFound:
            continue
        except (ProtocolError, SecurityNotSatisfied):
            yield key, None
