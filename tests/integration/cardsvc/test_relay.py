"""From an application to an active card over HTTP and the relay's WebSocket, with each caller's own key."""

from __future__ import annotations

import io
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from websockets.sync.client import connect

from cardsvc import logs
from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.cards.repository import get_card
from cardsvc.client import ServiceClient, ServiceProblem, statement
from cardsvc.db import reading
from cardsvc.services import Services
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.relay import Command, Hello, Progress, Refused, to_desk
from cardsvc.wire.signed import activation_hash
from kiosk.desk.relay import RelayBroken, RelayRefused, relay_personalisation, relay_unblocking
from readers.connection import CardConnection
from readers.errors import CardMute, CardRemoved, CardReset, ReaderFailed
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from tests.fixtures.issuance import MEI, card_in_reader, whoever_gets
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City

OWN_PIN = Pin("271828")
CALLERS = {"ana": CallerKind.OFFICER, "bo": CallerKind.OFFICER, "desk-1": CallerKind.DESK}


@dataclass(frozen=True)
class Office:
    """Clients of a service on a socket."""

    ana: ServiceClient
    bo: ServiceClient
    desk: ServiceClient

    def reserve(self, stock_number: str = "HQ-0001") -> UUID:
        application = self.ana.create_application(whoever_gets(stock_number))
        self.ana.submit(application.id)
        self.bo.approve(application.id)
        self.ana.add_stock(stock_number)
        return self.ana.personalise(application.id, stock_number).uuid


@pytest.fixture
def open_office() -> Iterator[Callable[[City], Office]]:
    with ExitStack() as stack:

        def opening(city: City) -> Office:
            url = stack.enter_context(serving(create_app(city.services)))
            for name, kind in CALLERS.items():
                city.caller(name, kind)
            return Office(*(stack.enter_context(client(city, url, name)) for name in CALLERS))

        yield opening


def client(city: City, url: str, name: str) -> ServiceClient:
    return ServiceClient(url, name, city.keys[name], issuer=BASE_URL, clock=city.clock)


@pytest.fixture
def office(sqlite_city: City, open_office: Callable[[City], Office]) -> Office:
    return open_office(sqlite_city)


@pytest.fixture
def blank(tmp_path: Path) -> Iterator[CardConnection]:
    with card_in_reader(tmp_path) as connection:
        yield connection


def activation_proof(desk: ServiceClient, card_uuid: UUID, connection: CardConnection, transport_pin: str) -> CardProof:
    session = PivSession.open(connection)
    session.change_pin(Pin(transport_pin), OWN_PIN)
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card_uuid))
    session.verify_pin(OWN_PIN)
    return CardProof(
        challenge_handle=challenge.handle,
        card_uuid=card_uuid,
        level=Level.PIN,
        audience=challenge.audience,
        signature=session.sign_digest(KeyReference.PIV_AUTHENTICATION, statement(challenge, card_uuid).digest),
    )


def test_from_an_application_to_an_active_card(
    city: City, open_office: Callable[[City], Office], blank: CardConnection
) -> None:
    office = open_office(city)
    card_uuid = office.reserve()
    seen: list[Progress] = []
    finished = relay_personalisation(office.desk, card_uuid, blank, seen.append)
    assert office.desk.card(card_uuid).state is CardState.SEALED
    assert [step.done for step in seen] == list(range(len(seen)))
    assert seen[-1].done == seen[-1].total - 1
    office.ana.deliver(card_uuid)
    proof = activation_proof(office.desk, card_uuid, blank, finished.transport_pin)
    card = office.desk.activate(card_uuid, proof)
    assert [step.state for step in card.history] == [
        "stock",
        "reserved",
        "personalising",
        "sealed",
        "delivered",
        "active",
    ]


