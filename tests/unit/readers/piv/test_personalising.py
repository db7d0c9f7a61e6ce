"""Every product, from blank to used, over every kind of reader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from readers.apdu import EXTENDED_DATA, SHORT_DATA
from readers.connection import CardConnection
from readers.errors import (
    CardError,
    CardNotAuthenticated,
    ObjectNotFound,
    SecurityNotSatisfied,
    WrongPin,
)
from readers.metering import MeteredConnection
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import KeyReference, ObjectId, PinReference
from readers.piv.metadata import tries_left
from readers.piv.objects import Discovery
from readers.piv.personalising import KEYS, floor, links, personalise
from readers.piv.pin import Pin
from readers.piv.products import FACTORY_PIN, STRICT, YUBICO_5_3, Product, factory_key, recognise
from readers.piv.security_object import SecurityObject
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on
from readers.virtual.profiles import PIVAPPLET_LIKE, PROFILES, TERSE, YUBICO_LIKE, CardProfile
from tests.fixtures.cards import PIN, PUK
from tests.fixtures.issuers import CARD_UUID, TestIssuer, contents, secrets_for
from tests.fixtures.transports import FetchingReader, OverT0, Through, Wrapper

MESSAGE = b"a statement"
DIGEST = hashlib.sha256(MESSAGE).digest()

products = pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
readers = pytest.mark.parametrize("wrapper", [Through, OverT0, FetchingReader])


@contextmanager
def reader(folder: Path, *, contactless: bool = False) -> Iterator[CardConnection]:
    put_on(folder / "slot", folder / "card.json")
    with LoopbackReader(folder / "slot", contactless=contactless).connect() as connection:
        yield connection


@dataclass(frozen=True)
class Issued:
    product: Product
    issuer: TestIssuer
    certificates: dict[KeyReference, x509.Certificate]

    def verify(self, key: KeyReference, signature: bytes) -> None:
        public = self.certificates[key].public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))


def issue(
    folder: Path, profile: CardProfile, wrapper: Wrapper = Through, tries: tuple[int, int] | None = None
) -> Issued:
    VirtualCard(folder / "card.json", profile=profile).close()
    with reader(folder) as connection:
        session = PivSession.open(wrapper(connection))
        product, issuer = recognise(session), TestIssuer()
        key = factory_key(session, product)
        certificates = personalise(
            session, product, contents(), issuer, factory_key=key, secrets=secrets_for(product, tries)
        )
        return Issued(product, issuer, certificates)


def write(session: PivSession, product: Product) -> None:
    key = factory_key(session, product)
    personalise(session, product, contents(), TestIssuer(), factory_key=key, secrets=secrets_for(product))


@products
@readers
def test_a_whole_life(tmp_path: Path, profile: CardProfile, wrapper: Wrapper) -> None:
    issued = issue(tmp_path, profile, wrapper)
    with reader(tmp_path) as connection:
        session = PivSession.open(wrapper(connection))
        assert session.read_chuid().guid == CARD_UUID
        for key, certificate in issued.certificates.items():
            assert session.read_certificate(key) == certificate
        assert Discovery.from_bytes(session.read_object(ObjectId.DISCOVERY)).pin_usage & 0x40
        with pytest.raises(ObjectNotFound):
            session.read_certificate(KeyReference.KEY_MANAGEMENT)
        with pytest.raises(SecurityNotSatisfied):
            session.read_object(ObjectId.PRINTED_INFORMATION)
        with pytest.raises(SecurityNotSatisfied):
            session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
        with pytest.raises(WrongPin) as wrong:
            session.verify_pin(FACTORY_PIN)
        assert wrong.value.tries_left == profile.pin_tries - 1
        for key in KEYS:
            session.verify_pin(Pin(PIN))
            issued.verify(key, session.sign_digest(key, DIGEST))
        session.change_pin(Pin(PIN), Pin("864209"))
        session.reset_pin(Pin(PUK), Pin(PIN))
        session.verify_pin(Pin(PIN))
    with reader(tmp_path, contactless=True) as connection:
        result = tap(wrapper(connection), lambda _: DIGEST)
    assert result.card_uuid == CARD_UUID
    issued.verify(KeyReference.CARD_AUTHENTICATION, result.signature)


@products
def test_the_security_object_vouches_for_what_is_on_the_card(tmp_path: Path, profile: CardProfile) -> None:
    issued = issue(tmp_path, profile)
    with reader(tmp_path) as connection:
        session = PivSession.open(connection)
        listed = [ObjectId.CHUID, ObjectId.CCC, ObjectId.CERTIFICATE_CARD_AUTHENTICATION]
        listed += [ObjectId.DISCOVERY] if issued.product.discovery_writable else []
        signed = SecurityObject.from_bytes(session.read_object(ObjectId.SECURITY_OBJECT))
        assert signed.verify({item: session.read_object(item) for item in listed}) == issued.issuer.signer


@products
def test_the_factory_s_secrets_are_gone(tmp_path: Path, profile: CardProfile) -> None:
    issued = issue(tmp_path, profile)
    with reader(tmp_path) as connection:
        session = PivSession.open(connection)
        with pytest.raises(WrongPin):
            session.change_puk(Pin("12345678"), Pin(PUK))
        if issued.product.sets_management_key:
            with pytest.raises((CardError, CardNotAuthenticated)):
                PivAdmin(session).authenticate(issued.product.management_key)


@pytest.mark.parametrize("profile", [YUBICO_LIKE, PIVAPPLET_LIKE], ids=lambda profile: profile.name)
def test_tries_are_set_before_what_they_reset(tmp_path: Path, profile: CardProfile) -> None:
    issue(tmp_path, profile, tries=(7, 9))
    with reader(tmp_path) as connection:
        session = PivSession.open(connection)
        session.verify_pin(Pin(PIN))
        assert tries_left(session, PinReference.APPLICATION_PIN) == 7
        assert tries_left(session, PinReference.PUK) == 9


def test_an_object_too_long_for_the_card_spoils_nothing_else(tmp_path: Path) -> None:
    """PivApplet answers 6F00 to the eleventh link and is confused once; the PIN after it costs no try."""
    issue(tmp_path, PIVAPPLET_LIKE)
    with reader(tmp_path) as connection:
        session = PivSession.open(connection)
        product = recognise(session)
        admin = PivAdmin(session)
        new = secrets_for(product).management_key
        assert new is not None
        admin.authenticate(new)
        assert product.max_links is not None
        with pytest.raises(CardError) as refused:
            admin.put_object(ObjectId.FACIAL_IMAGE, bytes(255 * product.max_links))
        assert refused.value.status == 0x6F00
        with pytest.raises(WrongPin):
            session.verify_pin(FACTORY_PIN)
        session.verify_pin(Pin(PIN))
        admin.put_object(ObjectId.FACIAL_IMAGE, bytes(100))
        assert session.read_object(ObjectId.FACIAL_IMAGE) == bytes(100)


@pytest.mark.parametrize("profile", [YUBICO_LIKE, PIVAPPLET_LIKE], ids=lambda profile: profile.name)
def test_the_longest_object_is_as_long_as_the_product_says(tmp_path: Path, profile: CardProfile) -> None:
    VirtualCard(tmp_path / "card.json", profile=profile).close()
    with reader(tmp_path) as connection:
        session = PivSession.open(connection)
        product, admin = recognise(session), PivAdmin(session)
        admin.authenticate(product.management_key)
        assert product.max_object is not None
        admin.put_object(ObjectId.FACIAL_IMAGE, bytes(product.max_object))
        with pytest.raises(CardError):
            admin.put_object(ObjectId.FACIAL_IMAGE, bytes(product.max_object + 1))


def test_extended_apdus_where_they_are_taken(tmp_path: Path) -> None:
    """The same card with them and without; and a card that refuses them is written all the same."""
    counts = {}
    for longest in (SHORT_DATA, EXTENDED_DATA):
        folder = tmp_path / str(longest)
        folder.mkdir()
        VirtualCard(folder / "card.json", profile=YUBICO_LIKE).close()
        with reader(folder) as connection:
            metered = MeteredConnection(connection)
            session = PivSession.open(metered, longest=longest)
            write(session, YUBICO_5_3)
            counts[longest] = metered.apdus
    assert counts[EXTENDED_DATA] < counts[SHORT_DATA]
    VirtualCard(tmp_path / "card.json", profile=TERSE).close()
    with reader(tmp_path) as connection:
        session = PivSession.open(connection, longest=EXTENDED_DATA)
        write(session, STRICT)
        assert session.read_chuid().guid == CARD_UUID


@products
def test_it_takes_no_command_more_than_it_must(tmp_path: Path, profile: CardProfile) -> None:
    """Counted on the wire; what the card answers in parts is fetched in more."""
    VirtualCard(tmp_path / "card.json", profile=profile).close()
    with reader(tmp_path) as connection:
        session = PivSession.open(connection)
        product = recognise(session)
        key = factory_key(session, product)
    with reader(tmp_path) as connection:
        metered = MeteredConnection(connection)
        certificates = personalise(
            PivSession.open(metered),
            product,
            contents(),
            TestIssuer(),
            factory_key=key,
            secrets=secrets_for(product),
        )
        spent = metered.apdus
        session = PivSession.open(connection)
        written = [ObjectId.CHUID, ObjectId.CCC, ObjectId.SECURITY_OBJECT]
        written += [ObjectId.DISCOVERY] if product.discovery_writable else []
        objects = {item: session.read_object(item) for item in written}
        objects |= {item: session.read_object(item) for item in CERTIFICATES}
    assert len(certificates) == 3
    second_select = not profile.takes_partial_aid
    discovery = not profile.properties
    assert spent == sum(step.apdus for step in floor(product, objects)) + second_select + 2 * discovery


CERTIFICATES = (
    ObjectId.CERTIFICATE_PIV_AUTHENTICATION,
    ObjectId.CERTIFICATE_DIGITAL_SIGNATURE,
    ObjectId.CERTIFICATE_CARD_AUTHENTICATION,
)


@pytest.mark.parametrize(("size", "apdus"), [(0, 1), (247, 1), (248, 2), (2541, 10), (2542, 11)])
def test_links(size: int, apdus: int) -> None:
    """5C 03 and a tag, 53 and its length, the content: 255 bytes in a link."""
    assert links(ObjectId.CHUID, bytes(size)) == apdus
