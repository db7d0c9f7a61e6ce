from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import (
    CardError,
    CardNotAuthenticated,
    ContactlessForbidden,
    ProtocolError,
    ReaderError,
    SecurityNotSatisfied,
)
from readers.piv.admin import PivAdmin
from readers.piv.attestation import read_attestation
from readers.piv.identifiers import Algorithm, KeyReference, ObjectId, PinReference
from readers.piv.management_key import ManagementKey
from readers.piv.metadata import tries_left
from readers.piv.products import (
    OPENFIPS201,
    PIVAPPLET,
    STRICT,
    YUBICO_4,
    YUBICO_5_3,
    YUBICO_5_7,
    Product,
    apdu_data,
    factory_key,
    is_blank,
    management_algorithms,
    recognise,
    well_known_key,
)
from readers.piv.serials import chip_serial, yubico_serial
from readers.piv.session import PivSession
from readers.virtual import profiles
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on
from readers.virtual.profiles import CardProfile
from tests.fixtures.scripted import SELECT, SELECTED, HostileConnection, ScriptedConnection

VERSION = "00FD000000"
METADATA_9B = "00F7009B00"


@contextmanager
def on_card(folder: Path, profile: CardProfile) -> Iterator[PivSession]:
    VirtualCard(folder / "card.json", profile=profile).close()
    put_on(folder / "slot", folder / "card.json")
    with LoopbackReader(folder / "slot").connect() as connection:
        yield PivSession.open(connection)


def scripted(*script: tuple[str, str], contactless: bool = False) -> PivSession:
    return PivSession.open(ScriptedConnection((SELECT, SELECTED), *script, contactless=contactless))


def labelled(label: str) -> str:
    name = label.encode()
    inner = bytes.fromhex("4F06000010000100 79074F05A000000308") + bytes((0x50, len(name))) + name
    return (bytes((0x61, len(inner))) + inner).hex() + "9000"


@pytest.mark.parametrize(
    ("answer", "product", "firmware"),
    [
        ("6D00", STRICT, None),
        ("6A81", STRICT, None),
        ("9000", STRICT, None),
        ("040205 9000", STRICT, "4.2.5"),  # a YubiKey NEO's successor, before attestation
        ("040305 9000", YUBICO_4, "4.3.5"),
        ("050204 9000", YUBICO_4, "5.2.4"),
        ("050300 9000", YUBICO_5_3, "5.3.0"),
        ("050403 9000", YUBICO_5_3, "5.4.3"),
        ("050700 9000", YUBICO_5_7, "5.7.0"),
        ("060000 9000", YUBICO_5_7, "6.0.0"),
    ],
)
def test_the_version_tells_the_product(answer: str, product: Product, firmware: str | None) -> None:
    recognised = recognise(scripted((VERSION, answer)))
    assert (recognised, recognised.firmware) == (product, firmware)


