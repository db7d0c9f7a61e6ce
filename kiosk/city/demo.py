"""The main job from end to end: a resident is enrolled, gets a card, taps it, is served, and loses it again.

Every step is done by the programs a city would use, in processes of their own, and is then checked from outside: in
the databases, on the card, in the card's journal of what it saw.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography import x509
from rich.console import Console

from cardsvc.client import ServiceClient, ServiceProblem, SignatureVerifier
from cardsvc.wire.lifecycle import RevocationReason
from kiosk.city.citizen import CitizenAtScreen
from kiosk.city.enrolling import enrol_kiosk, examine_kiosk
from kiosk.city.finished_card import look_at
from kiosk.city.founding import DESK, FOUNDING_OFFICERS, KIOSK, Plan, found, open_kiosk, open_offices
from kiosk.city.issuing import (
    CARD_SECONDS,
    CITIZENS_PIN,
    RESIDENT,
    STOCK_NUMBER,
    SealedCard,
    activate,
    enrol,
    personalise,
)
from kiosk.city.stage import CardFiles, Place, Stage, Transport, open_stage, why_no_pcsc
from kiosk.city.steps import Recorder
from kiosk.city.witness import CardRecordWitness, DatabaseWitness, expect
from readers.apdu import CommandApdu
from readers.metering import Usage
from readers.piv.identifiers import Instruction, PinReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.status import KnownStatus

CHECK_IN: Final = {"clinic": "hengqin-hospital", "complaint_group": "fever"}
BOOK: Final = "30519000000052"
"""A barcode on the library's shelves."""
NOTICE: Final = "802600000037"
"""Of a fee that a resident's voucher pays."""