def test_a_card_that_is_written_is_not_blank_any_more(office: Office, blank: CardConnection) -> None:
    relay_personalisation(office.desk, office.reserve(), blank)
    second = office.reserve("HQ-0002")
    with pytest.raises(RelayRefused) as refused:
        relay_personalisation(office.desk, second, blank)
    assert refused.value.code == "card-not-blank"
    assert office.desk.card(second).state is CardState.RESERVED


def test_a_contactless_desk_is_refused_before_anything_is_sent(office: Office, tmp_path: Path) -> None:
    card_uuid = office.reserve()
    with card_in_reader(tmp_path, contactless=True) as connection, pytest.raises(RelayRefused) as refused:
        relay_personalisation(office.desk, card_uuid, connection)
    assert refused.value.code == "contact-reader-needed"
    assert office.desk.card(card_uuid).state is CardState.RESERVED


def test_the_relay_needs_the_scope(office: Office, sqlite_city: City, blank: CardConnection) -> None:
    sqlite_city.caller("kiosk-1")
    card_uuid = office.reserve()
    with client(sqlite_city, office.desk.base_url, "kiosk-1") as kiosk, pytest.raises(RelayRefused) as refused:
        relay_personalisation(kiosk, card_uuid, blank)
    assert refused.value.code == "insufficient-scope"


def test_a_card_that_is_for_nobody_is_not_written(office: Office, blank: CardConnection) -> None:
    with pytest.raises(RelayRefused) as refused:
        relay_personalisation(office.desk, uuid4(), blank)
    assert refused.value.code == "no-such-card"


class PulledCard:
    """A connection that is cut after so many commands."""

    def __init__(self, inner: CardConnection, commands: int, error: Exception) -> None:
        self._inner = inner
        self._left = commands
        self._error = error
        self.atr, self.contactless, self.reset = inner.atr, inner.contactless, inner.reset
        self.transaction, self.close = inner.transaction, inner.close

    def transmit(self, command: bytes) -> bytes:
        if not self._left:
            raise self._error
        self._left -= 1
        return self._inner.transmit(command)


class DeskBurntDown(Exception):
    """Ends the desk's program in the middle of a command."""


def test_a_desk_that_goes_away_can_come_back_at_once(office: Office, blank: CardConnection) -> None:
    """Or another desk that has the card: nobody waits for the end of the first."""
    card_uuid = office.reserve()
    with pytest.raises(DeskBurntDown):
        relay_personalisation(office.desk, card_uuid, PulledCard(blank, 20, DeskBurntDown()))
    assert office.desk.card(card_uuid).state is CardState.PERSONALISING
    relay_personalisation(office.ana, card_uuid, blank)
    assert office.desk.card(card_uuid).state is CardState.SEALED


def test_a_service_that_stops_lets_go_of_the_card(sqlite_city: City, tmp_path: Path, blank: CardConnection) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(ExitStack())
        url = server.enter_context(serving(create_app(sqlite_city.services)))
        for name, kind in CALLERS.items():
            sqlite_city.caller(name, kind)
        office = Office(*(stack.enter_context(client(sqlite_city, url, name)) for name in CALLERS))
        card_uuid = office.reserve()
        stopping = threading.Thread(target=server.close)
        with pytest.raises((RelayBroken, RelayRefused)):
            relay_personalisation(office.desk, card_uuid, Interrupted(blank, 20, stopping.start))
        stopping.join()
    with reading(sqlite_city.services.sessions) as session:
        assert get_card(session, card_uuid).state is CardState.PERSONALISING
    assert sqlite_city.audit("card.personalise")[-1].outcome in {"desk-gone", "failed"}


def test_nothing_secret_is_logged(office: Office, blank: CardConnection, caplog: pytest.LogCaptureFixture) -> None:
    """At the lowest level, on both sides, with the libraries' own lines."""
    caplog.set_level(logging.DEBUG)
    stream = io.StringIO()
    logs.configure(stream, logging.DEBUG)
    recorded = Interrupted(blank, -1, lambda: None)
    relay_personalisation(office.desk, office.reserve(), recorded)
    lines = wait_for("/v1/cards/{card_uuid}/relay", lambda: caplog.text + stream.getvalue())
    assert_nothing_secret(lines, recorded.commands)


