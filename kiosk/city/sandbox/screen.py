"""The sandbox's kiosk with a screen: the department under test on it, and test cards put to its readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from kiosk.city.founding import open_kiosk
from kiosk.city.sandbox.room import Holder, Room, SandboxTrouble
from kiosk.city.stage import LoopbackStage, Place


@contextmanager
def open_screen(room: Room, addresses: Mapping[str, str], port: int) -> Iterator[str]:
    """Start a kiosk with these departments, by code; the link that lets one browser in. ``port`` 0 takes a free one.

    Raises SandboxTrouble, ProcessFailed.
    """
    if room.plan.tls_root is not None:
        raise SandboxTrouble("the kiosk is for sandboxes without HTTPS: open one without --client-ca")
    plan = replace(room.plan, kiosk_port=port)
    present(room, None)
    with open_kiosk(plan, _stage(room), addresses):
        yield plan.kiosk_link


def present(room: Room, holder: Holder | None, place: Place = Place.CONTACTLESS) -> None:
    """Put somebody's card to one of the kiosk's readers, after what was there was taken off; nobody's: only that."""
    stage = _stage(room)
    for each in Place:
        stage.take_off(each)
    if holder is not None:
        stage.put_on(holder.card(room.plan), place)


def _stage(room: Room) -> LoopbackStage:
    """In a folder of its own: the sandbox's desk has slots, too."""
    folder = room.plan.folder / "screen"
    folder.mkdir(mode=0o700, exist_ok=True)
    return LoopbackStage(folder)
