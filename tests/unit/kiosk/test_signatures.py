"""What citizens sign: a software card in a loopback reader, a department over HTTP, a service that checks the card."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from cardsvc.wire.document_signatures import write_attributes
from cardsvc.wire.manifest import Language, PreparationRequest
from cardsvc.wire.signing import DocumentSignature, SignatureChallenge
from kiosk.card_service import CardService
from kiosk.department_client import DepartmentClient, DepartmentConfused
from kiosk.proving import OtherCard
from kiosk.signatures import Hand, NotWhatIsShown, Signatures
from kiosk.visit.screens import Paper
from readers.errors import CardRemoved, PinBlocked, WrongPin
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.cards import PIN, PersonalisedCard
from tests.fixtures.offers import CLINIC_URL, DONATE
from tests.fixtures.services import NOW, StandingClock
from tests.unit.kiosk.test_proving import Pulled

DOCUMENT = "Clinic\nDonation\n\nI donate 2 litres, 濠江.\n".encode()
VALUES = {"litres": 2}
KEY = ECKey.generate_key("P-256")


@dataclass
class Service:
    """Has documents signed, and checks what the card did."""

    card: PersonalisedCard
    clock: StandingClock
    sign_instead: bytes | None = None
    requests: list[bytes] = field(default_factory=list)
    accepted: list[SignatureChallenge] = field(default_factory=list)

    def exchange_to_prepare(self, *what: object) -> str:
        assert what == ("token", "clinic", "donate", ("name",), ())
        return "for.preparing.only"

    def request_signature(
        self, visit_token: str, department: str, service: str, *, document: bytes, prepared: str
    ) -> SignatureChallenge:
        assert (visit_token, department, service) == ("token", "clinic", "donate")
        assert prepared.count(".") == 2
        self.requests.append(document)
        digest = hashlib.sha256(self.sign_instead or document).digest()
        return SignatureChallenge(
            handle=f"handle-{len(self.requests)}",
            signed_attributes=write_attributes(digest, NOW, b"certificate", uuid4().bytes),
            expires_at=self.clock() + timedelta(minutes=5),
        )

    def submit_signature(self, challenge: SignatureChallenge, signature: bytes) -> DocumentSignature:
        self.card.verify(KeyReference.DIGITAL_SIGNATURE, signature, challenge.signed_attributes)
        self.accepted.append(challenge)
        return DocumentSignature(signature_id=uuid4(), cms=b"cms", assertion="a.b.c", expires_at=NOW)


@dataclass
class Clinic:
    """Prepares a document, as it is told to."""

    document: bytes = DOCUMENT
    claims: dict[str, Any] = field(default_factory=dict)
    typ: str = "citizen-document+jwt"
    asked: list[PreparationRequest] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{CLINIC_URL}/services/donate/prepare"
        self.asked.append(PreparationRequest.model_validate_json(request.content))
        claims = {
            "iss": "clinic",
            "aud": "https://cards.test",
            "sub": "A" * 43,
            "service": "donate",
            "document_sha256": b64(hashlib.sha256(self.document).digest()),
            "media_type": "text/plain",
            "jti": str(uuid4()),
            "iat": 1_772_000_000,
            "exp": 1_772_000_600,
        } | self.claims
        stated = jws.serialize_compact({"alg": "ES256", "kid": "x", "typ": self.typ}, json.dumps(claims).encode(), KEY)
        return httpx.Response(200, json={"document": b64(self.document), "prepared": stated})


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.fixture
def service(personalised_card: PersonalisedCard, clock: StandingClock) -> Service:
    return Service(personalised_card, clock)


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


@pytest.fixture
def signatures(service: Service, clinic: Clinic, clock: StandingClock) -> Signatures:
    return Signatures(cast("CardService", service), DepartmentClient(httpx.MockTransport(clinic)), clock)


def prepare(signatures: Signatures) -> Paper:
    return signatures.prepare("token", DONATE, VALUES, Language.PORTUGUESE)


@pytest.fixture
def hand(personalised_card: PersonalisedCard, tmp_path: Path) -> Hand:
    slot = tmp_path / "slot"
    put_on(slot, personalised_card.state_file)
    return Hand(LoopbackReader(slot), personalised_card.uuid, Pin(PIN))


def test_the_document_is_the_departments_to_the_byte(signatures: Signatures, service: Service, clinic: Clinic) -> None:
    shown = prepare(signatures)
    assert (shown.document, shown.language) == (DOCUMENT, Language.PORTUGUESE)
    assert shown.sha256 == hashlib.sha256(DOCUMENT).hexdigest()
    assert service.requests == [DOCUMENT]
    (asked,) = clinic.asked
    assert (asked.assertion, asked.input, asked.language) == ("for.preparing.only", VALUES, Language.PORTUGUESE)


def test_the_card_signs_it_with_9c(signatures: Signatures, service: Service, hand: Hand) -> None:
    shown = prepare(signatures)
    assert signatures.sign(hand, "token", DONATE, shown).cms == b"cms"
    assert service.accepted == [shown.challenge]
    assert service.requests == [DOCUMENT], "what was said at first is still good"


@pytest.mark.parametrize("seconds", [270, 3600])
def test_what_is_about_to_expire_is_asked_for_anew(
    signatures: Signatures,
    service: Service,
    hand: Hand,
    clock: StandingClock,
    seconds: int,
) -> None:
    shown = prepare(signatures)
    clock.advance(seconds=seconds)
    signatures.sign(hand, "token", DONATE, shown)
    assert [challenge.handle for challenge in service.accepted] == ["handle-2"]


def test_the_pin_is_wanted_for_every_signature(signatures: Signatures, service: Service, hand: Hand) -> None:
    shown = prepare(signatures)
    signatures.sign(hand, "token", DONATE, shown)
    wrong = Hand(hand.reader, hand.card_uuid, Pin("000000"))
    for tries_left in (2, 1):
        with pytest.raises(WrongPin) as refused:
            signatures.sign(wrong, "token", DONATE, shown)
        assert refused.value.tries_left == tries_left
    with pytest.raises(PinBlocked):
        signatures.sign(wrong, "token", DONATE, shown)
    assert len(service.accepted) == 1


def test_another_card_signs_nothing_and_sees_no_pin(signatures: Signatures, service: Service, hand: Hand) -> None:
    shown = prepare(signatures)
    for _ in range(4):
        with pytest.raises(OtherCard):
            signatures.sign(Hand(hand.reader, uuid4(), Pin("000000")), "token", DONATE, shown)
    signatures.sign(hand, "token", DONATE, shown)
    assert len(service.accepted) == 1


@pytest.mark.parametrize("commands", range(4))
def test_a_card_pulled_out_while_it_signs_signs_nothing(
    signatures: Signatures, service: Service, hand: Hand, tmp_path: Path, commands: int
) -> None:
    pulled = Hand(cast("Any", Pulled(tmp_path / "slot", commands, contactless=False)), hand.card_uuid, hand.pin)
    with pytest.raises(CardRemoved):
        signatures.sign(pulled, "token", DONATE, prepare(signatures))
    assert service.accepted == []


def test_a_service_that_has_something_else_signed_is_not_believed(signatures: Signatures, service: Service) -> None:
    service.sign_instead = b"I donate all I have.\n"
    with pytest.raises(NotWhatIsShown):
        prepare(signatures)


@pytest.mark.parametrize(
    "document",
    [
        b"\xff\xfe",
        "I donate \u202e2 litres.\n".encode(),
        "I donate 2\u200b0 litres.\n".encode(),
        b"I donate 2 litres.\rNothing.\n",
        b"I donate \x1b[8m20\x1b[0m litres.\n",
        "I donate 2 litres.\u2028All of it.\n".encode(),
        "\ufeffI donate 2 litres.\n".encode(),
    ],
    ids=["no text", "right to left", "no width", "carriage return", "escape", "line separator", "byte order mark"],
)
def test_what_cannot_be_shown_plainly_is_not_shown(
    signatures: Signatures, service: Service, clinic: Clinic, document: bytes
) -> None:
    clinic.document = document
    with pytest.raises(DepartmentConfused):
        prepare(signatures)
    assert service.requests == []


@pytest.mark.parametrize(
    "claims",
    [
        {"media_type": "application/pdf"},
        {"service": "leave"},
        {"iss": "library"},
        {"document_sha256": b64(bytes(32))},
        {"sub": None},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_department_that_states_something_else_is_not_believed(
    signatures: Signatures, service: Service, clinic: Clinic, claims: dict[str, Any]
) -> None:
    clinic.claims = claims
    with pytest.raises(DepartmentConfused):
        prepare(signatures)
    assert service.requests == []


def test_another_token_of_the_department_is_no_statement(signatures: Signatures, clinic: Clinic) -> None:
    clinic.typ = "jwt"
    with pytest.raises(DepartmentConfused):
        prepare(signatures)
