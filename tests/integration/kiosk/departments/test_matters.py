"""What citizens have with departments: told unasked what is new, and taken back once, on both databases."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from cardsvc.wire.manifest import Language, ServiceRequest
from kiosk.departments.community.models import Appointment
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.inbox.cases import CaseRefused, settle
from kiosk.departments.contract.inbox.models import Case, Officer
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.education.models import PlaceApplication, Round
from kiosk.departments.environment.models import Objection
from kiosk.departments.finance.fees import pay
from kiosk.departments.finance.ledger import BANKS, FEES, MOST_IN_A_PURSE, Movement, book, purse_of
from kiosk.departments.finance.models import Fee, Payee
from kiosk.departments.medical_insurance.models import Filing, Ticket
from kiosk.departments.public_security import department as public_security
from kiosk.departments.public_security.models import IdentityDocument, Move, Renewal
from kiosk.departments.real_estate.fund import SINCE, WAITING, transfer
from kiosk.departments.real_estate.models import FundAccount, Withdrawal
from kiosk.departments.real_estate.models import Ticket as QueueTicket
from kiosk.departments.social_insurance.models import Insured, UnemploymentClaim
from tests.fixtures.departments import NOON, Counter
from tests.fixtures.desks import Desk, Opener
from tests.fixtures.proofs import WEI
from tests.integration.kiosk.departments.test_ledger import balances

ME = "pseudonym-of-li-wei"
SMOKE = {"kind": "air", "place": "mangzhou", "words": "Black smoke behind the boat house."}
HELP = {"kind": "nursing", "days": 2, "half": "morning"}
WATER = "802600000037"
"""A notice of CNY 58.60."""


def fields(counter: Counter, code: str, **claims: Any) -> list[dict[str, Any]]:
    response = counter.ask(code, {}, **{"acr": "pin", **claims})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["fields"]
    return found


def buttons(counter: Counter) -> list[dict[str, Any]]:
    return [line["action"] for line in fields(counter, "my-cases") if line["action"]]


def press(counter: Counter, action: dict[str, Any], **how: Any) -> str:
    """What came of the button: ``done``, or the problem's code."""
    response = counter.ask(action["service"], action["input"], **{"acr": "pin", **how})
    said: dict[str, Any] = response.json()
    return "done" if response.status_code == 200 else said["type"].rpartition(":")[2]


def pressed_by_a_hundred(counter: Counter, action: dict[str, Any]) -> Count[str]:
    with ThreadPoolExecutor(16) as hands:
        return Count(hands.map(lambda _: press(counter, action), range(100)))


ONCE = {"done": 1, "nothing-to-take-back": 99}


def decide(counter: Counter, verdict: str) -> None:
    now = counter.clock()
    with counter.office.sessions.begin() as session:
        session.merge(Officer(name="rosa"))
        case = session.scalars(select(Case).where(Case.verdict.is_(None))).one()
        service = counter.department.service(case.service)
        assert service is not None
        settle(session, service, case.id, verdict, note="", officer="rosa", now=now)


def count(counter: Counter, table: Any) -> int:
    with counter.office.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


