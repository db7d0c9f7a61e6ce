"""A card's whole life, with every process as talkative as it can be made: what may not be written is written nowhere.

Searched is everything the processes of a city, this one, and the cards wrote: logs, standard output and error, traces,
journals, tracebacks and reprs.
"""

from __future__ import annotations

import json
import logging
import shutil
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from cardsvc.client import statement
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Person, RevocationReason
from kiosk.city.citizen import CitizenAtScreen
from kiosk.city.founding import DESK, FOUNDING_OFFICERS, KIOSK, Plan, open_kiosk, open_offices
from kiosk.city.issuing import RESIDENT, SealedCard, activate, enrol, personalise
from kiosk.city.stage import CardFiles, LoopbackStage, Place
from kiosk.desk.relay import RelayRefused
from readers.errors import CardRemoved, PinBlocked, ReaderError, WrongPin
from readers.piv.identifiers import Algorithm, VendorInstruction
from readers.piv.management_key import ManagementKey
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.trace import TRACE_VARIABLE
from readers.virtual import loopback
from readers.virtual.loopback import LoopbackReader
from readers.virtual.state import CardState
from tests.fixtures.city import founded
from tests.fixtures.leaks import leaks

LOUD: Final = '''
"""Started with every Python process: everything that is logged anywhere goes to standard error."""
import logging
import structlog
logging.basicConfig(level=1)
logging.RootLogger.setLevel = lambda self, level: None
logging.getLogger("sqlalchemy").setLevel(1)
logging.captureWarnings(True)
quiet = structlog.make_filtering_bound_logger
structlog.make_filtering_bound_logger = lambda level=0: quiet(0)
'''
CITIZENS, WRONG, AFTERWARDS, WRONG_PUK = "48151623", "90817263", "31415926", "66554433"
"""Of eight digits each, so that no port or duration looks like one."""
NEIGHBOUR: Final = Person.model_validate({**RESIDENT.model_dump(), "name": "歐陽若蘭", "document_number": "X7654321"})


@dataclass
class Written:
    """What was written, and what may not be in it."""

    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    values: dict[str, bytes] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def remember(self, name: str, thing: object) -> None:
        """How a thing shows itself."""
        self.texts[name] = f"{thing!r} {thing}"

    def tell(self, name: str, error: BaseException) -> None:
        """An error, with what Python writes when nobody catches it."""
        self.texts[name] = "".join(traceback.format_exception(error)) + repr(error)

    def secrets_of(self, name: str, card: Path) -> CardState:
        """What only the card and the service should know."""
        state = CardState.from_json(card.read_text())
        self.words |= {f"{name}: PUK": state.puk.value.decode()}
        self.values |= {f"{name}: management key": state.management.value}
        self.values |= {f"{name}: key {number:02X}": slot.private for number, slot in state.keys.items()}
        return state

    def collect(self) -> None:
        """Everything in files, private keys and card memories apart: those are meant to hold secrets."""
        for file in self.folder.rglob("*"):
            if file.suffix in {".log", ".journal", ".trace"}:
                self.texts[file.name] = file.read_text(errors="replace")


