"""A kiosk that loses its network: whom it serves, by what, and what becomes of it. All is real but the cable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.client import AssertionVerifier, ServiceClient, SignatureVerifier, StaticJwks
from cardsvc.db import transaction
from cardsvc.offline.models import OfflineTap
from cardsvc.trust.certificates import put_into_force
from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.lifecycle import CardState, RevocationReason
from cardsvc.wire.manifest import department_audience
from kiosk.catalogue import DepartmentAddress
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.app import create_app
from kiosk.departments.contract.keeping import KeptAnswer
from kiosk.departments.contract.opening import open_office
from kiosk.departments.contract.serving import Office
from kiosk.departments.environment import department as environment
from kiosk.departments.environment.models import Slip
from kiosk.departments.environment.recycling import FIRST_SLIPS
from kiosk.offline.desk import OfflineDesk
from kiosk.offline.stand_by import OfflineEquipment
from kiosk.reader_names import CONTACT, CONTACTLESS, ReaderSource
from kiosk.station import Equipment, Station
from kiosk.visit.screens import Trouble
from readers.virtual.loopback import put_on, take_off
from tests.fixtures.cards import PersonalisedCard, personalise
from tests.fixtures.departments import NO_TLS, serving
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.services import StandingClock
from tests.integration.kiosk.conftest import PATIENCE, Visitor, screen_of

DEPARTMENT, SERVICE = "environment", "recycling-points"
POLICY: dict[str, Any] = {
    "services": {
        SERVICE: {"level": "tap", "offline": {"max_age_seconds": 3600}},
        "problem-report": {"level": "tap"},
        "my-cases": {"level": "pin"},
    }
}
SLIP, POINTS = next(iter(FIRST_SLIPS.items()))


@dataclass
class Cable(httpx.BaseTransport):
    """The way to the service, which can be cut: at once, or after so many requests more."""

    inner: httpx.BaseTransport
    left: int | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.left is not None:
            if not self.left:
                raise httpx.ConnectError("cut")
            self.left -= 1
        return self.inner.handle_request(request)

    def cut(self, after: int = 0) -> None:
        self.left = after

    def mend(self) -> None:
        self.left = None


@dataclass
class Place:
    """A kiosk, to be switched off and on."""

    city: City
    card: PersonalisedCard
    office: Office
    address: str
    folder: Path
    cable: Cable
    clock: StandingClock
    seconds: list[float] = field(default_factory=lambda: [0.0])
    """What the machine's own count of seconds is ahead of the clock."""
    power: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.kiosk = ServiceClient(
            BASE_URL, "kiosk-1", self.city.keys["kiosk-1"], clock=self.clock, transport=self.cable, patience=0
        )

    @property
    def offline(self) -> Path:
        return self.folder / "offline"

    def on(self) -> Visitor:
        """Switch it on; somebody in front of its screen."""
        equipment = Equipment(
            self.kiosk,
            ReaderSource.of(CONTACTLESS, f"slot:{self.folder / 'contactless'}", None),
            ReaderSource.of(CONTACT, f"slot:{self.folder / 'contact'}", None),
            (DepartmentAddress(self.address, DEPARTMENT),),
            clock=self.clock,
            offline=OfflineEquipment(self.offline, self.kiosk, lambda: self.clock().timestamp() + self.seconds[0]),
        )
        links: list[str] = []
        self.station = self.power.enter_context(Station(equipment))
        address = self.power.enter_context(screen_of(self.station, links))
        http = httpx.Client(base_url=address, headers={"Origin": address}, timeout=PATIENCE, verify=NO_TLS)
        self.power.enter_context(http)
        assert http.get(links[-1]).status_code == 303
        self.wait(lambda: self.state().offers)
        return Visitor(http)

    def off(self) -> None:
        self.take()
        self.power.close()

    def stocked(self) -> Visitor:
        """Switch it on and wait until it has what it needs."""
        visitor = self.on()
        self.wait(lambda: (self.offline / "package.json").exists() and self.state().offers)
        self.wait(lambda: bool(self.station._stand_by and self.station._stand_by.desk.readiness.seconds_left))
        return visitor

    def state(self) -> Any:
        return self.station.booth.snapshot.state

    def wait(self, ready: Any) -> None:
        for _ in range(int(PATIENCE * 20)):
            if ready():
                return
            time.sleep(0.05)
        raise AssertionError("it did not come to that")

    def hold(self) -> None:
        put_on(self.folder / "contactless", self.card.state_file)

    def take(self) -> None:
        take_off(self.folder / "contactless")

    def again(self) -> None:
        """Take the card away and hold it to the reader once more."""
        self.take()
        time.sleep(0.3)
        self.hold()

    @property
    def desk(self) -> OfflineDesk:
        assert self.station._stand_by is not None
        return self.station._stand_by.desk

    def entries(self) -> int:
        return self.desk.waiting

    def metric(self, name: str) -> int:
        assert self.station.metrics is not None
        lines = self.station.metrics().splitlines()
        (value,) = [int(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
        return value

    def answers(self) -> list[str | None]:
        """What the department answered: the code of a no, nothing for a yes."""
        with self.office.sessions() as session:
            kept = session.scalars(select(KeptAnswer.answer))
            return [None if answer is None else answer.get("type", "").rpartition(":")[2] or None for answer in kept]

    def slip(self) -> Slip:
        with self.office.sessions() as session:
            return session.get_one(Slip, SLIP)

    def taps(self) -> list[OfflineTap]:
        with self.city.services.sessions() as session:
            return list(session.scalars(select(OfflineTap).order_by(OfflineTap.sequence)))

    def use(self, visitor: Visitor) -> dict[str, Any]:
        """From the card to the last screen."""
        self.hold()
        view = visitor.look("services", "refusal")
        if view["screen"] == "refusal":
            return view
        visitor.press("/choose", department=DEPARTMENT, service=SERVICE)
        visitor.press("/consent")
        visitor.press("/form", values={"slip": SLIP})
        assert visitor.press("/check")["screen"] == "hold-again"
        self.again()
        return visitor.look("done", "refusal")


@pytest.fixture
def place(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Place]:
    sqlite_city.caller("kiosk-1")
    inquiry = sqlite_city.department(DEPARTMENT, POLICY)
    jwks = StaticJwks(sqlite_city.http().get("/.well-known/jwks.json").json())
    verifier = AssertionVerifier(BASE_URL, department_audience(DEPARTMENT), jwks, clock)
    gate = Gate(verifier, inquiry, SignatureVerifier([sqlite_city.services.authority.root]))
    with transaction(sqlite_city.services.sessions) as session:
        card = session.scalars(select(Card).where(Card.uuid == service_card.uuid)).one()
        card.state = CardState.ACTIVE
        put_into_force(session, card.id)
    clock.advance(seconds=10)
    with ExitStack() as stack:
        office = stack.enter_context(open_office(environment, f"sqlite:///{tmp_path / 'd.sqlite'}", gate, clock))
        address = stack.enter_context(serving(create_app(office)))
        place = Place(sqlite_city, service_card, office, address, tmp_path, Cable(sqlite_city.transport), clock)
        stack.callback(place.off)
        yield place


def test_a_tap_without_a_network_is_recorded_then_passed_on_and_done(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    done = place.use(visitor)
    assert done["screen"] == "done", done
    assert done["outcome"]["title"] == "Recorded. It will be passed on"
    assert done["outcome"]["receipt"].startswith("OFF-")
    assert place.slip().credited_to is None
    place.clock.advance(minutes=10)
    place.cable.mend()
    place.wait(lambda: place.slip().credited_to is not None)
    (tap,) = place.taps()
    assert (tap.verdict.value, tap.card) == ("accepted", CardAtTap.IN_FORCE)
    place.wait(lambda: (place.offline / "journal.log").stat().st_size == 0)


def test_the_screen_says_what_still_works_and_shows_nothing_else(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.hold()
    place.wait(lambda: Trouble.OFFLINE in place.state().troubles)
    view = visitor.look("services", "refusal")
    shown = [(one["code"], [service["code"] for service in one["services"]]) for one in view["departments"]]
    assert (view["offline"], shown) == (True, [(DEPARTMENT, [SERVICE])])
    assert visitor.press("/choose", department=DEPARTMENT, service="my-cases")["screen"] == "services"


def test_the_department_hears_that_the_card_was_revoked_before_the_kiosk_knew(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.city.caller("ana", CallerKind.OFFICER).revoke(place.card.uuid, RevocationReason.WITHDRAWN)
    place.clock.advance(minutes=5)
    assert place.use(visitor)["screen"] == "done"
    place.cable.mend()
    place.wait(place.taps)
    (tap,) = place.taps()
    assert (tap.verdict.value, tap.card) == ("card-not-in-force", CardAtTap.REVOKED)
    place.wait(lambda: (place.offline / "journal.log").stat().st_size == 0)
    assert place.slip().credited_to is None  # the department said no, since it was told
    assert place.answers() == ["card-not-in-force-then"]


def test_a_card_that_the_kiosk_knows_to_be_revoked_is_refused(place: Place) -> None:
    place.city.caller("ana", CallerKind.OFFICER).revoke(place.card.uuid, RevocationReason.WITHDRAWN)
    place.clock.advance(seconds=10)  # what was published a moment ago is looked at again
    visitor = place.stocked()
    place.cable.cut()
    place.hold()
    refused = visitor.look("refusal", "services")
    assert (refused["code"], refused["card_state"]) == ("card-not-active", "revoked")


def test_data_older_than_the_policy_says_closes_and_warns_before(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.clock.advance(minutes=46)
    assert place.metric("kiosk_offline_seconds_left") == 840
    assert place.desk.look().soon == {(DEPARTMENT, SERVICE)}
    place.clock.advance(minutes=14)
    assert place.metric("kiosk_offline_seconds_left") == 0
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "offline-too-old"
    assert place.entries() == 0


def test_data_that_grows_too_old_between_two_taps_closes_all_the_same(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.clock.advance(seconds=3599 - 60)
    place.hold()
    visitor.look("services")
    visitor.press("/choose", department=DEPARTMENT, service=SERVICE)
    visitor.press("/consent")
    visitor.press("/form", values={"slip": SLIP})
    visitor.press("/check")
    place.clock.advance(seconds=62)
    visitor.press("/touch")
    place.again()
    assert visitor.look("refusal", "done")["code"] == "offline-too-old"
    assert place.entries() == 0


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_jumps_by_hours_closes(place: Place, hours: int) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.clock.advance(hours=hours)
    place.seconds[0] -= hours * 3600  # the machine counts on as if nothing were
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "offline-clock-wrong"
    assert place.metric("kiosk_offline_closed") == 1


def test_a_clock_that_is_behind_after_a_start_closes(place: Place) -> None:
    place.stocked()
    place.off()
    place.cable.cut()
    place.clock.advance(hours=-3)
    visitor = place.on()
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "offline-clock-wrong"


def test_a_clock_put_back_to_when_the_data_was_fresh_closes(place: Place) -> None:
    place.stocked()
    place.cable.cut()
    place.clock.advance(minutes=50)
    place.desk.look()
    place.off()
    place.clock.advance(minutes=-49)
    visitor = place.on()
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "offline-clock-wrong"


def test_switched_on_without_a_network_it_knows_what_it_knew(place: Place) -> None:
    place.stocked()
    place.off()
    place.cable.cut()
    place.clock.advance(minutes=10)
    visitor = place.on()
    assert place.use(visitor)["screen"] == "done"


@pytest.mark.parametrize("name", ["package.json", "anchor.cer"])
def test_supplies_that_were_tampered_with_serve_nobody(place: Place, name: str) -> None:
    place.stocked()
    place.off()
    place.cable.cut()
    content = bytearray((place.offline / name).read_bytes())
    content[len(content) // 2] ^= 1
    (place.offline / name).write_bytes(content)
    visitor = place.on()
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "service-unreachable"


@pytest.mark.parametrize("harm", ["truncated", "tampered", "gone"])
def test_a_journal_that_is_not_as_it_was_left_takes_nothing_more(place: Place, harm: str) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.use(visitor)
    place.off()
    log = place.offline / "journal.log"
    content = log.read_bytes()
    log.write_bytes({"truncated": content[:-1], "tampered": content[:-1] + b"?", "gone": b""}[harm])
    visitor = place.on()
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "offline-journal-closed"


def test_a_journal_that_was_put_back_is_refused_by_the_service_and_closes(place: Place) -> None:
    visitor = place.stocked()
    place.off()
    before = {path.name: path.read_bytes() for path in place.offline.glob("journal.*")}
    visitor = place.on()
    place.cable.cut()
    place.use(visitor)
    place.cable.mend()
    place.wait(lambda: place.slip().credited_to is not None)
    place.off()
    for name, content in before.items():
        (place.offline / name).write_bytes(content)
    place.clock.advance(minutes=1)
    place.cable.cut()
    visitor = place.on()
    done = place.use(visitor)
    assert done["screen"] == "done", done
    place.cable.mend()
    place.wait(lambda: place.city.audit("tap.journal"))
    place.cable.cut()
    place.take()
    visitor.press("/done")
    time.sleep(0.3)
    place.hold()
    assert visitor.look("refusal", "services")["code"] == "offline-journal-closed"
    assert len(place.taps()) == 1


def test_another_card_does_not_confirm(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.hold()
    visitor.look("services")
    visitor.press("/choose", department=DEPARTMENT, service=SERVICE)
    visitor.press("/consent")
    visitor.press("/form", values={"slip": SLIP})
    visitor.press("/check")
    other = personalise(place.folder / "other.json")
    place.take()
    time.sleep(0.3)
    put_on(place.folder / "contactless", other.state_file)
    refused = visitor.look("refusal", "done")
    assert refused["code"] == "certificate-refused"  # of another city
    assert place.entries() == 0


@pytest.mark.parametrize("requests", range(8))
def test_cut_after_any_request_the_visit_comes_to_an_end_and_is_done_once(place: Place, requests: int) -> None:
    visitor = place.stocked()
    place.cable.cut(after=requests)
    place.hold()
    for _ in range(12):
        view = visitor.look("services", "consent", "form", "check", "hold-again", "done", "refusal")
        match view["screen"]:
            case "services":
                visitor.press("/choose", department=DEPARTMENT, service=SERVICE)
            case "consent":
                visitor.press("/consent")
            case "form":
                visitor.press("/form", values={"slip": SLIP})
            case "check":
                visitor.press("/check")
            case "hold-again":
                place.again()
                visitor.look("done", "refusal")
            case "refusal":
                assert view["code"] == "service-unreachable"
                visitor.press("/done")
                visitor.look("attract")
                place.again()
            case "done":
                break
    assert view["screen"] == "done"
    place.cable.mend()
    place.wait(lambda: place.slip().credited_to is not None)
    place.wait(lambda: place.entries() == 0)
    assert place.answers() == [None]


def test_metrics_are_open_and_say_nothing_of_anybody(place: Place) -> None:
    visitor = place.stocked()
    place.cable.cut()
    place.use(visitor)
    text = httpx.get(f"{visitor.http.base_url}/metrics", verify=NO_TLS).text
    assert 'kiosk_offline_seconds_left{department="environment",service="recycling-points"} 3600' in text
    assert "kiosk_journal_waiting 1" in text
    assert str(place.card.uuid) not in text
