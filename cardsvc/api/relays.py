"""The relay: a WebSocket over which the service works on a card that is in a desk's reader.

The PIV session is synchronous and runs in a thread of its own; each of its questions to the desk is carried to the
event loop and back. No message is ever logged: any of them may set a PIN or a key.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from cardsvc.api.refusals import note_refusal
from cardsvc.callers.principal import Principal
from cardsvc.errors import ServiceError
from cardsvc.issuance.errors import CardNotConforming, DeskBusy, DeskConfused, DeskGone
from cardsvc.issuance.relay import Desk
from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX
from cardsvc.wire.relay import (
    Answer,
    Command,
    Failure,
    Finished,
    Hello,
    Progress,
    Refused,
    Reset,
    ToService,
    to_service,
)

MAX_RELAYS: Final = 64
"""Desks that work on a card at the same time; each holds a thread. One more waits its turn."""
MAX_RELAYS_OF_ONE: Final = 4
"""Of one caller, which has a reader or two: it must not take everybody's turn."""
LONGEST_SECONDS: Final = 600.0
"""For a whole card. One that answers each command just in time, a byte at a time, would keep its thread for days."""
_LIMITER: Final = CapacityLimiter(MAX_RELAYS)
_relays: Final[Counter[UUID]] = Counter()
"""How many each caller has now. Only the event loop's thread counts."""
_GRACE_SECONDS: Final = 5
"""Beyond the command's own time, for an event loop that is being shut down and answers nothing any more."""

_Given = TypeVar("_Given")
Work = Callable[[Desk, Hello], Finished]
"""What is done with the card behind a desk."""


async def serve_relay(websocket: WebSocket, work: Work, *, actor: Principal, command_seconds: float) -> None:
    """Do this work over the WebSocket. The last message is `Finished` or `Refused`. Raises DeskBusy."""
    with _turn_of(actor):
        await websocket.accept()
        desk = WebSocketDesk(websocket, command_seconds)
        try:
            hello = await _greet(desk, websocket)
            end: Finished | Refused = await to_thread.run_sync(partial(work, desk, hello), limiter=_LIMITER)
        except ServiceError as error:
            end = _refused(error)
        except Exception:
            await desk.end(Refused(problem=PROBLEM_TYPE_PREFIX + "internal-error", detail="The service failed."))
            raise
        await desk.end(end)


def _refused(error: ServiceError) -> Refused:
    findings = error.findings if isinstance(error, CardNotConforming) else []
    return Refused(problem=PROBLEM_TYPE_PREFIX + error.code, detail=error.detail, findings=findings)


async def _greet(desk: WebSocketDesk, websocket: WebSocket) -> Hello:
    """The desk's first message; what is done from then on records its own refusals. Raises DeskGone, DeskConfused."""
    try:
        return await desk.greet()
    except DeskConfused as refusal:
        await note_refusal(websocket, refusal.code, refusal)
        raise


@contextmanager
def _turn_of(actor: Principal) -> Iterator[None]:
    if _relays[actor.caller_id] >= MAX_RELAYS_OF_ONE:
        raise DeskBusy
    _relays[actor.caller_id] += 1
    try:
        yield
    finally:
        _relays[actor.caller_id] -= 1
        if not _relays[actor.caller_id]:
            del _relays[actor.caller_id]


class WebSocketDesk:
    """`Desk` at the other end of a WebSocket. ``ask`` and ``tell`` are for another thread than the event loop's."""

    def __init__(self, websocket: WebSocket, seconds: float) -> None:
        self._websocket = websocket
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + LONGEST_SECONDS

    async def greet(self) -> Hello:
        """The desk's first message. Raises DeskGone, DeskConfused."""
        hello = await self._in_time(self._receive(), self._seconds)
        if not isinstance(hello, Hello):
            raise DeskConfused
        return hello

    def ask(self, question: Command | Reset) -> Answer | Failure:
        """Raises DeskGone, DeskConfused."""
        answer = self._from_thread(self._exchange(question))
        if isinstance(answer, Hello):
            raise DeskConfused
        return answer

    def tell(self, progress: Progress) -> None:
        """Raises DeskGone."""
        self._from_thread(self._send(progress))

    async def end(self, message: Finished | Refused) -> None:
        """Send the last message and close; a desk that has gone does not hear it."""
        try:
            await self._in_time(self._send(message), self._seconds)
            await self._websocket.close()
        except (DeskGone, RuntimeError):
            return

    def _from_thread(self, awaitable: Awaitable[_Given]) -> _Given:
        seconds = min(self._seconds, self._ends_at - self._loop.time())
        future = asyncio.run_coroutine_threadsafe(self._in_time(awaitable, seconds), self._loop)
        try:
            return future.result(self._seconds + _GRACE_SECONDS)
        except (TimeoutError, CancelledError):
            raise DeskGone from None

    @staticmethod
    async def _in_time(awaitable: Awaitable[_Given], seconds: float) -> _Given:
        try:
            async with asyncio.timeout(seconds):
                return await awaitable
        except (TimeoutError, WebSocketDisconnect):
            raise DeskGone from None

    async def _exchange(self, question: Command | Reset) -> ToService:
        await self._send(question)
        return await self._receive()

    async def _send(self, message: Command | Reset | Progress | Finished | Refused) -> None:
        try:
            await self._websocket.send_text(message.model_dump_json())
        except RuntimeError:  # Starlette's word for a socket that has been closed
            raise DeskGone from None

    async def _receive(self) -> ToService:
        try:
            return to_service.validate_json(await self._websocket.receive_text())
        except (ValidationError, KeyError):  # KeyError: binary where text was wanted
            raise DeskConfused from None
        except RuntimeError:
            raise DeskGone from None