class TestPivApplet:
    """Labels of `APP_NAME` in its source: the oldest, and builds with and without each option that matters here."""

    def built(self, label: str) -> Product:
        return recognise(PivSession.open(ScriptedConnection((SELECT, labelled(label)))))

    def test_before_it_told_its_options(self) -> None:
        product = self.built("PivApplet")
        assert product.key_setter is not None
        assert product.key_setter.algorithms == (Algorithm.TDES,)
        assert (product.reports_origin, product.extended_apdus) == (False, False)

    def test_with_everything(self) -> None:
        product = self.built("PivApplet v0.9.0/REeSAxLraD")
        assert product.key_setter is not None
        assert product.key_setter.strongest is Algorithm.AES_256
        assert (product.management_key.algorithm, product.attests) == (Algorithm.TDES, True)
        assert (product.reports_origin, product.extended_apdus) == (True, True)

    def test_with_aes_alone(self) -> None:
        product = self.built("PivApplet v0.9.0/REa")
        assert product.management_key == well_known_key(Algorithm.AES_192)
        assert product.key_setter is not None
        assert Algorithm.TDES not in product.key_setter.algorithms
        assert (product.attests, product.extended_apdus) == (False, False)

    def test_with_3des_alone(self) -> None:
        setter = self.built("PivApplet v0.9.0/ED").key_setter
        assert setter is not None
        assert setter.strongest is Algorithm.TDES


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (profiles.STRICT, "SP 800-73 without extensions"),
        (profiles.YUBICO_LIKE, "Yubico 5.3 to 5.6"),
        (profiles.YUBICO_5_7_LIKE, "Yubico 5.7 and later"),
        (profiles.PIVAPPLET_LIKE, "PivApplet 0.9"),
        (profiles.OPENFIPS201_LIKE, "OpenFIPS201"),
        (profiles.TERSE, "SP 800-73 without extensions"),
    ],
)
def test_the_software_cards_are_recognised_at_no_cost(tmp_path: Path, profile: CardProfile, name: str) -> None:
    before = VirtualCard(tmp_path / "other.json", profile=profile)
    tries = before._applet.state.pin.tries_left
    before.close()
    with on_card(tmp_path, profile) as session:
        product = recognise(session)
        assert (product.name, product.discovery_writable) == (name, profile.discovery_writable)
        assert factory_key(session, product).algorithm is profile.management_algorithm
    with VirtualCard(tmp_path / "card.json") as card:
        assert card._applet.state.pin.tries_left == card._applet.state.puk.tries_left + tries - profile.puk_tries


@pytest.mark.parametrize("profile", profiles.PROFILES.values(), ids=lambda profile: profile.name)
def test_the_algorithm_of_the_management_key_is_found(tmp_path: Path, profile: CardProfile) -> None:
    with on_card(tmp_path, profile) as session:
        assert management_algorithms(session) == (profile.management_algorithm,)
        PivAdmin(session).authenticate(factory_key(session, recognise(session)))


def witness(algorithm: int) -> str:
    return f"0087{algorithm:02X}9B 04 7C02 8000 00"


def test_each_algorithm_is_asked_for_a_witness_where_metadata_are_unknown() -> None:
    session = scripted(
        (METADATA_9B, "6D00"),
        (witness(0x03), "6A80"),
        (witness(0x08), "6A86"),
        (witness(0x0A), f"7C12 8010 {bytes(16).hex()} 9000"),
        (witness(0x0C), "9000"),
    )
    assert management_algorithms(session) == (Algorithm.AES_192,)


def test_a_card_that_ignores_the_algorithm_tells_it_by_its_block() -> None:
    block = f"7C0A 8008 {bytes(8).hex()} 9000"
    session = scripted((METADATA_9B, "6D00"), *((witness(algorithm), block) for algorithm in (0x03, 0x08, 0x0A, 0x0C)))
    assert management_algorithms(session) == (Algorithm.TDES,)


def test_metadata_tell_it_at_once() -> None:
    assert management_algorithms(scripted((METADATA_9B, "01010C 9000"))) == (Algorithm.AES_256,)
    assert management_algorithms(scripted((METADATA_9B, "01010C 9000")), [Algorithm.TDES]) == ()


def test_a_configured_algorithm_is_not_asked_for() -> None:
    assert factory_key(scripted(), OPENFIPS201, Algorithm.AES_128).algorithm is Algorithm.AES_128
    assert factory_key(scripted(), YUBICO_5_7).algorithm is Algorithm.AES_192


def test_a_card_without_management_key() -> None:
    refusals = [(witness(algorithm), "6A88") for algorithm in (0x03, 0x08, 0x0A, 0x0C)]
    with pytest.raises(ProtocolError):
        factory_key(scripted((METADATA_9B, "6D00"), *refusals), STRICT)


def test_a_card_that_wants_something_else_first() -> None:
    with pytest.raises(SecurityNotSatisfied):
        management_algorithms(scripted((METADATA_9B, "6D00"), (witness(0x03), "6982")))


