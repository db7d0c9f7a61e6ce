"""A city for benchmarks: a department with a reader of its own, and people whose cards' keys are here."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc.jwk import ECKey
from pydantic import SecretStr
from sqlalchemy import func, select

from cardsvc import ceremony
from cardsvc.audit.models import AuditRecord
from cardsvc.authentication.challenges import issue_challenge
from cardsvc.authentication.own_readers import EVENT
from cardsvc.callers.principal import Principal, principal_of
from cardsvc.callers.repository import find_by_client_id
from cardsvc.cards.models import Card
from cardsvc.citizens.service import enrol
from cardsvc.client import ServiceClient, statement
from cardsvc.db import new_id, reading, transaction
from cardsvc.departments.service import add_department, publish_policy
from cardsvc.services import Services, build_services
from cardsvc.settings import Settings
from cardsvc.trust.certificates import certify, put_into_force
from cardsvc.trust.models import KeyOrigin
from cardsvc.wire.authentication import CardAuthenticationRequest, CardProof
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState, Person
from readers.piv.identifiers import KeyReference

DEPARTMENT: Final = "library"
SERVICE: Final = "borrow"
POLICY: Final[dict[str, Any]] = {
    "services": {SERVICE: {"level": "tap", "attributes": []}, "account": {"level": "pin", "attributes": ["name"]}},
    "reader_levels": ["tap"],
}
CHALLENGE_SECONDS: Final = 300
"""What is prepared must be sent before that."""
_PASSPHRASE: Final = "correct horse battery staple"
_PREHASHED: Final = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class CityCard:
    """A card whose key is here."""

    uuid: UUID
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Crowd:
    """The people, and the service's own view of them."""

    services: Services
    department_key: ECKey
    actor: Principal
    cards: Sequence[CityCard]

    @classmethod
    def gather(cls, folder: Path, database_url: str, people: int) -> Self:
        """Found a city in the folder, on SQLite when the URL is empty."""
        settings = Settings(
            database_url=database_url or f"sqlite:///{folder / 'cards.db'}",
            keystore_dir=folder / "keystore",
            keystore_passphrase=SecretStr(_PASSPHRASE),
            challenge_seconds=CHALLENGE_SECONDS,
        )
        now = datetime.now(UTC)
        officers = {name: ECKey.generate_key("P-256").as_dict(private=False) for name in ("ana", "bo")}
        ceremony.found(settings, officers, "notary", now)
        services, key = build_services(settings), ECKey.generate_key("P-256")
        return cls(services, key, _add_department(services, key, now), _issue_cards(services, people, now))

    @property
    def environment(self) -> dict[str, str]:
        """For a service of this city."""
        return {
            "CARDSVC_DATABASE_URL": self.services.settings.database_url,
            "CARDSVC_KEYSTORE_DIR": str(self.services.settings.keystore_dir),
            "CARDSVC_KEYSTORE_PASSPHRASE": _PASSPHRASE,
            "CARDSVC_RATE_LIMITS": "none",  # one caller does here what a whole city does
        }

    def access_token(self, url: str) -> str:
        """The department's, from the service at this address."""
        with ServiceClient(url, DEPARTMENT, self.department_key, issuer=self.services.settings.issuer) as client:
            return client.access_token()

    def requests(self, count: int) -> list[str]:
        """So many proofs, each over a challenge of its own, of people in no order, as JSON ready to send."""
        chosen = random.Random(count)  # noqa: S311 (nothing secret)
        return [self._request(chosen.choice(self.cards)) for _ in range(count)]

    def count_records(self) -> int:
        """Accepted authentications in the audit log, counted in the database itself."""
        records = select(func.count()).where(AuditRecord.event == EVENT, AuditRecord.outcome == "ok")
        with reading(self.services.sessions) as session:
            return session.scalar(records) or 0

    def _request(self, card: CityCard) -> str:
        challenge = issue_challenge(
            self.services.keystore,
            self.actor,
            Level.TAP,
            issuer=self.services.settings.issuer,
            now=datetime.now(UTC),
            lifetime=timedelta(seconds=CHALLENGE_SECONDS),
        )
        proof = CardProof(
            challenge_handle=challenge.handle,
            card_uuid=card.uuid,
            level=Level.TAP,
            audience=challenge.audience,
            signature=card.key.sign(statement(challenge, card.uuid).digest, _PREHASHED),
        )
        return CardAuthenticationRequest(proof=proof, service=SERVICE).model_dump_json()


def _add_department(services: Services, key: ECKey, now: datetime) -> Principal:
    with transaction(services.sessions) as session:
        public_jwk = key.as_dict(private=False)
        department = add_department(
            session, code=DEPARTMENT, title="Library", public_jwk=public_jwk, actor="ceremony", now=now
        )
        publish_policy(session, department, POLICY, actor="ceremony", now=now)
    with reading(services.sessions) as session:
        caller = find_by_client_id(session, DEPARTMENT)
        if caller is None:
            raise LookupError(DEPARTMENT)
        return principal_of(caller)


def _issue_cards(services: Services, people: int, now: datetime) -> list[CityCard]:
    with transaction(services.sessions) as session:
        cards = []
        for number in range(people):
            person = Person(
                name="王小明",
                name_latin="WANG XIAO MING",
                birth_date=date(1990, 2, 3),
                document_number=f"G{number:07}",
                district="taipa",
            )
            card = Card(
                id=new_id(),
                uuid=uuid4(),
                stock_number=f"BENCH-{number:06}",
                state=CardState.ACTIVE,
                citizen_id=enrol(session, services.keystore, person, now).id,
                expires_on=now.date() + timedelta(days=365),
                created_at=now,
            )
            session.add(card)
            session.flush()
            cards.append(CityCard(card.uuid, ec.generate_private_key(ec.SECP256R1())))
            key = KeyReference.CARD_AUTHENTICATION
            public_key = cards[-1].key.public_key()
            certify(session, services.authority, card, key, public_key, origin=KeyOrigin.SECURE_CHANNEL, now=now)
            session.flush()
            put_into_force(session, card.id)
        return cards
