"""Errands always come back: with what was wanted, or with the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from cardsvc.client import ServiceUnreachable
from cardsvc.wire.manifest import Language, ServiceRequest
from kiosk.card_service import CardService
from kiosk.city_services.asking import CitizenSide
from kiosk.city_services.offering import CityServices
from kiosk.department_client import DepartmentClient
from kiosk.errands import Errands
from kiosk.photographs import Photographs
from kiosk.proving import Prover
from kiosk.signatures import Signatures
from kiosk.visit import effects, events
from kiosk.visit.reason import Reason
from readers.connection import CardReader
from readers.errors import NoSuchReader
from readers.piv.judging import Trust
from readers.piv.pin import Pin
from tests.fixtures.offers import CHECK_IN, CLINIC_URL, DONATE, outcome, paper
from tests.fixtures.services import NOW

ANA = UUID(int=1, version=4)
KEY = UUID(int=3, version=4)


class Service:
    """Gives assertions until it goes away."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[tuple[Any, ...]] = []

    def exchange(
        self, visit_token: str, department: str, service: str, attributes: Sequence[str], questions: Sequence[str]
    ) -> str:
        self._ask(visit_token, department, service, tuple(attributes), tuple(questions))
        return "the.asser.tion"

    def exchange_to_prepare(self, *what: Any) -> str:
        self._ask(*what)
        return "the.asser.tion"

    def keep_visit(self, visit_token: str) -> None:
        self._ask(visit_token)

    def end_visit(self, visit_token: str) -> None:
        self._ask(visit_token)

    def _ask(self, *what: Any) -> None:
        if self.away:
            raise ServiceUnreachable
        self.asked.append(what)


def answer(request: httpx.Request) -> httpx.Response:
    body = ServiceRequest.model_validate_json(request.content)
    assert body == ServiceRequest(assertion="the.asser.tion", input={"complaint": "fever"})
    assert str(request.url) == f"{CLINIC_URL}/services/check-in"
    return httpx.Response(200, content=outcome().model_dump_json(), headers={"Content-Type": "application/json"})


def no_reader() -> CardReader:
    raise NoSuchReader("contact")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def errands(service: Service) -> Errands:
    card_service = cast("CardService", service)
    departments = DepartmentClient(httpx.MockTransport(answer))
    prover, signatures = Prover(card_service, {}, lambda: None), Signatures(card_service, departments, lambda: NOW)
    city = CityServices(cast("CitizenSide", service), dict, lambda: NOW)
    photographs = Photographs(Trust, lambda: NOW)
    return Errands(card_service, departments, prover, signatures, no_reader, city=city, photographs=photographs)


def test_an_exchange_asks_for_exactly_what_the_service_wants(errands: Errands, service: Service) -> None:
    assert errands.run(effects.Exchange(4, "token", CHECK_IN)) == events.Exchanged(4, "the.asser.tion")
    assert service.asked == [("token", "clinic", "check-in", ("district",), ("age-at-least:65",))]


def test_a_request_goes_to_the_department_that_offered_the_service(errands: Errands) -> None:
    ask = effects.Ask(5, CHECK_IN, KEY, "the.asser.tion", {"complaint": "fever"})
    assert errands.run(ask) == events.Answered(5, outcome())


def test_what_goes_wrong_is_an_answer_too(errands: Errands, service: Service) -> None:
    service.away = True
    exchange = effects.Exchange(4, "token", CHECK_IN)
    assert errands.run(exchange) == events.Declined(4, Reason("service-unreachable"))
    nonsense = effects.Ask(5, CHECK_IN, KEY, "another", {})
    assert errands.run(nonsense) == events.Declined(5, Reason("unexpected"))
    pin = effects.ProvePin(6, ANA, Pin("271828"))
    assert errands.run(pin) == events.PinRefused(6, Reason("reader-failed"))
    prepare = effects.Prepare(7, "token", DONATE, {"litres": 2}, Language.ENGLISH)
    assert errands.run(prepare) == events.Declined(7, Reason("service-unreachable"))
    sign = effects.Sign(8, "token", DONATE, paper(), ANA, Pin("271828"))
    assert errands.run(sign) == events.Declined(8, Reason("reader-failed"))


@pytest.mark.parametrize("told", [effects.KeepVisit("token"), effects.EndVisit("token")])
def test_that_a_visit_goes_on_or_is_over_is_told_and_never_fails(
    errands: Errands, service: Service, told: effects.Effect
) -> None:
    assert errands.run(told) is None
    service.away = True
    assert errands.run(told) is None
    assert service.asked == [("token",)]
