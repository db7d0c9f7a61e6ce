"""Evidence of each verification, on both databases: what it says, and that openssl finds it right years later."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner, Result

from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.cli import app
from cardsvc.client import EvidenceVerifier, ServiceClient, ServiceProblem
from cardsvc.db import transaction
from cardsvc.trust.keystore import KeyName
from cardsvc.trust.rotation import rotate
from cardsvc.wire import evidence as wire
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.merkle import verify_inclusion
from cardsvc.wire.questions import Answer
from tests.fixtures.evidence import DEPARTMENT, PURPOSE, QUESTION, SERVICE, Told
from tests.fixtures.proofs import BASE_URL, WEI, IssuedCard

Way = Callable[[Told, IssuedCard], UUID]
WAYS: list[Way] = [Told.by_assertion, Told.by_question, Told.by_standing, Told.at_own_reader]


def expected(way: Way, card: IssuedCard) -> wire.Verified:
    """What evidence of each way says; that of an assertion apart from its hash."""
    made: dict[Way, wire.Verified] = {
        Told.by_assertion: wire.AssertionVerified(
            assertion_sha256=bytes(32),
            service=SERVICE,
            level=Level.TAP,
            attributes=["district"],
            questions=[QUESTION],
        ),
        Told.by_question: wire.QuestionAnswered(purpose=PURPOSE, question=QUESTION, answer=Answer.NO),
        Told.by_standing: wire.StandingTold(purpose=PURPOSE, standing=CardStanding.IN_FORCE),
        Told.at_own_reader: wire.CardAuthenticated(card_uuid=card.uuid, service=SERVICE, level=Level.TAP),
    }
    return made[way]


def code_of(client: ServiceClient, verification_id: UUID) -> tuple[str, int]:
    with pytest.raises(ServiceProblem) as caught:
        client.evidence(verification_id)
    return caught.value.problem.code, caught.value.problem.status


@pytest.mark.parametrize("way", WAYS)
def test_it_says_what_was_asked_and_answered_and_the_log_has_it(told: Told, way: Way) -> None:
    card = told.city.card()
    told.assertion(card)  # the department knows the person
    asked_at = told.city.clock()
    verification_id = way(told, card)

    told.city.clock.advance(seconds=2)
    promised = told.verifier.verify(told.department.evidence(verification_id))
    told.sequence()
    checked = told.verifier.verify(told.department.evidence(verification_id))

    assert (promised.logged, checked.logged) == (False, True)
    claims = checked.claims
    assert (claims.iss, claims.aud, claims.sub) == (BASE_URL, department_audience(DEPARTMENT), told.name(card))
    assert (claims.jti, claims.policy_version) == (verification_id, 1)
    assert (checked.verified_at, checked.signed_at) == (asked_at, told.city.clock())
    said = checked.verified
    if isinstance(said, wire.AssertionVerified):
        said = said.model_copy(update={"assertion_sha256": bytes(32)})
    assert said == expected(way, card)


def test_a_verification_is_answered_with_its_evidence_and_names_the_very_assertion(told: Told) -> None:
    assertion = told.assertion(told.city.card())
    answer = told.department.verify(assertion)
    assert answer.evidence is not None
    checked = told.verifier.verify_statement(answer.evidence)
    assert checked.claims.jti == answer.verification_id
    assert isinstance(checked.verified, wire.AssertionVerified)
    assert checked.verified.assertion_sha256 == sha256(assertion.encode()).digest()
    later = told.verifier.verify(told.department.evidence(answer.verification_id))
    assert later.claims == checked.claims


@pytest.mark.parametrize("way", WAYS)
def test_it_tells_no_value_and_nothing_that_is_not_the_departments(sqlite_told: Told, way: Way) -> None:
    told = sqlite_told
    card = told.city.card()
    told.assertion(card)
    verification_id = way(told, card)
    told.sequence()
    evidence = told.department.evidence(verification_id)
    text = evidence.model_dump_json() + json.dumps(payload(evidence.evidence))
    for secret in (str(card.citizen_id), str(card.id), WEI.district, WEI.name, str(WEI.birth_date.year)):
        assert secret not in text
    assert (str(card.uuid) in text) is (way == Told.at_own_reader)


def test_openssl_finds_chain_and_signature_right_years_later(told: Told, tmp_path: Path) -> None:
    """Nobody is asked, and no key is looked up. The Merkle proof leads from the hash to the checkpoint."""
    card = told.city.card()
    verification_id = told.by_assertion(card)
    told.sequence()
    evidence = told.department.evidence(verification_id)
    header, body, signature = evidence.evidence.split(".")
    claims = payload(evidence.evidence)
    root = told.city.services.authority.root.public_bytes(Encoding.PEM)
    names = {"root.pem": root, "signed": f"{header}.{body}".encode(), "signature": der(decoded(signature))}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    for name, certificate in zip(("own", "issuing"), certificates_of(evidence), strict=True):
        (tmp_path / f"{name}.der").write_bytes(certificate)
        run(tmp_path, f"openssl x509 -inform DER -in {name}.der -out {name}.pem")
    at = f"-x509_strict -purpose any -attime {claims['iat']}"
    run(tmp_path, f"openssl verify {at} -CAfile root.pem -untrusted issuing.pem own.pem")
    (tmp_path / "own.pub").write_bytes(run(tmp_path, "openssl x509 -in own.pem -noout -pubkey"))
    assert b"Verified OK" in run(tmp_path, "openssl dgst -sha256 -verify own.pub -signature signature signed")

    place = evidence.place
    assert place.inclusion is not None
    assert place.checkpoint is not None
    size, signed_root = place.checkpoint.split("\n")[1:3]
    assert int(size) == place.inclusion.size
    leaf = decoded(claims["leaf_hash"])
    verify_inclusion(place.inclusion.index, place.inclusion.size, leaf, place.inclusion.path, b64decode(signed_root))
    assert EvidenceVerifier([told.city.services.authority.root]).verify(evidence).logged


def test_what_a_key_signed_stays_evidence_after_it_was_rotated_out(own_told: Told) -> None:
    told = own_told
    card = told.city.card()
    before = told.department.evidence(told.by_assertion(card))
    with transaction(told.city.services.sessions) as session:
        keystore, now = told.city.services.keystore, told.city.clock()
        rotate(session, keystore, KeyName.EVIDENCE, distrusted=True, actor="ceremony", now=now)
    told.city.clock.advance(days=400)
    after = told.department.evidence(told.by_assertion(card))
    assert key_of(before) != key_of(after)
    for evidence in (before, after):
        told.verifier.verify(evidence)


def test_each_day_has_a_certificate_of_its_own(sqlite_told: Told) -> None:
    told = sqlite_told
    verification_id = told.by_assertion(told.city.card())
    first, again = told.department.evidence(verification_id), told.department.evidence(verification_id)
    told.city.clock.advance(days=1)
    later = told.department.evidence(verification_id)
    assert certificates_of(first)[0] == certificates_of(again)[0] != certificates_of(later)[0]
    assert certificates_of(first)[1] == certificates_of(later)[1]
    told.verifier.verify(later)


def test_nobody_gets_the_evidence_of_another(told: Told) -> None:
    other, card = told.city.department("education"), told.city.card()
    verification_id = told.by_assertion(card)
    assert code_of(other, verification_id) == ("evidence-not-found", 404)
    assert code_of(told.kiosk, verification_id) == ("insufficient-scope", 403)
    with pytest.raises(ServiceProblem):
        told.department.verify("no.assertion.this")
    refusal = told.city.audit("assertion.verify")[-1]
    assert code_of(told.department, refusal.id) == ("evidence-not-found", 404)
    assert code_of(told.department, uuid4()) == ("evidence-not-found", 404)


def test_that_it_was_fetched_is_in_the_persons_history(told: Told) -> None:
    card = told.city.card()
    verification_id = told.by_assertion(card)
    told.department.evidence(verification_id)
    (entry,) = told.city.audit("evidence.fetch")
    assert (entry.actor, entry.citizen_id) == (DEPARTMENT, card.citizen_id)
    assert entry.detail == {"verification": str(verification_id)}
    assert code_of(told.department, entry.id) == ("evidence-not-found", 404)


def test_of_people_who_were_erased_nothing_is_attested_any_more(told: Told) -> None:
    card = told.city.card()
    told.assertion(card)
    ids = [way(told, card) for way in WAYS]
    kept = told.department.evidence(ids[0])
    with transaction(told.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, card.citizen_id))
    assert {code_of(told.department, verification_id) for verification_id in ids} == {("person-erased", 410)}
    assert told.verifier.verify(kept).claims.jti == ids[0]


@pytest.fixture
def kept(sqlite_told: Told, tmp_path: Path) -> Path:
    """A folder with evidence in a file, and the root's certificate."""
    card = sqlite_told.city.card()
    sqlite_told.assertion(card)
    verification_id = sqlite_told.by_question(card)
    sqlite_told.sequence()
    (tmp_path / "evidence.json").write_text(sqlite_told.department.evidence(verification_id).model_dump_json())
    (tmp_path / "root.pem").write_bytes(sqlite_told.city.services.authority.root.public_bytes(Encoding.PEM))
    return tmp_path


