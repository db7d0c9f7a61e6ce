from __future__ import annotations

import pytest

from readers.piv.products import STRICT, YUBICO_5_3, YUBICO_5_7, Product, recognise
from readers.piv.session import PivSession
from tests.fixtures.scripted import SELECT, SELECTED, ScriptedConnection


@pytest.mark.parametrize(
    ("answer", "product"),
    [
        ("6D00", STRICT),
        ("6A81", STRICT),
        ("9000", STRICT),
        ("040305 9000", STRICT),  # a YubiKey 4 has neither metadata nor AES keys
        ("050300 9000", YUBICO_5_3),
        ("050403 9000", YUBICO_5_3),
        ("050700 9000", YUBICO_5_7),
        ("060000 9000", YUBICO_5_7),
    ],
)
def test_the_version_tells_the_product(answer: str, product: Product) -> None:
    connection = ScriptedConnection((SELECT, SELECTED), ("00FD000000", answer))
    assert recognise(PivSession.open(connection)) is product


def test_factory_secrets_do_not_show() -> None:
    assert "123456" not in repr(YUBICO_5_7)
    assert "0102030405060708" not in repr(YUBICO_5_7)
