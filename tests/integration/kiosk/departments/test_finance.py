"""Subsidies and the city purse, asked for over HTTP and looked up in the department's own database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from cardsvc.wire.levels import Level
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.finance import department
from kiosk.departments.finance.fees import pay
from kiosk.departments.finance.models import Account, Booking, Entry
from kiosk.departments.finance.payees import BankAccount, Owner, name_payee
from tests.fixtures.departments import Counter

RESIDENT = {"document_number": "M1234567"}
ME = "pseudonym-of-li-wei"


def ask(treasury: Counter, code: str, told: dict[str, str] | None = None, **claims: Any) -> dict[str, Any]:
    response = treasury.ask(code, {}, acr="pin", attributes=told or {}, **claims)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def lines(treasury: Counter, code: str, told: dict[str, str] | None = None, **claims: Any) -> list[tuple[str, str]]:
    """Labels and values, in English."""
    fields = ask(treasury, code, told, **claims)["fields"]
    return [
        (field["label"]["en"], field["value"] if isinstance(field["value"], str) else field["value"]["en"])
        for field in fields
    ]


def test_nothing_of_it_is_for_a_found_card() -> None:
    assert min(service.level for service in department.manifest.services) is Level.PIN


@pytest.mark.parametrize("code", ["subsidy-status", "purse-balance"])
def test_a_tap_is_told_nothing(treasury: Counter, code: str) -> None:
    refused = treasury.refused(code, {}, acr="tap", attributes=RESIDENT)

    assert refused["type"] == "step-up-required"
    assert "CNY" not in str(refused)


class TestSubsidies:
    def test_what_was_granted_paid_and_is_looked_at(self, treasury: Counter) -> None:
        assert lines(treasury, "subsidy-status", RESIDENT) == [
            ("Waiting to be paid", "CNY 3,600.00"),
            ("Childcare subsidy · 2026", "Granted, to be paid · CNY 3,600.00"),
            ("Training subsidy · 2026", "Being looked at · CNY 1,500.00"),
            ("Childcare subsidy · 2025", "Paid · CNY 3,600.00 · 2026-01-15"),
            ("Paid to", "No bank account named yet"),
        ]

    def test_of_the_account_only_the_end_is_shown(self, treasury: Counter) -> None:
        number = "6217001234567890122"
        with treasury.office.sessions.begin() as session:
            name_payee(session, Owner("FI-1", ME, "M1234567"), BankAccount("boc", number), treasury.clock.now)
        answer = ask(treasury, "subsidy-status", RESIDENT)

        assert answer["fields"][-1]["value"] == {
            "en": "Bank of China ···· 0122",
            "zh-Hans": "中国银行 ···· 0122",
            "pt": "Banco da China ···· 0122",
        }
        assert number not in str(answer)

    def test_of_others_nothing_is_told(self, treasury: Counter) -> None:
        answer = ask(treasury, "subsidy-status", {"document_number": "A0000000"})

        assert answer["title"]["en"] == "No subsidy was asked for in your name"
        assert answer["fields"] == []

    def test_without_the_document_nobody_can_be_found(self, treasury: Counter) -> None:
        assert treasury.refused("subsidy-status", {}, acr="pin")["type"] == "attribute-needed"


class TestPurse:
    def test_the_voucher_is_put_in_once_a_year(self, treasury: Counter) -> None:
        voucher = ("2026-03-02 · Resident's voucher", "+CNY 100.00")
        for _ in range(3):
            assert lines(treasury, "purse-balance") == [("Balance", "CNY 100.00"), voucher]
        treasury.clock.forward(days=365)

        later = ("2027-03-02 · Resident's voucher", "+CNY 100.00")
        assert lines(treasury, "purse-balance") == [("Balance", "CNY 200.00"), later, voucher]

    def test_the_year_begins_in_the_city(self, treasury: Counter) -> None:
        ask(treasury, "purse-balance")
        treasury.clock.now = treasury.clock.now.replace(month=12, day=31, hour=15, minute=59)
        assert len(lines(treasury, "purse-balance")) == 2
        treasury.clock.forward(minutes=1)
        assert len(lines(treasury, "purse-balance")) == 3

    def test_payments_are_among_the_movements(self, treasury: Counter) -> None:
        ask(treasury, "purse-balance")
        treasury.clock.forward(days=1)
        with treasury.office.sessions.begin() as session:
            pay(session, ME, "802600000037", "a request of mine", treasury.clock.now)

        assert lines(treasury, "purse-balance")[:2] == [
            ("Balance", "CNY 41.40"),
            ("2026-03-03 · Water rate", "-CNY 58.60"),
        ]
        assert lines(treasury, "purse-balance", sub="somebody else")[0] == ("Balance", "CNY 100.00")

    def test_a_full_purse_gets_its_voucher_when_there_is_room(self, treasury: Counter) -> None:
        ask(treasury, "purse-balance")
        treasury.clock.forward(days=365)
        with treasury.office.sessions.begin() as session:
            session.execute(update(Account).where(Account.owner == ME).values(most_fen=150_00))
        assert lines(treasury, "purse-balance")[0] == ("Balance", "CNY 100.00")

        with treasury.office.sessions.begin() as session:
            pay(session, ME, "802600000037", "a request of mine", treasury.clock.now)
        assert lines(treasury, "purse-balance")[0] == ("Balance", "CNY 141.40")

    def test_many_first_looks_at_once_open_one_purse(self, treasury: Counter) -> None:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: lines(treasury, "purse-balance"), range(30)))

        assert {answer[0] for answer in answers} == {("Balance", "CNY 100.00")}
        with treasury.office.sessions() as session:
            assert session.scalar(select(func.count()).select_from(Booking)) == 1
            assert session.scalar(select(func.sum(Entry.amount_fen))) == 0

    def test_books_that_do_not_add_up_are_not_shown(self, treasury: Counter) -> None:
        ask(treasury, "purse-balance")
        in_transaction(
            treasury.office.sessions,
            lambda session: session.execute(update(Account).where(Account.owner == ME).values(balance_fen=101_00)),
        )
        with capture_logs() as logs:
            refused = treasury.refused("purse-balance", {}, acr="pin")

        assert (refused["type"], refused["status"]) == ("department-failed", 500)
        assert ME not in str(logs)
