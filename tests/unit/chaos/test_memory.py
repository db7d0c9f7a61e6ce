"""The scripted day's measure of memory finds what each application leaves behind, and not what the day itself notes."""

from __future__ import annotations

from tests.chaos.desk.memory import ALLOWED_BYTES, ALLOWED_OBJECTS, OWN_RECORD, Memory


class Left:
    """One for each application."""


def test_an_object_that_each_of_two_hundred_applications_leaves_is_too_much() -> None:
    before = Memory.now()
    left = [Left() for _ in range(200)]
    assert Memory.now().since(before, 0).too_much
    assert len(left) == 200


def test_bytes_that_are_held_are_too_much() -> None:
    before = Memory.now()
    held = [bytes([number % 251]) * 2**20 for number in range(2 * ALLOWED_BYTES // 2**20)]
    assert Memory.now().since(before, 0).too_much
    assert len(held) == 16


def test_what_the_day_notes_of_each_application_is_left_out() -> None:
    before, after = Memory(1000, 0), Memory(1000 + 200 * OWN_RECORD + ALLOWED_OBJECTS, ALLOWED_BYTES)
    assert not after.since(before, 200).too_much
    assert Memory(after.objects + 1, 0).since(before, 200).too_much
