"""A town with one kiosk: the card service, a department, a kiosk with two in-process readers and its screen.

``town``  all of it, with a card that our service issued and put into force
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cardsvc.cards.models import Card
from cardsvc.client import AssertionVerifier, StaticJwks
from cardsvc.db import transaction
from cardsvc.trust.certificates import put_into_force
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import department_audience
from kiosk.catalogue import DepartmentAddress
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.app import create_app
from kiosk.departments.contract.opening import open_office
from kiosk.departments.contract.serving import Office
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.reader_names import CONTACT, CONTACTLESS, ReaderSource
from kiosk.screen.server import ScreenServer
from kiosk.station import Equipment, Station
from readers.virtual.loopback import put_on, take_off
from tests.fixtures import browser
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.departments import NO_TLS, serving
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.services import StandingClock

POLICY = {
    "services": {
        "clinic-check-in": {"level": "tap", "attributes": ["district"]},
        "balance": {"level": "pin", "attributes": []},
    }
}
CHECK_IN = {"clinic": "hengqin-hospital", "complaint_group": "fever"}
PATIENCE = 30.0

open_page = browser.open_page


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

    def press(self, path: str, **body: Any) -> dict[str, Any]:
        """Press a button; the view right after it."""
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view


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


@pytest.fixture
def town(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    kiosk = sqlite_city.caller("kiosk-1")
    code = medical_insurance.code
    inquiry = sqlite_city.department(code, POLICY)
    jwks = StaticJwks(sqlite_city.http().get("/.well-known/jwks.json").json())
    gate = Gate(AssertionVerifier(BASE_URL, department_audience(code), jwks, clock), inquiry)
    with ExitStack() as stack:
        database = f"sqlite:///{tmp_path / 'department.sqlite'}"
        office = stack.enter_context(open_office(medical_insurance, database, gate, clock))
        equipment = Equipment(
            kiosk,
            ReaderSource.of(CONTACTLESS, f"slot:{tmp_path / 'contactless'}", None),
            ReaderSource.of(CONTACT, f"slot:{tmp_path / 'contact'}", None),
            (DepartmentAddress(stack.enter_context(serving(create_app(office))), code),),
            clock=clock,
        )
        station = stack.enter_context(Station(equipment))
        links: list[str] = []
        address = stack.enter_context(screen_of(station, links))
        town = Town(sqlite_city, service_card, office, tmp_path, station, links, address, clock)
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
