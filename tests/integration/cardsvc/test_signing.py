"""A citizen signs, with the 9C key of a card in a reader, exactly what a department prepared; on both databases."""

from __future__ import annotations

import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select

from cardsvc.authentication.models import IssuedAssertion
from cardsvc.callers.models import CallerKind
from cardsvc.cards.service import revoke
from cardsvc.client import (
    AssertionForPreparing,
    AssertionWrongDocument,
    ServiceProblem,
    SignatureFault,
    SignatureRefused,
)
from cardsvc.db import reading, transaction
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin
from cardsvc.trust.ocsp import Responder
from cardsvc.wire import jose
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.history import Deed
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState, RevocationReason
from cardsvc.wire.signing import PREPARED_TYP, SignatureChallenge
from readers.piv.identifiers import KeyReference
from tests.fixtures.proofs import BASE_URL
from tests.fixtures.signing import DEPARTMENT, DOCUMENT, MEDIA_TYPE, SERVICE, Bureau, CardInReader

SHA256 = hashlib.sha256(DOCUMENT).digest()


def refused(bureau: Bureau, card: CardInReader, **changed: Any) -> Any:
    """The problem of a request that the service does not grant."""
    with pytest.raises(ServiceProblem) as problem:
        bureau.request(card, **changed)
    return problem.value.problem


def not_accepted(bureau: Bureau, challenge: SignatureChallenge, signature: bytes) -> str:
    with pytest.raises(ServiceProblem) as problem:
        bureau.kiosk.submit_signature(challenge, signature)
    return problem.value.problem.code


def test_a_citizen_signs_what_the_department_prepared(bureau: Bureau) -> None:
    card = bureau.card()

    signed = bureau.sign(card)

    assertion = bureau.assertions.verify(signed.assertion, service=SERVICE, level=Level.SIGN, transaction_hash=SHA256)
    assert (assertion.level, assertion.pseudonym) == (Level.SIGN, bureau.name(card))
    assert assertion.claims.attributes == {}
    verified = bureau.signatures.verify(signed.cms, DOCUMENT, assertion)
    assert verified.signed.signed_at == bureau.city.clock()
    assert str(card.uuid) in verified.signed.certificate.subject.rfc4514_string()
    (entry,) = bureau.city.audit("signature")
    assert (entry.id, entry.outcome, entry.citizen_id) == (signed.signature_id, "ok", card.citizen_id)
    assert entry.detail == {
        "audience": f"urn:citizen-card:department:{DEPARTMENT}",
        "service": SERVICE,
        "document_sha256": SHA256.hex(),
        "policy_version": 1,
    }
    assert bureau.department.verify(signed.assertion).claims == assertion.claims


def test_openssl_accepts_it_as_a_cades_signature(bureau: Bureau, tmp_path: Path) -> None:
    signed = bureau.sign(bureau.card())
    (tmp_path / "document").write_bytes(DOCUMENT)
    (tmp_path / "cms").write_bytes(signed.cms)
    root = bureau.city.services.authority.root
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))

    def openssl(document: str) -> subprocess.CompletedProcess[str]:
        command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "cms"]
        at = str(int(bureau.city.clock().timestamp()))
        more = ["-content", document, "-CAfile", "root.pem", "-attime", at, "-out", "out"]
        return subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, check=False)

    done = openssl("document")
    assert done.returncode == 0, done.stderr
    assert "CAdES Verification successful" in done.stderr
    (tmp_path / "other").write_bytes(DOCUMENT + b".")
    assert openssl("other").returncode != 0


def test_a_preparing_assertion_is_good_for_preparing_and_nothing_else(bureau: Bureau) -> None:
    card = bureau.card()
    visit = bureau.begin(card)

    assertion = bureau.kiosk.exchange_to_prepare(visit, DEPARTMENT, SERVICE, ["name"])

    verified = bureau.assertions.verify_preparation(assertion, service=SERVICE)
    assert (verified.level, verified.claims.use) == (Level.PIN, "prepare")
    assert verified.pseudonym == bureau.name(card)
    for level in Level:
        with pytest.raises(AssertionForPreparing):
            bureau.assertions.verify(assertion, service=SERVICE, level=level)
    with pytest.raises(ServiceProblem) as problem:
        bureau.department.verify(assertion)
    assert problem.value.problem.data["fault"] == "for-preparing"
    signed = bureau.sign(card).assertion
    with pytest.raises(AssertionForPreparing):
        bureau.assertions.verify_preparation(signed, service=SERVICE)
    assert bureau.city.audit("assertion.issue")[-1].detail["use"] == "prepare"


