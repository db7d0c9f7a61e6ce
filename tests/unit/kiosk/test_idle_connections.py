"""Who closes a connection that nobody uses: whoever sends requests, before whoever answers them.

Both at the same time, and a request meets the close: it may or may not have been heard, so nothing may send it again.
"""

from __future__ import annotations

from fastapi import FastAPI

from cardsvc.client import transport
from cardsvc.server import configuration
from kiosk.departments.contract.server import Server

TIMES_LONGER = 3
"""A busy machine's clocks are late."""


def test_the_service_waits_longer_than_its_clients() -> None:
    assert configuration(FastAPI()).timeout_keep_alive >= TIMES_LONGER * transport.IDLE_SECONDS


def test_a_department_waits_longer_than_kiosks() -> None:
    department = Server(FastAPI(), 0, lambda _: None)
    with department._socket:
        assert department.config.timeout_keep_alive >= TIMES_LONGER * transport.IDLE_SECONDS