@pytest.fixture
def written(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Written:
    shutil.copytree(founded(tmp_path_factory.getbasetemp()), tmp_path, dirs_exist_ok=True)
    loud = tmp_path / "loud"
    loud.mkdir()
    (loud / "sitecustomize.py").write_text(LOUD)
    monkeypatch.setenv("PYTHONPATH", str(loud))
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    monkeypatch.setenv(TRACE_VARIABLE, str(tmp_path / "apdus.trace"))
    found = Written(tmp_path)
    for file in tmp_path.glob("*.jwk"):
        key = json.loads(file.read_text())
        if "d" in key:
            found.words[f"private key {file.stem}"] = key["d"]
    found.words["passphrase of the keystore"] = (tmp_path / "keystore.passphrase").read_text().strip()
    for person in (RESIDENT, NEIGHBOUR):
        for name in ("name", "name_latin", "document_number", "birth_date"):
            found.words[f"{name} of {person.document_number}"] = str(getattr(person, name))
    found.words |= {"PIN": CITIZENS, "wrong PIN": WRONG, "new PIN": AFTERWARDS, "wrong PUK": WRONG_PUK}
    return found


@pytest.fixture
def plan(written: Written) -> Iterator[tuple[Plan, LoopbackStage]]:
    with ExitStack() as running:
        plan, stage = Plan.for_folder(written.folder), LoopbackStage(written.folder)
        running.enter_context(open_offices(plan))
        running.enter_context(open_kiosk(plan, stage))
        yield plan, stage


@pytest.mark.timeout(300)
def test_a_whole_life(
    written: Written,
    plan: tuple[Plan, LoopbackStage],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(1)
    city, stage = plan
    card = CardFiles.named(written.folder, "resident")
    issued = issue(written, city, stage, card)
    fail_to_issue(written, city, stage)
    authenticate(written, city, card)
    visit(written, city, stage, card)
    block_and_unblock(written, card)
    with city.caller(FOUNDING_OFFICERS[1]) as approver:
        written.remember("revoked", approver.revoke(issued.uuid, RevocationReason.LOST))
    written.collect()
    written.texts["what this process logged"] = caplog.text
    written.texts["what this process printed"] = "".join(capfd.readouterr())
    assert_it_was_talkative(written)
    assert leaks(written.texts, written.values, written.words) == set()


def issue(written: Written, city: Plan, stage: LoopbackStage, card: CardFiles) -> SealedCard:
    clerk, approver, desk = (city.caller(name) for name in (*FOUNDING_OFFICERS, DESK))
    with clerk, approver, desk:
        application = enrol(clerk, RESIDENT)
        written.remember("approved", approver.approve(application))
        stage.put_on(card, Place.CONTACT)
        reader = stage.reader(Place.CONTACT)
        sealed = personalise(clerk, application, "CC-0000-0001", reader)
        written.words["transport PIN"] = sealed.transport_pin.digits
        clerk.deliver(sealed.uuid)
        activate(desk, sealed, Pin(CITIZENS), reader)
        stage.take_off(Place.CONTACT)
    written.remember("sealed card", sealed)
    state = written.secrets_of("resident", card.state)
    written.remember("card memory", state)
    written.remember("management key", ManagementKey(Algorithm(state.management.algorithm), state.management.value))
    written.remember("person", RESIDENT)
    return sealed


def fail_to_issue(written: Written, city: Plan, stage: LoopbackStage) -> None:
    """The card is pulled off at the moment at which a secret is under way."""
    card = CardFiles.named(written.folder, "neighbour")
    clerk, approver = (city.caller(name) for name in FOUNDING_OFFICERS)
    stage.put_on(card, Place.CONTACT)
    real = loopback.LoopbackConnection.transmit

    def pulled_off(connection: loopback.LoopbackConnection, command: bytes) -> bytes:
        answer = real(connection, command)
        if command[1] == VendorInstruction.SET_MANAGEMENT_KEY:
            raise CardRemoved("the card was taken off the reader")
        return answer

    with clerk, approver, pytest.MonkeyPatch.context() as patch:
        patch.setattr(loopback.LoopbackConnection, "transmit", pulled_off)
        application = enrol(clerk, NEIGHBOUR)
        approver.approve(application)
        with pytest.raises(RelayRefused) as refused:
            personalise(clerk, application, "CC-0000-0002", stage.reader(Place.CONTACT))
    stage.take_off(Place.CONTACT)
    written.tell("refused relay", refused.value)
    written.secrets_of("neighbour", card.state)


def authenticate(written: Written, city: Plan, card: CardFiles) -> None:
    """What the kiosk does at a tap, here, so that its tokens are known."""
    slot = card.state.with_suffix(".slot")
    loopback.put_on(slot, card.state)
    with city.caller(KIOSK) as kiosk, LoopbackReader(slot, contactless=True).connect() as connection:
        (challenge,) = kiosk.challenges(Level.TAP)
        result = tap(connection, lambda uuid: statement(challenge, uuid).digest)
        proof = CardProof(
            challenge_handle=challenge.handle,
            card_uuid=result.card_uuid,
            level=Level.TAP,
            audience=challenge.audience,
            signature=result.signature,
        )
        begun = kiosk.authenticate(proof)
        assertion = kiosk.exchange(begun.visit_token, "education", "library-loan")
        kiosk.end_visit(begun.visit_token)
        written.remember("visit", begun)
        written.words |= {"visit token": begun.visit_token, "assertion": assertion}
    loopback.take_off(slot)


def visit(written: Written, city: Plan, stage: LoopbackStage, card: CardFiles) -> None:
    with CitizenAtScreen(city.kiosk_link) as citizen:
        stage.put_on(card, Place.CONTACT)
        citizen.wait_for("pin-entry")
        citizen._touch("/pin", {"pin": WRONG})
        assert citizen.wait_for("pin-entry", "refusal")["tries_left"] == 2
        with pytest.raises(httpx.HTTPStatusError):
            citizen._touch("/pin", {"pin": "no PIN " + WRONG})
        citizen._touch("/pin", {"pin": CITIZENS})
        citizen.wait_for("services")
        citizen.use("medical-insurance", "balance", {}, Pin(CITIZENS))
        citizen.leave()
        stage.take_off(Place.CONTACT)
        citizen.wait_for("attract")


def block_and_unblock(written: Written, card: CardFiles) -> None:
    puk = Pin(written.words["resident: PUK"])
    slot = card.state.with_suffix(".slot")
    loopback.put_on(slot, card.state)
    errors: list[ReaderError] = []
    with LoopbackReader(slot).connect() as connection:
        session = PivSession.open(connection)
        for _ in range(3):
            with pytest.raises((WrongPin, PinBlocked)) as wrong:
                session.verify_pin(Pin(WRONG))
            errors.append(wrong.value)
        with pytest.raises(WrongPin) as wrong_puk:
            session.reset_pin(Pin(WRONG_PUK), Pin(AFTERWARDS))
        errors.append(wrong_puk.value)
        session.reset_pin(puk, Pin(AFTERWARDS))
        session.verify_pin(Pin(AFTERWARDS))
    loopback.take_off(slot)
    for number, error in enumerate(errors):
        written.tell(f"error {number}", error)
    written.remember("PUK", puk)


def assert_it_was_talkative(written: Written) -> None:
    """Or else there would be nothing to find."""
    trace = written.texts["apdus.trace"]
    for command in ("VERIFY data=8:*", "RESET RETRY COUNTER data=16:*", "SET MANAGEMENT KEY data=35:*", "PUT DATA"):
        assert command in trace
    assert "INFO:sqlalchemy.engine" in written.texts["service.log"]
    assert "DEBUG:" in written.texts["kiosk.log"]
    assert logging.getLevelName(logging.DEBUG) in written.texts["what this process logged"]
    assert {"resident.journal", "education.log", "medical-insurance.log"} <= set(written.texts)