def verify(folder: Path, *options: str) -> Result:
    files = (str(folder / "evidence.json"), f"--root={folder / 'root.pem'}")
    return CliRunner().invoke(app, ["evidence", "verify", *files, *options])


def test_the_command_says_what_a_file_proves(kept: Path) -> None:
    told = verify(kept)
    assert told.exit_code == 0, told.output
    assert "question: age-at-least:60" in told.stdout
    assert "answer: no" in told.stdout
    assert "the audit log has it" in told.stdout
    shown = json.loads(verify(kept, "--json", f"--audience={department_audience(DEPARTMENT)}").stdout)
    assert (shown["logged"], shown["verified"]["answer"], shown["policy_version"]) == (True, "no", 1)


def test_the_command_refuses_what_proves_nothing(kept: Path) -> None:
    assert "wrong-audience" in verify(kept, "--audience=urn:citizen-card:department:education").stderr
    assert "another-log" in verify(kept, "--log-key=cards.test/audit+00000000+AAAA").stderr
    (kept / "root.pem").write_text("no certificate")
    assert verify(kept).exit_code == 1
    (kept / "evidence.json").write_text("{}")
    assert verify(kept).exit_code == 1


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(evidence: wire.Evidence) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(decoded(evidence.evidence.split(".")[0]))
    return header


def key_of(evidence: wire.Evidence) -> str:
    return str(header_of(evidence)["kid"])


def certificates_of(evidence: wire.Evidence) -> list[bytes]:
    return [b64decode(text) for text in header_of(evidence)["x5c"]]


def payload(compact: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decoded(compact.split(".")[1]))
    return claims


def der(signature: bytes) -> bytes:
    """R and S side by side, as JOSE has them, in the form that openssl wants."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def run(folder: Path, command: str) -> bytes:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
