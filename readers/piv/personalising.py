"""Personalise a card of any product, in the order that is safe and in the fewest commands that do it.

For whoever issues cards with this library alone. The service of a city writes the same, with a journal entry around
every write and the CCC first, by which it knows a card again that was torn out (`cardsvc.issuance.writing`): that costs
no command more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from readers import tlv
from readers.apdu import SHORT_DATA
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import CERTIFICATE_OBJECTS, KeyReference, ObjectId, container_tag
from readers.piv.management_key import ManagementKey
from readers.piv.objects import CertificateObject, Discovery
from readers.piv.pin import Pin
from readers.piv.products import Product
from readers.piv.session import PivSession

KEYS: Final = (
    KeyReference.PIV_AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE,
    KeyReference.CARD_AUTHENTICATION,
)


class Issuer(Protocol):
    """Who signs."""

    def certify(self, key: KeyReference, public_key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """A certificate for a key just made on the card."""

    def vouch(self, contents: Mapping[ObjectId, bytes]) -> bytes:
        """Content of the security object over these contents."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the card and its owners know afterwards. Each value hides itself in ``repr``."""

    pin: Pin
    puk: Pin
    management_key: ManagementKey | None
    """None where the product has no way to replace it."""
    tries: tuple[int, int] | None = None
    """Of PIN and PUK, where the product lets one set them and it is wanted."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Objects of the card that do not depend on its keys, as they stand in their containers."""

    chuid: bytes
    ccc: bytes
    others: Mapping[ObjectId, bytes] = field(default_factory=dict)


def personalise(
    session: PivSession,
    product: Product,
    contents: Contents,
    issuer: Issuer,
    *,
    factory_key: ManagementKey,
    secrets: Secrets,
) -> dict[KeyReference, x509.Certificate]:
    """Make a blank card somebody's. The session is open, and nothing verified in it.

    What the product serves by itself is not written. The CHUID comes last: a card without one is not finished. No key
    has proved anything yet: let each sign something before its certificate is worth anything.

    Raises what `PivSession` and `PivAdmin` raise; the card is then half written.
    """
    admin = PivAdmin(session)
    admin.authenticate(factory_key)
    _set_pins(session, admin, product, secrets)
    certificates = {key: issuer.certify(key, admin.generate_key(key)) for key in KEYS}
    written = dict(_objects(product, contents, certificates))
    for object_id, content in written.items():
        admin.put_object(object_id, content)
    vouched = issuer.vouch({**written, ObjectId.CHUID: contents.chuid})
    admin.put_object(ObjectId.SECURITY_OBJECT, vouched)
    if secrets.management_key is not None and product.key_setter is not None:
        product.key_setter.set(admin, secrets.management_key)
    admin.put_object(ObjectId.CHUID, contents.chuid)
    return certificates


def _set_pins(session: PivSession, admin: PivAdmin, product: Product, secrets: Secrets) -> None:
    """The tries first: setting them puts PIN and PUK back to the factory's."""
    if secrets.tries is not None and product.sets_pin_retries:
        session.verify_pin(product.pin)
        admin.set_pin_retries(*secrets.tries)
    session.change_puk(product.puk, secrets.puk)
    session.change_pin(product.pin, secrets.pin)


def _objects(
    product: Product, contents: Contents, certificates: Mapping[KeyReference, x509.Certificate]
) -> Iterator[tuple[ObjectId, bytes]]:
    for key, certificate in certificates.items():
        yield CERTIFICATE_OBJECTS[key], bytes(CertificateObject(certificate))
    yield ObjectId.CCC, contents.ccc
    if product.discovery_writable:
        yield ObjectId.DISCOVERY, bytes(Discovery())
    yield from contents.others.items()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that personalisation has to tell the card, and the fewest short APDUs it takes."""

    name: str
    apdus: int


def floor(product: Product, objects: Mapping[ObjectId, bytes], *, sets_management_key: bool = True) -> tuple[Step, ...]:
    """The fewest short APDUs in which these objects, three keys and new secrets get on a card of this product.

    Each step is something no other command can do: SELECT; two for mutual authentication, since the card's witness is
    needed for the answer to it; one for each key pair; one each for PIN, PUK and management key; and each object takes
    as many links of 255 bytes as its container and tag list fill (SP 800-73-5 part 2 §3.3.1).
    """
    steps = [Step("select", 1), Step("authenticate", 2), Step("PUK", 1), Step("PIN", 1)]
    steps += [Step(f"key {key:02X}", 1) for key in KEYS]
    steps += [Step(object_id.name, links(object_id, content)) for object_id, content in objects.items()]
    if sets_management_key and product.sets_management_key:
        steps.append(Step("management key", 1))
    return tuple(steps)


def links(object_id: ObjectId, content: bytes) -> int:
    """Short APDUs that PUT DATA of an object takes."""
    outer = container_tag(object_id)
    size = len(tlv.encode(outer, content)) + (0 if outer == object_id else 5)
    return -(-size // SHORT_DATA)
