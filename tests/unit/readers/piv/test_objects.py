from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from readers import tlv
from readers.errors import ProtocolError
from readers.piv.fascn import NON_FEDERAL
from readers.piv.objects import (
    MAX_CERTIFICATE,
    Ccc,
    CertificateObject,
    Chuid,
    Discovery,
    KeyHistory,
    PinUsage,
    PrintedInformation,
)
from tests.fixtures.authorities import Entity

GUID = UUID("00112233-4455-4677-8899-aabbccddeeff")

# yubico-piv-tool lib/util.c, CHUID_TMPL and CCC_TMPL, with the GUID and the card identifier filled in.
YUBICO_CHUID = bytes.fromhex(
    "3019D4E739DA739CED39CE739D836858210842108421C84210C3EB"
    "341000112233445546778899AABBCCDDEEFF350832303330303130313E00FE00"
)
YUBICO_CCC = bytes.fromhex(
    "F015A000000116FF02000102030405060708090A0B0C0DF10121F20121F300F40100F50110F600F700FA00FB00FC00FD00FE00"
)
# SP 800-73-5 part 1 §3.3.2: application PIN only.
DISCOVERY = bytes.fromhex("4F0BA0000003080000100001005F2F024000")

texts = st.text(st.characters(codec="utf-8"), max_size=5)
PERSON = {"name": "Wong Mei", "affiliation": "City", "card_serial": "C-0001", "issuer": "Hengqin"}


def test_key_history_round_trip() -> None:
    # SP 800-73-5 part 1 appendix A: C1, C2, F3, FE.
    content = bytes.fromhex("C10103C20111F30161FE00")
    assert KeyHistory.from_bytes(content) == KeyHistory(3, 17, "a")
    assert bytes(KeyHistory(3, 17, "a")) == content


@pytest.mark.parametrize("content", ["", "C10103", "C10103C200", "C1020003C20111"])
def test_a_key_history_that_is_none(content: str) -> None:
    with pytest.raises(ProtocolError):
        KeyHistory.from_bytes(bytes.fromhex(content))


def test_chuid_as_others_write_it() -> None:
    chuid = Chuid(NON_FEDERAL, GUID, date(2030, 1, 1))
    assert bytes(chuid) == YUBICO_CHUID
    assert Chuid.from_bytes(YUBICO_CHUID) == chuid


def test_chuid_of_a_federal_card_has_more_in_it() -> None:
    # Part 1 table 9: deprecated organisation (32) and DUNS (33), card holder UUID (36), issuer's signature (3E).
    more = bytes.fromhex("320430303030330930303030303030303036") + bytes.fromhex("10") + bytes(16)
    content = YUBICO_CHUID[:27] + more + YUBICO_CHUID[27:-4] + bytes.fromhex("3E03AABBCCFE00")
    chuid = Chuid.from_bytes(content)
    assert (chuid.guid, chuid.issuer_signature) == (GUID, bytes.fromhex("AABBCC"))


@given(st.uuids(), st.dates(), st.binary(max_size=2000))
def test_chuid_round_trip(guid: UUID, expiry: date, signature: bytes) -> None:
    chuid = Chuid(NON_FEDERAL, guid, expiry, signature)
    assert Chuid.from_bytes(bytes(chuid)) == chuid


@pytest.mark.parametrize(
    "wrong",
    [
        YUBICO_CHUID[27:],  # no FASC-N
        YUBICO_CHUID.replace(bytes.fromhex("3410"), bytes.fromhex("3F10")),  # no GUID
        YUBICO_CHUID.replace(b"20300101", b"20300230"),  # no such day
        YUBICO_CHUID.replace(b"20300101", b"2030 1 1"),
        YUBICO_CHUID.replace(b"20300101", "２０".encode()[:5] + b"101"),
        YUBICO_CHUID + YUBICO_CHUID,  # everything twice
        YUBICO_CHUID[:-1],
    ],
)
def test_a_wrong_chuid(wrong: bytes) -> None:
    with pytest.raises(ProtocolError):
        Chuid.from_bytes(wrong)


def test_ccc_as_others_write_it() -> None:
    ccc = Ccc(bytes(range(14)))
    assert bytes(ccc) == YUBICO_CCC
    assert Ccc.from_bytes(YUBICO_CCC) == ccc


def test_a_card_identifier_of_another_size() -> None:
    with pytest.raises(ValueError, match="14 bytes"):
        Ccc(bytes(13))


def test_discovery_of_the_standard() -> None:
    assert bytes(Discovery()) == DISCOVERY
    assert Discovery.from_bytes(DISCOVERY) == Discovery()


