"""GET METADATA. Bytes: docs.yubico.com/yesdk/users-manual/application-piv/apdu/metadata.html."""

from __future__ import annotations

import pytest

from readers.errors import CardError, ProtocolError
from readers.piv.identifiers import Algorithm, PinReference
from readers.piv.metadata import MetadataTag, management_algorithm, read_metadata, tries_left
from readers.piv.session import PivSession
from tests.fixtures.scripted import SELECT, SELECTED, ScriptedConnection

PIN, PUK = "00F7008000", "00F7008100"
VERIFIED_PIN = "0101FF 050100 06020502 9000"


def scripted(*script: tuple[str, str]) -> PivSession:
    return PivSession.open(ScriptedConnection((SELECT, SELECTED), *script))


@pytest.mark.parametrize("answer", ["6D00", "6E00", "6A81", "6A88", "6A86"])
def test_a_card_with_nothing_to_say(answer: str) -> None:
    assert read_metadata(scripted((PIN, answer)), 0x80) is None


def test_any_other_refusal() -> None:
    with pytest.raises(CardError):
        read_metadata(scripted((PIN, "6F00")), 0x80)


def test_elements() -> None:
    metadata = read_metadata(scripted((PIN, VERIFIED_PIN)), 0x80)
    assert metadata is not None
    assert metadata[MetadataTag.IS_DEFAULT] == b"\0"


def test_tries_by_metadata_even_when_the_pin_is_verified() -> None:
    assert tries_left(scripted((PIN, VERIFIED_PIN)), PinReference.APPLICATION_PIN) == 2
    assert tries_left(scripted((PUK, "06020301 9000")), PinReference.PUK) == 1


@pytest.mark.parametrize(("answer", "left"), [("63C2", 2), ("6983", 0), ("9000", None)])
def test_without_metadata_the_pin_is_asked_for_by_verify(answer: str, left: int | None) -> None:
    session = scripted((PIN, "6D00"), ("00200080", answer))
    assert tries_left(session, PinReference.APPLICATION_PIN) == left


def test_without_metadata_nobody_knows_about_the_puk() -> None:
    assert tries_left(scripted((PUK, "6D00")), PinReference.PUK) is None


@pytest.mark.parametrize("answer", ["9000", "060103 9000", "0602 9000"])
def test_metadata_without_sense(answer: str) -> None:
    with pytest.raises(ProtocolError):
        tries_left(scripted((PIN, answer)), PinReference.APPLICATION_PIN)


def test_the_management_key() -> None:
    assert management_algorithm(scripted(("00F7009B00", "01010A 02020001 050101 9000"))) is Algorithm.AES_192
    assert management_algorithm(scripted(("00F7009B00", "6D00"))) is None
    for nonsense in ("9000", "0100 9000", "0101EE 9000"):
        with pytest.raises(ProtocolError):
            management_algorithm(scripted(("00F7009B00", nonsense)))