def test_nothing_secret_is_logged_of_what_breaks(
    office: Office, blank: CardConnection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is logged with its traceback; then the card is torn, gone on with, and unblocked."""
    caplog.set_level(logging.DEBUG)
    stream = io.StringIO()
    logs.configure(stream, logging.DEBUG)
    card_uuid, recorded = office.reserve(), Interrupted(blank, -1, lambda: None)

    def fault(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("cardsvc.issuance.personalisation.inspect", fault)
        with pytest.raises(RelayRefused) as failed:
            relay_personalisation(office.desk, card_uuid, recorded)
    with pytest.raises(RelayRefused) as torn:
        relay_personalisation(office.desk, card_uuid, PulledCard(recorded, 40, CardRemoved("torn out")))
    finished = relay_personalisation(office.desk, card_uuid, recorded)
    asked = office.ana.request_approval(ApprovalKind.PUK_RELEASE, card_uuid, "the desk lost the PIN")
    office.bo.approve_request(asked.id)
    office.desk.unblock(card_uuid)
    fresh = relay_unblocking(office.desk, card_uuid, recorded)
    lines = wait_for("/unblock/relay", lambda: caplog.text + stream.getvalue())
    assert "ZeroDivisionError" in lines
    told = f"{failed.value!r} {torn.value!r} {finished!r} {fresh!r}"
    assert_nothing_secret(lines + told, recorded.commands)


def assert_nothing_secret(lines: str, commands: list[bytes]) -> None:
    """No PIN, PUK or key that any command carried, in whatever form, and no name."""
    secret_commands = [c for c in commands if c[1] in {0x20, 0x24, 0x2C, 0xFF} and len(c) > 5]
    assert len(secret_commands) > 4
    for command in secret_commands:
        secret = command[5:]
        for shown in (secret.hex(), secret.hex().upper(), encode_base64url(command), repr(secret)):
            assert shown not in lines
        for digits in re.findall(rb"\d{6,8}", secret if command[1] != 0xFF else b""):
            # Digits turn up in request ids and times of day by chance; as a word of their own they do not.
            assert not re.search(rf"(?<![\w.-]){digits.decode()}(?![\w.-])", lines)
    assert MEI.name not in lines


def wait_for(word: str, read: Callable[[], str]) -> str:
    """All that there is to read once the word is in it: the service writes its line after the desk has hung up."""
    deadline = time.monotonic() + 30
    while word not in (lines := read()):
        assert time.monotonic() < deadline, f"{word} was not written"
        time.sleep(0.01)
    return lines


class Interrupted:
    """A connection that remembers what it sent, and does something after so many commands."""

    def __init__(self, inner: CardConnection, commands: int, then: Callable[[], None]) -> None:
        self._inner = inner
        self._at = commands
        self._then = then
        self.commands: list[bytes] = []
        self.atr, self.contactless, self.reset = inner.atr, inner.contactless, inner.reset
        self.transaction, self.close = inner.transaction, inner.close

    def transmit(self, command: bytes) -> bytes:
        self.commands.append(command)
        if len(self.commands) == self._at:
            self._then()
        return self._inner.transmit(command)


def test_the_problem_of_an_application_that_is_not_approved(office: Office) -> None:
    application = office.ana.create_application(MEI)
    office.ana.add_stock("HQ-0001")
    with pytest.raises(ServiceProblem) as refused:
        office.ana.personalise(application.id, "HQ-0001")
    assert refused.value.problem.code == "transition-refused"
    assert refused.value.problem.data["state"] == ApplicationState.DRAFT
    assert refused.value.problem.data["open"] == [ApplicationState.CANCELLED, ApplicationState.SUBMITTED]


@pytest.mark.parametrize("answer", ['{"type":"answer","seq":99,"apdu":"kAA"}', "nonsense", b"binary"])
def test_a_desk_that_breaks_the_protocol_is_refused(office: Office, answer: str | bytes) -> None:
    url, headers = office.desk.relay_url(office.reserve()), office.desk.relay_headers()
    with connect(url, additional_headers=headers, proxy=None) as socket:
        socket.send(Hello(atr=b"\x3b\x80", contactless=False).model_dump_json())
        while not isinstance(message := to_desk.validate_json(socket.recv()), Command):
            assert isinstance(message, Progress)
        socket.send(answer)
        end = to_desk.validate_json(socket.recv())
    assert isinstance(end, Refused)
    assert end.problem.endswith(":desk-confused")


@pytest.mark.parametrize("greeting", ['{"type":"answer","seq":1,"apdu":"kAA"}', "nonsense"])
def test_a_desk_that_does_not_introduce_itself(office: Office, sqlite_city: City, greeting: str) -> None:
    card_uuid = office.reserve()
    url, headers = office.desk.relay_url(card_uuid), office.desk.relay_headers()
    with connect(url, additional_headers=headers, proxy=None) as socket:
        socket.send(greeting)
        end = to_desk.validate_json(socket.recv())
    assert isinstance(end, Refused)
    assert end.problem.endswith(":desk-confused")
    (entry,) = sqlite_city.audit("request")
    assert (entry.outcome, entry.actor, entry.detail["card_uuid"]) == ("desk-confused", "desk-1", str(card_uuid))


def test_a_desk_that_falls_silent(
    sqlite_city: City, open_office: Callable[[City], Office], make_city: Callable[[Services], City]
) -> None:
    services = sqlite_city.services
    hasty = replace(services, settings=services.settings.model_copy(update={"relay_command_seconds": 0.2}))
    office = open_office(make_city(hasty))
    card_uuid = office.reserve()
    with connect(
        office.desk.relay_url(card_uuid), additional_headers=office.desk.relay_headers(), proxy=None
    ) as socket:
        socket.send(Hello(atr=b"\x3b\x80", contactless=False).model_dump_json())
        while not isinstance(message := to_desk.validate_json(socket.recv()), Refused):
            assert isinstance(message, Progress | Command)
    assert message.problem.endswith(":desk-gone")
    assert office.desk.card(card_uuid).state is CardState.RESERVED


def test_a_fault_of_our_own_is_told_and_does_not_cost_the_card(
    office: Office, sqlite_city: City, blank: CardConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    card_uuid = office.reserve()

    def fault(*_: object) -> None:
        raise ZeroDivisionError

    # As the service logs. The default draws every local variable of the fault, and nobody is answered meanwhile.
    logs.configure(io.StringIO())
    monkeypatch.setattr("cardsvc.issuance.personalisation.inspect", fault)
    with pytest.raises(RelayRefused) as refused:
        relay_personalisation(office.desk, card_uuid, blank)
    assert refused.value.code == "internal-error"
    assert office.desk.card(card_uuid).state is CardState.PERSONALISING
    assert sqlite_city.audit("card.personalise")[-1].outcome == "failed"
    monkeypatch.undo()
    relay_personalisation(office.desk, card_uuid, blank)
    assert office.desk.card(card_uuid).state is CardState.SEALED


def test_a_failing_reader_is_named(office: Office, blank: CardConnection) -> None:
    for number, error in enumerate((CardMute(), CardReset(), CardRemoved(), ReaderFailed(1, "transmit"))):
        with pytest.raises(RelayRefused, match="card or its reader failed") as refused:
            relay_personalisation(office.desk, office.reserve(f"HQ-100{number}"), PulledCard(blank, 3, error))
        assert refused.value.code == "card-failed"


def test_looking_at_an_application_and_rejecting_it(office: Office, sqlite_city: City) -> None:
    application = office.ana.create_application(MEI)
    office.ana.submit(application.id)
    assert office.bo.application(application.id).person == MEI
    rejected = office.bo.reject(application.id, "photograph missing")
    assert (rejected.state, rejected.history[-1].reason) == (ApplicationState.REJECTED, "photograph missing")
    (look,) = sqlite_city.audit("application.view")
    assert (look.actor, look.citizen_counter) == ("bo", 3)


def test_a_service_that_is_not_there(office: Office, blank: CardConnection) -> None:
    class Nowhere:
        tls = None

        def relay_url(self, card_uuid: UUID) -> str:
            return f"ws://127.0.0.1:1/{card_uuid}"

        unblocking_relay_url = relay_url

        def relay_headers(self) -> dict[str, str]:
            return {}

    with pytest.raises(RelayBroken):
        relay_personalisation(Nowhere(), uuid4(), blank)


def test_unblocking_over_http(city: City, open_office: Callable[[City], Office], blank: CardConnection) -> None:
    """On both databases: Ana asks, Bo grants, the desk unblocks, and the citizen has a PIN again."""
    office = open_office(city)
    card_uuid = office.reserve()
    finished = relay_personalisation(office.desk, card_uuid, blank)
    office.ana.deliver(card_uuid)
    office.desk.activate(card_uuid, activation_proof(office.desk, card_uuid, blank, finished.transport_pin))
    asked = office.ana.request_approval(ApprovalKind.PUK_RELEASE, card_uuid, "forgot the PIN")
    office.bo.approve_request(asked.id)
    opened = office.desk.unblock(card_uuid)
    assert opened.card_uuid == card_uuid
    steps: list[Progress] = []
    fresh = relay_unblocking(office.desk, card_uuid, blank, steps.append)
    assert [step.done for step in steps] == list(range(steps[0].total))
    PivSession.open(blank).change_pin(Pin(fresh.transport_pin), OWN_PIN)
    assert office.desk.card(card_uuid).state is CardState.ACTIVE
    assert city.audit("card.unblock")[-1].outcome == "ok"


def test_unblocking_without_a_grant_is_refused_and_recorded(
    office: Office, sqlite_city: City, blank: CardConnection
) -> None:
    card_uuid = office.reserve()
    relay_personalisation(office.desk, card_uuid, blank)
    with pytest.raises(ServiceProblem) as refused:
        office.desk.unblock(card_uuid)
    assert refused.value.problem.code == "not-approved"
    asked = office.ana.request_approval(ApprovalKind.PUK_RELEASE, card_uuid, "forgot the PIN")
    with pytest.raises(ServiceProblem) as alone:
        office.ana.approve_request(asked.id)
    assert alone.value.problem.code == "same-person"
    with pytest.raises(ServiceProblem) as early:
        office.desk.unblock(card_uuid)
    assert early.value.problem.code == "not-approved"
    with pytest.raises(RelayRefused) as denied:
        relay_unblocking(office.desk, card_uuid, blank)
    assert denied.value.code == "unblocking-not-open"
    refusals = [record.outcome for record in sqlite_city.audit("request")]
    assert refusals == ["not-approved", "same-person", "not-approved"]
    assert [record.outcome for record in sqlite_city.audit("card.unblock")] == ["unblocking-not-open"]


def test_giving_up_a_card_over_http(office: Office, sqlite_city: City, blank: CardConnection) -> None:
    card_uuid = office.reserve()
    with pytest.raises(ServiceProblem) as too_early:
        office.desk.give_up(card_uuid, "lost")
    assert too_early.value.problem.code == "not-begun"
    with pytest.raises(DeskBurntDown):
        relay_personalisation(office.desk, card_uuid, PulledCard(blank, 30, DeskBurntDown()))
    card = office.desk.give_up(card_uuid, "burnt with the desk")
    assert card.state is CardState.QUARANTINED
    assert card.history[-1].reason == "burnt with the desk"
    assert sqlite_city.audit("card.give-up")[-1].outcome == "ok"
