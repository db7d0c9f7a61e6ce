"""The city that is walked through: real processes, real PC/SC, and departments that are new for each walk."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from playwright.sync_api import Page

from cardsvc.wire.lifecycle import Person
from kiosk.city.founding import FOUNDING_OFFICERS, TITLES, Plan, open_department, open_kiosk, open_service
from kiosk.city.issuing import enrol, issue, produce
from kiosk.city.processes import python, run
from kiosk.city.stage import CardFiles, LoopbackStage, PcscStage, Place
from kiosk.departments.contract.clock import city_date
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.city import founded
from tests.walks.table import CITY, COMPANION

OPEN_ROUND: Final = (
    "INSERT INTO rounds (code, opens_on, closes_on, born_from, born_until) VALUES "
    "('today', :today, date(:today, '+30 days'), date(:today, '-3000 days'), date(:today, '-2000 days'))"
)
"""Places at schools are applied for today: the first rounds are those of certain years."""
LASTING: Final = ("kept_signatures", "issued_papers", "cases")
"""Tables of every department that only a service that was done writes to."""
ROSA: Final = Person(
    name="林玫瑰",
    name_latin="Lam Rosa",
    birth_date=date(1979, 8, 2),
    document_number=COMPANION,
    district="hengqin",
)
"""Comes with the resident where a service takes two."""


@dataclass(frozen=True, slots=True)
class WalkedCity:
    """A card service that runs, a kiosk's two readers, a resident's card and that of whoever comes along."""

    plan: Plan
    stage: PcscStage
    card: CardFiles
    companions_card: CardFiles

    @property
    def root(self) -> x509.Certificate:
        """The authority above the citizens' certificates."""
        return x509.load_pem_x509_certificate(self.plan.root_certificate.read_bytes())

    @contextmanager
    def open(self, departments: Sequence[str]) -> Iterator[str]:
        """New departments and a new kiosk in front of them; the link to its screen."""
        addresses = {code: self.plan.department_url(code) for code in departments}
        with ExitStack() as running:
            for code in departments:
                shutil.rmtree(self.plan.department_data(code), ignore_errors=True)
                running.enter_context(open_department(self.plan, code))
            if "education" in departments:
                self.arrange("education", OPEN_ROUND)
            running.enter_context(open_kiosk(self.plan, self.stage, addresses))
            for place in Place:
                running.callback(self.stage.take_off, place)
            yield self.plan.kiosk_link

    def number(self, department: str, sql: str, **values: Any) -> int:
        """What is counted in a department's database, or in the card service's for the city's own services."""
        ((number,),) = self.rows(department, sql, **values)
        return int(number)

    def rows(self, department: str, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a department's database."""
        with closing(sqlite3.connect(self._database(department), timeout=20)) as connection:
            return connection.execute(sql, values).fetchall()

    @property
    def today(self) -> date:
        """By the city's calendar."""
        return city_date(datetime.now(UTC))

    def arrange(self, department: str, sql: str, **values: str) -> None:
        """Bring something about in a department's database, in which foreign keys are not looked at."""
        with closing(sqlite3.connect(self._database(department), timeout=20)) as connection, connection:
            for statement in filter(None, sql.split(";")):
                connection.execute(statement, {"today": self.today.isoformat(), **values})

    @contextmanager
    def nothing_made(self, department: str) -> Iterator[None]:
        """Whatever happens inside leaves a department without a new receipt, signature, paper or case."""
        before = [self.number(department, f"SELECT count(*) FROM {table}") for table in LASTING]  # noqa: S608
        yield
        assert before == [self.number(department, f"SELECT count(*) FROM {table}") for table in LASTING]  # noqa: S608

    def decide(self, page: Page, department: str, receipt: str, verdict: str) -> None:
        """An officer says this in the department's inbox."""
        page.goto(self._invitation(department))
        page.locator("form[action='/inbox/enter'] button").click()
        page.get_by_role("row").filter(has_text=receipt).get_by_role("link").click()
        page.locator(f"button[value={verdict}]").click()
        page.wait_for_url("**/inbox")
        page.close()

    def attendants_code(self, department: str) -> str:
        """What the department gives whoever is to become an attendant."""
        return self._command(department, "invite-attendant", "--name=Rosa Lam")

    def _invitation(self, department: str) -> str:
        address = f"--url={self.plan.department_url(department)}"
        return self._command(department, "invite", department, "--officer=rosa", address)

    def _command(self, department: str, *command: str) -> str:
        data = f"--data={self.plan.department_data(department)}"
        return run(command[0], python("kiosk.cli", "departments", *command, data), {}).strip()

    def _database(self, department: str) -> Path:
        if department == CITY.department:
            return self.plan.database
        return self.plan.department_data(department) / f"{department}.sqlite"


@contextmanager
def open_walked_city(rooms: pytest.TempPathFactory) -> Iterator[WalkedCity]:
    """Open the card service of a city with all its departments, and issue two cards."""
    folder = rooms.mktemp("walked")
    shutil.copytree(founded(rooms.getbasetemp(), tuple(TITLES)), folder, dirs_exist_ok=True)
    plan = Plan.for_folder(folder, departments=tuple(TITLES))
    with PrivatePcscd() as pcscd, open_service(plan):
        desk, (card, companions) = (
            LoopbackStage(folder),
            (CardFiles.named(folder, name) for name in ("resident", "rosa")),
        )
        issue(plan, desk, card)
        with plan.caller(FOUNDING_OFFICERS[0]) as clerk:
            application = enrol(clerk, ROSA)
        produce(plan, desk, companions, application, "CC-0000-0002")
        yield WalkedCity(plan, PcscStage(pcscd), card, companions)
