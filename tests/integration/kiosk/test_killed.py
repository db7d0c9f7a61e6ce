"""A kiosk killed, or cut off, in the middle of a visit: nothing is half done, nothing of anybody is left, done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from cardsvc.cards.models import Card
from cardsvc.client.clock import system_clock
from cardsvc.db import transaction
from cardsvc.trust.certificates import put_into_force
from cardsvc.trust.models import Certificate, KeyOrigin
from cardsvc.wire.lifecycle import CardState
from kiosk.departments.contract.keeping import KeptAnswer
from kiosk.departments.contract.signed import KeptSignature
from kiosk.departments.environment import department as environment
from kiosk.departments.environment.models import Slip
from kiosk.departments.environment.recycling import FIRST_SLIPS
from kiosk.departments.finance import department as finance
from kiosk.departments.finance.models import Booking, Fee
from kiosk.departments.medical_insurance import department as medical_insurance
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.mortal_kiosk import Quarter, When, open_quarter
from tests.fixtures.proofs import City
from tests.fixtures.services import StandingClock
from tests.fixtures.waiting import wait_until
from tests.integration.kiosk.conftest import CHECK_IN, POLICY, TREASURY_POLICY, Visitor

NOTICE = "802600000037"


class RunningClock(StandingClock):
    """The machine's: a kiosk in another process has no other."""

    def __call__(self) -> datetime:
        return system_clock()


@pytest.fixture
def clock() -> StandingClock:
    return RunningClock()


@pytest.fixture
def quarter(
    sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Quarter]:
    with transaction(sqlite_city.services.sessions) as session:
        card = session.scalars(select(Card).where(Card.uuid == service_card.uuid)).one()
        card.state = CardState.ACTIVE
        put_into_force(session, card.id)
        session.execute(update(Certificate).values(key_origin=KeyOrigin.ATTESTED))
    with open_quarter(sqlite_city, service_card, tmp_path, request.param) as quarter:
        yield quarter


def count(quarter: Quarter, table: Any, *conditions: Any) -> int:
    with quarter.office.sessions() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@dataclass(frozen=True)
class Errand:
    """What somebody comes for."""

    department: str
    service: str
    form: dict[str, Any]
    done: Callable[[Quarter], int]
    """How often it was done, by the department's books."""
    signs: bool = False
    taps: bool = False


def until(visitor: Visitor, *screens: str) -> str:
    return str(visitor.look(*screens, "refusal")["screen"])


def visit(quarter: Quarter, visitor: Visitor, errand: Errand) -> dict[str, Any]:
    """Do it, as far as it goes; the last view. A kiosk that dies on the way is httpx's error."""
    if errand.taps:
        quarter.hold()
    else:
        quarter.insert()
        visitor.look("pin-entry")
        visitor.press("/pin", pin=quarter.card.pin)
    if until(visitor, "services") == "refusal":
        return visitor.look("refusal")
    wait_until(lambda: any(errand.department == one["code"] for one in visitor.look("services")["departments"]))
    visitor.press("/choose", department=errand.department, service=errand.service)
    shown = visitor.press("/consent")["screen"]
    if shown == "form":
        shown = visitor.press("/form", values=errand.form)["screen"]
    if shown == "check":
        visitor.press("/check")
    if errand.signs:
        if until(visitor, "review") == "refusal":
            return visitor.look("refusal")
        sign(quarter, visitor)
    return visitor.look("done", "refusal")


def sign(quarter: Quarter, visitor: Visitor) -> None:
    visitor.press("/sign", sha256=visitor.look("review")["sha256"])
    visitor.press("/pin", pin=quarter.card.pin)


def fees_paid(quarter: Quarter) -> int:
    paid = count(quarter, Fee, Fee.paid_with.is_not(None))
    assert paid == count(quarter, Booking, Booking.purpose == "water") == count(quarter, KeptSignature)
    return paid


CHECK = Errand("medical-insurance", "clinic-check-in", CHECK_IN, lambda quarter: count(quarter, KeptAnswer), taps=True)
BALANCE = Errand("finance", "purse-balance", {}, lambda quarter: count(quarter, KeptAnswer))
PAY = Errand("finance", "pay-fee", {"notice": NOTICE}, fees_paid, signs=True)
CLINIC, TREASURY = (medical_insurance, POLICY), (finance, TREASURY_POLICY)


def case(errand: Errand, path: str, when: When) -> Any:
    kind = CLINIC if errand is CHECK else TREASURY
    return pytest.param(kind, errand, path, when, id=f"{errand.service}-{when}{path}")


SHORT = [
    case(CHECK, "/services/clinic-check-in", When.AFTER),
    case(BALANCE, "/v1/authentications", When.AFTER),
    case(PAY, "/services/pay-fee", When.BEFORE),
    case(PAY, "/services/pay-fee", When.AFTER),
]
"""The steps at which most could go wrong; `make chaos-kiosk` takes them all."""


def is_done_at(path: str, when: When) -> int:
    """Whether the department had done it when the step was reached: only its own service does anything."""
    return int(path.startswith("/services/") and not path.endswith("/prepare") and when is When.AFTER)


