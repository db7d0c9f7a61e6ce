"""Serves a `FaultyCard` to vpcd, and takes orders over a Unix socket: which fault when, card off, card on.

An order is a JSON object on a line, and so is the answer. `FaultControl` is the side that gives them; a Unix socket
crosses network namespaces, so it reaches a card on a `PrivatePcscd`.
"""

from __future__ import annotations

import argparse
import json
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from readers.virtual.card import VirtualCard
from readers.virtual.faults import LARGEST_ANSWER, Armed, Fault, FaultyCard, LineFault
from readers.virtual.vpcd import CONTACT_PORT, CONTACTLESS_PORT, Gone, Link, ServedCard, Stop, Stopped

_LARGEST_MESSAGE: Final = 0xFFFF
_CONNECT_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 0.1
_AWAY_SECONDS: Final = 0.5
"""How long a card that left stays away at least, as it would in anybody's hand. pcscd looks every 400 ms; a card
that is back before it looked is taken for absent for good, when a reset failed meanwhile."""
_ANSWER_SECONDS: Final = 10.0


class Left(Exception):
    """Raised when a fault took the card off the reader."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class FaultyLink(Link):
    """A connection to vpcd of a card that may misbehave."""

    def answer(self, card: ServedCard, command: bytes) -> None:
        """Answer, or act on the fault. Raises Left, Gone, Stopped."""
        try:
            answer = card.transmit(command)
        except LineFault as line:
            self._fail(line)
        else:
            self.send(answer[:_LARGEST_MESSAGE])

    def _fail(self, line: LineFault) -> None:
        match line.armed.fault:
            case Fault.MUTE:
                self.say_nothing()
            case Fault.SLOW:
                self.pause(line.armed.seconds)
                self.send(line.answer)
            case Fault.OVERLONG:
                self.send_raw(_LARGEST_MESSAGE.to_bytes(2, "big") + b"\x55" * LARGEST_ANSWER)
            case Fault.TORN:
                framed = len(line.answer).to_bytes(2, "big") + line.answer
                self.send_raw(framed[: 2 + len(line.answer) // 2])
                raise Left(line.armed.fault)
            case fault:
                raise Left(fault)


class FaultServer:
    """Cards of which one is on the reader, and the orders about them."""

    def __init__(self, cards: Sequence[Path], *, contactless: bool = False, host: str = "127.0.0.1", port: int) -> None:
        """``cards`` are state files; the first is put on at once, a swap puts on the next. Raises CardBusy."""
        self._cards = cards
        self._contactless = contactless
        self._address = (host, port)
        self._changed = threading.Condition()
        self._on = True
        self._current = 0
        self._interrupt = Stop()
        self._virtual = VirtualCard(cards[0], contactless=contactless)
        self._card = FaultyCard(self._virtual)

    def serve(self) -> NoReturn:
        """Keep the card on the reader while it is to be there; never returns."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._on)
                self._interrupt.close()
                self._interrupt = Stop()
            try:
                with socket.create_connection(self._address, _CONNECT_SECONDS) as connection:
                    self._run(connection)
            except OSError:
                time.sleep(_RETRY_SECONDS)  # no reader there yet, or no more
            else:
                time.sleep(_AWAY_SECONDS)
            self._virtual.reset()

    def obey(self, control: Path) -> NoReturn:
        """Take orders at this socket, for ever."""
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(control))
            listening.listen()
            while True:
                connection, _ = listening.accept()
                with connection, connection.makefile("rwb") as lines:
                    for line in lines:
                        lines.write(json.dumps(self._obey(json.loads(line))).encode() + b"\n")
                        lines.flush()

    def _run(self, connection: socket.socket) -> None:
        try:
            FaultyLink(connection, self._interrupt).run(self._card)
        except Left as left:
            with self._changed:
                if left.fault is Fault.SWAP:
                    self._change(self._current + 1)
                else:
                    self._on = False
        except (Gone, Stopped):
            return

    def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        with self._changed:
            match order["do"]:
                case "arm":
                    self._card.arm(Armed.from_json(order))
                case "clear":
                    self._card.clear()
                case "off":
                    self._on = False
                    self._interrupt.set()
                case "on":
                    self._on = True
                    self._changed.notify_all()
            return {"on": self._on, "happened": self._card.happened, "card": str(self._cards[self._current])}

    def _change(self, number: int) -> None:
        self._virtual.close()
        self._current = number % len(self._cards)
        self._virtual = VirtualCard(self._cards[self._current], contactless=self._contactless)
        self._card.change(self._virtual)


class FaultControl:
    """Gives the orders. Use it in a ``with`` block."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(_ANSWER_SECONDS)

    def __enter__(self) -> Self:
        self._connection.connect(str(self._control))
        self._lines = self._connection.makefile("rwb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()
        self._connection.close()

    def arm(self, fault: Fault, *, at: int = 0, seconds: float = 0.0, seed: int = 0) -> None:
        """Let ``fault`` happen when ``at`` more commands have been answered."""
        self._order({"do": "arm", "fault": fault, "at": at, "seconds": seconds, "seed": seed})

    def clear(self) -> None:
        """Behave."""
        self._order({"do": "clear"})

    def take_off(self) -> None:
        """Take the card off; pcscd notices within its next look at the reader."""
        self._order({"do": "off"})

    def put_on(self) -> None:
        """Put the card on again; nothing happens when it is on."""
        self._order({"do": "on"})

    @property
    def on(self) -> bool:
        """Whether the card is on the reader: some faults take it off."""
        return bool(self._order({"do": "look"})["on"])

    @property
    def happened(self) -> int:
        """How many faults have happened so far."""
        return int(self._order({"do": "look"})["happened"])

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        self._lines.write(json.dumps(order).encode() + b"\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer


def main() -> None:
    """Serve and obey until ended from outside."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--state", type=Path, required=True)
    arguments.add_argument("--spare", type=Path)
    arguments.add_argument("--control", type=Path, required=True)
    arguments.add_argument("--contactless", action="store_true")
    arguments.add_argument("--port", type=int)
    given = arguments.parse_args()
    port = given.port or (CONTACTLESS_PORT if given.contactless else CONTACT_PORT)
    server = FaultServer([given.state, given.spare or given.state], contactless=given.contactless, port=port)
    threading.Thread(target=server.obey, args=(given.control,), daemon=True).start()
    server.serve()


if __name__ == "__main__":
    main()
