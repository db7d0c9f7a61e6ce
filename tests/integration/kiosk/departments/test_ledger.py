"""The ledger of the city purse: it adds up, pays once, and never more than is there, on both databases."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kiosk.departments.contract.refusals import IdempotencyKeyReused, ServiceRefused
from kiosk.departments.contract.storage import in_transaction, new_id
from kiosk.departments.finance.fees import FeeMisread, FeePaid, FeeUnknown, pay
from kiosk.departments.finance.ledger import (
    BANKS,
    FEES,
    MOST_IN_A_PURSE,
    Movement,
    PurseTooFull,
    PurseTooSmall,
    book,
    purse_of,
)
from kiosk.departments.finance.models import Account, Booking, Entry, Fee, Payee, Subsidy
from kiosk.departments.finance.payees import (
    BankAccount,
    Owner,
    PayeeMisread,
    PayeeWaiting,
    decide_payee,
    name_payee,
    payee_in_force,
)
from kiosk.departments.finance.purse import NoPayee, top_up
from tests.fixtures.departments import NOON, Counter

ME = "pseudonym-of-li-wei"
DOCUMENT = "M1234567"
NUMBER, OTHER_NUMBER = "6217001234567890122", "6222023601001234568"
MINE, OTHER = BankAccount("boc", NUMBER), BankAccount("icbc", OTHER_NUMBER)
WATER, MARKET = "802600000037", "802600000045"
"""Notices of CNY 58.60 and of CNY 450.00."""

Done = TypeVar("Done")


def do(treasury: Counter, work: Callable[..., Done], *arguments: Any, **more: Any) -> Done:
    """In a transaction of its own, as a request does it."""
    return in_transaction(treasury.office.sessions, lambda session: work(session, *arguments, **more))


def many_at_once(times: int, act: Callable[[int], object]) -> Count[str]:
    """How often it was done, and why not: by 16 hands."""

    def outcome(number: int) -> str:
        try:
            act(number)
        except ServiceRefused as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(16) as hands:
        return Count(hands.map(outcome, range(times)))


def owner(receipt: str = "FI-1") -> Owner:
    return Owner(receipt, ME, DOCUMENT)


def filled(session: Session, pseudonym: str, amount_fen: int) -> None:
    book(session, purse_of(session, pseudonym, NOON), Movement(amount_fen, BANKS, "top-up", "-", uuid4().hex), NOON)


def new_fees(session: Session, count: int, amount_fen: int) -> list[str]:
    """Notices that the city sends now."""
    numbers = [f"80270{serial:06}" for serial in range(count)]
    numbers = [number + str(luhn_digit(number)) for number in numbers]
    rows = [
        {"number": number, "kind": "waste", "amount_fen": amount_fen, "due": date(2026, 12, 31)} for number in numbers
    ]
    session.execute(insert(Fee).values(rows))
    return numbers


def luhn_digit(body: str) -> int:
    """By the table of ISO/IEC 7812-1 annex B: every second digit, from the right, counts as 0246813579 says."""
    total = sum(
        int("0246813579"[int(digit)]) if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(body))
    )
    return -total % 10


def balances(treasury: Counter) -> dict[str, int]:
    """Of all accounts with a movement; each is what its entries add up to, and all together are nothing."""
    with treasury.office.sessions() as session:
        held = select(Account.owner, Account.balance_fen, func.sum(Entry.amount_fen)).join(Entry)
        rows = session.execute(held.group_by(Account.owner, Account.balance_fen)).all()
        singles = select(Entry.booking_id).group_by(Entry.booking_id).having(func.sum(Entry.amount_fen) != 0)
        assert session.scalars(singles).all() == []
    assert all(balance == int(added) for _, balance, added in rows)
    assert sum(balance for _, balance, _ in rows) == 0
    return {owner: balance for owner, balance, _ in rows}


def booked(treasury: Counter) -> int:
    with treasury.office.sessions() as session:
        return session.scalar(select(func.count()).select_from(Booking)) or 0


class TestPaying:
    def test_what_the_purse_pays_the_city_gets(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 100_00)
        do(treasury, pay, ME, WATER, "first", NOON)

        assert balances(treasury) == {ME: 41_40, BANKS: -100_00, FEES: 58_60}

    def test_what_is_not_there_is_not_paid(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 100_00)
        with pytest.raises(PurseTooSmall):
            do(treasury, pay, ME, MARKET, "first", NOON)

        assert balances(treasury) == {ME: 100_00, BANKS: -100_00}
        with treasury.office.sessions() as session:
            assert session.get_one(Fee, MARKET).paid_with is None

    def test_a_purse_can_be_emptied(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 58_60)
        do(treasury, pay, ME, WATER, "first", NOON)

        assert balances(treasury)[ME] == 0

    def test_the_same_request_is_paid_once(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 100_00)
        first, second = (do(treasury, pay, ME, WATER, "first", NOON).id for _ in range(2))

        assert first == second
        assert balances(treasury)[FEES] == 58_60

    def test_a_fee_is_paid_once(self, treasury: Counter) -> None:
        for person in (ME, "somebody else"):
            do(treasury, filled, person, 100_00)
        do(treasury, pay, ME, WATER, "first", NOON)
        for person, key in ((ME, "second"), ("somebody else", "first")):
            with pytest.raises(FeePaid):
                do(treasury, pay, person, WATER, key, NOON)

        assert balances(treasury)[FEES] == 58_60

    def test_a_key_pays_one_fee(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 600_00)
        do(treasury, pay, ME, WATER, "first", NOON)
        with pytest.raises(IdempotencyKeyReused):
            do(treasury, pay, ME, MARKET, "first", NOON)

        assert balances(treasury)[FEES] == 58_60

    @pytest.mark.parametrize(("number", "refusal"), [("802600000038", FeeMisread), ("802600000060", FeeUnknown)])
    def test_only_what_was_asked_for_is_paid(
        self, treasury: Counter, number: str, refusal: type[ServiceRefused]
    ) -> None:
        with pytest.raises(refusal):
            do(treasury, pay, ME, number, "first", NOON)


class TestAHundredAtOnce:
    def test_they_pay_what_is_there_and_no_more(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 100_00)
        fees = do(treasury, new_fees, 100, 3_00)
        outcomes = many_at_once(100, lambda n: do(treasury, pay, ME, fees[n], f"request {n}", NOON))

        assert outcomes == {"done": 33, "purse-too-small": 67}
        assert balances(treasury) == {ME: 1_00, BANKS: -100_00, FEES: 99_00}
        with treasury.office.sessions() as session:
            assert session.scalar(select(func.count(Fee.paid_with))) == 33

    def test_one_request_sent_a_hundred_times_is_paid_once(self, treasury: Counter) -> None:
        do(treasury, filled, ME, 1_000_00)
        assert many_at_once(100, lambda _: do(treasury, pay, ME, WATER, "the same", NOON)) == {"done": 100}

        assert balances(treasury)[FEES] == 58_60

    def test_one_fee_is_paid_by_one_of_a_hundred(self, treasury: Counter) -> None:
        for person in range(100):
            do(treasury, filled, f"person {person}", 100_00)
        outcomes = many_at_once(100, lambda n: do(treasury, pay, f"person {n}", WATER, "mine", NOON))

        assert outcomes == {"done": 1, "fee-paid": 99}
        assert balances(treasury)[FEES] == 58_60

    def test_top_ups_stop_at_the_most_a_purse_may_hold(self, treasury: Counter) -> None:
        do(treasury, name_payee, owner(), MINE, NOON)
        outcomes = many_at_once(100, lambda n: do(treasury, top_up, ME, 70_00, f"request {n}", NOON))

        assert outcomes == {"done": 71, "purse-too-full": 29}
        assert balances(treasury) == {ME: 71 * 70_00, BANKS: -71 * 70_00}

    def test_paying_and_topping_up_do_not_stand_in_each_others_way(self, treasury: Counter) -> None:
        do(treasury, name_payee, owner(), MINE, NOON)
        do(treasury, filled, ME, 1_000_00)
        fees = do(treasury, new_fees, 100, 3_00)

        def act(n: int) -> object:
            if n % 2:
                return do(treasury, pay, ME, fees[n], f"request {n}", NOON)
            return do(treasury, top_up, ME, 5_00, f"request {n}", NOON)

        assert many_at_once(100, act) == {"done": 100}
        assert balances(treasury)[ME] == 1_000_00 + 50 * 5_00 - 50 * 3_00


class TestToppingUp:
    def test_it_comes_from_the_account_that_was_named(self, treasury: Counter) -> None:
        with pytest.raises(NoPayee):
            do(treasury, top_up, ME, 50_00, "first", NOON)
        payee = do(treasury, name_payee, owner(), MINE, NOON)
        booking = do(treasury, top_up, ME, 50_00, "first", NOON)

        assert (booking.purpose, booking.subject) == ("top-up", payee.receipt)
        assert balances(treasury) == {ME: 50_00, BANKS: -50_00}

    def test_the_same_request_is_booked_once_though_the_purse_is_full(self, treasury: Counter) -> None:
        do(treasury, name_payee, owner(), MINE, NOON)
        first, second = (do(treasury, top_up, ME, MOST_IN_A_PURSE, "first", NOON).id for _ in range(2))

        assert first == second
        with pytest.raises(PurseTooFull):
            do(treasury, top_up, ME, 1, "second", NOON)

    def test_a_key_is_good_for_one_amount(self, treasury: Counter) -> None:
        do(treasury, name_payee, owner(), MINE, NOON)
        do(treasury, top_up, ME, 50_00, "first", NOON)
        with pytest.raises(IdempotencyKeyReused):
            do(treasury, top_up, ME, 60_00, "first", NOON)

    @pytest.mark.parametrize("amount_fen", [0, -1])
    def test_less_than_nothing_is_a_mistake(self, treasury: Counter, amount_fen: int) -> None:
        with pytest.raises(ValueError, match="more than nothing"):
            do(treasury, top_up, ME, amount_fen, "first", NOON)


class TestTheDatabaseItself:
    """Whoever writes to it, and whatever program."""

    @pytest.fixture
    def booking(self, treasury: Counter) -> UUID:
        do(treasury, filled, ME, 100_00)
        with treasury.office.sessions() as session:
            return session.scalars(select(Booking.id)).one()

    def refuses(self, treasury: Counter, statement: Any, constraint: str) -> None:
        with pytest.raises(IntegrityError) as refused, treasury.office.sessions.begin() as session:
            session.execute(statement)
        nameless = constraint.startswith("fk_") and treasury.office.sessions.kw["bind"].dialect.name == "sqlite"
        assert ("FOREIGN KEY" if nameless else constraint) in str(refused.value.orig)

    def entry(self, treasury: Counter, booking: UUID, amount: int, opposite: int) -> dict[str, Any]:
        with treasury.office.sessions() as session:
            account = session.scalars(select(Account.id).where(Account.owner == FEES)).one()
        return {"booking_id": booking, "amount_fen": amount, "opposite_fen": opposite, "account_id": account}

    def test_it_takes_no_side_without_the_other(self, treasury: Counter, booking: UUID) -> None:
        one = self.entry(treasury, booking, 5, -5)
        self.refuses(treasury, insert(Entry).values(one), "fk_entries_booking_id_entries")

    def test_it_takes_no_unequal_sides(self, treasury: Counter, booking: UUID) -> None:
        two = [self.entry(treasury, booking, 5, -4), self.entry(treasury, booking, -4, 5)]
        self.refuses(treasury, insert(Entry).values(two), "ck_entries_opposite")

    def test_it_changes_no_side(self, treasury: Counter, booking: UUID) -> None:
        more = update(Entry).where(Entry.amount_fen > 0).values(amount_fen=200_00, opposite_fen=-200_00)
        self.refuses(treasury, more, "fk_entries_booking_id_entries")

    def test_it_gives_up_no_side(self, treasury: Counter, booking: UUID) -> None:
        self.refuses(treasury, delete(Entry).where(Entry.amount_fen < 0), "fk_entries_booking_id_entries")

    def test_it_overdraws_no_purse(self, treasury: Counter, booking: UUID) -> None:
        owing = update(Account).where(Account.owner == ME).values(balance_fen=-1)
        self.refuses(treasury, owing, "ck_accounts_not_overdrawn")

    def test_it_overfills_no_purse(self, treasury: Counter, booking: UUID) -> None:
        rich = update(Account).where(Account.owner == ME).values(balance_fen=MOST_IN_A_PURSE + 1)
        self.refuses(treasury, rich, "ck_accounts_not_overfull")


def states(treasury: Counter) -> list[tuple[str, str]]:
    with treasury.office.sessions() as session:
        rows = session.execute(select(Payee.number, Payee.state).order_by(Payee.number))
        return [(number, state) for number, state in rows]


def much_due(session: Session) -> None:
    row = {"id": new_id(), "document_number": DOCUMENT, "scheme": "rent", "year": 2026, "amount_fen": 1_400_00}
    session.execute(insert(Subsidy).values(**row, state="granted"))  # CNY 3,600.00 are due from the first day


class TestPayees:
    def test_an_account_is_in_force_at_once_where_little_is_due(self, treasury: Counter) -> None:
        do(treasury, name_payee, owner(), MINE, NOON)
        do(treasury, name_payee, owner("FI-2"), OTHER, NOON)

        assert states(treasury) == [(NUMBER, "replaced"), (OTHER_NUMBER, "in-force")]

    @pytest.mark.parametrize(("granted", "in_force"), [(True, OTHER_NUMBER), (False, NUMBER)])
    def test_where_much_is_due_an_officer_decides(self, treasury: Counter, *, granted: bool, in_force: str) -> None:
        do(treasury, name_payee, owner(), MINE, NOON)
        do(treasury, much_due)
        other = do(treasury, name_payee, owner("FI-2"), OTHER, NOON)
        assert states(treasury) == [(NUMBER, "in-force"), (OTHER_NUMBER, "waiting")]

        do(treasury, decide_payee, other.receipt, granted=granted, now=NOON)
        do(treasury, decide_payee, other.receipt, granted=not granted, now=NOON)  # it is decided once
        payee = do(treasury, payee_in_force, ME)
        assert payee is not None
        assert payee.number == in_force

    def test_while_one_waits_another_does_not_push_in(self, treasury: Counter) -> None:
        do(treasury, much_due)
        do(treasury, name_payee, owner(), MINE, NOON)
        with pytest.raises(PayeeWaiting):
            do(treasury, name_payee, owner("FI-2"), OTHER, NOON)

        assert states(treasury) == [(NUMBER, "waiting")]

    def test_the_same_again_changes_nothing(self, treasury: Counter) -> None:
        first, second = (do(treasury, name_payee, owner(f"FI-{n}"), MINE, NOON).receipt for n in range(2))

        assert first == second
        assert states(treasury) == [(NUMBER, "in-force")]

    def test_a_misread_number_is_refused(self, treasury: Counter) -> None:
        with pytest.raises(PayeeMisread):
            do(treasury, name_payee, owner(), BankAccount("boc", NUMBER[:-1] + "3"), NOON)

    def test_of_many_named_at_once_one_is_in_force(self, treasury: Counter) -> None:
        accounts = [
            BankAccount("boc", body + str(luhn_digit(body))) for body in (f"62170012345678{n:04}" for n in range(30))
        ]
        assert many_at_once(30, lambda n: do(treasury, name_payee, owner(f"FI-{n}"), accounts[n], NOON)) == {"done": 30}

        assert Count(state for _, state in states(treasury)) == {"in-force": 1, "replaced": 29}
