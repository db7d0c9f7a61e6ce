from __future__ import annotations

import pytest

from readers.piv.pin import Pin


def test_padding() -> None:
    # SP 800-73-5 part 2 §2.4.3: ASCII digits, padded with FF to eight bytes.
    assert Pin("123456").padded == bytes.fromhex("313233343536FFFF")
    assert Pin("12345678").padded == bytes.fromhex("3132333435363738")


@pytest.mark.parametrize(
    "digits", ["", "12345", "123456789", "12345a", "123456\n", "１２３４５６", "٠١٢٣٤٥", " 123456"]
)
def test_what_is_no_pin_is_refused_without_quoting_it(digits: str) -> None:
    with pytest.raises(ValueError, match="six to eight") as refusal:
        Pin(digits)
    assert not digits or digits not in str(refusal.value)


def test_it_does_not_show_itself() -> None:
    pin = Pin("246802")
    assert "246802" not in f"{pin!r} {pin} {[pin]}"
    assert pin == Pin("246802")
    assert pin != Pin("246803")
