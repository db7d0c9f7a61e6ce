"""Loss and theft, on both databases: held at once, with a receipt that a program we did not write verifies."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceProblem
from cardsvc.trust.keystore import KeyName
from cardsvc.trust.models import CertificateStatus
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationKind, CardState, HoldReason, ReplacementCause
from cardsvc.wire.losses import (
    CallerVerification,
    Channel,
    LossKind,
    LossOutcome,
    LossReport,
    LossReportRequest,
    Question,
)
from cardsvc.wire.officers import Role
from tests.fixtures.counter import Counter

ANSWERED = frozenset({Question.BIRTH_DATE, Question.DISTRICT})


def lost(citizen_id: UUID, **changed: object) -> LossReportRequest:
    return LossReportRequest.model_validate(
        {"citizen_id": citizen_id, "kind": LossKind.LOST, "channel": Channel.DESK} | changed
    )


@pytest.fixture
def reported(counter: Counter) -> LossReport:
    citizen_id, _ = counter.first()
    return counter.ana.report_loss(lost(citizen_id))


def test_a_lost_card_is_held_at_once(counter: Counter, reported: LossReport) -> None:
    card = counter.ana.card(reported.card_uuid)
    assert (card.state, card.hold_reason) == (CardState.HELD, HoldReason.LOST)
    assert counter.statuses(card.uuid) == {CertificateStatus.ON_HOLD}
    assert reported.found_until - reported.reported_at == timedelta(days=15)
    assert reported.reported_at == card.history[-1].at
    assert counter.bo.loss_report(reported.number) == reported


def test_a_held_card_gets_nobody_in(counter: Counter, reported: LossReport) -> None:
    kiosk = counter.city.caller("kiosk-1")
    (challenge,) = kiosk.challenges(Level.TAP)
    with pytest.raises(ServiceProblem) as refused:
        kiosk.authenticate(counter.keys[reported.card_uuid].prove(challenge))
    assert (refused.value.problem.code, refused.value.problem.data) == ("card-not-active", {"state": "held"})


@pytest.mark.needs("openssl")
def test_the_receipt_proves_when(counter: Counter, reported: LossReport, tmp_path: Path) -> None:
    """RFC 7515, verified by OpenSSL with the published key; the signature of JWS is r ‖ s (RFC 7518 §3.4)."""
    head, body, signature = reported.receipt.split(".")
    raw = decode(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    key = counter.services.keystore.public_key(KeyName.EVIDENCE)
    (tmp_path / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))
    signed, forged = f"{head}.{body}".encode(), f"{head}.{body}A".encode()
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature"]
    assert subprocess.run(command, cwd=tmp_path, input=signed, check=False, capture_output=True).returncode == 0
    assert subprocess.run(command, cwd=tmp_path, input=forged, check=False, capture_output=True).returncode != 0
    assert json.loads(decode(head))["typ"] == "loss-receipt+jwt"
    assert json.loads(decode(body)) == {
        "iss": counter.services.settings.issuer,
        "iat": int(reported.reported_at.timestamp()),
        "jti": reported.number,
        "card": str(reported.card_uuid),
        "kind": "lost",
        "found_until": int(reported.found_until.timestamp()),
    }


def test_the_key_of_receipts_is_published(counter: Counter, reported: LossReport) -> None:
    header = json.loads(decode(reported.receipt.split(".")[0]))
    keys = counter.city.http().get("/.well-known/jwks.json").json()["keys"]
    assert header["kid"] in {key["kid"] for key in keys}


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_the_loss_of_a_card_is_reported_once(counter: Counter, reported: LossReport) -> None:
    citizen_id = counter.keys[reported.card_uuid].citizen_id
    problem = counter.refused(lambda: counter.ana.report_loss(lost(citizen_id)))
    assert (problem.code, problem.data) == ("already-reported", {"number": reported.number})


def test_a_stolen_card_is_revoked(counter: Counter) -> None:
    citizen_id, card = counter.first()
    report = counter.ana.report_loss(lost(citizen_id, kind=LossKind.STOLEN))
    assert (report.card_state, report.outcome) == (CardState.REVOKED, LossOutcome.REVOKED)
    assert counter.statuses(card.uuid) == {CertificateStatus.REVOKED}
    new = counter.issued(counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.LOST))
    assert new.state is CardState.ACTIVE


def test_a_lost_card_turns_out_to_be_stolen(counter: Counter, reported: LossReport) -> None:
    citizen_id = counter.keys[reported.card_uuid].citizen_id
    stolen = counter.ana.report_loss(lost(citizen_id, kind=LossKind.STOLEN))
    assert stolen.card_state is CardState.REVOKED
    assert counter.ana.loss_report(reported.number).outcome is LossOutcome.REVOKED


def test_by_telephone_without_the_card(counter: Counter) -> None:
    """The card is found by the citizen's id, after a search; what was asked is on file, and no answer is."""
    citizen_id, card = counter.first()
    verification = CallerVerification(asked=ANSWERED, right=ANSWERED)
    report = counter.ana.report_loss(lost(citizen_id, channel=Channel.TELEPHONE, verification=verification))
    assert (report.card_uuid, report.channel, report.card_state) == (card.uuid, Channel.TELEPHONE, CardState.HELD)


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        (ANSWERED, frozenset({Question.DISTRICT})),
        (frozenset({Question.DISTRICT}), frozenset({Question.DISTRICT})),
        (ANSWERED | {Question.LAST_VISIT}, ANSWERED),
        (frozenset[Question](), frozenset[Question]()),
    ],
    ids=["one wrong", "too few", "two right, one wrong", "none"],
)
def test_a_voice_that_does_not_know_enough(
    sqlite_counter: Counter, asked: frozenset[Question], right: frozenset[Question]
) -> None:
    counter = sqlite_counter
    citizen_id, card = counter.first()
    verification = CallerVerification(asked=asked, right=right)
    request = lost(citizen_id, channel=Channel.TELEPHONE, verification=verification)
    assert counter.refused(lambda: counter.ana.report_loss(request)).code == "caller-not-verified"
    unasked = lost(citizen_id, channel=Channel.TELEPHONE)
    assert counter.refused(lambda: counter.ana.report_loss(unasked)).code == "caller-not-verified"
    assert counter.state(card.uuid) is CardState.ACTIVE