class Demo:
    """One run. Each public method without arguments is a step and returns what was seen from outside."""

    def __init__(self, plan: Plan, stage: Stage, running: ExitStack) -> None:
        self._plan = plan
        self._stage = stage
        self._running = running
        self._card = CardFiles.named(plan.folder, STOCK_NUMBER)
        self._records = DatabaseWitness(plan.database)
        self._application = UUID(int=0)
        self._sealed = SealedCard(UUID(int=0), Pin("000000"))

    @property
    def usage(self) -> Usage:
        """What the resident's card has seen so far."""
        return self._card.usage

    @property
    def _clerk(self) -> ServiceClient:
        return self._plan.caller(FOUNDING_OFFICERS[0])

    @property
    def _approver(self) -> ServiceClient:
        return self._plan.caller(FOUNDING_OFFICERS[1])

    @property
    def _on_record(self) -> CardRecordWitness:
        return CardRecordWitness(self._records, self._sealed.uuid)

    def found(self) -> str:
        """Certificate authority, database, two officers."""
        found(self._plan)
        root = x509.load_pem_x509_certificate(self._plan.root_certificate.read_bytes())
        root.verify_directly_issued_by(root)
        officers = self._records.value("SELECT count(*) FROM callers WHERE kind = 'officer'")
        expect(officers, 2, "officers in the database")
        return f"2 officers; {root.subject.rfc4514_string()} signs itself"

    def open(self) -> str:
        """Start the service and the departments."""
        processes = self._running.enter_context(open_offices(self._plan))
        return f"{', '.join(processes)}: {len({process.pid for process in processes.values()})} processes"

    def enrol(self) -> str:
        """A clerk enrols a resident and submits the application."""
        self._application = enrol(self._clerk, RESIDENT)
        expect(self._application_state(), "submitted", "application")
        expect(self._records.contains(RESIDENT.name), wanted=False, what="the resident's name in clear in the database")
        return "application submitted; the database does not hold the name in clear"

    def approve(self) -> str:
        """The clerk cannot approve what she requested; another officer can."""
        refused = _refusal(lambda: self._clerk.approve(self._application))
        expect(refused, "same-person", "approval by the requester")
        self._approver.approve(self._application)
        expect(self._application_state(), "approved", "application")
        return f"{FOUNDING_OFFICERS[0]} refused ({refused}), {FOUNDING_OFFICERS[1]} approved"

    def personalise(self) -> str:
        """The service writes the card, the desk relays."""
        self._stage.put_on(self._card, Place.CONTACT)
        reader = self._stage.reader(Place.CONTACT)
        self._sealed = personalise(self._clerk, self._application, STOCK_NUMBER, reader)
        expect(self._on_record.state, "sealed", "card")
        expect(self._on_record.certificates, ["on-hold"] * 3, "certificates")
        self._expect_on_record("card.personalise")
        return look_at(self._plan, self._sealed, reader)

    def activate(self) -> str:
        """The citizen replaces the transport PIN and proves it."""
        self._clerk.deliver(self._sealed.uuid)
        activate(self._plan.caller(DESK), self._sealed, Pin(CITIZENS_PIN), self._stage.reader(Place.CONTACT))
        self._stage.take_off(Place.CONTACT)
        expect(self._on_record.state, "active", "card")
        expect(self._on_record.certificates, ["valid"] * 3, "certificates")
        self._expect_on_record("card.activate")
        return "card active, 3 certificates valid; in the audit log: ok"

    def pin_over_contactless(self) -> str:
        """The PIN is of no use on the contactless reader: the card itself refuses."""
        self._stage.put_on(self._card, Place.CONTACTLESS)
        reader = self._stage.reader(Place.CONTACTLESS)
        reader.wait_for_card(CARD_SECONDS)
        with reader.connect() as connection:
            PivSession.open(connection)
            verify = CommandApdu(0, Instruction.VERIFY, 0, PinReference.APPLICATION_PIN, Pin(CITIZENS_PIN).padded)
            status = connection.transmit(bytes(verify))[-2:]
        self._stage.take_off(Place.CONTACTLESS)
        if int.from_bytes(status, "big") == KnownStatus.SUCCESS:
            raise AssertionError("the card took the PIN over contactless")
        return f"the card answers {status.hex().upper()} to VERIFY"

    def open_kiosk(self) -> str:
        """Enrol a kiosk with a one-time code, and start it on the two readers."""
        enrolled = enrol_kiosk(self._plan)
        kinds = self._records.rows("SELECT kind FROM callers WHERE client_id = ?", KIOSK)
        expect(kinds, [("kiosk",)], "callers of the kiosk's name")
        process = self._running.enter_context(open_kiosk(self._plan, self._stage))
        self._citizen = self._running.enter_context(CitizenAtScreen(self._plan.kiosk_link))
        return (
            f"{enrolled}; screen at http://127.0.0.1:{self._plan.kiosk_port}, process {process.pid}; "
            f"prints into {self._plan.printed}; doctor: {examine_kiosk(self._plan, self._stage)}"
        )

    def tap(self) -> str:
        """The citizen holds the card to the kiosk."""
        before = self._card.usage
        self._stage.put_on(self._card, Place.CONTACTLESS)
        self._citizen.wait_for("services")
        used = self._card.usage - before
        self._stage.take_off(Place.CONTACTLESS)
        expect(used.apdus, 3, "APDUs of a tap")
        self._expect_on_record("authentication")
        return f"services on the screen; {used.bytes_sent} bytes sent, {used.bytes_received} received"

    def served_at_tap(self) -> str:
        """Clinic check-in: a ticket, no PIN."""
        clinic = DatabaseWitness(self._plan.department_data("medical-insurance") / "medical-insurance.sqlite")
        before = clinic.value("SELECT count(*) FROM tickets")
        receipt = self._citizen.use(
            "medical-insurance", "clinic-check-in", {"clinic": "hengqin-hospital", "complaint_group": "fever"}
        )
        expect(clinic.value("SELECT count(*) FROM tickets"), before + 1, "tickets at the clinic")
        return f"receipt {receipt}; one more ticket in the department's own database"

    def library_loan(self) -> str:
        """A book from the library, in the same visit."""
        library = DatabaseWitness(self._plan.department_data("education") / "education.sqlite")
        receipt = self._citizen.use("education", "library-loan", {"barcode": BOOK})
        expect(library.value("SELECT barcode FROM loans WHERE returned_at IS NULL"), BOOK, "item on loan")
        return f"receipt {receipt}; the library's own database has item {BOOK} on loan"

    def served_with_pin(self) -> str:
        """The card goes in, the PIN opens the balance."""
        self._stage.put_on(self._card, Place.CONTACT)
        receipt = self._citizen.use("medical-insurance", "balance", {}, Pin(CITIZENS_PIN))
        level = self._records.rows("SELECT level FROM visits ORDER BY id DESC LIMIT 1")[0][0]
        expect(level, "pin", "level of the visit")
        return f"receipt {receipt}; visit at level pin"

    def signed_payment(self) -> str:
        """In the same visit a fee is paid: the citizen reads what it is, and signs it with the PIN."""
        receipt = self._citizen.use("finance", "pay-fee", {"notice": NOTICE}, Pin(CITIZENS_PIN))
        treasury = DatabaseWitness(self._plan.department_data("finance") / "finance.sqlite")
        document, cms = treasury.rows("SELECT document, cms FROM kept_signatures WHERE receipt = ?", receipt)[0]
        expect(NOTICE.encode() in document, wanted=True, what="the notice's number in what was signed")
        root = x509.load_pem_x509_certificate(self._plan.root_certificate.read_bytes())
        SignatureVerifier([root]).verify_kept(cms, document)
        self._expect_on_record("signature")
        self._stage.take_off(Place.CONTACT)
        self._citizen.wait_for("attract")
        return f"receipt {receipt}; document and signature are kept, and good up to the root; over when the card is out"

    def revoke(self) -> str:
        """An officer revokes the card."""
        self._approver.revoke(self._sealed.uuid, RevocationReason.LOST)
        expect(self._on_record.state, "revoked", "card")
        expect(self._on_record.certificates, ["revoked"] * 3, "certificates")
        self._expect_on_record("card.revoke")
        return "card and 3 certificates revoked; in the audit log: ok"

    def refused_tap(self) -> str:
        """The next tap is refused."""
        self._stage.put_on(self._card, Place.CONTACTLESS)
        shown = self._citizen.wait_for("refusal")
        self._stage.take_off(Place.CONTACTLESS)
        self._expect_on_record("authentication", "card-not-active")
        return f"screen: “{shown['title']}”; in the audit log: card-not-active"

    def _expect_on_record(self, event: str, outcome: str = "ok") -> None:
        """The newest audit record of that kind about the card."""
        expect(self._on_record.audit(event)[-1:], [outcome], f"audit record of {event}")

    def _application_state(self) -> str:
        return str(self._records.value("SELECT state FROM applications WHERE id = ?", self._application.hex))