def test_nothing_is_exchanged_for_a_signature_but_a_signature(sqlite_bureau: Bureau) -> None:
    """The visit is of level pin: it steps up by signing, and only for services that are signed."""
    card = sqlite_bureau.card()
    visit, tap = sqlite_bureau.begin(card), sqlite_bureau.begin(card, Level.TAP)

    def code(call: Any, *asked: str) -> tuple[str, object]:
        with pytest.raises(ServiceProblem) as problem:
            call(*asked)
        return problem.value.problem.code, problem.value.problem.data.get("acr_values")

    kiosk = sqlite_bureau.kiosk
    assert code(kiosk.exchange, visit, DEPARTMENT, SERVICE) == ("step-up-required", "sign")
    assert code(kiosk.exchange_to_prepare, tap, DEPARTMENT, SERVICE) == ("step-up-required", "pin")
    assert code(kiosk.exchange_to_prepare, visit, DEPARTMENT, "enrolment-proof") == ("service-not-signed", None)
    assert refused(sqlite_bureau, card, visit=tap).code == "step-up-required"


def test_a_department_takes_a_signature_for_one_document_only(sqlite_bureau: Bureau) -> None:
    signed = sqlite_bureau.sign(sqlite_bureau.card())
    verify = sqlite_bureau.assertions.verify

    for other in (None, hashlib.sha256(b"another").digest()):
        with pytest.raises(AssertionWrongDocument):
            verify(signed.assertion, service=SERVICE, level=Level.SIGN, transaction_hash=other)
    assertion = verify(signed.assertion, service=SERVICE, level=Level.SIGN, transaction_hash=SHA256)
    again = sqlite_bureau.sign(sqlite_bureau.card())
    for cms, document, fault in (
        (signed.cms, DOCUMENT + b".", SignatureFault.ANOTHER_DOCUMENT),
        (again.cms, DOCUMENT, SignatureFault.ANOTHER_ASSERTION),
    ):
        with pytest.raises(SignatureRefused) as wrong:
            sqlite_bureau.signatures.verify(cms, document, assertion)
        assert wrong.value.fault is fault


def prepared_by(bureau: Bureau, card: CardInReader, signer: str = DEPARTMENT, **changed: Any) -> str:
    """What somebody states, with any claim changed."""
    now = int(bureau.city.clock().timestamp())
    typ = changed.pop("typ", PREPARED_TYP)
    claims = {
        "iss": DEPARTMENT,
        "aud": BASE_URL,
        "sub": bureau.name(card),
        "service": SERVICE,
        "document_sha256": encode_base64url(SHA256),
        "media_type": MEDIA_TYPE,
        "jti": "document-1",
        "iat": now,
        "exp": now + 600,
    } | changed
    return jose.sign(claims, bureau.city.keys[signer], typ=typ)


def test_only_what_was_prepared_for_this_is_signed(sqlite_bureau: Bureau) -> None:
    bureau, card, other = sqlite_bureau, sqlite_bureau.card(), sqlite_bureau.card()
    bureau.city.department("finance", {"services": {SERVICE: {"level": "sign", "attributes": []}}})
    now = int(bureau.city.clock().timestamp())
    faults: dict[str, list[str]] = {
        "signature-invalid": [
            prepared_by(bureau, card, "finance"),
            prepared_by(bureau, card, "kiosk-1"),
            prepared_by(bureau, card, typ="JWT"),
            prepared_by(bureau, card)[:-8] + "AAAAAAAA",
        ],
        "wrong-issuer": [prepared_by(bureau, card, iss="finance")],
        "wrong-audience": [prepared_by(bureau, card, aud="https://cards.other")],
        "wrong-service": [prepared_by(bureau, card, service="holiday-camp")],
        "expired": [
            prepared_by(bureau, card, iat=now - 600, exp=now),
            prepared_by(bureau, card, iat=now + 31),
        ],
        "another-person": [prepared_by(bureau, other), prepared_by(bureau, card, sub=bureau.name(card, "finance"))],
        "another-document": [bureau.prepare(card, b"something else")],
        "malformed": [
            "eyJhbGciOiJub25lIn0.e30.",
            prepared_by(bureau, card, exp=now + 601),
            prepared_by(bureau, card, aud=[BASE_URL]),
            prepared_by(bureau, card, extra=1),
        ],
    }
    visit = bureau.begin(card)
    for fault, statements in faults.items():
        for prepared in statements:
            problem = refused(bureau, card, visit=visit, prepared=prepared)
            assert (problem.code, problem.data.get("fault")) == ("prepared-document-refused", fault)
    assert bureau.city.audit("signature.request") == []
    told = {entry.outcome for entry in bureau.city.audit("request") if entry.citizen_id == card.citizen_id}
    assert told == {"prepared-document-refused"}


def test_only_services_that_are_signed_by_the_policy(sqlite_bureau: Bureau) -> None:
    card = sqlite_bureau.card()
    assert refused(sqlite_bureau, card, service="enrolment-proof").code == "service-not-signed"
    assert refused(sqlite_bureau, card, service="unheard-of").code == "service-not-covered"
    assert refused(sqlite_bureau, card, department="nobody").code == "department-unknown"


