"""Closing a client while another thread has a request under way leaves no connection open."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from cardsvc.client.errors import ServiceUnreachable
from cardsvc.client.transport import Repeat, Transport


class Slow(httpx.BaseTransport):
    """Answers when it may."""

    def __init__(self) -> None:
        self.asked, self.may, self.closed = threading.Event(), threading.Event(), threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        del request
        self.asked.set()
        assert self.may.wait(60)
        assert not self.closed.is_set(), "what is opened now, nobody closes"
        return httpx.Response(200)

    def close(self) -> None:
        self.closed.set()


def test_the_connections_are_closed_after_the_last_request_that_is_under_way() -> None:
    slow = Slow()
    transport = Transport("https://cards.test", slow)
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(transport.send, "GET", "/", repeat=Repeat.FREELY)
        assert slow.asked.wait(60)
        transport.close()
        assert not slow.closed.is_set()
        slow.may.set()
        assert answer.result().status_code == 200
    assert slow.closed.is_set()


def test_a_closed_client_sends_nothing_more() -> None:
    slow = Slow()
    transport = Transport("https://cards.test", slow)
    transport.close()
    assert slow.closed.is_set()
    with pytest.raises(ServiceUnreachable, match="closed"):
        transport.send("GET", "/", repeat=Repeat.FREELY)
    assert not slow.asked.is_set()
