"""Renewals, moves and certificates of public security, on both databases."""

from __future__ import annotations

import base64
from collections import Counter as Count
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.public_security.applications import AlreadyApplied, Applicant
from kiosk.departments.public_security.certificate import NotAtAKiosk, certify
from kiosk.departments.public_security.models import Move, Renewal, Residence
from kiosk.departments.public_security.moves import (
    Address,
    AlreadyThere,
    DayImpossible,
    apply_for_move,
    decide_move,
    residence_of,
)
from kiosk.departments.public_security.renewals import (
    DocumentUnknown,
    TooEarly,
    apply_for_renewal,
    decide_renewal,
)
from tests.fixtures.departments import NOON, Counter, press_of
from tests.integration.kiosk.departments.test_papers import text_of

DOCUMENT, LONG_GOOD = "M1234567", "H7654321"
"""One is good until 2027-01-20, the other until 2031-06-30."""
TODAY = date(2026, 3, 2)
HOME = Address("hengqin", "横琴港澳大道868号1栋1204")
NEW_HOME = Address("xiangzhou", "情侣中路39号2栋501")

Done = TypeVar("Done")


def do(security: Counter, work: Callable[..., Done], *arguments: Any, **more: Any) -> Done:
    """In a transaction of its own, as a request does it."""
    return in_transaction(security.office.sessions, lambda session: work(session, *arguments, **more))


def applicant(receipt: str = "PS-1", document: str = DOCUMENT) -> Applicant:
    return Applicant(receipt, f"pseudonym of {document}", document)


def thirty_at_once(act: Callable[[int], object]) -> Count[str]:
    """How often it was done, and why not: by eight hands."""

    def outcome(number: int) -> str:
        try:
            act(number)
        except ServiceRefused as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(8) as hands:
        return Count(hands.map(outcome, range(30)))


class TestRenewal:
    def renewal(self, security: Counter, receipt: str = "PS-1") -> Renewal:
        with security.office.sessions() as session:
            return session.get_one(Renewal, receipt)

    def test_an_officer_grants_it_and_says_so_from_when_it_is_ready(self, security: Counter) -> None:
        do(security, apply_for_renewal, applicant(), "damaged", "hengqin", NOON)
        assert (self.renewal(security).state, self.renewal(security).ready_on) == ("open", None)

        do(security, decide_renewal, "PS-1", granted=True, now=NOON)
        assert (self.renewal(security).state, self.renewal(security).ready_on) == ("granted", date(2026, 3, 22))

    def test_one_that_is_refused_is_never_ready(self, security: Counter) -> None:
        do(security, apply_for_renewal, applicant(), "damaged", "hengqin", NOON)
        do(security, decide_renewal, "PS-1", granted=False, now=NOON)
        do(security, decide_renewal, "PS-1", granted=True, now=NOON)  # it is decided once

        assert (self.renewal(security).state, self.renewal(security).ready_on) == ("refused", None)

    @pytest.mark.parametrize(("day", "early"), [(date(2026, 7, 23), True), (date(2026, 7, 24), False)])
    def test_what_expires_is_renewed_from_half_a_year_before(
        self, security: Counter, day: date, *, early: bool
    ) -> None:
        """180 days before 2027-01-20 is 2026-07-24."""
        now = NOON + (day - TODAY)
        if not early:
            do(security, apply_for_renewal, applicant(), "expiring", "hengqin", now)
            return
        with pytest.raises(TooEarly):
            do(security, apply_for_renewal, applicant(), "expiring", "hengqin", now)

    def test_what_is_damaged_is_renewed_at_any_time(self, security: Counter) -> None:
        do(security, apply_for_renewal, applicant(document=LONG_GOOD), "damaged", "hengqin", NOON)
        assert self.renewal(security).state == "open"

    def test_a_document_that_the_register_does_not_have_is_not_renewed(self, security: Counter) -> None:
        with pytest.raises(DocumentUnknown):
            do(security, apply_for_renewal, applicant(document="X0000001"), "damaged", "hengqin", NOON)

    def test_of_thirty_at_once_one_is_open(self, security: Counter) -> None:
        outcomes = thirty_at_once(
            lambda n: do(security, apply_for_renewal, applicant(f"PS-{n}"), "damaged", "hengqin", NOON)
        )
        assert outcomes == {"done": 1, "already-applied": 29}

    def test_one_request_thirty_times_is_one_application(self, security: Counter) -> None:
        outcomes = thirty_at_once(lambda _: do(security, apply_for_renewal, applicant(), "damaged", "hengqin", NOON))
        assert outcomes == {"done": 30}
        with security.office.sessions() as session:
            assert session.scalars(select(Renewal.receipt)).all() == ["PS-1"]

    def test_after_the_decision_one_may_apply_again(self, security: Counter) -> None:
        do(security, apply_for_renewal, applicant(), "damaged", "hengqin", NOON)
        do(security, decide_renewal, "PS-1", granted=False, now=NOON)
        do(security, apply_for_renewal, applicant("PS-2"), "damaged", "new-neighbourhood", NOON)

        assert self.renewal(security, "PS-2").state == "open"