def test_no_witness_is_asked_for_over_contactless() -> None:
    with pytest.raises(ContactlessForbidden):
        management_algorithms(scripted((METADATA_9B, "6D00"), contactless=True))


@pytest.mark.parametrize(
    "profile", [profiles.YUBICO_LIKE, profiles.YUBICO_5_7_LIKE, profiles.PIVAPPLET_LIKE], ids=lambda p: p.name
)
def test_the_key_is_set_as_the_product_wants(tmp_path: Path, profile: CardProfile) -> None:
    with on_card(tmp_path, profile) as session:
        product, admin = recognise(session), PivAdmin(session)
        old, setter = factory_key(session, product), product.key_setter
        assert setter is not None
        new = ManagementKey(setter.strongest, bytes(range(32)))
        admin.authenticate(old)
        setter.set(admin, new)
        admin.authenticate(new)
        with pytest.raises((CardError, CardNotAuthenticated)):
            admin.authenticate(old)


def test_a_key_that_the_product_does_not_take_is_not_sent() -> None:
    admin = PivAdmin(scripted())
    assert YUBICO_4.key_setter is not None
    with pytest.raises(ValueError, match="AES_256"):
        YUBICO_4.key_setter.set(admin, ManagementKey(Algorithm.AES_256, bytes(32)))


def test_who_serves_what() -> None:
    assert STRICT.discovery_writable
    assert not YUBICO_5_3.discovery_writable
    assert ObjectId.DISCOVERY in OPENFIPS201.serves


def test_factory_secrets_do_not_show() -> None:
    assert "123456" not in repr(YUBICO_5_7)
    assert "0102030405060708" not in repr(YUBICO_5_7)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_a_hostile_card_gets_typed_errors_only(answers: list[bytes]) -> None:
    selected = [bytes.fromhex(SELECTED)]
    calls: list[Callable[[PivSession], object]] = [
        recognise,
        lambda session: session.select(),
        lambda session: is_blank(session, STRICT),
        management_algorithms,
        lambda session: factory_key(session, STRICT),
        yubico_serial,
        chip_serial,
        lambda session: tries_left(session, PinReference.PUK),
        lambda session: read_attestation(session, KeyReference.PIV_AUTHENTICATION),
    ]
    for call in calls:
        try:
            call(PivSession.open(HostileConnection(selected + answers)))
        except ReaderError:
            continue


FACTORY_CHUID = f"53 3B 3019 {bytes(25).hex()} 3410 {bytes(16).hex()} 3508 {b'20500101'.hex()} 3E00 FE00 9000"


@pytest.mark.parametrize(
    ("answer", "product", "blank"),
    [
        ("6A82", STRICT, True),
        ("9000", OPENFIPS201, True),
        ("5300 9000", STRICT, True),
        (FACTORY_CHUID, PIVAPPLET, True),
        (FACTORY_CHUID, STRICT, False),
        (FACTORY_CHUID.replace("3019 00", "3019 D4"), PIVAPPLET, False),
    ],
)
def test_a_blank_card_has_no_chuid_but_the_factory_s(answer: str, product: Product, *, blank: bool) -> None:
    assert is_blank(scripted(("00CB3FFF055C035FC10200", answer)), product) is blank


class _Controlled(ScriptedConnection):
    """A card in a reader that takes extended APDUs, as libccid says it."""

    def control(self, code: int, request: bytes) -> bytes:
        return bytes.fromhex("1204 42330012" if code == 0x4200_0D48 else "0a04 00000100")


def test_extended_apdus_where_card_and_reader_take_them() -> None:
    knows, does_not = _Controlled(), ScriptedConnection()
    for connection, product, longest in (
        (knows, YUBICO_5_3, 65_535),
        (knows, STRICT, 255),
        (does_not, YUBICO_5_3, 255),
    ):
        session = PivSession(connection, lambda _: pytest.fail("the card is not asked"))
        assert apdu_data(session, product) == longest
