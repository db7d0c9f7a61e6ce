"""The audit log over HTTP: whoever has its key can verify all that it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.services import Services
from cardsvc.wire.audit import Receipt
from cardsvc.wire.merkle import EMPTY_ROOT, Frontier, ProofInvalid, leaf_hash, verify_consistency, verify_inclusion
from cardsvc.wire.notes import Checkpoint, NoteInvalid, NoteKey
from cardsvc.wire.officers import Role
from tests.fixtures.audit import AuditLog
from tests.fixtures.live import serving
from tests.fixtures.proofs import City
from tests.fixtures.services import StandingClock


@pytest.fixture
def auditor(city: City) -> ServiceClient:
    return city.caller("auditor", CallerKind.OFFICER, roles=[Role.AUDITOR])


@pytest.fixture
def city_log(city: City, make_log: Callable[[Services], AuditLog]) -> AuditLog:
    return make_log(city.services)


def code_of(refused: pytest.ExceptionInfo[ServiceProblem]) -> str:
    return refused.value.problem.code


def test_an_auditor_can_verify_everything_from_the_key_alone(auditor: ServiceClient, city_log: AuditLog) -> None:
    city_log.grow(300)
    key = NoteKey.parse(auditor.audit_key())
    old = Checkpoint.open(auditor.audit_checkpoint(), key)
    city_log.grow(7)
    new = Checkpoint.open(auditor.audit_checkpoint(), key)

    leaves: list[bytes] = []
    while len(leaves) < new.size:
        leaves += [entry.encode() for entry in auditor.audit_entries(len(leaves), 250).entries]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf_hash(leaf))
    assert (frontier.size, frontier.root()) == (new.size, new.root)

    proof = auditor.audit_consistency(old.size, new.size)
    verify_consistency(old.size, new.size, proof.path, old.root, new.root)
    inclusion = auditor.audit_inclusion(256, old.size)
    verify_inclusion(256, old.size, leaf_hash(leaves[256]), inclusion.path, old.root)
    assert inclusion.leaf_hash == leaf_hash(leaves[256])


def test_a_receipt_is_a_promise_first_and_a_proof_then(auditor: ServiceClient, city_log: AuditLog) -> None:
    (record,) = city_log.write(1)
    key = NoteKey.parse(auditor.audit_key())

    promise = auditor.audit_receipt(record)
    assert (promise.inclusion, promise.checkpoint) == (None, None)
    promise.verify(key)
    city_log.sequencer.sequence()
    proof = auditor.audit_receipt(record)
    assert proof.promise is None
    proof.verify(key)
    assert proof.entry == promise.entry


def test_a_receipt_of_something_else_does_not_verify(auditor: ServiceClient, city_log: AuditLog) -> None:
    first, second = city_log.write(2)
    key = NoteKey.parse(auditor.audit_key())
    promise, other = auditor.audit_receipt(first), auditor.audit_receipt(second)
    city_log.sequencer.sequence()
    proof = auditor.audit_receipt(first)
    city_log.grow(1)
    later = auditor.audit_receipt(first)

    for changed in (
        promise.model_copy(update={"entry": other.entry}),
        promise.model_copy(update={"promise": other.promise}),
        promise.model_copy(update={"promise": auditor.audit_checkpoint()}),
        promise.model_copy(update={"promise": None}),
        proof.model_copy(update={"entry": other.entry}),
        proof.model_copy(update={"checkpoint": later.checkpoint}),
        proof.model_copy(update={"checkpoint": promise.promise}),
        Receipt(record_id=first, entry=promise.entry),
    ):
        with pytest.raises((NoteInvalid, ProofInvalid)):
            changed.verify(key)


def test_key_and_checkpoint_are_for_anybody_and_the_rest_is_for_auditors(city: City, city_log: AuditLog) -> None:
    kiosk = city.caller("kiosk-1")
    (record,) = city_log.grow(1)
    http = city.http()
    assert http.get("/v1/audit/key").text == f"{city_log.signer.key}\n"
    assert http.get("/v1/audit/checkpoint").headers["Content-Type"].startswith("text/plain")
    for path in ("entries", "proofs/inclusion?index=0&size=1", f"records/{record}/receipt"):
        assert http.get(f"/v1/audit/{path}").status_code == httpx.codes.UNAUTHORIZED
    for forbidden in (
        lambda: kiosk.audit_entries(0, 1),
        lambda: kiosk.audit_inclusion(0, 1),
        lambda: kiosk.audit_consistency(0, 1),
        lambda: kiosk.audit_receipt(record),
    ):
        with pytest.raises(ServiceProblem) as refused:
            forbidden()
        assert code_of(refused) == "insufficient-scope"


def test_what_the_log_does_not_have_is_refused(auditor: ServiceClient, city_log: AuditLog) -> None:
    empty = Checkpoint.open(auditor.audit_checkpoint(), city_log.signer.key)
    assert (empty.size, empty.root) == (0, EMPTY_ROOT)

    city_log.sequencer.sequence()
    size = Checkpoint.open(auditor.audit_checkpoint(), city_log.signer.key).size
    assert auditor.audit_entries(size, 10).entries == []
    for outside in (
        lambda: auditor.audit_inclusion(0, size + 1),
        lambda: auditor.audit_inclusion(size, size),
        lambda: auditor.audit_inclusion(0, 0),
        lambda: auditor.audit_consistency(0, size + 1),
        lambda: auditor.audit_consistency(size, size - 1),
    ):
        with pytest.raises(ServiceProblem) as refused:
            outside()
        assert code_of(refused) == "outside-log"
    with pytest.raises(ServiceProblem) as refused:
        auditor.audit_receipt(uuid4())
    assert code_of(refused) == "record-not-found"
    for start, limit in ((-1, 1), (0, 1001)):
        with pytest.raises(ServiceProblem) as refused:
            auditor.audit_entries(start, limit)
        assert code_of(refused) == "invalid-request"


def test_a_damaged_log_says_so(auditor: ServiceClient, city_log: AuditLog) -> None:
    ids = city_log.grow(3)
    city_log.tamper("DELETE FROM audit_tiles", "DELETE FROM audit_entries WHERE tree_index = 1")
    for damaged in (
        lambda: auditor.audit_entries(0, 3),
        lambda: auditor.audit_inclusion(0, 3),
        lambda: auditor.audit_consistency(2, 3),
        lambda: auditor.audit_receipt(ids[2]),
    ):
        with pytest.raises(ServiceProblem) as refused:
            damaged()
        assert code_of(refused) == "log-damaged"


def test_readiness_tells_of_records_that_wait_too_long(city: City, city_log: AuditLog, clock: StandingClock) -> None:
    with city.http() as http:
        city_log.write(1)
        assert http.get("/readyz").json() == {"status": "ready", "audit": "current"}
        clock.advance(seconds=11)
        assert http.get("/readyz").json() == {"status": "ready", "audit": "late"}
        city_log.sequencer.sequence()
        assert http.get("/readyz").json() == {"status": "ready", "audit": "current"}


def test_the_service_sequences_while_it_runs(
    sqlite_services: Services, make_log: Callable[[Services], AuditLog]
) -> None:
    log = make_log(sqlite_services)
    log.write(3)

    with serving(create_app(sqlite_services)) as url:
        while Checkpoint.open(httpx.get(f"{url}/v1/audit/checkpoint").text, log.signer.key).size != 3:
            time.sleep(0.01)
