"""Fees that are paid by signature: the real card service, a card in a reader, and the finance department over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from cardsvc.client import AssertionVerifier, ServiceClient, SignatureVerifier, StaticJwks
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import (
    Language,
    Outcome,
    PreparationRequest,
    PreparedDocument,
    ServiceRequest,
    SignedDocument,
)
from cardsvc.wire.signing import read_prepared
from kiosk.department_client import DepartmentClient, DepartmentRefused
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.app import create_app
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.opening import open_office
from kiosk.departments.contract.serving import Office
from kiosk.departments.contract.signed import WAITS_FOR, KeptDraft, KeptSignature
from kiosk.departments.finance import department as finance
from kiosk.departments.finance.models import Booking, Fee
from tests.fixtures.departments import serving
from tests.fixtures.openssl import verify_cms
from tests.fixtures.proofs import BASE_URL
from tests.fixtures.signing import Bureau, CardInReader

POLICY = {
    "services": {
        "pay-fee": {"level": "sign", "attributes": []},
        "purse-balance": {"level": "pin", "attributes": []},
    }
}
NOTICE = {"notice": "802600000037"}
TOO_DEAR = {"notice": "802600000045"}


@dataclass
class Treasury:
    """The finance department, and a kiosk with a citizen's card before it."""

    bureau: Bureau
    card: CardInReader
    office: Office
    url: str
    departments: DepartmentClient

    @property
    def kiosk(self) -> ServiceClient:
        return self.bureau.kiosk

    def prepare(
        self, entered: dict[str, str], visit: str | None = None, language: Language = Language.ENGLISH
    ) -> PreparedDocument:
        token = visit or self.bureau.begin(self.card)
        assertion = self.kiosk.exchange_to_prepare(token, "finance", "pay-fee")
        asked = PreparationRequest(assertion=assertion, input=entered, language=language)
        return self.departments.prepare(self.url, "pay-fee", asked)

    def sign(self, ready: PreparedDocument, entered: dict[str, str], visit: str | None = None) -> ServiceRequest:
        challenge = self.kiosk.request_signature(
            visit or self.bureau.begin(self.card),
            "finance",
            "pay-fee",
            document=ready.document,
            prepared=ready.prepared,
        )
        signature = self.kiosk.submit_signature(challenge, self.card.sign_document(challenge))
        signed = SignedDocument(document=ready.document, cms=signature.cms)
        return ServiceRequest(assertion=signature.assertion, input=entered, signed=signed)

    def pay(self, entered: dict[str, str] = NOTICE) -> tuple[ServiceRequest, UUID, Outcome]:
        request, key = self.sign(self.prepare(entered), entered), uuid4()
        return request, key, self.ask(request, key)

    def ask(self, request: ServiceRequest, key: UUID | None = None) -> Outcome:
        return self.departments.ask(self.url, "pay-fee", request, key or uuid4())

    def refused(self, request: ServiceRequest, key: UUID | None = None) -> dict[str, Any]:
        with pytest.raises(DepartmentRefused) as refused:
            self.ask(request, key)
        problem = refused.value.problem
        return {"code": problem.code, "status": problem.status, **problem.data}

    def not_prepared(self, entered: dict[str, str]) -> str:
        with pytest.raises(DepartmentRefused) as refused:
            self.prepare(entered)
        return refused.value.problem.code

    def rows(self, table: Any) -> int:
        with self.office.sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def kept(self) -> KeptSignature:
        with self.office.sessions() as session:
            return session.scalars(select(KeptSignature)).one()


@pytest.fixture
def treasury(sqlite_bureau: Bureau, databases: Callable[[Department], str]) -> Iterator[Treasury]:
    city = sqlite_bureau.city
    client = city.department("finance", POLICY)
    jwks = StaticJwks(city.http().get("/.well-known/jwks.json").json())
    roots = SignatureVerifier([city.services.authority.root])
    gate = Gate(AssertionVerifier(BASE_URL, finance.audience, jwks, city.clock), client, roots)
    departments = DepartmentClient()
    with (
        open_office(finance, databases(finance), gate, city.clock) as office,
        serving(create_app(office)) as url,
    ):
        yield Treasury(sqlite_bureau, sqlite_bureau.card(), office, url, departments)
    departments.close()


