"""Applications and payments that take a signature: the real card service, a card in a reader, departments over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import func

from cardsvc.wire.manifest import (
    Language,
)
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.inbox.models import Case
from kiosk.departments.contract.signed import KeptSignature
from kiosk.departments.environment import department as environment
from kiosk.departments.environment.models import Objection, Permit
from kiosk.departments.environment.permits import VERDICTS
from kiosk.departments.finance import department as finance
from kiosk.departments.finance.models import Booking, Payee, Subsidy
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.departments.medical_insurance.models import Filing
from kiosk.departments.public_security import department as public_security
from kiosk.departments.public_security.models import Conviction, IdentityDocument, Move, Renewal
from kiosk.departments.public_security.moves import residence_of
from kiosk.departments.social_insurance import department as social_insurance
from kiosk.departments.social_insurance.models import Contribution, Insured, UnemploymentClaim
from kiosk.departments.social_insurance.unemployment import longest_benefit
from tests.fixtures.desks import Desk, Opener
from tests.fixtures.proofs import WEI
from tests.integration.kiosk.departments.test_papers import text_of

DAMAGED = {"reason": "damaged", "station": "hengqin"}
ACCOUNT = {"bank": "ccb", "number": "6217001234567890122"}
WEIS = WEI.document_number


@pytest.fixture
def police(opener: Opener) -> Iterator[Desk]:
    with opener(public_security) as desk:
        today = city_date(desk.office.clock())
        desk.write(IdentityDocument(number=WEIS, valid_until=today + timedelta(days=2000)))
        yield desk


@pytest.fixture
def station(opener: Opener) -> Iterator[Desk]:
    with opener(environment) as desk:
        yield desk


@pytest.fixture
def insurer(opener: Opener) -> Iterator[Desk]:
    with opener(medical_insurance) as desk:
        yield desk


@pytest.fixture
def pensions(opener: Opener) -> Iterator[Desk]:
    with opener(social_insurance) as desk:
        yield desk


@pytest.fixture
def treasury(opener: Opener) -> Iterator[Desk]:
    with opener(finance) as desk:
        yield desk


class TestRenewal:
    def test_the_citizen_signs_an_officer_grants_and_the_citizen_hears_of_it(self, police: Desk) -> None:
        outcome = police.sign("id-renewal", DAMAGED)
        assert police.rows(Renewal.receipt, Renewal.state) == [(outcome.receipt, "open")]
        assert police.rows(KeptSignature.receipt) == [(outcome.receipt,)]
        assert police.how_it_stands() == ["We are working on it"]

        police.decide("granted")
        ready_on = city_date(police.office.clock()) + timedelta(days=20)
        assert police.rows(Renewal.state, Renewal.ready_on) == [("granted", ready_on)]
        assert police.how_it_stands()[0].startswith("Granted.")

    def test_the_document_says_what_is_asked_for_and_preparing_it_asks_for_nothing(self, police: Desk) -> None:
        said = police.prepare("id-renewal", DAMAGED).document.decode().splitlines()

        assert {f"Identity document: {WEIS}", "Reason: It is damaged"} < set(said)
        assert police.rows(Renewal.receipt) == police.rows(Case.id) == []

    def test_what_cannot_be_had_is_refused_before_anybody_signs(self, police: Desk) -> None:
        assert police.not_prepared("id-renewal", {**DAMAGED, "reason": "expiring"}) == "renewal-too-early"
        police.sign("id-renewal", DAMAGED)
        assert police.not_prepared("id-renewal", DAMAGED) == "already-applied"

    def test_one_that_is_refused_can_be_made_again(self, police: Desk) -> None:
        police.sign("id-renewal", DAMAGED)
        police.decide("refused")
        police.sign("id-renewal", DAMAGED)

        assert sorted(police.rows(Renewal.state)) == [("open",), ("refused",)]


class TestMove:
    def entered(self, police: Desk, days_ago: int = 3) -> dict[str, str]:
        moved_on = city_date(police.office.clock()) - timedelta(days=days_ago)
        return {"district": "xiangzhou", "address": "情侣中路39号2栋501", "moved_on": moved_on.isoformat()}

    def test_the_register_follows_when_an_officer_agrees(self, police: Desk) -> None:
        police.sign("change-of-residence", self.entered(police))
        with police.office.sessions() as session:
            assert residence_of(session, WEIS) is None
        police.decide("granted")

        with police.office.sessions() as session:
            home = residence_of(session, WEIS)
        assert home is not None
        assert (home.district, home.address) == ("xiangzhou", "情侣中路39号2栋501")
        assert police.how_it_stands() == ["Your new residence is in the register."]

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_a_day_that_cannot_be_is_refused(self, police: Desk) -> None:
        for days_ago in (-1, 400):
            assert police.not_prepared("change-of-residence", self.entered(police, days_ago)) == "day-impossible"
        there_is_none = {**self.entered(police), "moved_on": "2026-02-31"}
        assert police.not_prepared("change-of-residence", there_is_none) == "input-refused"
        assert police.rows(Move.receipt) == []


class TestCertificate:
    def test_it_is_a_sealed_paper(self, police: Desk) -> None:
        outcome = police.sign("no-record-certificate", {"purpose": "visa"})

        assert outcome.document is not None
        said = text_of(base64.b64decode(outcome.document.content))
        assert "无犯罪记录证明" in said
        assert WEIS in said

    def test_whoever_has_a_conviction_signs_nothing(self, police: Desk) -> None:
        police.write(Conviction(case_number="(2025)粤0402刑初7号", document_number=WEIS))

        assert police.not_prepared("no-record-certificate", {"purpose": "visa"}) == "not-at-a-kiosk"
        assert police.rows(KeptSignature.receipt) == []


class TestMoney:
    def test_an_account_is_named_and_the_purse_topped_up_from_it(self, treasury: Desk) -> None:
        assert treasury.not_prepared("top-up", {"yuan": 50}) == "no-payee"
        named = treasury.sign("payee-account", ACCOUNT)
        outcome = treasury.sign("top-up", {"yuan": 50})

        assert named.title[Language.ENGLISH] == "We pay to this account from now on."
        assert outcome.fields[0].value == "CNY 150.00", "50 and this year's voucher of 100"
        topped = [(purpose, subject, key) for purpose, subject, key in treasury.rows(
            Booking.purpose, Booking.subject, Booking.key) if purpose == "top-up"]  # fmt: skip
        assert topped == [("top-up", named.receipt, outcome.receipt)]
        assert treasury.how_it_stands() == ["CNY 50.00"], "it can be taken back for a day"

    def test_a_purse_takes_no_more_than_it_may_hold(self, treasury: Desk) -> None:
        treasury.sign("payee-account", ACCOUNT)
        treasury.sign("top-up", {"yuan": 4900})

        assert treasury.not_prepared("top-up", {"yuan": 1}) == "purse-too-full"

    @pytest.mark.parametrize(("verdict", "state"), [("granted", "in-force"), ("refused", "refused")])
    def test_where_much_is_due_an_officer_looks_first(self, treasury: Desk, verdict: str, state: str) -> None:
        treasury.write(Subsidy(document_number=WEIS, scheme="housing", year=2026, amount_fen=6_000_00, state="granted"))
        treasury.sign("payee-account", ACCOUNT)
        treasury.sign("payee-account", ACCOUNT)
        assert treasury.rows(Payee.state) == [("waiting",)]
        assert treasury.rows(func.count(Case.id)) == [(1,)], "the same account again is the same case"
        assert treasury.not_prepared("top-up", {"yuan": 50}) == "no-payee"

        treasury.decide(verdict)
        assert treasury.rows(Payee.state) == [(state,)]

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_the_document_shows_the_whole_account(self, treasury: Desk) -> None:
        said = treasury.prepare("payee-account", ACCOUNT).document.decode()

        assert "Account: 6217001234567890122" in said
        assert treasury.not_prepared("payee-account", {**ACCOUNT, "number": "6217001234567890123"}) == "payee-misread"


class TestObjection:
    NIGHT_WORKS = "9026000019"

    def entered(self, permit: str = NIGHT_WORKS) -> dict[str, str]:
        return {"permit": permit, "words": "It is too loud at night."}

    @pytest.mark.parametrize(("verdict", "reviewed"), [("upheld", True), ("dismissed", False)])
    def test_where_it_is_upheld_the_permit_is_reviewed(self, station: Desk, verdict: str, *, reviewed: bool) -> None:
        outcome = station.sign("permit-objection", self.entered())
        assert station.rows(Objection.receipt, Objection.permit) == [(outcome.receipt, self.NIGHT_WORKS)]
        station.decide(verdict)

        since = dict(station.rows(Permit.number, Permit.reviewed_since))
        assert (since.pop(self.NIGHT_WORKS) is not None) == reviewed
        assert set(since.values()) == {None}
        assert station.how_it_stands() == [VERDICTS[verdict][Language.ENGLISH]]

    def test_everybody_objects_once(self, station: Desk) -> None:
        station.sign("permit-objection", self.entered())
        assert station.not_prepared("permit-objection", self.entered()) == "already-objected"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_what_cannot_be_objected_to_is_said_before_anybody_signs(self, station: Desk) -> None:
        station.write(Permit(number="9026000993", subject="a wharf", objections_until=date(2020, 1, 31)))
        wrong = {"9026000011": "permit-misread", "9026000076": "permit-unknown", "9026000993": "objection-too-late"}
        for permit, code in wrong.items():
            assert station.not_prepared("permit-objection", self.entered(permit)) == code
        assert station.rows(Objection.receipt) == []


class TestFiling:
    def entered(self, insurer: Desk, in_days: int = 0, days: str = "30") -> dict[str, str]:
        since = city_date(insurer.office.clock()) + timedelta(days=in_days)
        return {"region": "macau", "since": since.isoformat(), "days": days}

    def test_it_is_in_force_for_its_days_and_then_another_can_be_made(self, insurer: Desk) -> None:
        today = city_date(insurer.office.clock())
        insurer.sign("out-of-area-filing", self.entered(insurer))
        assert insurer.rows(Filing.region, Filing.since, Filing.until) == [("macau", today, today + timedelta(days=29))]
        insurer.bureau.city.clock.now += timedelta(days=29)
        assert insurer.not_prepared("out-of-area-filing", self.entered(insurer)) == "filed-already"

        insurer.bureau.city.clock.now += timedelta(days=1)
        outcome = insurer.sign("out-of-area-filing", self.entered(insurer, days="90"))
        assert insurer.rows(Filing.receipt, Filing.until) == [(outcome.receipt, today + timedelta(days=30 + 89))]

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("in_days", [-1, 61])
    def test_a_day_on_which_it_cannot_begin_is_refused(self, insurer: Desk, in_days: int) -> None:
        assert insurer.not_prepared("out-of-area-filing", self.entered(insurer, in_days)) == "start-impossible"
        assert insurer.rows(Filing.receipt) == []


class TestUnemployment:
    REASON: ClassVar = {"reason": "ended"}

    def paid(self, pensions: Desk, months: int, ended_months_ago: int = 1) -> None:
        """Contributions of so many months; the last one so long ago."""
        this_month = pensions.office.clock().year * 12 + city_date(pensions.office.clock()).month - 1
        last = this_month - ended_months_ago
        pensions.write(Insured(document_number=WEIS, since=date(2010, 1, 1)))
        pensions.write(
            *(
                Contribution(
                    document_number=WEIS,
                    month=date(month // 12, month % 12 + 1, 1),
                    employer="Padaria Central, Lda.",
                    employer_fen=1,
                    own_fen=1,
                )
                for month in range(last - months + 1, last + 1)
            )
        )

    def test_an_officer_grants_it_and_it_is_claimed_once(self, pensions: Desk) -> None:
        self.paid(pensions, 60)
        outcome = pensions.sign("unemployment-claim", self.REASON)
        assert pensions.not_prepared("unemployment-claim", self.REASON) == "claimed-already"
        pensions.decide("granted")

        columns = (UnemploymentClaim.receipt, UnemploymentClaim.state, UnemploymentClaim.months)
        assert pensions.rows(*columns) == [(outcome.receipt, "granted", 18)]
        assert pensions.how_it_stands() == ["Granted. Benefit is paid from next month on."]
        assert pensions.not_prepared("unemployment-claim", self.REASON) == "claimed-already"

    def test_what_was_refused_can_be_claimed_again(self, pensions: Desk) -> None:
        self.paid(pensions, 12)
        pensions.sign("unemployment-claim", self.REASON)
        pensions.decide("refused")
        pensions.sign("unemployment-claim", self.REASON)

        assert sorted(pensions.rows(UnemploymentClaim.state)) == [("open",), ("refused",)]

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        ("months", "ended_months_ago", "code"),
        [(11, 1, "paid-too-briefly"), (0, 1, "paid-too-briefly"), (40, 0, "still-employed")],
    )
    def test_who_has_no_claim_signs_none(self, pensions: Desk, months: int, ended_months_ago: int, code: str) -> None:
        self.paid(pensions, months, ended_months_ago)
        assert pensions.not_prepared("unemployment-claim", self.REASON) == code

    @pytest.mark.parametrize(("paid", "benefit"), [(12, 12), (59, 12), (60, 18), (119, 18), (120, 24), (400, 24)])
    def test_how_long_it_is_paid(self, paid: int, benefit: int) -> None:
        """Social Insurance Law of the People's Republic of China, article 46."""
        assert longest_benefit(paid) == benefit
