"""Departments that mean ill, over real connections: none holds a thread, fills the memory or leaves a mark."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import pytest

from cardsvc.wire.manifest import ServiceRequest
from kiosk.department_client import DepartmentClient, DepartmentConfused, DepartmentUnreachable
from tests.fixtures.offers import CLINIC, outcome

KEY = UUID("c0000000-0000-4000-8000-000000000003")
REQUEST = ServiceRequest(assertion="aaa.bbb.ccc")
PERIOD = 0.02
"""Seconds between two bytes of those who are slow."""
SECONDS = 0.3
"""That they get: an answer of theirs takes ten times as long."""

Speaker = Callable[[socket.socket, threading.Event], None]


@contextmanager
def department(speak: Speaker) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and the requests that it got; it speaks after each."""
    got: list[bytes] = []
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    got.append(connection.recv(65536))
                    speak(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", got
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def answer(content: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


GOOD = answer(outcome().model_dump_json().encode())


def slowly(said: bytes, at_once: int) -> Speaker:
    def speak(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(said[:at_once])
        for byte in said[at_once:]:
            if over.wait(PERIOD):
                return
            connection.sendall(bytes((byte,)))

    return speak


def at_once(said: bytes) -> Speaker:
    return lambda connection, _: connection.sendall(said)


@contextmanager
def client() -> Iterator[DepartmentClient]:
    asking = DepartmentClient(seconds=SECONDS)
    try:
        yield asking
    finally:
        asking.close()


@pytest.mark.parametrize("said_at_once", [0, GOOD.index(b"{")], ids=["head", "body"])
def test_whoever_speaks_byte_by_byte_is_left_when_the_time_for_all_of_it_is_over(said_at_once: int) -> None:
    with department(slowly(GOOD, said_at_once)) as (address, _), client() as asking:
        with pytest.raises(DepartmentUnreachable):
            asking.ask(address, "check-in", REQUEST, KEY)
        with pytest.raises(DepartmentUnreachable):
            asking.ask_soon(address, "check-in", REQUEST, KEY, SECONDS)


def test_whoever_answers_at_once_is_heard_as_ever_after_one_who_did_not() -> None:
    with department(slowly(GOOD, 0)) as (slow, _), department(at_once(GOOD)) as (quick, _), client() as asking:
        with pytest.raises(DepartmentUnreachable):
            asking.ask(slow, "check-in", REQUEST, KEY)
        assert asking.ask(quick, "check-in", REQUEST, KEY) == outcome()


@pytest.mark.parametrize("content", [gzip.compress(CLINIC.model_dump_json().encode()), b"no gzip"], ids=["good", "bad"])
def test_what_is_compressed_is_neither_asked_for_nor_unpacked(content: bytes) -> None:
    said = answer(content, "Content-Encoding: gzip, gzip" if content == b"no gzip" else "Content-Encoding: gzip")
    with department(at_once(said)) as (address, got), client() as asking, pytest.raises(DepartmentConfused):
        asking.manifest(address)
    assert b"\r\naccept-encoding: identity\r\n" in got[0].lower()


def test_no_cookie_is_kept() -> None:
    said = answer(outcome().model_dump_json().encode(), "Set-Cookie: visitor=P-1; Path=/")
    with department(at_once(said)) as (address, got), client() as asking:
        for _ in range(2):
            asking.ask(address, "check-in", REQUEST, KEY)
    assert [b"\r\ncookie:" in request.lower() for request in got] == [False, False]
