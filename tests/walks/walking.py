"""One walk through departments, with what is looked up after each service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from playwright.sync_api import Page

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.city.stage import CardFiles, Place
from kiosk.departments.cli import load
from kiosk.screen.words import words_in
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.openssl import verify_cms
from tests.walks.city import WalkedCity
from tests.walks.refused import REFUSED, RefusedWalk
from tests.walks.resident import ResidentAtScreen
from tests.walks.table import CITY, IN_TURN, OWN, WALKS, Walk, WalkInTurn, offered, typed

SIZES: Final = {Language.ENGLISH: LANDSCAPE, Language.CHINESE: PORTRAIT, Language.PORTUGUESE: LANDSCAPE}


class Outing:
    """A resident who goes through departments one after the other: by tap first, then with the card inside."""

    def __init__(self, city: WalkedCity, open_page: OpenPage, language: Language) -> None:
        self._city = city
        self._open_page = open_page
        self._language = language
        self.receipts: dict[str, str] = {}
        """Of each service that was walked to its receipt."""

    def walk(self, departments: Sequence[str]) -> None:
        """Every service of these departments."""
        ours = [walk for walk in WALKS if walk.department in departments]
        in_turn = [walk for walk in IN_TURN if walk.department in departments]
        with self._city.open(departments) as link:
            page = self._open_page(SIZES[self._language])
            page.goto(link)
            resident = ResidentAtScreen(page, self._language)
            self._appoint_companion(resident, departments)
            resident.speak()
            self._city.stage.put_on(self._city.card, Place.CONTACTLESS)
            resident.wait_for("services")
            self._city.stage.take_off(Place.CONTACTLESS)
            self._go(page, resident, [walk for walk in ours if _level(walk) is Level.TAP])
            self._put_in(resident, self._city.card)
            self._go(page, resident, [walk for walk in ours if _level(walk) is not Level.TAP])
            self._go_in_turn(resident, in_turn)
            self._be_refused(resident, [walk for walk in REFUSED if walk.department in departments])
            self._city.stage.take_off(Place.CONTACT)
            resident.wait_for("attract")
            self._is_forgotten(page)
            page.close()  # before the kiosk, which it would miss

    def walk_own(self) -> None:
        """The city's own services, at a kiosk with one department."""
        with self._city.open(["community"]) as link:
            page = self._open_page(SIZES[self._language])
            page.goto(link)
            resident = ResidentAtScreen(page, self._language)
            resident.speak()
            self._put_in(resident, self._city.card)
            for walk in OWN:
                before = self._city.number(walk.department, walk.makes)
                resident.use(CITY, walk.service, typed(walk.entered, self._city.today))
                assert self._city.number(walk.department, walk.makes) == before + 1, walk
            none = words_in(self._language)["refusals"]["nothing-to-report"]["title"]
            resident.is_refused(CITY, "other-card-lost", {}, {self._language: none})
            self._city.stage.take_off(Place.CONTACT)
            resident.wait_for("attract")
            page.close()

    def _put_in(self, resident: ResidentAtScreen, card: CardFiles) -> None:
        self._city.stage.put_on(card, Place.CONTACT)
        resident.wait_for("pin-entry")
        resident.enter_pin()

    def _appoint_companion(self, resident: ResidentAtScreen, departments: Sequence[str]) -> None:
        """Whoever comes along becomes an attendant, where there are some."""
        for department in {"social-insurance"}.intersection(departments):
            resident.speak()
            self._put_in(resident, self._city.companions_card)
            code = self._city.attendants_code(department)
            resident.use(load(department).manifest, "attendant-enrolment", {"code": code})
            assert self._city.number(department, "SELECT count(*) FROM attendants") == 1
            self._city.stage.take_off(Place.CONTACT)
            resident.wait_for("attract")

    def _go_in_turn(self, resident: ResidentAtScreen, walks: Sequence[WalkInTurn]) -> None:
        """With the card inside, before and afterwards."""
        for walk in walks:
            entered = typed(walk.entered, self._city.today)
            self._city.arrange(walk.department, walk.arranged)
            before = self._city.number(walk.department, walk.makes, receipt="", **entered)
            resident.begin(load(walk.department).manifest, walk.service, entered)
            self._city.stage.take_off(Place.CONTACT)
            resident.wait_for("await-second")
            self._put_in(resident, self._city.companions_card)
            receipt = self._second_turn(resident, walk)
            self._city.stage.take_off(Place.CONTACT)
            resident.wait_for("attract")
            made = self._city.number(walk.department, walk.makes, receipt=receipt, **entered) - before
            assert made == (walk.refusal is None), walk
            resident.speak()
            self._put_in(resident, self._city.card)

    def _second_turn(self, resident: ResidentAtScreen, walk: WalkInTurn) -> str:
        answered = typed(walk.answered, self._city.today)
        if walk.refusal is not None:
            resident.is_turned_away(answered, walk.refusal.message)
            return ""
        receipt = resident.go_on(answered)
        if _level(walk) is Level.SIGN:
            self._is_signed_by_both(walk.department, receipt)
        return receipt

    def _go(self, page: Page, resident: ResidentAtScreen, walks: Sequence[Walk]) -> None:
        for walk in walks:
            entered = typed(walk.entered, self._city.today)
            before = self._city.number(walk.department, walk.makes, receipt="", **entered)
            receipt = resident.use(load(walk.department).manifest, walk.service, entered)
            assert self._city.number(walk.department, walk.makes, receipt=receipt, **entered) == before + 1, walk
            assert bool(resident.pages) == ("issued_papers" in walk.makes), walk
            if _level(walk) is Level.SIGN:
                self._is_signed(walk.department, walk.service, receipt)
            self.receipts[walk.service] = receipt
            if walk.decided:
                self._city.decide(self._open_page(LANDSCAPE), walk.department, receipt, walk.decided)

    def _be_refused(self, resident: ResidentAtScreen, walks: Sequence[RefusedWalk]) -> None:
        for walk in walks:
            entered, because = typed(walk.entered, self._city.today), walk.refusal.message
            self._city.arrange(walk.department, walk.arranged, **entered)
            with self._city.nothing_made(walk.department):
                resident.is_refused(load(walk.department).manifest, walk.service, entered, because)

    def _is_signed(self, department: str, service: str, receipt: str) -> bytes:
        """Kept, and good in the eyes of OpenSSL; the document."""
        sql = "SELECT document, cms FROM kept_signatures WHERE receipt = :receipt AND service = :service"
        ((document, cms),) = self._city.rows(department, sql, receipt=receipt, service=service)
        verify_cms(cms, document, self._city.root, datetime.now(UTC))
        return bytes(document)

    def _is_signed_by_both(self, department: str, receipt: str) -> None:
        """The very same document, by the first one under a receipt of their own."""
        sql = "SELECT receipt, accepted FROM mandates WHERE accepted = :receipt"
        ((given, accepted),) = self._city.rows(department, sql, receipt=receipt)
        first = self._is_signed(department, "carer-mandate", given)
        assert self._is_signed(department, "carer-mandate-accepting", accepted) == first

    def _is_forgotten(self, page: Page) -> None:
        left = [receipt for receipt in self.receipts.values() if receipt in page.content()]
        assert not left


def _level(walk: Walk | WalkInTurn) -> Level:
    return offered(load(walk.department).manifest, walk.service).level
