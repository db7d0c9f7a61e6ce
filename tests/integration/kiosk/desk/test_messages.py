"""What the desk's window says when something goes wrong, and how it goes away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.fixtures.desk_city import DeskAtWork


def refused_pin(desk: DeskAtWork) -> str:
    """What is said when the PIN was wrong."""
    desk.insert_officer("ana")
    desk.type(desk.window.sign_in.pin, "918273\r")
    desk.until(lambda: "wrong" in desk.window.sign_in.message.text())
    return desk.window.sign_in.message.text()


def test_a_wrong_pin_says_what_happened_what_is_safe_and_what_to_do(desk: DeskAtWork) -> None:
    assert refused_pin(desk).split("\n") == [
        "The PIN was wrong. Tries left: 2.",
        "The card's keys and what is stored on it are safe.",
        "Enter the PIN again, slowly. After the last try the card is blocked.",
    ]
    assert desk.window.sign_in.message.accessibleDescription() == desk.window.sign_in.message.text()
    desk.remove_officer()
    desk.sign_in("ana")  # which gives the card its tries back


def test_escape_puts_a_message_away(desk: DeskAtWork) -> None:
    desk.type(desk.window.sign_in.pin, "123\r")
    assert desk.window.sign_in.message.text() == "A PIN has 6 to 8 digits."
    QTest.keyClick(desk.window.sign_in.pin, Qt.Key.Key_Escape)
    assert desk.window.sign_in.message.text() == ""
    assert not desk.window.sign_in.message.isVisible()
