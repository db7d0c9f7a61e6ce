"""A guardian's PIN is for the guardian's card, and for as long as somebody waits for their yes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient
from kiosk.desk.consenting import agree_by_card
from kiosk.desk.progress import Cancelled, Report
from readers.errors import WrongPin
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackConnection, LoopbackReader, put_on
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.proofs import BASE_URL, City

CLERK = "cy"
GUARDIANS = Pin("918273")


def nothing() -> None:
    """Happens meanwhile."""


@dataclass
class SlowLine(httpx.BaseTransport):
    """To the card service; something happens before a challenge gets here."""

    inner: httpx.BaseTransport
    meanwhile: Callable[[], None] = nothing

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        if request.url.path == "/v1/challenges":
            self.meanwhile()
        return answer


class SlowReader(LoopbackReader):
    """Something happens before it has the card."""

    meanwhile: Callable[[], None] = staticmethod(nothing)

    @contextmanager
    def connect(self) -> Iterator[LoopbackConnection]:
        self.meanwhile()
        with super().connect() as connection:
            yield connection


@dataclass
class Clerk:
    """Has the next in the queue put their card into the reader, where the guardian's was."""

    line: SlowLine
    reader: SlowReader
    service: ServiceClient
    slot: Path
    next_card: PersonalisedCard
    gone_on: bool = False

    def go_on(self) -> None:
        put_on(self.slot, self.next_card.state_file)

    def stop_and_go_on(self) -> None:
        self.gone_on = True
        self.go_on()

    def agree(self) -> None:
        check = Report(given_up=lambda: self.gone_on).check_waited_for
        agree_by_card(self.service.as_long_as(check), self.reader, uuid4(), uuid4(), GUARDIANS, check=check)

    @property
    def tries_left(self) -> int | None:
        with LoopbackReader(self.slot).connect() as connection:
            return PivSession.open(connection).pin_tries_left()


@pytest.fixture
def clerk(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path) -> Clerk:
    sqlite_city.caller(CLERK, CallerKind.OFFICER)
    line, slot = SlowLine(sqlite_city.transport), tmp_path / "slot"
    service = ServiceClient(BASE_URL, CLERK, sqlite_city.keys[CLERK], clock=sqlite_city.clock, transport=line)
    return Clerk(line, SlowReader(slot), service, slot, service_card)


@pytest.mark.parametrize("kept_waiting_by", ["line", "reader"])
def test_what_nobody_waits_for_enters_the_pin_into_nobodys_card(clerk: Clerk, kept_waiting_by: str) -> None:
    slow: SlowLine | SlowReader = clerk.line if kept_waiting_by == "line" else clerk.reader
    slow.meanwhile = clerk.stop_and_go_on
    with pytest.raises(Cancelled):
        clerk.agree()
    assert clerk.tries_left == 3


def test_what_is_waited_for_enters_it(clerk: Clerk) -> None:
    clerk.line.meanwhile = clerk.go_on
    with pytest.raises(WrongPin):
        clerk.agree()
    assert clerk.tries_left == 2