def test_a_handle_is_answered_once_even_wrongly(bureau: Bureau) -> None:
    card = bureau.card()
    visit = bureau.begin(card)
    right, wrong = bureau.request(card, visit), bureau.request(card, visit)

    bureau.kiosk.submit_signature(right, card.sign_document(right))
    assert not_accepted(bureau, right, card.sign_document(right)) == "challenge-replayed"
    assert not_accepted(bureau, wrong, card.sign_document(right)) == "signature-invalid"
    assert not_accepted(bureau, wrong, card.sign_document(wrong)) == "challenge-replayed"

    assert [entry.outcome for entry in bureau.city.audit("signature")] == [
        "ok",
        "challenge-replayed",
        "signature-invalid",
        "challenge-replayed",
    ]


def test_of_answers_at_once_one_is_accepted(bureau: Bureau) -> None:
    card = bureau.card()
    challenge = bureau.request(card)
    signatures = [card.sign_document(challenge) for _ in range(6)]

    def submit(signature: bytes) -> str:
        try:
            bureau.kiosk.submit_signature(challenge, signature)
        except ServiceProblem as refused:
            return refused.problem.code
        return "ok"

    with ThreadPoolExecutor(len(signatures)) as pool:
        outcomes = list(pool.map(submit, signatures))

    assert sorted(outcomes) == ["challenge-replayed"] * 5 + ["ok"]


@pytest.mark.parametrize("key", [KeyReference.PIV_AUTHENTICATION, KeyReference.CARD_AUTHENTICATION])
def test_no_other_key_of_the_card_signs(sqlite_bureau: Bureau, key: KeyReference) -> None:
    card = sqlite_bureau.card()
    challenge = sqlite_bureau.request(card)
    assert not_accepted(sqlite_bureau, challenge, card.sign_document(challenge, key)) == "signature-invalid"


def test_nobody_elses_card_signs(sqlite_bureau: Bureau) -> None:
    card, other = sqlite_bureau.card(), sqlite_bureau.card()
    challenge = sqlite_bureau.request(card)
    assert not_accepted(sqlite_bureau, challenge, other.sign_document(challenge)) == "signature-invalid"


def test_an_authentication_is_no_signature_and_the_other_way_round(sqlite_bureau: Bureau) -> None:
    """What 9A signed to begin a visit does not sign a document, and a document's signature begins no visit."""
    card = sqlite_bureau.card()
    (challenge,) = sqlite_bureau.kiosk.challenges(Level.PIN)
    pending = sqlite_bureau.request(card)
    proof = card.prove(challenge)
    assert not_accepted(sqlite_bureau, pending, proof.signature) == "signature-invalid"
    for stranger in (pending.handle, challenge.handle + "AA"):
        with pytest.raises(ServiceProblem, match="challenge-unknown"):
            sqlite_bureau.kiosk.authenticate(proof.model_copy(update={"challenge_handle": stranger[:256]}))
    unknown = pending.model_copy(update={"handle": challenge.handle})
    assert not_accepted(sqlite_bureau, unknown, card.sign_document(pending)) == "challenge-unknown"


def test_a_card_that_is_revoked_meanwhile_does_not_sign(bureau: Bureau) -> None:
    card = bureau.card()
    challenge = bureau.request(card)
    signature = card.sign_document(challenge)
    bureau.city.caller("officer-1", CallerKind.OFFICER)
    officer = bureau.city.principal("officer-1")
    with transaction(bureau.city.services.sessions) as session:
        revoke(session, card.uuid, RevocationReason.STOLEN, actor=officer, now=bureau.city.clock())

    assert not_accepted(bureau, challenge, signature) == "card-not-active"

    (entry,) = bureau.city.audit("signature")
    assert entry.outcome == "card-not-active"
    with reading(bureau.city.services.sessions) as session:
        assert session.query(IssuedAssertion).count() == 0


def test_a_certificate_that_is_on_hold_meanwhile_does_not_sign(sqlite_bureau: Bureau) -> None:
    card = sqlite_bureau.card()
    visit = sqlite_bureau.begin(card)
    challenge = sqlite_bureau.request(card, visit)
    with transaction(sqlite_bureau.city.services.sessions) as session:
        for certificate in session.query(Certificate).filter_by(card_id=card.id):
            certificate.status = CertificateStatus.ON_HOLD
    assert not_accepted(sqlite_bureau, challenge, card.sign_document(challenge)) == "certificate-refused"
    assert refused(sqlite_bureau, card, visit=visit).code == "certificate-refused"