def residences(security: Counter, document: str = DOCUMENT) -> list[tuple[str, date, date | None]]:
    with security.office.sessions() as session:
        mine = select(Residence.address, Residence.since, Residence.until).where(Residence.document_number == document)
        return [(street, since, until) for street, since, until in session.execute(mine.order_by(Residence.since))]


class TestMoves:
    def test_the_register_follows_when_an_officer_agrees(self, security: Counter) -> None:
        do(security, apply_for_move, applicant(), NEW_HOME, date(2026, 2, 20), NOON)
        assert residences(security) == [(HOME.street, date(2019, 6, 10), None)]

        do(security, decide_move, "PS-1", granted=True, now=NOON)
        do(security, decide_move, "PS-1", granted=True, now=NOON)  # it is decided once
        assert residences(security) == [
            (HOME.street, date(2019, 6, 10), date(2026, 2, 20)),
            (NEW_HOME.street, date(2026, 2, 20), None),
        ]

    def test_otherwise_it_stays_as_it_is(self, security: Counter) -> None:
        do(security, apply_for_move, applicant(), NEW_HOME, TODAY, NOON)
        do(security, decide_move, "PS-1", granted=False, now=NOON)

        assert residences(security) == [(HOME.street, date(2019, 6, 10), None)]

    def test_whoever_is_new_in_the_city_gets_a_first_residence(self, security: Counter) -> None:
        do(security, apply_for_move, applicant(document="N0000001"), NEW_HOME, TODAY, NOON)
        do(security, decide_move, "PS-1", granted=True, now=NOON)

        assert residences(security, "N0000001") == [(NEW_HOME.street, TODAY, None)]

    @pytest.mark.parametrize("day", [TODAY + timedelta(days=1), TODAY - timedelta(days=366), date(2019, 6, 9)], ids=str)
    def test_a_day_that_cannot_be_is_refused(self, security: Counter, day: date) -> None:
        with pytest.raises(DayImpossible):
            do(security, apply_for_move, applicant(), NEW_HOME, day, NOON)

    def test_nobody_moves_to_before_the_last_move(self, security: Counter) -> None:
        do(security, apply_for_move, applicant(), NEW_HOME, date(2026, 2, 20), NOON)
        do(security, decide_move, "PS-1", granted=True, now=NOON)
        with pytest.raises(DayImpossible):
            do(security, apply_for_move, applicant("PS-2"), HOME, date(2026, 2, 19), NOON)

    def test_nobody_moves_to_where_they_live(self, security: Counter) -> None:
        with pytest.raises(AlreadyThere):
            do(security, apply_for_move, applicant(), HOME, TODAY, NOON)

    def test_one_move_at_a_time(self, security: Counter) -> None:
        do(security, apply_for_move, applicant(), NEW_HOME, TODAY, NOON)
        with pytest.raises(AlreadyApplied):
            do(security, apply_for_move, applicant("PS-2"), NEW_HOME, TODAY, NOON)

    def test_thirty_officers_at_once_move_somebody_once(self, security: Counter) -> None:
        do(security, apply_for_move, applicant(), NEW_HOME, TODAY, NOON)
        assert thirty_at_once(lambda _: do(security, decide_move, "PS-1", granted=True, now=NOON)) == {"done": 30}

        assert len(residences(security)) == 2
        assert do(security, residence_of, DOCUMENT) is not None
        assert do(security, lambda session: session.get_one(Move, "PS-1")).state == "granted"


class TestCertificate:
    def paper(self, security: Counter, document: str, now: Any = NOON) -> str:
        """What can be read on it."""

        def issued(session: Session) -> str:
            paper = certify(session, name="陈嘉欣", document=document, purpose="visa", now=now)
            return press_of(security.department).issue(session, paper, now).content

        return text_of(base64.b64decode(do(security, issued)))

    def test_it_says_that_there_is_nothing(self, security: Counter) -> None:
        said = self.paper(security, DOCUMENT)

        assert "无犯罪记录证明" in said
        assert "陈嘉欣" in said
        assert "签证或境外居留" in said
        assert "2026-08-29" in said, "its last day"

    def test_what_is_spent_is_told_to_nobody(self, security: Counter) -> None:
        assert "无犯罪记录证明" in self.paper(security, LONG_GOOD)

    def test_until_it_is_spent_there_is_no_certificate(self, security: Counter) -> None:
        """That conviction is spent on 2016-05-01, and the city's day begins at 16:00 UTC."""
        before = NOON.replace(year=2016, month=4, day=30, hour=15, minute=59)
        with pytest.raises(NotAtAKiosk):
            self.paper(security, LONG_GOOD, before)
        assert self.paper(security, LONG_GOOD, before + timedelta(minutes=1))

    def test_whoever_has_one_hears_at_the_counter_what_it_is(self, security: Counter) -> None:
        with pytest.raises(NotAtAKiosk) as refused:
            self.paper(security, "T0000042")
        said = str(refused.value.message)
        assert not [word for word in ("convict", "record", "犯罪", "criminal", "conden") if word in said]
