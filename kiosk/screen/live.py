"""The booth's changes for asynchronous readers: they see the newest state, and may miss some in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from kiosk.booth import Booth, Snapshot


async def follow(booth: Booth, stopping: asyncio.Event) -> AsyncIterator[Snapshot]:
    """The present state, then each newer one, until ``stopping`` is set."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def wake(_: Snapshot) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            loop.call_soon_threadsafe(changed.set)

    stop_listening = booth.listen(wake)
    try:
        while not stopping.is_set():
            changed.clear()
            yield booth.snapshot
            await _either(changed, stopping)
    finally:
        stop_listening()


async def newer(booth: Booth, version: int, seconds: float, stopping: asyncio.Event) -> Snapshot:
    """The state as soon as it is newer than ``version``; the present one when ``seconds`` have passed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for snapshot in follow(booth, stopping):
                if snapshot.version > version:
                    return snapshot
    return booth.snapshot


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (first, second)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
