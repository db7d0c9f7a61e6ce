"""A town with one kiosk: the card service, a department, a kiosk with two in-process readers and its screen.

``town``      all of it, with a card that our service issued and put into force; the department is medical insurance
``treasury``  likewise, the department is finance, and the card may sign
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cardsvc.cards.models import Card
from cardsvc.client import AssertionVerifier, SignatureVerifier, StaticJwks
from cardsvc.db import transaction
from cardsvc.trust.certificates import put_into_force
from cardsvc.trust.models import Certificate, KeyOrigin
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.problems import PROBLEM_MEDIA_TYPE, Problem
from kiosk.catalogue import DepartmentAddress
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.app import create_app
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.opening import open_office
from kiosk.departments.contract.serving import Office
from kiosk.departments.finance import department as finance
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.papers.printer import Printer
from kiosk.reader_names import CONTACT, CONTACTLESS, ReaderSource
from kiosk.screen.server import ScreenServer
from kiosk.station import Equipment, Station
from readers.virtual.loopback import put_on, take_off
from tests.fixtures import browser, windows
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.departments import NO_TLS, press_of, serving
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.services import StandingClock
from tests.fixtures.waiting import wait_until

POLICY = {
    "services": {
        "clinic-check-in": {"level": "tap", "attributes": ["district"]},
        "balance": {"level": "pin", "attributes": []},
    }
}
TREASURY_POLICY = {
    "services": {
        "pay-fee": {"level": "sign", "attributes": []},
        "top-up": {"level": "sign", "attributes": []},
        "purse-balance": {"level": "pin", "attributes": []},
    }
}
CHECK_IN = {"clinic": "hengqin-hospital", "complaint_group": "fever"}
PATIENCE = 30.0

chromium, open_page = browser.chromium, browser.open_page
window = windows.window


@dataclass
class Visitor:
    """A browser at the screen, without a picture."""

    http: httpx.Client

    def look(self, *screens: str) -> dict[str, Any]:
        """Wait until one of these screens is shown; its view."""
        after = -1
        for _ in range(200):
            view: dict[str, Any] = self.http.get("/state", params={"after": after, "wait": 5}).json()
            if view["screen"] in screens:
                return view
            after = view["version"]
        raise AssertionError(f"{view['screen']} instead of {' or '.join(screens)}: {view}")

    def look_for(self, service: str) -> None:
        """Wait until it is offered: a department that answers late is listed late."""

        def offered() -> bool:
            departments = self.look("services")["departments"]
            return any(each["code"] == service for one in departments for each in one["services"])

        wait_until(offered)

    def press(self, path: str, **body: Any) -> dict[str, Any]:
        """Press a button; the view right after it."""
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view


class Line:
    """The line to a department, whose answers to some paths are lost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.lost: set[str] = set()
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        self.asked.append(path)
        if path not in self.lost:
            await self._app(scope, receive, send)
            return

        async def lose(_: Message) -> None:
            pass

        await self._app(scope, receive, lose)
        problem = Problem(type="urn:citizen-card:problem:gone", title="The answer was lost", status=504)
        answer = Response(problem.model_dump_json(), 504, media_type=PROBLEM_MEDIA_TYPE)
        await answer(scope, receive, send)


@dataclass
class Town:
    """Everything, and hands for the cards."""

    city: City
    card: PersonalisedCard
    office: Office
    folder: Path
    station: Station
    links: list[str]
    address: str
    clock: StandingClock
    line: Line
    browsers: ExitStack = field(default_factory=ExitStack)

    @property
    def contactless(self) -> Path:
        return self.folder / "contactless"

    @property
    def contact(self) -> Path:
        return self.folder / "contact"

    def hold(self, state_file: Path | None = None) -> None:
        """Hold a card to the contactless reader."""
        put_on(self.contactless, state_file or self.card.state_file)

    def insert(self, state_file: Path | None = None) -> None:
        """Take the card away and put it into the contact reader."""
        take_off(self.contactless)
        put_on(self.contact, state_file or self.card.state_file)

    def take(self) -> None:
        """Take all cards away."""
        take_off(self.contactless)
        take_off(self.contact)

    def visitor(self) -> Visitor:
        """Somebody in front of the screen."""
        headers = {"Origin": self.address}
        http = httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE, verify=NO_TLS)
        self.browsers.enter_context(http)
        assert http.get(self.links[-1]).status_code == 303
        return Visitor(http)

    def put_in_state(self, state: CardState) -> None:
        """As if the card's life had gone that way."""
        with transaction(self.city.services.sessions) as session:
            card = session.scalars(select(Card).where(Card.uuid == self.card.uuid)).one()
            card.state = state
            if state is CardState.ACTIVE:
                put_into_force(session, card.id)

    def vouch_for_keys(self) -> None:
        """As if the maker of the card had: it may sign."""
        with transaction(self.city.services.sessions) as session:
            session.execute(update(Certificate).values(key_origin=KeyOrigin.ATTESTED))


@pytest.fixture
def town(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    with open_town(sqlite_city, service_card, tmp_path, clock, (medical_insurance, POLICY)) as town:
        yield town


@pytest.fixture
def treasury(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    with open_town(sqlite_city, service_card, tmp_path, clock, (finance, TREASURY_POLICY)) as town:
        town.vouch_for_keys()
        yield town


@contextmanager
def open_town(
    city: City,
    card: PersonalisedCard,
    folder: Path,
    clock: StandingClock,
    kind: tuple[Department, Any],
    *,
    printer: Printer | None = None,
) -> Iterator[Town]:
    """Everything, around one department and its policy."""
    department, policy = kind
    kiosk, inquiry = city.caller("kiosk-1"), city.department(department.code, policy)
    jwks = StaticJwks(city.http().get("/.well-known/jwks.json").json())
    verifier = AssertionVerifier(BASE_URL, department_audience(department.code), jwks, clock)
    gate = Gate(verifier, inquiry, SignatureVerifier([city.services.authority.root]))
    press = press_of(department) if department.gives_papers else None
    with ExitStack() as stack:
        office = stack.enter_context(
            open_office(department, f"sqlite:///{folder / 'department.sqlite'}", gate, clock, press)
        )
        line = Line(create_app(office))
        equipment = Equipment(
            kiosk,
            ReaderSource.of(CONTACTLESS, f"slot:{folder / 'contactless'}", None),
            ReaderSource.of(CONTACT, f"slot:{folder / 'contact'}", None),
            (DepartmentAddress(stack.enter_context(serving(cast("FastAPI", line))), department.code),),
            clock=clock,
            printer=printer,
        )
        station = stack.enter_context(Station(equipment))
        links: list[str] = []
        address = stack.enter_context(screen_of(station, links))
        town = Town(city, card, office, folder, station, links, address, clock, line)
        stack.enter_context(town.browsers)
        town.put_in_state(CardState.ACTIVE)
        yield town


@contextmanager
def screen_of(station: Station, links: list[str]) -> Iterator[str]:
    """The screen's server in a thread; its address."""
    ready = threading.Event()
    server = ScreenServer(station.booth, 0, links.append, lambda _: ready.set(), station.metrics)
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield server.address
    finally:
        server.should_exit = True
        thread.join()
