"""One kiosk, put together: its readers, its stock of challenges, its catalogue and its booth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from types import TracebackType
from typing import Final, Protocol, Self

import structlog

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.client.clock import Clock, system_clock
from cardsvc.wire.fleet import FleetPlan, Heartbeat, Pulse, ReaderCondition
from cardsvc.wire.levels import Level
from kiosk.anchors import CityTrust, IssuerService
from kiosk.background import Repeated
from kiosk.booth import Booth
from kiosk.card_service import CardService
from kiosk.catalogue import Catalogue, DepartmentAddress
from kiosk.challenges import ChallengeStock
from kiosk.city_services.asking import CitizenSide
from kiosk.city_services.offering import CityServices
from kiosk.covering import CoverageSource, Covering
from kiosk.department_client import DepartmentClient
from kiosk.errands import Errands
from kiosk.fleet.counting import write_metrics
from kiosk.fleet.heart import FleetService, Heart
from kiosk.fleet.kept import KeptStanding, rules_of
from kiosk.fleet.revocations import Revocations, RevocationService
from kiosk.kept_manifests import KeptManifests
from kiosk.matters import Gatherer
from kiosk.offers import Telling
from kiosk.offline.stand_by import OfflineEquipment, StandBy
from kiosk.papers.printer import Printer
from kiosk.papers.printing import Printing
from kiosk.photographs import Photographs
from kiosk.proving import Prover, identify
from kiosk.signatures import Signatures
from kiosk.taps import InsertSide, ReaderLoop, TapSide
from kiosk.visit import effects, events
from kiosk.visit.cards import accepts_tap
from kiosk.visit.ending import Rules
from kiosk.visit.machine import Machine
from kiosk.visit.screens import Call, KioskState, TakeCard, Trouble
from readers.connection import CardReader

_log = structlog.get_logger()

_STOCK: Final = {Level.TAP: 4, Level.PIN: 1}
_TICK: Final = 0.5
_UNREACHABLE_RETRY: Final = 2.0
_INCOMPLETE_RETRY: Final = 2.0
_REFRESH: Final = 60.0


class KioskService(CardService, CitizenSide, CoverageSource, FleetService, IssuerService, RevocationService, Protocol):
    """All that a kiosk asks of the service."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a kiosk is given."""

    service: KioskService
    contactless: Callable[[], CardReader]
    """Finds the reader that cards are held to; raises ReaderError while there is none."""
    contact: Callable[[], CardReader]
    """Finds the one that they are put into."""
    addresses: tuple[DepartmentAddress, ...] = ()
    """Departments, whatever the service's plan says; those of the plan when there are none here."""
    rules: Rules = field(default_factory=Rules)
    clock: Clock = system_clock
    printer: Printer | None = None
    """Without one nothing is offered to be printed."""
    offline: OfflineEquipment | None = None
    """For the time without a network; without it the kiosk serves nobody then."""


