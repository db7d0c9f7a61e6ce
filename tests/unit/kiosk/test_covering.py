"""A kiosk offers what policies cover, as it heard last."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from cardsvc.client import ServiceUnreachable
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import NO_INPUT, Language, ServiceDescription
from cardsvc.wire.policies import Coverage, CoveredService, CoveredServices
from kiosk.covering import Covering
from kiosk.offers import offers_of
from tests.fixtures.offers import CLINIC, CLINIC_URL

IT = {Language.ENGLISH: "It"}
OFFERS = offers_of(CLINIC, CLINIC_URL)


class Service:
    """Says what it is told to; without that it is away."""

    def __init__(self, known: Coverage | None = None) -> None:
        self.known = known

    def coverage(self) -> Coverage:
        if self.known is None:
            raise ServiceUnreachable("away")
        return self.known


def covering(services: dict[str, CoveredService], questions: dict[str, Level] | None = None) -> Coverage:
    return Coverage(departments={"clinic": CoveredServices(services=services, questions=questions or {})})


def terms(level: Level, *attributes: str) -> CoveredService:
    return CoveredService(level=level, attributes=list(attributes))


def test_what_no_policy_covers_is_not_offered_and_the_log_says_so_once() -> None:
    checking_in = next(offer for offer in OFFERS if offer.service.code == "check-in")
    service = checking_in.service
    questions = dict.fromkeys(service.questions, service.level)
    known = Covering(Service(covering({"check-in": terms(service.level, *service.attributes)}, questions)))
    known.refresh()

    with capture_logs() as logs:
        assert known.covered(OFFERS) == known.covered(OFFERS) == (checking_in,)
    assert sorted(entry["service"] for entry in logs) == ["balance", "donate", "leave"]


def test_while_the_service_never_answered_nothing_is_left_out_and_later_what_it_said_stays() -> None:
    service = Service()
    known = Covering(service)
    known.refresh()
    assert known.covered(OFFERS) == OFFERS

    service.known = Coverage(departments={})
    known.refresh()
    service.known = None
    known.refresh()
    assert known.covered(OFFERS) == ()


@pytest.mark.parametrize(
    ("policy", "covered"),
    [
        (terms(Level.PIN, "name"), True),
        (terms(Level.TAP, "name", "district"), True),
        (terms(Level.SIGN, "name"), False),
        (terms(Level.PIN, "district"), False),
    ],
)
def test_level_and_attributes_decide(policy: CoveredService, *, covered: bool) -> None:
    wanted = ServiceDescription(
        code="it", titles=IT, summaries=IT, level=Level.PIN, attributes=("name",), input=NO_INPUT
    )
    assert CoveredServices(services={"it": policy}, questions={}).cover(wanted) == covered


@pytest.mark.parametrize(
    ("level", "covered"), [(Level.TAP, True), (Level.PIN, True), (Level.SIGN, False), (None, False)]
)
def test_questions_decide_too(level: Level | None, *, covered: bool) -> None:
    wanted = ServiceDescription(code="it", titles=IT, summaries=IT, level=Level.PIN, questions=("age-at-least:65",))
    questions = {} if level is None else {"age-at-least:65": level}
    assert CoveredServices(services={"it": terms(Level.PIN)}, questions=questions).cover(wanted) == covered
