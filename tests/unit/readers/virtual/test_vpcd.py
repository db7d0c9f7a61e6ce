"""The vpcd protocol, against a reader made of a socket.

Messages as in https://frankmorgner.github.io/vsmartcard/virtualsmartcard/api.html.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from readers.virtual import vpcd
from readers.virtual.card import VirtualCard
from readers.virtual.profiles import CONTACT_ATR
from tests.fixtures.apdus import SELECT

POWER_OFF, POWER_ON, RESET, ATR = (b"\x00\x01" + bytes((code,)) for code in (0, 1, 2, 4))
QUERY = bytes.fromhex("00200080")


class Reader:
    """What the driver does in pcscd."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(60)
        self.port: int = self.listening.getsockname()[1]

    def accept(self) -> Link:
        connection, _ = self.listening.accept()
        connection.settimeout(60)
        return Link(connection)


class Link:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def say(self, raw: bytes) -> None:
        self.connection.sendall(raw)

    def hear(self) -> bytes:
        length = int.from_bytes(self._exactly(2), "big")
        return self._exactly(length)

    def ask(self, message: bytes) -> bytes:
        self.say(len(message).to_bytes(2, "big") + message)
        return self.hear()

    def is_over(self) -> bool:
        """Whether the card closed the connection. TCP turns that into a reset when a byte was left unread."""
        try:
            return self.connection.recv(1) == b""
        except ConnectionResetError:
            return True

    def _exactly(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self.connection.recv(count - len(received))
            assert part, "the card went away"
            received += part
        return received


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.listening.close()


@pytest.fixture
def stop() -> Iterator[vpcd.Stop]:
    made = vpcd.Stop()
    yield made
    made.set()
    made.close()


@pytest.fixture
def serving(tmp_path: Path, reader: Reader, stop: vpcd.Stop) -> Iterator[Future[None]]:
    with VirtualCard(tmp_path / "card.json") as card, ThreadPoolExecutor() as pool:
        future = pool.submit(vpcd.serve, card, stop, port=reader.port)
        try:
            yield future
        finally:
            stop.set()


@pytest.mark.usefixtures("serving")
def test_it_gives_its_atr_and_answers(reader: Reader) -> None:
    link = reader.accept()
    with link.connection:
        link.say(ATR)
        assert link.hear() == CONTACT_ATR
        link.say(POWER_ON)
        assert link.ask(bytes.fromhex(SELECT))[-2:] == b"\x90\x00"
        assert link.ask(QUERY) == b"\x63\xc3"


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize("control", [POWER_OFF, POWER_ON, RESET])
def test_power_and_reset_make_it_forget(reader: Reader, control: bytes) -> None:
    link = reader.accept()
    with link.connection:
        link.ask(bytes.fromhex(SELECT))
        link.say(control)
        assert link.ask(QUERY) == b"\x6d\x00"


@pytest.mark.usefixtures("serving")
def test_messages_may_come_in_pieces(reader: Reader) -> None:
    link = reader.accept()
    with link.connection:
        message = bytes.fromhex(SELECT)
        for byte in len(message).to_bytes(2, "big") + message:
            link.say(bytes((byte,)))
        assert link.hear()[-2:] == b"\x90\x00"


@pytest.mark.usefixtures("serving")
def test_it_comes_back_to_a_reader_that_was_restarted(reader: Reader) -> None:
    first = reader.accept()
    first.ask(bytes.fromhex(SELECT))
    first.connection.close()
    second = reader.accept()
    with second.connection:
        assert second.ask(QUERY) == b"\x6d\x00", "it lost its power meanwhile"


def test_it_stops_in_the_middle_of_a_message(reader: Reader, stop: vpcd.Stop, serving: Future[None]) -> None:
    link = reader.accept()
    with link.connection:
        link.ask(bytes.fromhex(SELECT))
        link.say(b"\x00")
        stop.set()
        serving.result(60)
        assert link.is_over(), "it has left the reader"


def test_it_stops_while_there_is_no_reader(tmp_path: Path) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    stop = vpcd.Stop()
    with VirtualCard(tmp_path / "card.json") as card, ThreadPoolExecutor() as pool:
        future = pool.submit(vpcd.serve, card, stop, port=port)
        stop.set()
        future.result(60)
    stop.close()


def test_stop_may_be_set_more_than_once_and_when_closed() -> None:
    stop = vpcd.Stop()
    assert not stop.wait(0)
    for _ in range(100_000):
        stop.set()
    assert stop.wait(0)
    stop.close()
    stop.set()