class TestNews:
    def test_what_was_decided_is_new_until_it_was_told(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        assert fields(station, "news") == []
        decide(station, "mended")

        for _ in range(2):
            (line,) = fields(station, "news")
            assert (line["value"]["en"], line["new"]) == ("It has been put right. Thank you.", True)
        assert [line["new"] for line in fields(station, "my-cases")] == [True]
        assert fields(station, "news") == []
        assert [line["new"] for line in fields(station, "my-cases")] == [False]

    def test_the_news_of_others_and_ones_own_withdrawal_are_none(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        assert fields(station, "news", sub="somebody else") == []
        assert press(station, buttons(station)[0]) == "done"
        assert fields(station, "news") == []

    def test_nothing_is_told_at_tap(self, station: Counter) -> None:
        for code in ("news", "my-cases"):
            assert station.refused(code, {}, acr="tap")["type"] == "step-up-required"


class TestCase:
    def test_it_is_withdrawn_once_by_a_hundred_at_once(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        assert pressed_by_a_hundred(station, buttons(station)[0]) == ONCE

        assert [line["value"]["en"] for line in fields(station, "my-cases")] == ["You withdrew it"]
        assert buttons(station) == []

    def test_the_same_request_again_is_answered_the_same(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        action = buttons(station)[0]
        assertion = station.service.assertion(station.department, "take-back", acr="pin")
        said = [station.ask("take-back", action["input"], key="k" * 16, assertion=assertion).json() for _ in range(2)]
        assert said[0] == said[1]
        assert said[0]["title"]["en"] == "You withdrew it"

    def test_it_is_nobody_elses(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        action = buttons(station)[0]
        assert press(station, action, sub="somebody else") == "nothing-to-take-back"
        assert press(station, action, acr="tap") == "step-up-required"
        assert [line["value"]["en"] for line in fields(station, "my-cases")] == ["We are working on it"]

    def test_what_was_decided_stays(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        action = buttons(station)[0]
        decide(station, "mended")
        assert press(station, action) == "nothing-to-take-back"
        assert buttons(station) == []

    def test_an_officer_cannot_settle_what_was_withdrawn(self, station: Counter) -> None:
        station.ask("problem-report", SMOKE)
        with station.office.sessions() as session:
            case = session.scalars(select(Case)).one()
        press(station, buttons(station)[0])
        service = station.department.service(case.service)
        assert service is not None
        with station.office.sessions.begin() as session, pytest.raises(CaseRefused):
            settle(session, service, case.id, "mended", note="", officer="rosa", now=NOON)


class TestAppointment:
    def test_it_is_cancelled_once_and_its_slot_is_free(self, community_centre: Counter) -> None:
        assert community_centre.ask("home-care", HELP, acr="pin").status_code == 200
        (line,) = fields(community_centre, "my-cases")
        assert line["value"].startswith("2026-03-04 08:30")
        assert pressed_by_a_hundred(community_centre, line["action"]) == ONCE

        assert count(community_centre, Appointment) == 0
        assert fields(community_centre, "my-cases") == []
        assert community_centre.ask("home-care", HELP, acr="pin").status_code == 200

    def test_one_that_has_begun_is_not(self, community_centre: Counter) -> None:
        community_centre.ask("home-care", HELP, acr="pin")
        action = buttons(community_centre)[0]
        community_centre.clock.forward(days=2)
        assert press(community_centre, action) == "nothing-to-take-back"
        assert (count(community_centre, Appointment), buttons(community_centre)) == (1, [])


class TestTicket:
    def test_a_queue_ticket_is_given_back_once_and_those_behind_move_up(self, registry: Counter) -> None:
        registry.ask("queue-ticket", {"counter": "mortgage"})
        registry.ask("queue-ticket", {"counter": "mortgage"}, sub="somebody else")
        assert pressed_by_a_hundred(registry, buttons(registry)[0]) == ONCE

        behind = registry.ask("queue-ticket", {"counter": "mortgage"}, sub="somebody else").json()
        assert [line["value"] for line in behind["fields"]][-1] == "0"
        assert count(registry, QueueTicket) == 1

    def test_one_that_was_called_is_not(self, registry: Counter) -> None:
        registry.ask("queue-ticket", {"counter": "mortgage"})
        action = buttons(registry)[0]
        with registry.office.sessions.begin() as session:
            session.execute(update(QueueTicket).values(called_at=NOON))
        assert press(registry, action) == "nothing-to-take-back"
        assert buttons(registry) == []

    def test_a_clinics_ticket_is_given_back_once(self, clinic: Counter) -> None:
        clinic.ask("clinic-check-in", {"clinic": "hengqin-hospital", "complaint_group": "fever"})
        assert count(clinic, Ticket) == 1
        assert pressed_by_a_hundred(clinic, buttons(clinic)[0]) == ONCE
        assert count(clinic, Ticket) == 0


class TestFiling:
    def filed(self, clinic: Counter, since: date) -> dict[str, Any]:
        with clinic.office.sessions.begin() as session:
            until = since + timedelta(days=29)
            session.add(Filing(pseudonym=ME, receipt="MI-FILED", region="macau", since=since, until=until))
        return buttons(clinic)[0]

    def test_one_that_has_not_begun_is_gone(self, clinic: Counter) -> None:
        action = self.filed(clinic, city_date(NOON) + timedelta(days=1))
        assert pressed_by_a_hundred(clinic, action) == ONCE
        assert count(clinic, Filing) == 0

    def test_one_that_is_in_force_ends_today(self, clinic: Counter) -> None:
        action = self.filed(clinic, city_date(NOON) - timedelta(days=3))
        assert pressed_by_a_hundred(clinic, action) == ONCE
        with clinic.office.sessions() as session:
            assert session.scalars(select(Filing.until)).one() == city_date(NOON)
        assert buttons(clinic) == []


class TestMoney:
    @pytest.fixture(autouse=True)
    def rich(self, treasury: Counter) -> Iterator[None]:
        self.put_in(treasury, 100_00, "FI-PUT-IN")
        yield
        balances(treasury)

    def put_in(self, treasury: Counter, amount_fen: int, key: str) -> None:
        top_up = Movement(amount_fen, BANKS, "top-up", "FI-PAYEE", key)
        in_transaction(
            treasury.office.sessions, lambda session: book(session, purse_of(session, ME, NOON), top_up, NOON)
        )

    def pay(self, treasury: Counter) -> None:
        in_transaction(treasury.office.sessions, lambda session: pay(session, ME, WATER, "FI-PAID", NOON))

    def is_paid(self, treasury: Counter) -> bool:
        with treasury.office.sessions() as session:
            return session.scalars(select(Fee.paid_with).where(Fee.number == WATER)).one() is not None

    def test_an_unspent_top_up_goes_back_once(self, treasury: Counter) -> None:
        assert balances(treasury) == {ME: 100_00, BANKS: -100_00}
        assert pressed_by_a_hundred(treasury, buttons(treasury)[0]) == ONCE
        assert balances(treasury) == {ME: 0, BANKS: 0}

    def test_each_of_two_top_ups_goes_back(self, treasury: Counter) -> None:
        self.put_in(treasury, 7_00, "FI-AGAIN")
        for _ in range(2):
            assert press(treasury, buttons(treasury)[0]) == "done"
        assert (balances(treasury), buttons(treasury)) == ({ME: 0, BANKS: 0}, [])

    def test_what_was_spent_or_a_day_ago_does_not(self, treasury: Counter) -> None:
        (action,) = buttons(treasury)
        treasury.clock.forward(days=1)
        assert press(treasury, action) == "nothing-to-take-back"
        treasury.clock.forward(days=-1)
        self.pay(treasury)
        assert press(treasury, action) == "nothing-to-take-back"
        assert balances(treasury) == {ME: 100_00 - 58_60, BANKS: -100_00, FEES: 58_60}

    def test_a_fee_is_asked_back_once_and_goes_back_when_an_officer_says_so(self, treasury: Counter) -> None:
        self.pay(treasury)
        (action,) = buttons(treasury)
        assert pressed_by_a_hundred(treasury, action) == ONCE
        assert self.is_paid(treasury)
        assert (count(treasury, Case), buttons(treasury)) == (1, [])

        decide(treasury, "granted")
        assert balances(treasury) == {ME: 100_00, BANKS: -100_00, FEES: 0}
        assert not self.is_paid(treasury)
        assert [line["value"]["en"] for line in fields(treasury, "news")] == ["The money is in your purse again."]

    def test_a_fee_that_was_due_stays(self, treasury: Counter) -> None:
        self.pay(treasury)
        (action,) = buttons(treasury)
        press(treasury, action)
        decide(treasury, "refused")
        assert self.is_paid(treasury)
        assert press(treasury, action) == "nothing-to-take-back"

    def test_nobody_gets_anothers_fee(self, treasury: Counter) -> None:
        self.pay(treasury)
        assert press(treasury, buttons(treasury)[0], sub="somebody else") == "nothing-to-take-back"
        treasury.clock.forward(days=30)
        assert buttons(treasury) == []

    def test_a_full_purse_takes_it_later(self, treasury: Counter) -> None:
        self.pay(treasury)
        press(treasury, buttons(treasury)[0])
        self.put_in(treasury, MOST_IN_A_PURSE - 41_40, "FI-FULL")
        with pytest.raises(CaseRefused, match="no room"):
            decide(treasury, "granted")
        assert self.is_paid(treasury)


class TestWhatIsSigned:
    """What an application holds is let go with it, and can be asked for again."""

    def withdraw(self, counter: Counter, service: str) -> None:
        with counter.office.sessions.begin() as session:
            session.add(Case(receipt="XX-CASE", service=service, pseudonym=ME, lines=[], opened_at=NOON))
        assert pressed_by_a_hundred(counter, buttons(counter)[0]) == ONCE

    @pytest.mark.parametrize("kind", [Renewal, Move], ids=["id-renewal", "change-of-residence"])
    def test_public_security(self, security: Counter, kind: Any) -> None:
        more: dict[str, Any] = {"reason": "damaged", "station": "hengqin"}
        if kind is Move:
            more = {"district": "hengqin", "address": "1", "moved_on": city_date(NOON)}
        row = {"pseudonym": ME, "document_number": "M1234567", "state": "open", "made_at": NOON}
        with security.office.sessions.begin() as session:
            session.add(kind(receipt="XX-CASE", **row, **more))
        self.withdraw(security, "id-renewal" if kind is Renewal else "change-of-residence")
        with security.office.sessions.begin() as session:
            assert session.scalars(select(kind.state)).one() == "withdrawn"
            session.add(kind(receipt="XX-AGAIN", **row, **more))

    def test_unemployment(self, insurance: Counter) -> None:
        row = {"document_number": "M1", "reason": "ended", "last_paid": date(2026, 1, 1), "months": 12}
        row |= {"state": "open", "made_at": NOON}
        with insurance.office.sessions.begin() as session:
            session.add(Insured(document_number="M1", since=date(2010, 1, 1)))
            session.flush()
            session.add(UnemploymentClaim(receipt="XX-CASE", **row))
        self.withdraw(insurance, "unemployment-claim")
        with insurance.office.sessions.begin() as session:
            assert session.scalars(select(UnemploymentClaim.state)).one() == "withdrawn"
            session.add(UnemploymentClaim(receipt="XX-AGAIN", **row))

    def test_objection(self, station: Counter) -> None:
        with station.office.sessions.begin() as session:
            session.add(Objection(receipt="XX-CASE", permit="9026000019", pseudonym=ME, made_at=NOON))
        self.withdraw(station, "permit-objection")
        assert count(station, Objection) == 0

    def test_payee(self, treasury: Counter) -> None:
        account = {"bank": "boc", "number": "6217001234567890122", "document_number": "M1", "named_at": NOON}
        with treasury.office.sessions.begin() as session:
            session.add(Payee(receipt="XX-CASE", pseudonym=ME, state="waiting", **account))
        self.withdraw(treasury, "payee-account")
        with treasury.office.sessions() as session:
            assert session.scalars(select(Payee.state)).one() == "withdrawn"

    def test_housing_fund(self, registry: Counter) -> None:
        """The money that waited is its owner's again."""
        with registry.office.sessions.begin() as session:
            before = session.get_one(FundAccount, "M1234567").balance_fen
            row = {"reason": "loan", "paper": "1", "amount_fen": 100, "bank_card": "1", "state": "open"}
            session.add(Withdrawal(receipt="XX-CASE", owner="M1234567", made_at=NOON, **row))
            transfer(session, "XX-CASE:asked", "M1234567", WAITING, 100, now=SINCE)
        self.withdraw(registry, "housing-fund-withdrawal")
        with registry.office.sessions() as session:
            assert session.get_one(FundAccount, "M1234567").balance_fen == before
            assert session.get_one(FundAccount, WAITING).balance_fen == 0
            assert session.scalars(select(Withdrawal.state)).one() == "withdrawn"

    def test_school_place(self, library: Counter) -> None:
        row = {"applicant": "M1", "child": "M2", "born": date(2020, 1, 1), "district": "hengqin", "made_at": NOON}
        with library.office.sessions.begin() as session:
            round_ = session.scalars(select(Round.code)).first()
            session.add(PlaceApplication(receipt="XX-CASE", round=round_, state="open", **row))
        self.withdraw(library, "school-place")
        with library.office.sessions.begin() as session:
            assert session.scalars(select(PlaceApplication.state)).one() == "withdrawn"
            session.add(PlaceApplication(receipt="XX-AGAIN", round=round_, state="open", **row))


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_a_real_kiosk_and_card_service_withdraw_what_was_signed(opener: Opener) -> None:
    with opener(public_security) as desk:
        today = city_date(desk.office.clock())
        desk.write(IdentityDocument(number=WEI.document_number, valid_until=today + timedelta(days=2000)))
        signed = desk.sign("id-renewal", {"reason": "damaged", "station": "hengqin"})
        assert take_back(desk, "case", signed.receipt) == "You withdrew it"
        assert desk.how_it_stands() == ["You withdrew it"]


def take_back(desk: Desk, kind: str, reference: str) -> str:
    department = desk.office.department.code
    assertion = desk.bureau.kiosk.exchange(desk.bureau.begin(desk.card), department, "take-back", (), ())
    request = ServiceRequest(assertion=assertion, input={"kind": kind, "reference": reference})
    return desk.departments.ask(desk.url, "take-back", request, uuid4()).title[Language.ENGLISH]
