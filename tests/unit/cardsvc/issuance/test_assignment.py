"""What goes on a card, and its secrets."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.issuance.assignment import Assignment, OwnSecrets
from readers.piv.identifiers import Algorithm
from readers.piv.objects import PrintedInformation
from readers.piv.products import YUBICO_5_3

CARD = UUID("6fb0ffcc-b5b9-4ffb-a8ae-1cfabda66d08")


def assignment(name: str) -> Assignment:
    return Assignment(
        card_id=CARD,
        card_uuid=CARD,
        stock_number="HQ-0001",
        expires_on=date(2031, 3, 2),
        citizen_id=CARD,
        application_id=CARD,
        name=name,
    )


def test_the_chuid_carries_the_card_uuid_and_no_signature() -> None:
    """SP 800-73-5 part 1 table 9: tags 30, 34 (GUID), 35 (expiry), 3E (empty: see DESIGN §4), FE."""
    raw = bytes(assignment("Mei").chuid)
    assert raw[27:].hex() == f"3410{CARD.hex}3508{b'20310302'.hex()}3e00fe00"


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("陳美玲", "陳美玲"),
        ("x" * 125, "x" * 125),
        ("x" * 126, "x" * 125),
        ("陳" * 100, "陳" * 41),  # three bytes each: 41 fill 123, half a character is none
    ],
)
def test_a_long_name_is_cut_between_characters(name: str, printed: str) -> None:
    assert assignment(name).printed_information("CITY").name == printed


@given(st.text(min_size=1, max_size=100))
def test_every_name_fits(name: str) -> None:
    printed = assignment(name).printed_information("CITY")
    assert PrintedInformation.from_bytes(bytes(printed)) == printed


def test_repr_shows_nothing_of_the_person() -> None:
    assert "Mei" not in repr(assignment("Mei"))


def test_secrets_are_new_and_not_the_factorys() -> None:
    drawn = [OwnSecrets.draw(YUBICO_5_3) for _ in range(32)]
    assert len({secrets.management_key.value for secrets in drawn}) == 32
    assert len({secrets.puk.digits for secrets in drawn}) > 28
    for secrets in drawn:
        assert secrets.management_key.algorithm is Algorithm.AES_256
        assert (len(secrets.transport_pin.digits), len(secrets.puk.digits)) == (6, 8)
        assert YUBICO_5_3.pin != secrets.transport_pin


def test_the_factorys_pin_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([123456, 42, 12345678, 7])
    monkeypatch.setattr("cardsvc.issuance.assignment.secrets.randbelow", lambda _limit: next(numbers))
    drawn = OwnSecrets.draw(YUBICO_5_3)
    assert (drawn.transport_pin.digits, drawn.puk.digits) == ("000042", "00000007")


def test_repr_shows_no_secret() -> None:
    drawn = OwnSecrets.draw(YUBICO_5_3)
    shown = repr(drawn)
    assert drawn.transport_pin.digits not in shown
    assert drawn.puk.digits not in shown
    assert drawn.management_key.value.hex() not in shown
