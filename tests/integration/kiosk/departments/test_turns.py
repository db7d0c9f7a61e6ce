"""Two people with a card each, in turn: proof of life with an attendant, a mandate that both sign."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from cardsvc.wire.manifest import AdmissionRequest, Language, Outcome, admission_path
from kiosk.department_client import DepartmentRefused
from kiosk.departments.cli import departments_app
from kiosk.departments.community import department as community
from kiosk.departments.community.models import Mandate
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.keeping import ContractBase
from kiosk.departments.contract.signed import KeptDraft, KeptSignature
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.contract.turns import OpenTurn
from kiosk.departments.social_insurance.attendants import INVITED_FOR, appoint, invite, release
from kiosk.departments.social_insurance.models import ProofOfLife
from kiosk.departments.social_insurance.proof_of_life import WITHIN
from kiosk.offers import offers_of
from tests.fixtures.departments import Counter
from tests.fixtures.desks import Desk, Opener
from tests.fixtures.proofs import WEI
from tests.fixtures.signing import CardInReader

ASK, CONFIRM, ENROL = "proof-of-life", "proof-of-life-attending", "attendant-enrolment"
PENSIONER: dict[str, Any] = {"acr": "pin", "attributes": {"document_number": "M1234567"}}
ATTENDANT: dict[str, Any] = {"acr": "pin", "sub": "pseudonym-of-rosa"}
SAME = {"face": "same"}


@pytest.fixture
def pensions(insurance: Counter) -> Counter:
    in_transaction(insurance.office.sessions, lambda session: appoint(session, "pseudonym-of-rosa", "Rosa Lam"))
    return insurance


def ask(pensions: Counter) -> Outcome:
    return Outcome.model_validate_json(pensions.ask(ASK, {}, **PENSIONER).content)


def admission(pensions: Counter, receipt: str, **claims: Any) -> httpx.Response:
    assertion = pensions.service.assertion(pensions.department, CONFIRM, **claims)
    asked = AdmissionRequest(assertion=assertion, continues=receipt)
    return pensions.http.post(admission_path(CONFIRM), json=asked.model_dump(mode="json"))


def kind(refused: httpx.Response) -> str:
    assert refused.is_error
    return str(refused.json()["type"]).removeprefix("urn:citizen-card:problem:")


def everything_kept(pensions: Counter) -> list[list[tuple[Any, ...]]]:
    """Every row of every table."""
    with pensions.office.sessions() as session:
        tables = (*ContractBase.metadata.sorted_tables, *pensions.department.metadata.sorted_tables)
        return [sorted(map(tuple, session.execute(select(table))), key=repr) for table in tables]


def proofs(pensions: Counter) -> list[tuple[Any, ...]]:
    columns = (ProofOfLife.receipt, ProofOfLife.document_number, ProofOfLife.year, ProofOfLife.attendant)
    with pensions.office.sessions() as session:
        return [tuple(row) for row in session.execute(select(*columns))]


class TestProofOfLife:
    def test_nothing_is_proved_until_an_attendant_confirms_it_with_a_card_of_their_own(self, pensions: Counter) -> None:
        asked = ask(pensions)
        assert asked.open_until == pensions.clock() + WITHIN
        assert proofs(pensions) == []

        confirmed = pensions.ask(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT)
        assert confirmed.status_code == 200
        assert confirmed.json()["open_until"] is None
        assert proofs(pensions) == [(asked.receipt, "M1234567", 2026, "pseudonym-of-rosa")]

    def test_an_attendant_is_admitted_to_the_photograph_and_a_citizen_is_not_and_nothing_is_changed(
        self, pensions: Counter
    ) -> None:
        asked = ask(pensions)
        before = everything_kept(pensions)

        assert admission(pensions, asked.receipt, **ATTENDANT).json() == {"admitted": True}
        refused = admission(pensions, asked.receipt, acr="pin", sub="somebody")
        assert kind(refused) == "no-attendant"
        assert kind(admission(pensions, asked.receipt, acr="pin")) == "same-person"
        assert kind(admission(pensions, "SI-2222-2222-22", **ATTENDANT)) == "nothing-to-continue"
        assert kind(admission(pensions, asked.receipt, acr="tap", sub="pseudonym-of-rosa")) == "step-up-required"
        assert everything_kept(pensions) == before

        assert pensions.ask(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT).status_code == 200
        assert kind(admission(pensions, asked.receipt, **ATTENDANT)) == "nothing-to-continue"

    def test_who_asks_cannot_confirm_it(self, pensions: Counter) -> None:
        in_transaction(pensions.office.sessions, lambda session: appoint(session, "pseudonym-of-li-wei", "Li Wei"))
        asked = ask(pensions)

        assert pensions.refused(CONFIRM, SAME, continues=asked.receipt, acr="pin")["type"] == "same-person"
        assert proofs(pensions) == []

    def test_the_table_itself_takes_no_one_person_twice(self, pensions: Counter) -> None:
        ask(pensions)
        with pensions.office.sessions() as session, pytest.raises(IntegrityError, match="two_people"):
            session.execute(update(OpenTurn).values(second=OpenTurn.pseudonym))

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_whoever_enters_an_invitations_code_is_an_attendant_from_then_on(self, insurance: Counter) -> None:
        code = in_transaction(insurance.office.sessions, lambda session: invite(session, "Rosa Lam", insurance.clock()))
        asked = ask(insurance)
        assert insurance.refused(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT)["type"] == "no-attendant"

        assert insurance.ask(ENROL, {"code": code}, **ATTENDANT).status_code == 200
        assert insurance.refused(ENROL, {"code": code}, sub="somebody", acr="pin")["type"] == "not-invited"
        confirmed = insurance.ask(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT)
        assert confirmed.json()["fields"][-1]["value"] == "Rosa Lam"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_an_invitation_ends_after_its_hour_and_with_the_next_one(self, insurance: Counter) -> None:
        first, second = (
            in_transaction(insurance.office.sessions, lambda session: invite(session, "Rosa", insurance.clock()))
            for _ in range(2)
        )
        assert insurance.refused(ENROL, {"code": first}, **ATTENDANT)["type"] == "not-invited"
        insurance.clock.now += INVITED_FOR
        assert insurance.refused(ENROL, {"code": second}, **ATTENDANT)["type"] == "not-invited"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_attendants_are_invited_and_released_by_command(self, pensions: Counter) -> None:
        database = str(pensions.office.sessions.kw["bind"].url)
        invited = CliRunner().invoke(departments_app, ["invite-attendant", "--name", "Bo Ho", "--database", database])
        assert re.fullmatch(r"[0-9]{10}\n", invited.stdout)
        assert pensions.ask(ENROL, {"code": invited.stdout.strip()}, acr="pin", sub="bo").status_code == 200

        gone = ["release-attendant", "--name", "Rosa Lam", "--database", database]
        assert CliRunner().invoke(departments_app, gone).stdout == "Rosa Lam is released\n"
        assert CliRunner().invoke(departments_app, gone).exit_code == 2
        asked = ask(pensions)
        assert pensions.refused(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT)["type"] == "no-attendant"
        assert pensions.ask(CONFIRM, SAME, continues=asked.receipt, acr="pin", sub="bo").status_code == 200

    def test_it_ends_after_its_minutes(self, pensions: Counter) -> None:
        asked = ask(pensions)
        pensions.clock.now += WITHIN

        refused = pensions.refused(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT)
        assert refused["type"] == "nothing-to-continue"
        assert proofs(pensions) == []

    def test_it_is_confirmed_once_and_a_lost_answer_is_given_again(self, pensions: Counter) -> None:
        asked, key = ask(pensions), str(uuid4())
        how = {"continues": asked.receipt, **ATTENDANT}
        first = pensions.ask(CONFIRM, SAME, key=key, **how)

        assert pensions.ask(CONFIRM, SAME, key=key, **how).json() == first.json()
        assert pensions.refused(CONFIRM, SAME, **how)["type"] == "nothing-to-continue"
        other = pensions.refused(CONFIRM, SAME, key=key, **{**how, "continues": "SI-2222-2222-22"})
        assert other["type"] == "idempotency-key-reused"
        assert pensions.refused(ASK, {}, **PENSIONER)["type"] == "proved-already"
        assert len(proofs(pensions)) == 1

    def test_many_attendants_at_once_confirm_it_once(self, pensions: Counter) -> None:
        with pensions.office.sessions.begin() as session:
            for number in range(100):
                appoint(session, f"attendant {number}", f"{number}")
        asked = ask(pensions)

        def confirm(number: int) -> int:
            who = {"acr": "pin", "sub": f"attendant {number}"}
            return pensions.ask(CONFIRM, SAME, continues=asked.receipt, **who).status_code

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(confirm, range(100)))
        assert sorted(answers) == [200] + 99 * [409]
        assert len(proofs(pensions)) == 1

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_only_an_attendant_who_sees_the_same_face_confirms_it(self, pensions: Counter) -> None:
        asked = ask(pensions)
        stranger = {"acr": "pin", "sub": "somebody"}
        assert pensions.refused(CONFIRM, SAME, continues=asked.receipt, **stranger)["type"] == "no-attendant"
        different = pensions.refused(CONFIRM, {"face": "different"}, continues=asked.receipt, **ATTENDANT)
        assert different["type"] == "face-differs"

        in_transaction(pensions.office.sessions, lambda session: release(session, "Rosa Lam", pensions.clock()))
        assert pensions.refused(CONFIRM, SAME, continues=asked.receipt, **ATTENDANT)["type"] == "no-attendant"
        assert proofs(pensions) == []

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_a_turn_is_neither_without_a_first_nor_a_first_with_one(self, pensions: Counter) -> None:
        assert pensions.refused(CONFIRM, SAME, **ATTENDANT)["type"] == "turn-mistaken"
        assert pensions.refused(ASK, {}, continues="SI-2222-2222-22", **PENSIONER)["type"] == "turn-mistaken"
        unknown = pensions.refused(CONFIRM, SAME, continues="SI-2222-2222-22", **ATTENDANT)
        assert unknown["type"] == "nothing-to-continue"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_each_turn_takes_the_pin_and_an_assertion_of_its_own(self, pensions: Counter) -> None:
        asked = ask(pensions)
        tapped = {**ATTENDANT, "acr": "tap"}
        assert pensions.refused(CONFIRM, SAME, continues=asked.receipt, **tapped)["type"] == "step-up-required"
        own = pensions.service.assertion(pensions.department, ASK, **ATTENDANT)
        refused = pensions.refused(CONFIRM, SAME, continues=asked.receipt, assertion=own)
        assert refused["type"] == "assertion-not-accepted", (
            "what an attendant asked for as a pensioner confirms nothing"
        )

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_who_draws_no_pension_has_nothing_to_prove(self, pensions: Counter) -> None:
        who = {"acr": "pin", "attributes": {"document_number": "X0000000"}}
        assert pensions.refused(ASK, {}, **who)["type"] == "no-pension"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_a_kiosk_offers_the_first_with_the_second_behind_it(self, pensions: Counter) -> None:
        manifest = pensions.department.manifest
        assert [(two.first.code, two.second.code) for two in manifest.in_turn] == [(ASK, CONFIRM)]
        offers = {offer.service.code: offer for offer in offers_of(manifest, "")}
        assert CONFIRM not in offers
        second = offers[ASK].second
        assert second is not None
        assert second.service.code == CONFIRM

    def test_what_was_told_is_forgotten_in_time(self, pensions: Counter) -> None:
        ask(pensions)
        pensions.clock.forward(hours=25)
        pensions.office.forget()

        with pensions.office.sessions() as session:
            assert session.scalars(select(OpenTurn.receipt)).all() == []


GIVE, ACCEPT = "carer-mandate", "carer-mandate-accepting"


@pytest.fixture
def centre(opener: Opener) -> Iterator[Desk]:
    with opener(community) as desk:
        yield desk


@pytest.fixture
def carer(centre: Desk) -> CardInReader:
    return centre.bureau.card()


CARERS = "G0000002"
"""The document of the second person who gets a card."""
GIVEN = {"carer": CARERS, "scope": "home-care", "days": "90"}


class TestMandate:
    def test_both_sign_the_very_same_document(self, centre: Desk, carer: CardInReader, tmp_path: Path) -> None:
        given = centre.sign(GIVE, GIVEN)
        assert given.open_until is not None
        assert centre.rows(Mandate.receipt) == []
        accepted = centre.sign(ACCEPT, {}, card=carer, continues=given.receipt)

        until = city_date(centre.office.clock()) + timedelta(days=90)
        columns = (Mandate.receipt, Mandate.accepted, Mandate.principal, Mandate.carer, Mandate.until)
        assert centre.rows(*columns) == [(given.receipt, accepted.receipt, WEI.document_number, CARERS, until)]
        kept = dict(centre.rows(KeptSignature.receipt, KeptSignature.document))
        assert kept[given.receipt] == kept[accepted.receipt]
        assert f"Receipt number: {given.receipt}".encode() in kept[accepted.receipt]
        self.verify_with_openssl(centre, tmp_path)

    def verify_with_openssl(self, centre: Desk, folder: Path) -> None:
        root = folder / "root.pem"
        root.write_bytes(centre.bureau.city.services.authority.root.public_bytes(Encoding.PEM))
        at = str(int(centre.office.clock().timestamp()))
        signers = set()
        for number, (document, cms) in enumerate(centre.rows(KeptSignature.document, KeptSignature.cms)):
            text, signature, signer = (folder / f"{number}.{kind}" for kind in ("txt", "cms", "pem"))
            text.write_bytes(document)
            signature.write_bytes(cms)
            command: list[str | Path] = [
                *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", text),
                *("-CAfile", root, "-purpose", "any", "-attime", at, "-signer", signer, "-out", folder / "out"),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            signers.add(signer.read_bytes())
        assert len(signers) == 2, "two cards signed"

    def test_nobody_else_can_accept_it(self, centre: Desk, carer: CardInReader) -> None:
        given = centre.sign(GIVE, GIVEN)
        stranger = centre.bureau.card()

        assert centre.not_prepared(ACCEPT, {}, card=stranger, continues=given.receipt) == "not-the-carer"
        assert centre.not_prepared(ACCEPT, {}, continues=given.receipt) == "same-person"
        centre.sign(ACCEPT, {}, card=carer, continues=given.receipt)

    def test_it_is_accepted_once_and_in_time(self, centre: Desk, carer: CardInReader) -> None:
        given = centre.sign(GIVE, GIVEN)
        ready = centre.prepare(ACCEPT, {}, card=carer, continues=given.receipt)
        assert ready.document == centre.prepare(ACCEPT, {}, card=carer, continues=given.receipt).document
        assert centre.rows(KeptDraft.service) == [(ACCEPT,)]
        centre.bring(ACCEPT, {}, ready, card=carer, continues=given.receipt)
        assert centre.not_prepared(ACCEPT, {}, card=carer, continues=given.receipt) == "nothing-to-continue"
        assert centre.not_prepared(GIVE, GIVEN) == "mandate-stands"

        longer = centre.sign(GIVE, {**GIVEN, "days": "365"})
        centre.bureau.city.clock.now += timedelta(hours=1)
        assert centre.not_prepared(ACCEPT, {}, card=carer, continues=longer.receipt) == "nothing-to-continue"
        assert len(centre.rows(Mandate.receipt)) == 1

    def test_begun_at_two_kiosks_at_once_it_is_in_force_once(self, centre: Desk, carer: CardInReader) -> None:
        """Neither stands when the other is begun, nor when the carer is shown it."""
        begun = [centre.prepare(GIVE, GIVEN) for _ in range(2)]
        given = [centre.bring(GIVE, GIVEN, ready).receipt for ready in begun]
        ready = [centre.prepare(ACCEPT, {}, card=carer, continues=receipt) for receipt in given]
        centre.bring(ACCEPT, {}, ready[1], card=carer, continues=given[1])
        with pytest.raises(DepartmentRefused) as refused:
            centre.bring(ACCEPT, {}, ready[0], card=carer, continues=given[0])

        assert refused.value.problem.code == "mandate-stands"
        assert centre.rows(Mandate.receipt) == [(given[1],)]

    def test_what_ran_out_between_preparing_and_signing_is_not_in_force(
        self, centre: Desk, carer: CardInReader
    ) -> None:
        given = centre.sign(GIVE, GIVEN)
        centre.bureau.city.clock.now += timedelta(minutes=59)
        ready = centre.prepare(ACCEPT, {}, card=carer, continues=given.receipt)
        centre.bureau.city.clock.now += timedelta(minutes=1)
        with pytest.raises(DepartmentRefused) as refused:
            centre.bring(ACCEPT, {}, ready, card=carer, continues=given.receipt)

        assert refused.value.problem.code == "nothing-to-continue"
        assert centre.rows(Mandate.receipt) == []

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_midnight_between_the_two_changes_nothing(self, centre: Desk, carer: CardInReader) -> None:
        night = centre.office.clock().replace(hour=15, minute=59)  # a minute before midnight in the city
        centre.bureau.city.clock.now = night
        ready = centre.prepare(GIVE, GIVEN)
        centre.bureau.city.clock.now += timedelta(minutes=2)
        given = centre.bring(GIVE, GIVEN, ready)
        centre.sign(ACCEPT, {}, card=carer, continues=given.receipt)

        assert centre.rows(Mandate.until) == [(city_date(night) + timedelta(days=90),)]

    @pytest.mark.parametrize("whose", ["principal", "carer"])
    def test_each_of_the_two_ends_it_once_and_it_can_be_given_again(
        self, centre: Desk, carer: CardInReader, whose: str
    ) -> None:
        given = centre.sign(GIVE, GIVEN)
        assert centre.buttons() == []
        accepted = centre.sign(ACCEPT, {}, card=carer, continues=given.receipt)
        card = carer if whose == "carer" else None

        (button,) = centre.buttons(card)
        assert centre.press(button, centre.bureau.card()) == "nothing-to-take-back"
        ended = centre.press(button, card)
        assert centre.press(button, card) == "nothing-to-take-back"

        assert centre.rows(Mandate.accepted, Mandate.ended_by) == [(accepted.receipt, ended)]
        assert centre.buttons() == centre.buttons(carer) == []
        again = centre.sign(GIVE, GIVEN)
        centre.sign(ACCEPT, {}, card=carer, continues=again.receipt)
        assert len(centre.rows(Mandate.receipt)) == 2

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_nobody_is_their_own_carer(self, centre: Desk) -> None:
        assert centre.not_prepared(GIVE, {**GIVEN, "carer": WEI.document_number}) == "own-carer"

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_the_carer_reads_it_in_the_language_in_which_it_was_signed(self, centre: Desk, carer: CardInReader) -> None:
        given = centre.sign(GIVE, GIVEN)
        assert given.title[Language.ENGLISH] == "Now the carer has to sign"
        said = centre.prepare(ACCEPT, {}, card=carer, continues=given.receipt).document.decode()

        assert f"The carer's document: {CARERS}" in said
