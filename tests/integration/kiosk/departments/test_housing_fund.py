"""Money out of the housing fund: signed, for a reason that holds, never more than there is, an officer decides."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.inbox.models import Case
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.real_estate import department as real_estate
from kiosk.departments.real_estate.fund import (
    BANKS,
    EMPLOYERS,
    FIRST_BALANCES,
    WAITING,
    BooksWrong,
    FundTooSmall,
    account_of,
    transfer,
)
from kiosk.departments.real_estate.models import FundAccount, FundTransfer, Title, Withdrawal
from kiosk.departments.real_estate.withdrawals import Wanted, pay, withdraw
from tests.fixtures.departments import Counter
from tests.fixtures.desks import Desk, Opener
from tests.fixtures.proofs import WEI

WEIS = WEI.document_number
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CARD = "6217001234567890122"
RENT = {"reason": "rent", "paper": "ZL-2026-0042", "yuan": 4500, "bank_card": CARD}
CODE = "housing-fund-withdrawal"


@pytest.fixture
def fund(opener: Opener) -> Iterator[Desk]:
    """Where the citizen has 10,000 yuan."""
    with opener(real_estate) as desk:
        desk.write(FundAccount(owner=WEIS))
        with desk.office.sessions.begin() as session:
            transfer(session, "paid-in", EMPLOYERS, WEIS, 10_000_00, now=NOW)
        yield desk


def balances(fund: Desk) -> dict[str, int]:
    return dict(fund.rows(FundAccount.owner, FundAccount.balance_fen))


def bought(fund: Desk, days_ago: int) -> None:
    since = city_date(fund.office.clock()) - timedelta(days=days_ago)
    fund.write(
        Title(
            property_number="HQ-2026-000001",
            address="横琴彩虹路1号",
            area=8_000,
            share="1/1",
            owner_document=WEIS,
            since=since,
        )
    )


class TestSigned:
    @pytest.mark.parametrize(
        ("verdict", "left", "banks", "said"),
        [("paid", 5_500_00, 4_500_00, "Agreed."), ("refused", 10_000_00, 0, "We could not agree")],
    )
    def test_the_money_waits_for_the_officer(self, fund: Desk, verdict: str, left: int, banks: int, said: str) -> None:
        outcome = fund.sign(CODE, RENT)
        assert fund.rows(Withdrawal.receipt, Withdrawal.state) == [(outcome.receipt, "open")]
        assert outcome.fields[-1].value == "CNY 5,500.00"
        waits = balances(fund)
        assert (waits[WEIS], waits[WAITING], waits[BANKS]) == (5_500_00, 4_500_00, 0)

        fund.decide(verdict)
        after = balances(fund)
        assert (after[WEIS], after[WAITING], after[BANKS]) == (left, 0, banks)
        assert sum(after.values()) == 0, "what one has the others have not"
        assert fund.rows(Withdrawal.state) == [(verdict,)]
        assert fund.how_it_stands()[0].startswith(said)

    def test_preparing_moves_nothing(self, fund: Desk) -> None:
        said = fund.prepare(CODE, RENT).document.decode().splitlines()

        assert {"Tenancy contract: ZL-2026-0042", "Amount: CNY 4,500.00", f"Bank card: {CARD}"} < set(said)
        assert balances(fund)[WEIS] == 10_000_00
        assert fund.rows(Withdrawal.receipt) == fund.rows(Case.id) == []

    def test_one_withdrawal_waits_at_a_time_and_rent_is_paid_once_in_three_months(self, fund: Desk) -> None:
        fund.sign(CODE, {**RENT, "yuan": 1000})
        assert fund.not_prepared(CODE, {**RENT, "yuan": 1000}) == "withdrawal-waits"
        fund.decide("paid")
        assert fund.not_prepared(CODE, {**RENT, "yuan": 1000}) == "withdrawn-lately"

        fund.bureau.city.clock.now += timedelta(days=91)
        fund.sign(CODE, {**RENT, "yuan": 1000})
        assert sorted(fund.rows(Withdrawal.state)) == [("open",), ("paid",)]

    def test_what_was_refused_can_be_asked_for_again(self, fund: Desk) -> None:
        fund.sign(CODE, RENT)
        fund.decide("refused")
        fund.sign(CODE, RENT)

        assert balances(fund)[WEIS] == 5_500_00

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_a_home_counts_while_the_land_register_says_that_it_was_bought_lately(self, fund: Desk) -> None:
        wanted = {"reason": "purchase", "paper": "HQ-2026-000001", "yuan": 9000, "bank_card": CARD}
        assert fund.not_prepared(CODE, wanted) == "home-not-bought"
        bought(fund, 365)
        assert fund.not_prepared(CODE, {**wanted, "paper": "HQ-2026-000002"}) == "home-not-bought"
        fund.prepare(CODE, wanted)

        fund.bureau.city.clock.now += timedelta(days=1)
        assert fund.not_prepared(CODE, wanted) == "home-not-bought"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_rent_is_for_those_without_a_home_and_a_loan_for_those_with_one(self, fund: Desk) -> None:
        loan = {**RENT, "reason": "loan"}
        assert fund.not_prepared(CODE, loan) == "no-home"
        bought(fund, 2000)
        assert fund.not_prepared(CODE, RENT) == "has-home"
        assert b"Loan contract: ZL-2026-0042" in fund.prepare(CODE, loan).document

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"yuan": 6001}, "rent-too-much"),
            ({"reason": "loan", "yuan": 10_001}, "fund-too-small"),
            ({"reason": "retirement"}, "not-retired"),
            ({"bank_card": "6217001234567890123"}, "bank-card-misread"),
            ({"paper": "a contract"}, "input-refused"),
            ({"yuan": 0}, "input-refused"),
        ],
    )
    def test_what_cannot_be_had_is_refused_before_anybody_signs(
        self, fund: Desk, changed: dict[str, Any], code: str
    ) -> None:
        if changed.get("reason") == "loan":
            bought(fund, 2000)
        assert fund.not_prepared(CODE, {**RENT, **changed}) == code

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_who_never_paid_in_has_no_account(self, opener: Opener) -> None:
        with opener(real_estate) as desk:
            assert desk.not_prepared(CODE, RENT) == "no-fund-account"


def wanted(number: int, owner: str = "H7654321") -> Wanted:
    return Wanted(f"RE-TEST-{number:04}", owner, "retirement", "TX-0001", 1_000_00, CARD, lambda: True)


class TestBooks:
    def held(self, registry: Counter) -> dict[str, int]:
        with registry.office.sessions() as session:
            return dict(session.execute(select(FundAccount.owner, FundAccount.balance_fen)).all())

    def test_they_begin_balanced_and_opening_again_pays_in_nothing(self, registry: Counter) -> None:
        assert real_estate.seed is not None
        in_transaction(registry.office.sessions, real_estate.seed)
        held = self.held(registry)

        assert {owner: held[owner] for owner in FIRST_BALANCES} == FIRST_BALANCES
        assert held[EMPLOYERS] == -sum(FIRST_BALANCES.values())

    def test_a_hundred_payments_at_once_stop_where_the_account_is_empty(self, registry: Counter) -> None:
        def once(number: int) -> bool:
            try:
                in_transaction(
                    registry.office.sessions,
                    lambda session: transfer(session, f"key {number}", "H7654321", BANKS, 1_000_00, now=NOW),
                )
            except FundTooSmall:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            paid = list(pool.map(once, range(100)))
        held = self.held(registry)
        assert paid.count(True) == 31
        assert (held["H7654321"], held[BANKS]) == (250_00, 31_000_00)
        with registry.office.sessions() as session:
            assert account_of(session, "H7654321").balance_fen == 250_00

    def test_a_hundred_withdrawals_at_once_of_one_person_are_one(self, registry: Counter) -> None:
        def once(number: int) -> str:
            try:
                in_transaction(registry.office.sessions, lambda session: withdraw(session, wanted(number), NOW))
            except ServiceRefused as refused:
                return refused.code
            return "asked"

        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(once, range(100)))
        assert (said.count("asked"), said.count("withdrawal-waits")) == (1, 99)
        assert self.held(registry)[WAITING] == 1_000_00

    def test_a_withdrawal_is_paid_once(self, registry: Counter) -> None:
        with registry.office.sessions.begin() as session:
            withdraw(session, wanted(1), NOW)
            pay(session, "RE-TEST-0001", NOW)
        assert self.held(registry)[BANKS] == 1_000_00
        with registry.office.sessions.begin() as session:
            transfer(session, "RE-TEST-0001:paid", "H7654321", BANKS, 1_000_00, now=NOW)

        assert self.held(registry)[BANKS] == 1_000_00

    @pytest.mark.parametrize("values", [{"balance_fen": -1}, {"balance_fen": FundAccount.balance_fen - 31_250_01}])
    def test_the_database_overdraws_no_account(self, registry: Counter, values: dict[str, Any]) -> None:
        with registry.office.sessions() as session, pytest.raises(IntegrityError, match="not_overdrawn"):
            session.execute(update(FundAccount).where(FundAccount.owner == "H7654321").values(values))

    def test_wrong_books_are_noticed(self, registry: Counter) -> None:
        with registry.office.sessions.begin() as session:
            session.execute(update(FundAccount).where(FundAccount.owner == "H7654321").values(balance_fen=99_999_99))
        with registry.office.sessions() as session, pytest.raises(BooksWrong):
            account_of(session, "H7654321")

    def test_every_transfer_has_a_payer_and_a_payee(self, registry: Counter) -> None:
        with registry.office.sessions() as session, pytest.raises(IntegrityError, match="to_another"):
            transfer(session, "x", BANKS, BANKS, 1, now=NOW)
        with registry.office.sessions() as session:
            assert session.scalar(select(func.count()).select_from(FundTransfer)) == len(FIRST_BALANCES)