@pytest.mark.parametrize(
    ("discovery", "policy"),
    [
        # Part 1 §3.3.2: 60 10 prefers the application PIN, 60 20 the global one.
        (Discovery(PinUsage.APPLICATION_PIN | PinUsage.GLOBAL_PIN), "6010"),
        (Discovery(PinUsage.APPLICATION_PIN | PinUsage.GLOBAL_PIN, prefers_global_pin=True), "6020"),
        (Discovery(PinUsage.APPLICATION_PIN | PinUsage.ON_CARD_COMPARISON), "5000"),
    ],
)
def test_pin_usage_policies(discovery: Discovery, policy: str) -> None:
    assert tlv.decode(bytes(discovery))[0x5F2F].hex() == policy
    assert Discovery.from_bytes(bytes(discovery)) == discovery


def test_certificates_plain_and_compressed() -> None:
    certificate = Entity.root().certificate
    der = certificate.public_bytes(Encoding.DER)
    assert tlv.decode(bytes(CertificateObject(certificate))) == {0x70: der, 0x71: b"\0", 0xFE: b""}
    assert CertificateObject.from_bytes(bytes(CertificateObject(certificate))).certificate == certificate
    packed = tlv.encode(0x70, gzip.compress(der)) + bytes.fromhex("710101FE00")
    assert CertificateObject.from_bytes(packed).certificate == certificate
    without_info = tlv.encode(0x70, der)
    assert CertificateObject.from_bytes(without_info).certificate == certificate


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(bytes(10 * MAX_CERTIFICATE), mtime=0),
        gzip.compress(bytes(100), mtime=0)[:-10],
        b"no gzip",
        gzip.compress(b"?", mtime=0),
    ],
    ids=["too long", "cut off", "no gzip", "no certificate"],
)
def test_a_compressed_certificate_that_is_none(packed: bytes) -> None:
    with pytest.raises(ProtocolError):
        CertificateObject.from_bytes(tlv.encode(0x70, packed) + bytes.fromhex("710101FE00"))


@given(st.dates(), texts, texts, texts, texts)
def test_printed_information_round_trip(expiry: date, name: str, affiliation: str, serial: str, issuer: str) -> None:
    try:
        printed = PrintedInformation(name, affiliation, expiry, serial, issuer)
    except ValueError:
        assert max(len(text.encode()) for text in (affiliation, serial, issuer)) > 15
        return
    assert PrintedInformation.from_bytes(bytes(printed)) == printed


def test_printed_information_follows_its_table() -> None:
    printed = PrintedInformation(**PERSON, expiry=date(2030, 2, 3))
    # SP 800-73-5 part 1 table 14; the date is YYYYMMMDD.
    assert list(tlv.iterate(bytes(printed))) == [
        (0x01, b"Wong Mei"),
        (0x02, b"City"),
        (0x04, b"2030FEB03"),
        (0x05, b"C-0001"),
        (0x06, b"Hengqin"),
        (0xFE, b""),
    ]
    assert "Wong" not in repr(printed)


@pytest.mark.parametrize("date_text", ["2030FEB30", "2030XXX01", "20300203", "２030FEB3"])
def test_printed_dates_that_are_none(date_text: str) -> None:
    good = bytes(PrintedInformation(**PERSON, expiry=date(2030, 2, 3)))
    wrong = good.replace(tlv.encode(4, b"2030FEB03"), tlv.encode(4, date_text.encode()))
    with pytest.raises(ProtocolError):
        PrintedInformation.from_bytes(wrong)


def test_a_name_that_cannot_be_decoded_is_not_quoted() -> None:
    content = bytes(PrintedInformation(**PERSON, expiry=date(2030, 2, 3))).replace(b"Wong Mei", b"Wong \xff\xff\xff")
    with pytest.raises(ProtocolError) as refusal:
        PrintedInformation.from_bytes(content)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    "decode",
    [
        Chuid.from_bytes,
        CertificateObject.from_bytes,
        Ccc.from_bytes,
        Discovery.from_bytes,
        PrintedInformation.from_bytes,
    ],
)
@given(
    content=st.binary(max_size=60)
    | st.lists(
        st.tuples(st.sampled_from([0x01, 0x30, 0x34, 0x35, 0x4F, 0x5F2F, 0x70, 0x71, 0xF0]), st.binary(max_size=30))
    ).map(lambda elements: b"".join(tlv.encode(*element) for element in elements))
)
def test_any_content_is_decoded_or_refused(decode: Callable[[bytes], object], content: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode(content)