def assert_forgotten(quarter: Quarter) -> None:
    """Of the visit before there is nothing on the disk, and nothing in the kiosk that was started anew."""
    card = quarter.card
    private = (str(card.uuid), card.uuid.hex, card.pin, NOTICE, "Bearer ")
    written = quarter.kiosk.written()
    assert [one for one in private if one.encode() in written] == []
    assert card.uuid.bytes not in written


@pytest.mark.parametrize(("quarter", "errand", "path", "when"), SHORT, indirect=["quarter"])
def test_killed_in_a_visit(quarter: Quarter, errand: Errand, path: str, when: When) -> None:
    quarter.set_trap(path, when, quarter.kiosk.kill)
    with quarter.kiosk.visitor() as visitor, suppress(httpx.HTTPError):
        visit(quarter, visitor, errand)
    assert quarter.is_sprung
    done = errand.done(quarter)
    assert done == is_done_at(path, when)
    quarter.take()
    assert_forgotten(quarter)
    quarter.kiosk.start()
    with quarter.kiosk.visitor() as visitor:
        seen = visitor.look("attract")
        assert (seen["level"], seen["service"]) == (None, None)
        assert_forgotten(quarter)
        result = visit(quarter, visitor, errand)
    if errand is PAY and done:
        assert (result["screen"], result["code"]) == ("refusal", "department-refused"), "it is known to be paid"
    else:
        assert result["screen"] == "done", result
    assert errand.done(quarter) == (1 if errand is PAY else done + 1)


@pytest.mark.parametrize(("quarter", "errand", "path", "when"), SHORT[1:], indirect=["quarter"])
def test_cut_off_in_a_visit(quarter: Quarter, errand: Errand, path: str, when: When) -> None:
    quarter.set_trap(path, when, lambda: None)
    with quarter.kiosk.visitor() as visitor:
        result = visit(quarter, visitor, errand)
        assert quarter.is_sprung
        assert errand.done(quarter) == is_done_at(path, when)
        if result["screen"] == "refusal" and result["can_retry"]:
            visitor.press("/retry")
            if until(visitor, "review", "done") == "review":  # it was cut off before there was anything to sign
                sign(quarter, visitor)
            result = visitor.look("done", "refusal")
        elif result["screen"] == "refusal":
            visitor.press("/done")
            quarter.take()
            visitor.look("attract")
            result = visit(quarter, visitor, errand)
        assert result["screen"] == "done", result
    assert errand.done(quarter) == 1


SLIP = list(FIRST_SLIPS)[1]
"""The first one is the example in the manifest, which the kiosk keeps."""
POINTS_POLICY = {"services": {"recycling-points": {"level": "tap", "offline": {"max_age_seconds": 3600}}}}
WITHOUT_A_NETWORK: dict[str, tuple[str, dict[str, Any]]] = {
    "services": ("/choose", {"department": "environment", "service": "recycling-points"}),
    "consent": ("/consent", {}),
    "form": ("/form", {"values": {"slip": SLIP}}),
    "check": ("/check", {}),
}
"""What is pressed on each screen until the card is wanted once more."""


def come_to(quarter: Quarter, visitor: Visitor, last: str) -> None:
    """With a tap and without a network, as far as this screen."""
    quarter.hold()
    while (screen := visitor.look(*WITHOUT_A_NETWORK, "hold-again", "done", "refusal")["screen"]) != last:
        assert screen not in {"done", "refusal"}, screen
        if screen == "services":
            quarter.take()
        if screen == "hold-again":
            quarter.hold()
            visitor.look("done", "refusal")
        else:
            path, body = WITHOUT_A_NETWORK[screen]
            visitor.press(path, **body)


@pytest.mark.parametrize("quarter", [(environment, POINTS_POLICY)], indirect=True, ids=["environment"])
@pytest.mark.parametrize("screen", ["hold-again", "done"])
def test_killed_in_a_visit_without_a_network(quarter: Quarter, screen: str) -> None:
    with quarter.kiosk.visitor() as visitor:
        wait_until(lambda: "kiosk_offline_seconds_left{" in visitor.http.get("/metrics").text)
        quarter.service.cut = True
        come_to(quarter, visitor, screen)
        quarter.kiosk.kill()
    quarter.take()
    assert_forgotten(quarter)
    quarter.kiosk.start()
    if screen != "done":
        with quarter.kiosk.visitor() as visitor:
            assert visitor.look("attract")["level"] is None
            come_to(quarter, visitor, "done")
    assert SLIP.encode() not in quarter.kiosk.written()
    assert count(quarter, KeptAnswer) == 0
    quarter.service.cut = False
    wait_until(lambda: count(quarter, KeptAnswer) == 1)
    wait_until(lambda: (quarter.kiosk.room / "offline" / "journal.log").stat().st_size == 0)
    assert count(quarter, Slip, Slip.credited_to.is_not(None)) == count(quarter, KeptAnswer) == 1
