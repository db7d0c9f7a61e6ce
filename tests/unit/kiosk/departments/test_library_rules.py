"""Any sequence of loans and returns: an item is with one person at most, a person has one item at most."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from kiosk.departments.contract.declaration import Visit, Visitor
from kiosk.departments.contract.storage import open_database
from kiosk.departments.education.catalogue import FIRST_ITEMS, seed_items
from kiosk.departments.education.library import ItemOnLoan, LoanLimitReached, NotBorrowed, lend, take_back
from kiosk.departments.education.models import OUT, Base, Loan
from tests.fixtures.departments import NOON

PEOPLE = st.sampled_from(["ana", "bo", "chen"])
ITEMS = st.sampled_from(list(FIRST_ITEMS)[:3])


class Library(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.engine = open_database("sqlite://")
        Base.metadata.create_all(self.engine)
        self.session = Session(self.engine)
        seed_items(self.session)
        self.now = NOON
        self.out: dict[str, str] = {}

    def teardown(self) -> None:
        self.session.close()
        self.engine.dispose()

    def visit(self, person: str, item: str) -> Visit:
        self.now += timedelta(hours=7)
        return Visit(Visitor(person, Level.TAP, {}), {"barcode": item}, self.now, "ED-1")

    @rule(person=PEOPLE, item=ITEMS)
    def borrow(self, person: str, item: str) -> None:
        visit = self.visit(person, item)
        if item in self.out:
            with pytest.raises(ItemOnLoan):
                lend(self.session, visit)
        elif person in self.out.values():
            with pytest.raises(LoanLimitReached):
                lend(self.session, visit)
        else:
            lend(self.session, visit)
            self.out[item] = person

    @rule(person=PEOPLE, item=ITEMS)
    def bring_back(self, person: str, item: str) -> None:
        visit = self.visit(person, item)
        if self.out.get(item) == person:
            take_back(self.session, visit)
            del self.out[item]
        else:
            with pytest.raises(NotBorrowed):
                take_back(self.session, visit)

    @invariant()
    def the_records_say_who_has_what(self) -> None:
        loans = self.session.scalars(select(Loan).where(OUT))
        assert {loan.barcode: loan.borrower for loan in loans} == self.out


TestLibrary = Library.TestCase
TestLibrary.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
