"""Command APDUs as TPDUs. The four cases: ISO/IEC 7816-3 §12.2.2 to §12.2.5."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.pcsc import PcscReader, context
from readers.piv.session import PivSession
from readers.t0 import to_tpdu
from readers.virtual.card import VirtualCard
from tests.fixtures.fake_scard import FakeScard, Slot


@pytest.mark.parametrize(
    ("command", "tpdu"),
    [
        ("00200080", "0020008000"),  # case 1
        ("00C0000010", "00C0000010"),  # case 2
        ("00C0000000", "00C0000000"),
        ("0020008002 AABB", "0020008002 AABB"),  # case 3
        ("00CB3FFF05 5C035FC102 00", "00CB3FFF05 5C035FC102"),  # case 4: the card will say 61xx
        ("00A4040000", "00A4040000"),
        ("00CB3FFF000005 5C035FC102 0000", "00CB3FFF000005 5C035FC102 0000"),  # extended: not ours to change
    ],
)
def test_each_case(command: str, tpdu: str) -> None:
    assert to_tpdu(bytes.fromhex(command)) == bytes.fromhex(tpdu)


@given(st.binary(max_size=300))
def test_nothing_makes_it_fail(command: bytes) -> None:
    assert len(to_tpdu(command)) - len(command) in (-1, 0, 1)


def test_pcsc_sends_tpdus_to_a_card_on_t0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader, seen = "Some Reader 00 00", []
    fake = FakeScard({reader: Slot()})
    connect, exchange = fake.SCardConnect, fake.SCardTransmit

    def transmit(card: str, pci: int, command: list[int]) -> tuple[int, list[int]]:
        assert pci == fake.SCARD_PCI_T0
        seen.append(bytes(command).hex())
        return exchange(card, fake.SCARD_PCI_T1, command)

    monkeypatch.setattr(fake, "SCardConnect", lambda *asked: (*connect(*asked)[:2], fake.SCARD_PROTOCOL_T0))
    monkeypatch.setattr(fake, "SCardTransmit", transmit)
    monkeypatch.setattr(context, "scard", fake)
    with VirtualCard(tmp_path / "card.json") as card:
        fake.put_on(reader, card)
        with PcscReader(reader).connect() as connection:
            assert PivSession.open(connection).pin_tries_left() == 3
    assert seen == ["00a4040009a00000030800001000", "0020008000"]