def test_it_takes_time_and_the_visit(sqlite_bureau: Bureau) -> None:
    bureau, card = sqlite_bureau, sqlite_bureau.card()
    late = bureau.request(card)
    bureau.city.clock.advance(seconds=300)
    assert not_accepted(bureau, late, card.sign_document(late)) == "challenge-expired"
    left = bureau.begin(card)
    challenge = bureau.request(card, left)
    bureau.kiosk.end_visit(left)
    assert not_accepted(bureau, challenge, card.sign_document(challenge)) == "visit-ended"
    assert not_accepted(bureau, challenge, card.sign_document(challenge)) == "challenge-replayed"


def test_nobody_else_answers(sqlite_bureau: Bureau) -> None:
    """Another kiosk's attempt does not spoil it."""
    card = sqlite_bureau.card()
    challenge = sqlite_bureau.request(card)
    signature = card.sign_document(challenge)
    with pytest.raises(ServiceProblem, match="challenge-foreign"):
        sqlite_bureau.city.caller("kiosk-2").submit_signature(challenge, signature)
    sqlite_bureau.kiosk.submit_signature(challenge, signature)


@pytest.mark.parametrize("level", [Level.SIGN, Level.PIN])
def test_a_lock_of_the_citizen_holds(sqlite_bureau: Bureau, level: Level) -> None:
    card = sqlite_bureau.card()
    visit = sqlite_bureau.begin(card)
    challenge = sqlite_bureau.request(card, visit)
    sqlite_bureau.kiosk.lock_card(visit, level=level)
    assert not_accepted(sqlite_bureau, challenge, card.sign_document(challenge)) == "locked-by-citizen"
    assert refused(sqlite_bureau, card, visit=visit).code == "locked-by-citizen"


def test_the_policy_counts_that_is_in_force_when_it_is_signed(sqlite_bureau: Bureau) -> None:
    bureau, card = sqlite_bureau, sqlite_bureau.card()
    challenge = bureau.request(card)
    with transaction(bureau.city.services.sessions) as session:
        department = get_department(session, DEPARTMENT)
        publish_policy(session, department, {"services": {}}, actor="ceremony", now=bureau.city.clock())
    assert not_accepted(bureau, challenge, card.sign_document(challenge)) == "service-not-covered"


def test_a_key_that_is_merely_asserted_signs_only_where_the_city_says_so(sqlite_bureau: Bureau) -> None:
    asserted = sqlite_bureau.card(KeyOrigin.ASSERTED)
    assert refused(sqlite_bureau, asserted).code == "key-origin-refused"
    signing = sqlite_bureau.city.services.signing
    rules = replace(signing.signers, asserted_keys=True)
    sqlite_bureau.city.services.__dict__["signing"] = replace(signing, signers=rules)
    assert sqlite_bureau.sign(asserted).cms


def test_a_card_without_a_signature_key_does_not_sign(sqlite_bureau: Bureau) -> None:
    card = sqlite_bureau.card(keys=(KeyReference.PIV_AUTHENTICATION,))
    assert refused(sqlite_bureau, card).code == "card-unknown"


def test_what_is_kept_goes_on_verifying_when_the_card_is_revoked(sqlite_bureau: Bureau) -> None:
    card = sqlite_bureau.card()
    signed = sqlite_bureau.sign(card)
    sqlite_bureau.city.put_in_state(card, CardState.REVOKED)
    kept = sqlite_bureau.signatures.verify_kept(signed.cms, DOCUMENT)
    assert kept.document_sha256 == SHA256


def test_the_citizen_sees_what_they_signed(sqlite_bureau: Bureau) -> None:
    card = sqlite_bureau.card()
    visit = sqlite_bureau.begin(card)
    challenge = sqlite_bureau.request(card, visit)
    sqlite_bureau.kiosk.submit_signature(challenge, card.sign_document(challenge))
    entries = {entry.event: entry for entry in sqlite_bureau.kiosk.own_access_history(visit).entries}
    assert (entries["signature"].deed, entries["signature"].department) == (Deed.TOLD, DEPARTMENT)
    assert entries["signature"].service == SERVICE


def test_others_write_while_the_responder_vouches(sqlite_bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """It publishes at times, under a lock: whoever held SQLite's turn to write meanwhile would wait for good."""
    vouch, sessions, written = Responder.vouch, sqlite_bureau.city.services.sessions, []

    def write() -> None:
        with transaction(sessions) as session:
            written.append(session.scalar(select(func.count()).select_from(Certificate)))

    def vouch_meanwhile(responder: Responder, certificate: Certificate) -> bytes | None:
        other = Thread(target=write, daemon=True)
        other.start()
        other.join(10)
        assert written, "nobody else could write"
        return vouch(responder, certificate)

    monkeypatch.setattr(Responder, "vouch", vouch_meanwhile)
    assert sqlite_bureau.sign(sqlite_bureau.card()).cms