STEPS: Final[tuple[tuple[str, Callable[[Demo], str]], ...]] = (
    ("found the city: CA, database, officers", Demo.found),
    ("open the service and three departments", Demo.open),
    ("enrol a resident", Demo.enrol),
    ("approval needs a second officer", Demo.approve),
    ("personalise a card over the relay", Demo.personalise),
    ("activate it with the citizen's own PIN", Demo.activate),
    ("the PIN over contactless is refused", Demo.pin_over_contactless),
    ("enrol and open a kiosk", Demo.open_kiosk),
    ("tap the card", Demo.tap),
    ("be served at level tap: clinic check-in", Demo.served_at_tap),
    ("be served at level tap: library loan", Demo.library_loan),
    ("be served at level pin: balance", Demo.served_with_pin),
    ("be served at level sign: pay a fee", Demo.signed_payment),
    ("revoke the card", Demo.revoke),
    ("the next tap is refused", Demo.refused_tap),
)


def run_demo(report_folder: Path, wanted: Transport | None, console: Console) -> bool:
    """Run every step, print a table, write ``report.json``; logs of the processes are kept when a step failed.

    What an earlier run left is removed first, so that nothing there speaks for a run that was broken off.
    """
    shutil.rmtree(report_folder, ignore_errors=True)
    logs = report_folder / "logs"
    with ExitStack() as running, tempfile.TemporaryDirectory(prefix="city-") as name:
        folder = Path(name)
        stage = running.enter_context(open_stage(folder, wanted))
        if stage.transport is Transport.PCSC:
            console.print("Cards and readers: [bold]the real PC/SC stack[/] (pcscd with the vpcd driver).")
        else:
            console.print(f"Cards and readers: [bold]in-process[/]. {why_no_pcsc() or 'As asked for.'}")
        demo = Demo(replace(Plan.for_folder(folder), enrols_kiosk=True), stage, running)
        recorder = Recorder(lambda: demo.usage, console)
        all(recorder.run(title, functools.partial(step, demo)) for title, step in STEPS)
        running.close()
        recorder.write(report_folder / "report.json", stage.transport)
        if not recorder.ok:
            _keep_logs(folder, logs)
    console.print(recorder.table("A card's life in a city"))
    if not recorder.ok:
        console.print(f"What the processes wrote is in {logs}.", soft_wrap=True)
    return recorder.ok


def _keep_logs(folder: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, target / log.name)


def _refusal(act: Callable[[], object]) -> str:
    """The code of the problem that ``act`` is refused with, or ``accepted``."""
    try:
        act()
    except ServiceProblem as refused:
        return refused.problem.code
    return "accepted"
