"""Proof of life with two cards that the city issued, every part a process of its own, on loopback and on pcscd."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from cardsvc.wire.lifecycle import Person
from kiosk.city.founding import FOUNDING_OFFICERS, TITLES, Plan, open_department, open_kiosk, open_service
from kiosk.city.issuing import CITIZENS_PIN, RESIDENT, enrol, issue, produce
from kiosk.city.portraits import portrait
from kiosk.city.processes import python, run
from kiosk.city.stage import CardFiles, LoopbackStage, PcscStage, Place, Stage
from kiosk.city.witness import DatabaseWitness
from readers.piv.identifiers import ObjectId
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.city import Visitor, founded
from tests.fixtures.faces import looks_like, object_on, put_object
from tests.fixtures.whole import sample

DEPARTMENT: Final = "social-insurance"
ROSA: Final = Person(
    name="林玫瑰",
    name_latin="Lam Rosa",
    birth_date=date(1979, 8, 2),
    document_number="M7775551",
    district="hengqin",
)

HUGO: Final = Person(
    name="何雨果",
    name_latin="Ho Hugo",
    birth_date=date(1985, 3, 14),
    document_number="M7775552",
    district="hengqin",
)


@dataclass(frozen=True)
class Office:
    """A kiosk in front of social insurance; the cards of a pensioner, an attendant and one who is neither."""

    plan: Plan
    stage: Stage
    pensioner: CardFiles
    attendant: CardFiles
    stranger: CardFiles
    visitor: Visitor

    @contextmanager
    def inserted(self, card: CardFiles) -> Iterator[None]:
        """With its PIN."""
        self.stage.put_on(card, Place.CONTACT)
        self.visitor.wait_for("pin-entry")
        self.visitor.touch("/pin", pin=CITIZENS_PIN)
        yield
        self.stage.take_off(Place.CONTACT)

    @property
    def proofs(self) -> list[tuple[str, ...]]:
        return DatabaseWitness(self._database).rows("SELECT document_number FROM proofs_of_life")

    def forget_proofs(self) -> None:
        """As at the beginning of a year."""
        with closing(sqlite3.connect(self._database, timeout=20)) as connection, connection:
            connection.execute("DELETE FROM proofs_of_life")

    @property
    def _database(self) -> Path:
        return self.plan.department_data(DEPARTMENT) / f"{DEPARTMENT}.sqlite"

    def ask(self) -> None:
        """The pensioner asks for it, as far as the PIN for the photograph."""
        self.visitor.wait_for("services")
        self.visitor.touch("/choose", department=DEPARTMENT, service="proof-of-life")
        self.visitor.touch("/consent")
        self.visitor.wait_for("photograph-pin")
        self.visitor.touch("/pin", pin=CITIZENS_PIN)


ON_PCSCD = pytest.param("pcscd", marks=pytest.mark.needs("pcscd", "vpcd"))


@pytest.fixture(scope="module", params=sample(["loopback", ON_PCSCD], [ON_PCSCD]))
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    shutil.copytree(founded(tmp_path_factory.getbasetemp(), tuple(TITLES)), folder, dirs_exist_ok=True)
    plan = Plan.for_folder(folder, departments=tuple(TITLES))
    with ExitStack() as running:
        desk = LoopbackStage(folder)
        stage: Stage = desk
        if request.param == "pcscd":
            stage = PcscStage(running.enter_context(PrivatePcscd()))
        running.enter_context(open_service(plan))
        running.enter_context(open_department(plan, DEPARTMENT))
        pensioner, attendant, stranger = (
            CardFiles.named(folder, name) for name in ("pensioner", "attendant", "stranger")
        )
        issue(plan, desk, pensioner)
        with plan.caller(FOUNDING_OFFICERS[0]) as clerk:
            application, another = enrol(clerk, ROSA), enrol(clerk, HUGO)
        produce(plan, desk, attendant, application, "CC-0000-0002")
        produce(plan, desk, stranger, another, "CC-0000-0003")
        running.enter_context(open_kiosk(plan, stage, {DEPARTMENT: plan.department_url(DEPARTMENT)}))
        visitor = running.enter_context(Visitor(plan.kiosk_link))
        running.callback(stage.take_off, Place.CONTACT)
        yield Office(plan, stage, pensioner, attendant, stranger, visitor)


def test_an_attendant_confirms_the_face_on_a_card_that_the_city_issued(office: Office) -> None:
    office.forget_proofs()
    visitor = office.visitor
    invite = ("departments", "invite-attendant", "--name=Rosa Lam", f"--data={office.plan.department_data(DEPARTMENT)}")
    code = run("invite", python("kiosk.cli", *invite), {}).strip()
    with office.inserted(office.attendant):
        visitor.use(DEPARTMENT, "attendant-enrolment", {"code": code})
    visitor.wait_for("attract")
    with office.inserted(office.pensioner):
        office.ask()
        visitor.wait_for("hand-over")
    visitor.wait_for("await-second")
    assert office.proofs == []
    with office.inserted(office.stranger):
        assert visitor.wait_for("consent")["photograph"] is None
        assert visitor.touch("/consent")["photograph"] is None
        assert visitor.wait_for("refusal")["photograph"] is None
        visitor.is_refused("department-refused")
    visitor.wait_for("await-second")
    with office.inserted(office.attendant):
        visitor.wait_for("consent")
        visitor.touch("/consent")
        shown = visitor.wait_for("form")["photograph"]
        assert looks_like(visitor.fetch(shown), portrait(RESIDENT.document_number))
        assert not looks_like(visitor.fetch(shown), portrait(ROSA.document_number))
        visitor.touch("/form", values={"face": "same"})
        visitor.touch("/check")
        visitor.wait_for("done")
    assert office.proofs == [(RESIDENT.document_number,)]


def test_a_photograph_that_is_not_this_cards_is_refused_in_every_language(office: Office, tmp_path: Path) -> None:
    office.forget_proofs()
    others = object_on(office.attendant.state, ObjectId.FACIAL_IMAGE)
    for face, code in ((b"", "no-photograph"), (others, "photograph-of-another")):
        card = CardFiles.named(tmp_path, "tampered")
        shutil.copy(office.pensioner.state, card.state)
        put_object(card.state, ObjectId.FACIAL_IMAGE, face)
        with office.inserted(card):
            office.ask()
            office.visitor.is_refused(code)
        office.visitor.wait_for("attract")
    assert office.proofs == []
