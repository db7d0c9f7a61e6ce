"""The software card as other products: what each does that the standard does not say, or says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import tlv
from readers.piv.attestation import FIRMWARE, POLICIES, SERIAL
from readers.virtual import attesting
from readers.virtual.card import VirtualCard
from readers.virtual.profiles import (
    OPENFIPS201_LIKE,
    PIVAPPLET_LIKE,
    PROFILES,
    TERSE,
    YUBICO_5_7_LIKE,
    YUBICO_LIKE,
    CardProfile,
)
from tests.fixtures.apdus import FACTORY_KEY, Host, host

CHUID, CERTIFICATE_9A, ATTESTATION_CERTIFICATE = 0x5FC102, 0x5FC105, 0x5FFF01


def card(folder: Path, profile: CardProfile) -> Host:
    return host(folder / f"{profile.name}.json", profile=profile)


def certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def test_every_profile_has_a_name_of_its_own() -> None:
    assert all(PROFILES[profile.name] is profile for profile in PROFILES.values())
    assert len(PROFILES) == 6


def test_pivapplet_says_what_it_is_and_how_it_was_built(tmp_path: Path) -> None:
    applet = card(tmp_path, PIVAPPLET_LIKE)
    properties = tlv.decode(tlv.unwrap(applet.send("00A4040009A0000003080000100000").data, 0x61))
    assert properties[0x4F] == bytes.fromhex("A000000308000010000100")
    assert properties[0x50] == b"PivApplet v0.9.0/REeSAaD"
    assert applet.send("00FD000000").data == bytes((5, 4, 0))


def test_pivapplet_comes_with_a_chuid(tmp_path: Path) -> None:
    applet = card(tmp_path, PIVAPPLET_LIKE)
    chuid = tlv.decode(tlv.unwrap(applet.get(CHUID).data, 0x53))
    assert (chuid[0x30], chuid[0x35]) == (bytes(25), b"20500101")


def test_pivapplet_takes_short_apdus_only(tmp_path: Path) -> None:
    applet = card(tmp_path, PIVAPPLET_LIKE)
    assert applet.status("00CB3FFF0000055C035FC1020000") == 0x6700
    assert applet.status("00CB3FFF055C035FC10200") == 0x9000


def test_pivapplet_answers_in_parts_of_255_bytes(tmp_path: Path) -> None:
    applet = card(tmp_path, PIVAPPLET_LIKE)
    assert applet.authenticate() == 0x9000
    write(applet, 600)
    answer = applet.send("00CB3FFF055C035FC10500")
    assert (len(answer.data), answer.status) == (255, 0x6100)
    assert applet.send("00C0000000").status == 0x6100 | (604 - 510)


def write(applet: Host, size: int) -> list[int]:
    data = bytes.fromhex("5C035FC105 5382") + size.to_bytes(2, "big") + bytes(size)
    links = [data[start : start + 255] for start in range(0, len(data), 255)]
    return [
        applet.status(f"{0x10 if number < len(links) else 0:02X}DB3FFF{len(link):02X}{link.hex()}")
        for number, link in enumerate(links, 1)
    ]


def test_the_eleventh_link_confuses_pivapplet_once(tmp_path: Path) -> None:
    applet = card(tmp_path, PIVAPPLET_LIKE)
    applet.authenticate()
    assert set(write(applet, 2500)) == {0x9000}
    statuses = write(applet, 2700)
    assert statuses[:10] == [0x9000] * 10
    assert statuses[10] == 0x6F00
    assert applet.status("00200080") == 0x6F00, "whatever comes next"
    assert applet.status("00200080") == 0x63C5


def test_pivapplet_tells_the_origin_in_its_own_way(tmp_path: Path) -> None:
    applet = card(tmp_path, PIVAPPLET_LIKE)
    applet.authenticate()
    applet.generate(0x9E)
    assert tlv.decode(applet.send("00F7009E00").data)[3] == b"\x00"
    assert applet.status("00FE119D", b"\x06\x20", bytes(31) + b"\x01") == 0x9000
    assert tlv.decode(applet.send("00F7009D00").data)[3] == b"\x01"


def test_a_wrong_management_key_is_wrong_data_to_pivapplet(tmp_path: Path) -> None:
    assert card(tmp_path, PIVAPPLET_LIKE).authenticate(bytes(23) + b"\x01") == 0x6A80
    assert card(tmp_path, YUBICO_LIKE).authenticate(bytes(23) + b"\x01") == 0x6982


def test_openfips201_has_no_extensions_and_an_aes_key(tmp_path: Path) -> None:
    applet = card(tmp_path, OPENFIPS201_LIKE)
    assert {applet.status(f"00{instruction:02X}0000") for instruction in range(0xF0, 0x100)} == {0x6D00}
    assert applet.authenticate() == 0x6A86
    assert applet.authenticate(FACTORY_KEY, 0x0A) == 0x9000
    assert applet.status("00200080") == 0x63C6


def test_an_object_that_holds_nothing_is_empty_for_openfips201(tmp_path: Path) -> None:
    answer = card(tmp_path, OPENFIPS201_LIKE).get(CHUID)
    assert (answer.data, answer.status) == (b"", 0x9000)
    assert card(tmp_path, YUBICO_LIKE).get(CHUID).status == 0x6A82


def test_openfips201_ignores_extended_le(tmp_path: Path) -> None:
    applet = card(tmp_path, OPENFIPS201_LIKE)
    applet.authenticate(FACTORY_KEY, 0x0A)
    write(applet, 600)
    answer = applet.send("00CB3FFF0000055C035FC1050000")
    assert (len(answer.data), answer.status) == (256, 0x6100)


def test_the_card_manager_knows_the_chip(tmp_path: Path) -> None:
    applet = card(tmp_path, OPENFIPS201_LIKE)
    serial = applet.card._applet.state.serial
    assert applet.status("80CA9F7F00") == 0x6E00, "PIV does not"
    assert applet.status("00A4040008A00000015100000000") == 0x9000
    cplc = tlv.unwrap(applet.send("80CA9F7F00").data, 0x9F7F)
    assert (len(cplc), cplc[12:16]) == (42, serial.to_bytes(4, "big"))
    assert applet.status("00200080") == 0x6D00, "PIV is no longer selected"
    assert applet.status("80CA006600") == 0x6A88


def test_a_yubikey_has_no_card_manager_to_select(tmp_path: Path) -> None:
    assert card(tmp_path, YUBICO_LIKE).status("00A4040008A00000015100000000") == 0x6A82


def test_a_terse_card_wants_its_whole_name_and_tells_nothing(tmp_path: Path) -> None:
    applet = Host(VirtualCard(tmp_path / "terse.json", profile=TERSE))
    assert applet.status("00A4040009A0000003080000100000") == 0x6A82
    answer = applet.send("00A404000BA00000030800001000010000")
    assert (answer.data, answer.status) == (b"", 0x9000)
    assert applet.status("00200080") == 0x6700, "nor how many tries are left"
    applet.card.close()


def test_a_terse_card_wants_the_exact_length(tmp_path: Path) -> None:
    with VirtualCard(tmp_path / "terse.json", profile=TERSE) as terse:
        applet = Host(terse)
        applet.send("00A404000BA00000030800001000010000")
        assert applet.status("00CB3FFF035C017E00") == 0x6C14
        assert applet.send("00CB3FFF035C017E14").data[:2] == bytes.fromhex("7E12")


def test_firmware_5_7_comes_with_an_aes_key(tmp_path: Path) -> None:
    applet = card(tmp_path, YUBICO_5_7_LIKE)
    assert applet.send("00F7009B00").data == bytes.fromhex("01010A 02020001 050101")
    assert applet.authenticate(FACTORY_KEY, 0x0A) == 0x9000


class TestAttestation:
    """Bytes of the extensions: developers.yubico.com/PIV/Introduction/PIV_attestation.html."""

    def attested(self, applet: Host, key: int = 0x9A) -> x509.Certificate:
        answer = applet.send(f"00F9{key:02X}0000")
        der = answer.data
        while answer.status >> 8 == 0x61:
            answer = applet.send("00C0000000")
            der += answer.data
        assert answer.status == 0x9000
        return certificate(der)

    def attester(self, applet: Host) -> x509.Certificate:
        answer = applet.get(ATTESTATION_CERTIFICATE)
        content = answer.data
        while answer.status >> 8 == 0x61:
            answer = applet.send("00C0000000")
            content += answer.data
        return certificate(tlv.decode(tlv.unwrap(content, 0x53))[0x70])

    def test_of_a_key_made_on_a_yubikey(self, tmp_path: Path) -> None:
        applet = card(tmp_path, YUBICO_LIKE)
        applet.authenticate()
        public = applet.generate(0x9A, b"\xaa\x01\x03\xab\x01\x02")
        statement, attester = self.attested(applet), self.attester(applet)
        statement.verify_directly_issued_by(attester)
        attester.verify_directly_issued_by(attesting.root())
        values = {extension.oid: extension.value.public_bytes() for extension in statement.extensions}
        assert statement.public_key() == public
        assert statement.subject.rfc4514_string() == "CN=YubiKey PIV Attestation 9a"
        assert (values[FIRMWARE], values[POLICIES]) == (bytes((5, 4, 3)), bytes((3, 2)))
        assert int.from_bytes(values[SERIAL][2:], "big") == applet.card._applet.state.serial

    def test_pivapplet_vouches_for_itself(self, tmp_path: Path) -> None:
        applet = card(tmp_path, PIVAPPLET_LIKE)
        applet.authenticate()
        applet.generate(0x9A)
        statement, attester = self.attested(applet), self.attester(applet)
        statement.verify_directly_issued_by(attester)
        attester.verify_directly_issued_by(attester)
        assert {extension.oid for extension in statement.extensions} == {FIRMWARE, POLICIES}
        assert not list(attester.extensions), "it does not even say that it is a CA"

    def test_an_imported_key(self, tmp_path: Path) -> None:
        for profile, status in ((YUBICO_LIKE, 0x6A80), (PIVAPPLET_LIKE, None)):
            applet = card(tmp_path, profile)
            applet.authenticate()
            assert applet.status("00FE119A", b"\x06\x20", bytes(31) + b"\x01") == 0x9000
            if status:
                assert applet.status("00F99A0000") == status
            else:
                imported = ec.derive_private_key(1, ec.SECP256R1()).public_key()
                assert self.attested(applet).public_key() == imported, "which is a weakness of that applet"

    def test_a_key_that_is_not_there(self, tmp_path: Path) -> None:
        applet = card(tmp_path, YUBICO_LIKE)
        assert applet.status("00F99A0000") == 0x6A86
        assert applet.status("00F9F90000") == 0x6A86

    def test_f9_signs_nothing_else(self, tmp_path: Path) -> None:
        applet = card(tmp_path, YUBICO_LIKE)
        self.attester(applet)
        applet.verify()
        assert applet.sign(0xF9, bytes(32)).status == 0x6A86

    def test_f9_may_be_replaced_by_whoever_has_the_management_key(self, tmp_path: Path) -> None:
        applet = card(tmp_path, YUBICO_LIKE)
        assert applet.status("00FE11F9", b"\x06\x20", bytes(31) + b"\x02") == 0x6982
        applet.authenticate()
        assert applet.status("00FE11F9", b"\x06\x20", bytes(31) + b"\x02") == 0x9000

    def test_f9_survives_a_reset(self, tmp_path: Path) -> None:
        applet = card(tmp_path, YUBICO_LIKE)
        before = self.attester(applet)
        applet.authenticate()
        applet.generate(0x9E)
        for _ in range(3):
            applet.verify(b"000000")
            applet.status("002C0080", b"00000000", b"11223344")
        assert applet.status("00FB0000") == 0x9000
        assert self.attester(applet) == before
        assert applet.status("00F99E0000") == 0x6A86

    def test_only_where_the_product_attests(self, tmp_path: Path) -> None:
        assert card(tmp_path, OPENFIPS201_LIKE).status("00F99A0000") == 0x6D00


@pytest.fixture(scope="module", params=sorted(PROFILES))
def fuzzed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualCard]:
    file = tmp_path_factory.mktemp("fuzzed") / "card.json"
    with VirtualCard(file, profile=PROFILES[request.param]) as fuzzed_card:
        yield fuzzed_card


instructions = st.sampled_from([0x20, 0x24, 0x2C, 0x47, 0x87, 0xA4, 0xC0, 0xCA, 0xCB, 0xDB, *range(0xF7, 0x100)])
nearly_commands = st.tuples(
    st.sampled_from([0x00, 0x10, 0x80]), instructions, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=80)
).map(lambda parts: bytes((*parts[:4], len(parts[4]))) + parts[4])


@settings(max_examples=60)
@given(commands=st.lists(st.binary(max_size=300) | nearly_commands, min_size=1, max_size=4))
def test_no_bytes_make_any_of_them_fail(fuzzed: VirtualCard, commands: list[bytes]) -> None:
    fuzzed.transmit(bytes.fromhex("00A404000BA00000030800001000010000"))
    for command in commands:
        assert len(fuzzed.transmit(command)) >= 2
