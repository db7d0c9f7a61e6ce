"""The desk's window: locked until an officer's card is in, and again once it is out."""

from __future__ import annotations

from tests.fixtures.desk_city import DeskAtWork


def test_an_officer_signs_in_and_the_desk_is_locked_when_the_card_is_taken_out(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    queue = desk.window.pages[0]
    assert queue.officer is not None
    desk.remove_officer()
    desk.robot.waitUntil(lambda: desk.window.whole.currentWidget() is desk.window.sign_in, timeout=10_000)
    assert desk.window.sign_in.message.text() == "Your card was taken out: the desk is locked."
    assert queue.officer is None