def test_a_fee_is_paid_by_signature(treasury: Treasury) -> None:
    request, _, outcome = treasury.pay()

    assert [field.value for field in outcome.fields][2:] == ["802600000037", "CNY 41.40"]
    kept = treasury.kept()
    assert request.signed is not None
    assert (kept.document, kept.cms) == (request.signed.document, request.signed.cms)
    assert (kept.receipt, kept.service, kept.assertion) == (outcome.receipt, "pay-fee", request.assertion)
    assert kept.pseudonym == treasury.bureau.name(treasury.card, "finance")
    with treasury.office.sessions() as session:
        paid = session.get_one(Fee, "802600000037").paid_with
        assert session.get_one(Booking, paid).key == outcome.receipt


def test_what_is_kept_openssl_accepts(treasury: Treasury) -> None:
    treasury.pay()

    kept, root = treasury.kept(), treasury.bureau.city.services.authority.root
    verify_cms(kept.cms, kept.document, root, treasury.bureau.city.clock())


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (Language.ENGLISH, ["Finance", "Payment of a fee", "Fee: Water rate", "Amount: CNY 58.60"]),
        (Language.CHINESE, ["财政", "缴费授权", "费用：水费", "金额：CNY 58.60"]),
        (Language.PORTUGUESE, ["Finanças", "Pagamento de uma taxa", "Taxa: Tarifa de água", "Montante: CNY 58.60"]),
    ],
)
def test_the_document_is_in_the_citizens_language(treasury: Treasury, language: Language, lines: list[str]) -> None:
    ready = treasury.prepare(NOTICE, language=language)

    assert set(lines) < set(ready.document.decode().splitlines())
    assert read_prepared(ready.prepared).media_type == "text/plain"
    assert treasury.sign(ready, NOTICE).signed is not None


def test_preparing_changes_nothing(treasury: Treasury) -> None:
    first, second = treasury.prepare(NOTICE), treasury.prepare(NOTICE)

    assert first.document != second.document
    assert (treasury.rows(Booking), treasury.rows(KeptDraft), treasury.rows(KeptSignature)) == (0, 2, 0)


@pytest.mark.parametrize(
    ("entered", "code"),
    [
        ({"notice": "802600000012"}, "fee-misread"),
        ({"notice": "802600000060"}, "fee-unknown"),
        (TOO_DEAR, "purse-too-small"),
        ({"notice": "no number"}, "input-refused"),
    ],
)
def test_what_cannot_be_done_is_said_before_anybody_signs(
    treasury: Treasury, entered: dict[str, str], code: str
) -> None:
    assert treasury.not_prepared(entered) == code
    assert treasury.rows(KeptDraft) == 0


class TestRepeating:
    def test_the_same_again_gets_the_same_answer(self, treasury: Treasury) -> None:
        request, key, outcome = treasury.pay()

        assert treasury.ask(request, key) == outcome
        assert (treasury.rows(KeptSignature), treasury.rows(KeptDraft)) == (1, 0)

    def test_a_document_signed_again_pays_nothing_more(self, treasury: Treasury) -> None:
        visit = treasury.bureau.begin(treasury.card)
        ready = treasury.prepare(NOTICE, visit)
        first, second = treasury.sign(ready, NOTICE, visit), treasury.sign(ready, NOTICE, visit)
        treasury.ask(first)

        assert treasury.refused(second)["code"] == "document-not-prepared"
        assert treasury.rows(KeptSignature) == 1

    def test_an_assertion_serves_one_request(self, treasury: Treasury) -> None:
        request, _, _ = treasury.pay()

        assert treasury.refused(request)["code"] == "assertion-replayed"