class Station:
    """A kiosk that runs. Use it in a ``with`` block: at its end the visit there may be is ended."""

    def __init__(self, equipment: Equipment) -> None:
        self._departments = DepartmentClient()
        self._equipment = equipment
        self._kept = KeptStanding(equipment.offline.folder if equipment.offline else None)
        self._plan = self._kept.plan
        self._places = {address.code: address.base_url for address in self._addresses()}
        self.revocations = Revocations(equipment.service, equipment.clock)
        self._stand_by = self._open_stand_by(equipment)
        kept = KeptManifests(equipment.offline.folder) if equipment.offline else None
        self._catalogue = Catalogue(self._departments, self._addresses(), kept)
        self._covering = Covering(equipment.service)
        self._stocks = {
            level: ChallengeStock(equipment.service, level, equipment.clock, size) for level, size in _STOCK.items()
        }
        self._stocking = Repeated("stock", self._fill)
        self._cataloguing = Repeated("catalogue", self._refresh)
        self._service_answers = True
        prover = Prover(equipment.service, self._stocks, self._stocking.nudge)
        signatures = Signatures(equipment.service, self._departments, equipment.clock)
        self._gatherer = Gatherer(equipment.service, self._departments, lambda: self.booth.snapshot.state.offers)
        self._city = CityServices(
            equipment.service,
            lambda: self._catalogue.titles,
            equipment.clock,
            lambda token: self._gatherer.gather(token, Telling.MATTERS),
            self._gatherer.services,
        )
        errands = Errands(
            equipment.service, self._departments, prover, signatures, equipment.contact,
            city=self._city, photographs=_photographs(equipment), printing=_printing(equipment),
            news=lambda token: self._gatherer.gather(token, Telling.NEWS),
        )  # fmt: skip
        self.booth = Booth(Machine(self._rules()), errands.run, equipment.clock)
        self._clock = equipment.clock
        self._heartbeat = Repeated("heartbeat", Heart(equipment.service, self._look, self._hear).beat)
        self._out_of_service = False
        if self._kept.disabled:
            self._stand(disabled=True)
        self._heard_at: datetime | None = None
        self._offers_at: datetime | None = None
        self._background = (
            self._stocking,
            self._heartbeat,
            self._cataloguing,
            Repeated("clock", self._tick),
        )
        self._prover = prover
        tap = TapSide(self._tapped, lambda: accepts_tap(self.booth.snapshot.state), self.booth.send)
        insert = InsertSide(identify, self.booth.send)
        self._readers = (
            ReaderLoop(equipment.contactless, tap, self.booth.send),
            ReaderLoop(equipment.contact, insert, self.booth.send),
        )

    def __enter__(self) -> Self:
        for part in (*self._background, *self._readers):
            part.start()
        if self._stand_by:
            self._stand_by.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for part in (*self._readers, *self._background):
            part.stop()
        if self._stand_by:
            self._stand_by.stop()
        self.booth.close()
        self._gatherer.close()
        self._departments.close()

    def _open_stand_by(self, equipment: Equipment) -> StandBy | None:
        if equipment.offline is None:
            return None
        return StandBy(
            equipment.offline,
            self._departments,
            self._places,
            equipment.clock,
            lambda: self.booth.snapshot.state,
            turned_away=self.revocations.turns_away,
        )

    def _tapped(self, reader: CardReader) -> events.Event:
        if self._stand_by:
            return self._stand_by.tapped(reader, self._prover.by_tap)
        return events.Tapped(self._prover.by_tap(reader))

    def _fill(self) -> float | None:
        """Fill the stocks; that it works or not is also how the kiosk knows whether the service is there."""
        if self._out_of_service:
            return None
        try:
            pause = min(stock.fill() for stock in self._stocks.values())
        except (ServiceUnreachable, ServiceProblem) as error:
            self._heartbeat.nudge()  # the kiosk may have been taken out of service
            if self._service_answers:
                _log.warning("the card service is away", why=str(error))
            self._service_answers = False
            self._say(self._stand_by.trouble if self._stand_by else Trouble.SERVICE)
            return _UNREACHABLE_RETRY
        if not self._service_answers:
            _log.info("the card service is back")
            if self._stand_by:
                self._stand_by.nudge()
        self._service_answers = True
        self._say(None)
        return pause

    def _say(self, trouble: Trouble | None) -> None:
        """What is the matter with the service."""
        for one in (Trouble.SERVICE, Trouble.OFFLINE):
            self.booth.send(events.TroubleSeen(one) if one is trouble else events.TroubleGone(one))

    def metrics(self) -> str:
        """What the kiosk counts, for Prometheus."""
        age = _age(self._heard_at, self._clock())
        counted = write_metrics(self._look(), age, out_of_service=self._out_of_service)
        return counted + (self._stand_by.metrics() if self._stand_by else "")

    def _look(self) -> Heartbeat:
        """How the kiosk is."""
        now, troubles = self._clock(), self.booth.snapshot.state.troubles
        return Heartbeat(
            software=version("citizen-card"),
            sent_at=now,
            contactless=_condition(Trouble.CONTACTLESS_READER, troubles),
            contact=_condition(Trouble.CONTACT_READER, troubles),
            plan_version=_version(self._plan),
            offers_age=_age(self._offers_at, now),
            revocations_age=_age(self.revocations.read_at, now),
            journal_entries=self._stand_by.desk.waiting if self._stand_by else 0,
            card_left_age=_age(_left_since(self.booth.snapshot.state), now),
            cards_left=self.booth.snapshot.state.cards_left,
        )

    def _hear(self, pulse: Pulse) -> None:
        """What the service told."""
        self._heard_at = self._clock()
        if pulse.disabled != self._out_of_service:
            self._stand(disabled=pulse.disabled)
            self._kept.keep(disabled=pulse.disabled, plan=self._plan)
        if pulse.disabled:
            return
        self.revocations.hear(pulse.newest_revocation)
        if pulse.plan_version not in (0, _version(self._plan)):
            self._follow(self._equipment.service.fleet_plan())

    def _follow(self, plan: FleetPlan) -> None:
        """Offer and behave as the plan says. A visit that is open goes on where it is."""
        _log.info("another plan", version=plan.version)
        self._plan = plan
        self._kept.keep(disabled=self._out_of_service, plan=plan)
        self.booth.follow(Machine(self._rules()))
        self._cataloguing.nudge()

    def _stand(self, *, disabled: bool) -> None:
        self._out_of_service = disabled
        _log.warning("taken out of service" if disabled else "put into service")
        self.booth.send(events.TakenOutOfService() if disabled else events.PutIntoService())
        self._stocking.nudge()

    def _rules(self) -> Rules:
        rules = replace(self._equipment.rules, prints=self._equipment.printer is not None)
        return rules_of(self._plan, rules)

    def _addresses(self) -> tuple[DepartmentAddress, ...]:
        """Those that the kiosk was given, or else those of the plan."""
        planned = () if self._plan is None else self._plan.departments
        return self._equipment.addresses or tuple(DepartmentAddress(one.base_url, one.code) for one in planned)

    def _refresh(self) -> float:
        addresses = self._addresses()
        self._places.update({address.code: address.base_url for address in addresses})
        self._catalogue.follow(addresses)
        offers = self._catalogue.refresh()
        self._covering.refresh()
        self.booth.send(events.OffersChanged((*self._covering.covered(offers), *self._city.offers)))
        if self._catalogue.fresh:
            self._offers_at = self._clock()
        return _REFRESH if self._catalogue.complete else _INCOMPLETE_RETRY

    def _tick(self) -> float:
        self.booth.send(events.Ticked())
        return _TICK


def _version(plan: FleetPlan | None) -> int:
    return 0 if plan is None else plan.version


def _printing(equipment: Equipment) -> Callable[[effects.Print], None] | None:
    return None if equipment.printer is None else Printing(equipment.printer, equipment.clock)


def _photographs(equipment: Equipment) -> Photographs:
    folder = equipment.offline.folder if equipment.offline else None
    return Photographs(CityTrust(equipment.service, folder).now, equipment.clock)


def _condition(trouble: Trouble, troubles: frozenset[Trouble]) -> ReaderCondition:
    return ReaderCondition.OUT_OF_ORDER if trouble in troubles else ReaderCondition.READY


def _left_since(state: KioskState) -> datetime | None:
    match state.screen:
        case TakeCard(since=since, call=Call.LEFT):
            return since
    return None


def _age(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds()))
