from __future__ import annotations

from readers.piv.identifiers import KeyReference
from readers.piv.overview import overview
from readers.piv.products import STRICT
from tests.fixtures.scripted import SELECT, SELECTED, ScriptedConnection

GET = "00CB3FFF055C03{}00"


def test_what_cannot_be_read_is_told_from_what_is_not_there() -> None:
    connection = ScriptedConnection(
        (SELECT, SELECTED),
        ("00200080", "9000"),
        ("00FD000000", "6D00"),
        (GET.format("5FC102"), "6A82"),
        (GET.format("5FC105"), "5302FFFF 9000"),
        (GET.format("5FC10A"), "6982"),
        (GET.format("5FC10B"), "6A82"),
        (GET.format("5FC101"), "530670020500FE00 9000"),
    )
    seen = overview(connection)
    connection.finished()
    assert seen.certificates == {
        KeyReference.PIV_AUTHENTICATION: None,
        KeyReference.DIGITAL_SIGNATURE: None,
        KeyReference.CARD_AUTHENTICATION: None,
    }
    assert (seen.chuid, seen.product) == (None, STRICT)
    assert (seen.pin_tries_left, seen.pin_verified) == (None, True)
