"""What a visit wants done outside: at the card, the card service and the departments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.manifest import AdmissionRequest, OutcomeField, ServiceRequest, SignedDocument
from kiosk.card_service import CardService
from kiosk.city_services.offering import CityServices
from kiosk.department_client import DepartmentClient
from kiosk.papers.documents import page_count
from kiosk.photographs import Photographs
from kiosk.pins import PinInDoubt, change_pin, took_new_pin
from kiosk.proving import OtherCard, Prover
from kiosk.reasons import reason_for
from kiosk.signatures import Hand, Signatures
from kiosk.visit import effects, events, pin_events, turn_events
from kiosk.visit.effects import Effect
from kiosk.visit.events import Event
from kiosk.visit.reason import Reason
from readers.connection import CardReader
from readers.errors import ReaderError

_log = structlog.get_logger()


class Errands:
    """Carries out effects. Each runs in whatever thread it is called from and may take seconds."""

    def __init__(
        self,
        service: CardService,
        departments: DepartmentClient,
        prover: Prover,
        signatures: Signatures,
        open_contact_reader: Callable[[], CardReader],
        *,
        city: CityServices,
        photographs: Photographs,
        printing: Callable[[effects.Print], None] | None = None,
        news: Callable[[str], tuple[OutcomeField, ...]] = lambda _: (),
    ) -> None:
        """``news`` asks the departments what they have to tell in the visit of this token."""
        self._service = service
        self._departments = departments
        self._prover = prover
        self._signatures = signatures
        self._city = city
        self._photographs = photographs
        self._open_contact_reader = open_contact_reader
        self._printing = printing
        self._news = news
        self._work: dict[type[Effect], tuple[Callable[[Any], Event], Callable[[int, Reason], Event]]] = {
            effects.ProvePin: (self._prove_pin, events.PinRefused),
            effects.Exchange: (self._exchange, events.Declined),
            effects.Prepare: (self._prepare, events.Declined),
            effects.Sign: (self._sign, events.Declined),
            effects.Ask: (self._ask, events.Declined),
            effects.Print: (self._print, lambda job, _: events.NotPrinted(job)),
            effects.Serve: (self._serve, events.Declined),
            pin_events.GivePin: (self._give_pin, pin_events.PinKept),
            turn_events.AskAdmission: (self._ask_admission, events.Declined),
            turn_events.ReadPhotograph: (self._read_photograph, turn_events.NotPhotographed),
            pin_events.FindPin: (self._find_pin, lambda job, _: pin_events.PinFound(job, None)),
        }

    def run(self, effect: Effect) -> Event | None:
        """Do it; the event that says what came of it. Never raises."""
        if isinstance(effect, effects.KeepVisit):
            _tell("kept", lambda: self._service.keep_visit(effect.token))
            return None
        if isinstance(effect, effects.EndVisit):
            # The service ends an idle visit by itself; the token is forgotten here in any case.
            _tell("ended", lambda: self._service.end_visit(effect.token))
            return None
        if isinstance(effect, effects.AskNews):
            return self._ask_news(effect.token)
        work, refused = self._work[type(effect)]
        return _attempt(lambda: work(effect), lambda why: refused(effect.job, why))

    def _ask_news(self, token: str) -> Event:
        reminders: tuple[OutcomeField, ...] = ()
        with suppress(ServiceProblem, ServiceUnreachable):
            reminders = self._city.reminders(token)
        return events.NewsHeard(token, (*reminders, *self._news(token)))

    def _prove_pin(self, effect: effects.ProvePin) -> Event:
        reader = self._open_contact_reader()
        return events.PinProved(effect.job, self._prover.by_pin(reader, effect.card_uuid, effect.pin))

    def _exchange(self, effect: effects.Exchange) -> Event:
        service = effect.offer.service
        assertion = self._service.exchange(
            effect.token, effect.offer.department, service.code, service.attributes, service.questions
        )
        return events.Exchanged(effect.job, assertion)

    def _prepare(self, effect: effects.Prepare) -> Event:
        paper = self._signatures.prepare(effect.token, effect.offer, effect.values, effect.language, effect.continues)
        return events.Prepared(effect.job, paper)

    def _sign(self, effect: effects.Sign) -> Event:
        reader = self._open_contact_reader()
        hand = Hand(reader, effect.card_uuid, effect.pin)
        accepted = self._signatures.sign(hand, effect.token, effect.offer, effect.paper)
        signed = SignedDocument(document=effect.paper.document, cms=accepted.cms)
        return events.Signed(effect.job, signed, accepted.assertion)

    def _ask(self, effect: effects.Ask) -> Event:
        request = ServiceRequest(
            assertion=effect.assertion, input=effect.values, signed=effect.signed, continues=effect.continues
        )
        outcome = self._departments.ask(effect.offer.base_url, effect.offer.service.code, request, effect.key)
        return events.Answered(effect.job, outcome, page_count(outcome.document) if outcome.document else 0)

    def _print(self, effect: effects.Print) -> Event:
        if self._printing is None:
            return events.NotPrinted(effect.job)
        self._printing(effect)
        return events.Printed(effect.job)

    def _serve(self, effect: effects.Serve) -> Event:
        return events.Answered(effect.job, self._city.serve(effect.offer.service.code, effect.token, effect.values))

    def _give_pin(self, effect: pin_events.GivePin) -> Event:
        try:
            change_pin(self._open_contact_reader(), effect.card_uuid, effect.old, effect.new)
        except PinInDoubt:
            return pin_events.PinDoubted(effect.job, effect.old, effect.new)
        return pin_events.PinChanged(effect.job, self._city.pin_changed())

    def _read_photograph(self, effect: turn_events.ReadPhotograph) -> Event:
        picture = self._photographs.read(self._open_contact_reader(), effect.card_uuid, effect.pin)
        return turn_events.Photographed(effect.job, picture)

    def _ask_admission(self, effect: turn_events.AskAdmission) -> Event:
        offer, wanted = effect.offer, effect.offer.service
        exchange = self._service.exchange_to_prepare if offer.is_signed else self._service.exchange
        assertion = exchange(effect.token, offer.department, wanted.code, wanted.attributes, wanted.questions)
        asked = AdmissionRequest(assertion=assertion, continues=effect.continues)
        self._departments.ask_admission(offer.base_url, wanted.code, asked)
        return turn_events.Admitted(effect.job)

    def _find_pin(self, effect: pin_events.FindPin) -> Event:
        try:
            new = took_new_pin(self._open_contact_reader(), effect.card_uuid, effect.old, effect.new)
        except (ReaderError, OtherCard):
            return pin_events.PinDoubted(effect.job, effect.old, effect.new)
        return pin_events.PinFound(effect.job, new)


def _tell(what: str, tell: Callable[[], None]) -> None:
    """Tell the service something that nobody waits for."""
    try:
        tell()
    except (ServiceProblem, ServiceUnreachable) as error:
        _log.warning(f"visit not {what} at the service", error=type(error).__name__)


def _attempt(work: Callable[[], Event], refused: Callable[[Reason], Event]) -> Event:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the citizen waits for an answer, whatever went wrong
        why = reason_for(error)
        _log.info("errand failed", why=why.code, error=type(error).__name__)
        return refused(why)
