"""Where serials come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from readers.errors import CardRemoved
from readers.piv.products import STRICT as STRICT_PRODUCT
from readers.piv.products import recognise
from readers.piv.serials import chip_serial, yubico_serial
from readers.piv.session import PivSession
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on
from readers.virtual.profiles import OPENFIPS201_LIKE, PIVAPPLET_LIKE, STRICT, TERSE, YUBICO_LIKE, CardProfile
from tests.fixtures.scripted import SELECT, SELECTED, ScriptedConnection

MANAGER = "00A4040008A00000015100000000"
OTHER_MANAGER = "00A4040008A00000000300000000"
CPLC = "80CA9F7F00"
# A JCOP card's, from https://github.com/martinpaljak/GlobalPlatformPro/wiki (fields: GlobalPlatform Card 2.1.1 app. F).
JCOP = "9F7F2A 47905168479102100000 7123 00112233 4455" + "00" * 24 + "9000"


def scripted(*script: tuple[str, str]) -> tuple[ScriptedConnection, PivSession]:
    connection = ScriptedConnection((SELECT, SELECTED), *script)
    return connection, PivSession.open(connection)


def test_a_yubikey_s_is_the_number_printed_on_it() -> None:
    assert yubico_serial(scripted(("00F8000000", "00BC614E 9000"))[1]) == "12345678"
    for refusal in ("6D00", "9000", "00 9000"):
        assert yubico_serial(scripted(("00F8000000", refusal))[1]) is None


def test_the_chip_s_and_piv_is_selected_again() -> None:
    connection, session = scripted((MANAGER, "6F00 9000"), (CPLC, JCOP), (SELECT, SELECTED))
    assert chip_serial(session) == "7123001122334455"
    connection.finished()


def test_another_name_of_the_card_manager() -> None:
    connection, session = scripted((MANAGER, "6A82"), (OTHER_MANAGER, "9000"), (CPLC, JCOP), (SELECT, SELECTED))
    assert chip_serial(session) == "7123001122334455"
    connection.finished()


@pytest.mark.parametrize(
    "script",
    [
        [(MANAGER, "6A82"), (OTHER_MANAGER, "6A82")],
        [(MANAGER, "9000"), (CPLC, "6A88")],
        [(MANAGER, "9000"), (CPLC, "9000")],
        [(MANAGER, "9000"), (CPLC, "9F7F02AABB 9000")],
        [(MANAGER, "9000"), (CPLC, "9F7F2A 9000")],
    ],
)
def test_a_card_that_keeps_it_to_itself(script: list[tuple[str, str]]) -> None:
    connection, session = scripted(*script, (SELECT, SELECTED))
    assert chip_serial(session) is None
    connection.finished()


def test_a_card_that_goes_away() -> None:
    gone = CardRemoved("gone")
    connection = ScriptedConnection((SELECT, SELECTED), (MANAGER, gone), (SELECT, gone))
    with pytest.raises(CardRemoved):
        chip_serial(PivSession.open(connection))


def test_a_product_without() -> None:
    assert STRICT_PRODUCT.serial(scripted()[1]) is None


@pytest.mark.parametrize(
    ("profile", "told"),
    [(YUBICO_LIKE, True), (OPENFIPS201_LIKE, True), (PIVAPPLET_LIKE, False), (STRICT, False), (TERSE, False)],
    ids=lambda value: getattr(value, "name", None),
)
def test_on_cards(tmp_path: Path, profile: CardProfile, *, told: bool) -> None:
    """No card manager is served for PivApplet here, and nobody knows that the terse card has one."""
    card = VirtualCard(tmp_path / "card.json", profile=profile)
    serial = card._applet.state.serial
    card.close()
    put_on(tmp_path / "slot", tmp_path / "card.json")
    with LoopbackReader(tmp_path / "slot").connect() as connection:
        session = PivSession.open(connection)
        product = recognise(session)
        found = product.serial(session)
        assert (found is not None) is told
        assert found is None or f"{serial:08X}" in found or str(serial) == found
        assert recognise(session) == product, "the PIV application is selected"
