"""The monitor on a real pcscd: DESIGN §10."""

from __future__ import annotations

import queue
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from readers.monitor import Happening, Monitor, ReaderEvent
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")

Heard = Callable[[], tuple[Happening, str]]


@pytest.fixture
def monitored(private_pcscd: PrivatePcscd) -> Iterator[Callable[[], Heard]]:
    """Starts a monitor; it gives the next event."""
    monitors: list[Monitor] = []

    def start() -> Heard:
        heard: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
        monitors.append(Monitor(heard.put))
        monitors[-1].start()

        def following() -> tuple[Happening, str]:
            event = heard.get(timeout=60)
            return event.happening, event.reader

        return following

    yield start
    for monitor in monitors:
        monitor.stop()


def test_cards_of_both_readers_and_one_that_was_there_before(
    tmp_path: Path, private_pcscd: PrivatePcscd, monitored: Callable[[], Heard]
) -> None:
    with private_pcscd.put_on(tmp_path / "a.json"):
        following = monitored()
        assert {following() for _ in range(3)} == {
            (Happening.READER_ADDED, CONTACT_READER),
            (Happening.CARD_PRESENT, CONTACT_READER),
            (Happening.READER_ADDED, CONTACTLESS_READER),
        }
        with private_pcscd.put_on(tmp_path / "b.json", contactless=True):
            assert following() == (Happening.CARD_PRESENT, CONTACTLESS_READER)
        assert following() == (Happening.CARD_REMOVED, CONTACTLESS_READER)
    assert following() == (Happening.CARD_REMOVED, CONTACT_READER)


@pytest.mark.parametrize("kill", [True, False])
def test_it_survives_a_restart_of_pcscd(
    *, kill: bool, tmp_path: Path, private_pcscd: PrivatePcscd, monitored: Callable[[], Heard]
) -> None:
    there = {
        (Happening.READER_ADDED, CONTACT_READER),
        (Happening.CARD_PRESENT, CONTACT_READER),
        (Happening.READER_ADDED, CONTACTLESS_READER),
    }
    with private_pcscd.put_on(tmp_path / "a.json"):
        following = monitored()
        assert {following() for _ in there} == there
        private_pcscd.stop(kill=kill)
        assert {following() for _ in there} == {
            (Happening.READER_REMOVED, CONTACT_READER),
            (Happening.CARD_REMOVED, CONTACT_READER),
            (Happening.READER_REMOVED, CONTACTLESS_READER),
        }
        private_pcscd.restart()
        assert {following() for _ in there} == there


def test_without_pcscd_at_the_start_it_waits_for_one(
    private_pcscd: PrivatePcscd, monitored: Callable[[], Heard]
) -> None:
    private_pcscd.stop()
    try:
        following = monitored()
    finally:
        private_pcscd.start()
    assert {following() for _ in range(2)} == {
        (Happening.READER_ADDED, CONTACT_READER),
        (Happening.READER_ADDED, CONTACTLESS_READER),
    }


def test_it_blocks_instead_of_looking_again_and_again(
    private_pcscd: PrivatePcscd, monitored: Callable[[], Heard]
) -> None:
    following = monitored()
    following()
    following()
    before = resource.getrusage(resource.RUSAGE_SELF)
    threading.Event().wait(0.5)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_nvcsw - before.ru_nvcsw < 50


def test_it_stops_while_it_waits(private_pcscd: PrivatePcscd) -> None:
    for _ in range(20):
        with Monitor(print) as monitor:
            pass
        assert not monitor._thread.is_alive()
