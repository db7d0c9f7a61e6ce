"""One walk through departments, with what is looked up after each service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from playwright.sync_api import Page

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, ServiceDescription
from kiosk.city.stage import Place
from kiosk.departments.cli import load
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.openssl import verify_cms
from tests.walks.city import WalkedCity
from tests.walks.refused import REFUSED, RefusedWalk
from tests.walks.resident import ResidentAtScreen
from tests.walks.table import WALKS, Walk, typed

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
        with self._city.open(departments) as link:
            page = self._open_page(SIZES[self._language])
            page.goto(link)
            resident = ResidentAtScreen(page, self._language)
            resident.speak()
            self._city.stage.put_on(self._city.card, Place.CONTACTLESS)
            resident.wait_for("services")
            self._city.stage.take_off(Place.CONTACTLESS)
            self._go(page, resident, [walk for walk in ours if _described(walk).level is Level.TAP])
            self._city.stage.put_on(self._city.card, Place.CONTACT)
            resident.wait_for("pin-entry")
            resident.enter_pin()
            self._go(page, resident, [walk for walk in ours if _described(walk).level is not Level.TAP])
            self._be_refused(resident, [walk for walk in REFUSED if walk.department in departments])
            self._city.stage.take_off(Place.CONTACT)
            resident.wait_for("attract")
            self._is_forgotten(page)
            page.close()  # before the kiosk, which it would miss

    def _go(self, page: Page, resident: ResidentAtScreen, walks: Sequence[Walk]) -> None:
        for walk in walks:
            entered = typed(walk.entered, self._city.today)
            before = self._city.number(walk.department, walk.makes, receipt="", **entered)
            receipt = resident.use(load(walk.department).manifest, walk.service, entered)
            assert self._city.number(walk.department, walk.makes, receipt=receipt, **entered) == before + 1, walk
            assert bool(resident.pages) == ("issued_papers" in walk.makes), walk
            if _described(walk).level is Level.SIGN:
                self._is_signed(walk, receipt)
            self.receipts[walk.service] = receipt
            if walk.decided:
                self._city.decide(self._open_page(LANDSCAPE), walk.department, receipt, walk.decided)

    def _be_refused(self, resident: ResidentAtScreen, walks: Sequence[RefusedWalk]) -> None:
        for walk in walks:
            entered, because = typed(walk.entered, self._city.today), walk.refusal.message
            self._city.arrange(walk.department, walk.arranged, **entered)
            with self._city.nothing_made(walk.department):
                resident.is_refused(load(walk.department).manifest, walk.service, entered, because)

    def _is_signed(self, walk: Walk, receipt: str) -> None:
        """Kept, and good in the eyes of OpenSSL."""
        sql = "SELECT document, cms FROM kept_signatures WHERE receipt = :receipt AND service = :service"
        ((document, cms),) = self._city.rows(walk.department, sql, receipt=receipt, service=walk.service)
        verify_cms(cms, document, self._city.root, datetime.now(UTC))

    def _is_forgotten(self, page: Page) -> None:
        left = [receipt for receipt in self.receipts.values() if receipt in page.content()]
        assert not left


def _described(walk: Walk) -> ServiceDescription:
    return next(s for s in load(walk.department).manifest.services if s.code == walk.service)