def test_nothing_to_lose(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    assert counter.refused(lambda: counter.ana.report_loss(lost(draft.citizen_id))).code == "nothing-to-report"
    _, card = counter.first()
    foreign = lost(draft.citizen_id, card_uuid=card.uuid)
    assert counter.refused(lambda: counter.ana.report_loss(foreign)).code == "nothing-to-report"
    assert counter.refused(lambda: counter.ana.report_loss(lost(uuid4()))).code == "no-such-citizen"


def test_a_card_lost_before_its_activation_is_revoked(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    card = counter.delivered(draft)
    assert counter.ana.report_loss(lost(draft.citizen_id)).card_state is CardState.REVOKED
    assert counter.statuses(card.uuid) == {CertificateStatus.REVOKED}


def test_a_card_found_in_time_is_reinstated_by_two_people(counter: Counter, reported: LossReport) -> None:
    card_uuid = reported.card_uuid
    counter.city.clock.advance(days=14, hours=23)
    assert counter.refused(lambda: counter.ana.reinstate(card_uuid)).code == "not-approved"
    counter.approval(ApprovalKind.REINSTATEMENT, card_uuid)
    assert counter.ana.reinstate(card_uuid).state is CardState.ACTIVE
    assert counter.statuses(card_uuid) == {CertificateStatus.VALID}
    closed = counter.ana.loss_report(reported.number)
    assert (closed.outcome, closed.closed_at) == (LossOutcome.FOUND, counter.city.clock())


def test_a_card_found_too_late_stays_held_until_the_clock_revokes_it(counter: Counter, reported: LossReport) -> None:
    card_uuid = reported.card_uuid
    counter.city.clock.advance(days=15)
    counter.approval(ApprovalKind.REINSTATEMENT, card_uuid)
    assert counter.refused(lambda: counter.ana.reinstate(card_uuid)).code == "found-too-late"
    assert counter.services.timekeeper.run().done["lost cards revoked"] == 1
    assert counter.state(card_uuid) is CardState.REVOKED
    assert counter.ana.loss_report(reported.number).outcome is LossOutcome.REVOKED


def test_the_replacement_of_a_lost_card(counter: Counter, reported: LossReport) -> None:
    citizen_id = counter.keys[reported.card_uuid].citizen_id
    application = counter.another(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.LOST)
    counter.ana.cancel(application.id, "it was found")
    held = counter.ana.card(reported.card_uuid)
    assert (held.state, held.hold_reason) == (CardState.HELD, HoldReason.LOST)
    new = counter.issued(counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.LOST))
    assert (counter.state(reported.card_uuid), new.state) == (CardState.REVOKED, CardState.ACTIVE)
    assert counter.ana.loss_report(reported.number).outcome is not None


def test_a_forgotten_card_that_turns_out_lost_is_not_restored_by_the_temporary_one(counter: Counter) -> None:
    citizen_id, old = counter.first()
    temporary = counter.issued(counter.ana.apply(citizen_id, ApplicationKind.TEMPORARY))
    counter.ana.report_loss(lost(citizen_id, card_uuid=old.uuid))
    counter.ana.return_card(temporary.uuid)
    held = counter.ana.card(old.uuid)
    assert (held.state, held.hold_reason) == (CardState.HELD, HoldReason.LOST)


def test_a_forgotten_card_is_not_reinstated_beside_the_temporary_one(counter: Counter) -> None:
    """Two officers agreed, and nobody has two active cards all the same."""
    citizen_id, old = counter.first()
    temporary = counter.issued(counter.ana.apply(citizen_id, ApplicationKind.TEMPORARY))
    counter.ana.report_loss(lost(citizen_id, card_uuid=old.uuid))
    counter.approval(ApprovalKind.REINSTATEMENT, old.uuid)
    assert counter.refused(lambda: counter.ana.reinstate(old.uuid)).code == "another-card-active"
    assert (counter.state(old.uuid), counter.state(temporary.uuid)) == (CardState.HELD, CardState.ACTIVE)
    counter.ana.return_card(temporary.uuid)
    assert counter.ana.reinstate(old.uuid).state is CardState.ACTIVE


def test_a_clerk_at_the_telephone_stops_a_card_and_a_supervisor_reinstates_it(counter: Counter) -> None:
    """At any hour somebody must be able to stop a card; to put one into force again takes others."""
    citizen_id, card = counter.first()
    clerk = counter.city.caller("di", CallerKind.OFFICER, roles=[Role.CLERK])
    clerk.report_loss(lost(citizen_id))
    counter.approval(ApprovalKind.REINSTATEMENT, card.uuid)
    assert counter.refused(lambda: clerk.reinstate(card.uuid), "di").code == "insufficient-scope"
    supervisor = counter.city.caller("ed", CallerKind.OFFICER, roles=[Role.SUPERVISOR])
    assert supervisor.reinstate(card.uuid).state is CardState.ACTIVE


@pytest.mark.parametrize(("number", "misheard"), [("0000000000", False), ("0000000001", True)])
def test_no_such_report(sqlite_counter: Counter, number: str, *, misheard: bool) -> None:
    with pytest.raises(ServiceProblem) as refused:
        sqlite_counter.ana.loss_report(number)
    assert (refused.value.problem.code, refused.value.problem.data) == ("no-such-loss-report", {"misheard": misheard})


@pytest.mark.parametrize("number", ["123", "12345678901", "abcdefghij"])
def test_what_is_no_number_of_a_report(sqlite_counter: Counter, number: str) -> None:
    with pytest.raises(ServiceProblem, match="invalid-request"):
        sqlite_counter.ana.loss_report(number)