class TestNotAccepted:
    def test_a_document_for_other_input(self, treasury: Treasury) -> None:
        request = treasury.sign(treasury.prepare(NOTICE), NOTICE)

        other = request.model_copy(update={"input": {"notice": "802600000011"}})
        assert treasury.refused(other)["code"] == "document-not-prepared"
        assert (treasury.rows(KeptSignature), treasury.rows(KeptDraft)) == (0, 1)

    def test_a_document_that_was_not_signed(self, treasury: Treasury) -> None:
        ready = treasury.prepare(NOTICE)
        request = treasury.sign(ready, NOTICE)
        assert request.signed is not None
        dearer = SignedDocument(document=ready.document.replace(b"58.60", b"8.60"), cms=request.signed.cms)

        problem = treasury.refused(request.model_copy(update={"signed": dearer}))
        assert (problem["code"], problem["reason"]) == ("assertion-not-accepted", "wrong-document")

    def test_the_signature_of_another_document(self, treasury: Treasury) -> None:
        one, other = (treasury.sign(treasury.prepare(NOTICE), NOTICE) for _ in range(2))
        assert one.signed is not None
        assert other.signed is not None
        mixed = SignedDocument(document=one.signed.document, cms=other.signed.cms)

        problem = treasury.refused(one.model_copy(update={"signed": mixed}))
        assert (problem["code"], problem["status"], problem["reason"]) == (
            "signature-not-accepted",
            422,
            "another-document",
        )

    def test_no_signature_at_all(self, treasury: Treasury) -> None:
        request = treasury.sign(treasury.prepare(NOTICE), NOTICE)

        assert treasury.refused(request.model_copy(update={"signed": None}))["code"] == "signature-needed"

    def test_a_signature_where_none_is_wanted(self, treasury: Treasury) -> None:
        request = treasury.sign(treasury.prepare(NOTICE), NOTICE).model_copy(update={"input": {}})
        with pytest.raises(DepartmentRefused) as refused:
            treasury.departments.ask(treasury.url, "purse-balance", request, uuid4())

        assert refused.value.problem.code == "signature-needed"

    def test_an_assertion_for_preparing_is_for_preparing(self, treasury: Treasury) -> None:
        request = treasury.sign(treasury.prepare(NOTICE), NOTICE)
        preparing = treasury.kiosk.exchange_to_prepare(treasury.bureau.begin(treasury.card), "finance", "pay-fee")
        problem = treasury.refused(request.model_copy(update={"assertion": preparing}))
        assert (problem["code"], problem["reason"]) == ("assertion-not-accepted", "for-preparing")

        asked = PreparationRequest(assertion=request.assertion, input=NOTICE)
        with pytest.raises(DepartmentRefused) as refused:
            treasury.departments.prepare(treasury.url, "pay-fee", asked)
        assert refused.value.problem.data["reason"] == "for-preparing"

    def test_nothing_is_prepared_where_nothing_is_signed(self, treasury: Treasury) -> None:
        visit = treasury.bureau.begin(treasury.card)
        asked = PreparationRequest(assertion=treasury.kiosk.exchange(visit, "finance", "purse-balance"))
        with pytest.raises(DepartmentRefused) as refused:
            treasury.departments.prepare(treasury.url, "purse-balance", asked)

        assert refused.value.problem.code == "unknown-service"


class TestBetweenPreparingAndSigning:
    def test_what_costs_more_by_now_is_not_paid(self, treasury: Treasury) -> None:
        request, key = treasury.sign(treasury.prepare(NOTICE), NOTICE), uuid4()
        with treasury.office.sessions.begin() as session:
            session.execute(update(Fee).where(Fee.number == NOTICE["notice"]).values(amount_fen=60_00))

        assert treasury.refused(request, key)["code"] == "document-outdated"
        assert treasury.refused(request, key)["code"] == "document-outdated"
        assert (treasury.rows(Booking), treasury.rows(KeptSignature)) == (0, 1)

    def test_what_was_paid_by_now_is_not_paid_twice(self, treasury: Treasury) -> None:
        first, second = (treasury.sign(treasury.prepare(NOTICE), NOTICE) for _ in range(2))
        treasury.ask(first)

        assert treasury.refused(second)["code"] == "fee-paid"
        assert treasury.rows(KeptSignature) == 2

    def test_what_nobody_signs_is_forgotten(self, treasury: Treasury) -> None:
        treasury.prepare(NOTICE)
        treasury.bureau.city.clock.now += WAITS_FOR
        treasury.office.forget()
        assert treasury.rows(KeptDraft) == 1
        treasury.bureau.city.clock.now += timedelta(seconds=1)
        treasury.office.forget()

        assert treasury.rows(KeptDraft) == 0


def test_an_office_that_cannot_check_signatures_does_not_open(databases: Callable[[Department], str]) -> None:
    gate = Gate(AssertionVerifier(BASE_URL, finance.audience, StaticJwks({"keys": []})), inquiry=None)  # type: ignore[arg-type]  # never asked
    with pytest.raises(ValueError, match="root certificate"), open_office(finance, databases(finance), gate):
        pass


def test_the_manifest_says_that_it_is_signed(treasury: Treasury) -> None:
    manifest = json.loads(finance.manifest.model_dump_json())

    assert {each["code"]: each["level"] for each in manifest["services"]}["pay-fee"] == Level.SIGN
