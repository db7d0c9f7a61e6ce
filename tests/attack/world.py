"""A city to be attacked: callers, cards, departments, a second city whose tokens are good elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.client import ServiceClient
from cardsvc.db import create_database_engine, session_factory
from cardsvc.services import Services
from cardsvc.settings import Settings
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from tests.attack.jws import private
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.databases import migrate
from tests.fixtures.proofs import City, IssuedCard
from tests.fixtures.services import ADDRESSES, NOW, PASSPHRASE, StandingClock

KIOSK = "kiosk-1"
OTHER_KIOSK = "kiosk-2"
DESK = "desk-1"
OTHER_DESK = "desk-2"
DEPARTMENT = "medical-insurance"
OTHER_DEPARTMENT = "education"
SERVICE = "clinic-check-in"
OFFLINE_DEPARTMENT = "environment"
OFFLINE_SERVICE = "recycling-points"
"""Kiosks may take requests for it without their network."""
OFFLINE_POLICY: dict[str, Any] = {
    "services": {
        OFFLINE_SERVICE: {"level": "tap", "offline": {"max_age_seconds": 3600}},
        "report": {"level": "tap"},
        "permit": {"level": "pin"},
    }
}


@dataclass
class World:
    """The city, and who and what is in it."""

    city: City
    other_city: City
    """With keys of its own and the same names in it."""
    kiosk: ServiceClient = field(init=False)
    department: ServiceClient = field(init=False)
    officer: ServiceClient = field(init=False)
    cards: list[IssuedCard] = field(init=False)
    idle_cards: list[IssuedCard] = field(init=False)
    """Not in force: as many as there are other states."""

    def __post_init__(self) -> None:
        for city in (self.other_city, self.city):
            self.kiosk = city.caller(KIOSK)
            city.caller(OTHER_KIOSK)
            city.caller(DESK, CallerKind.DESK)
            city.caller(OTHER_DESK, CallerKind.DESK)
            self.officer = city.caller("ana", CallerKind.OFFICER)
            self.department = city.department(DEPARTMENT)
            city.department(OTHER_DEPARTMENT)
            city.department(OFFLINE_DEPARTMENT, OFFLINE_POLICY)
            self.cards = [city.card() for _ in range(3)]
        states = set(CardState) - {CardState.ACTIVE}
        self.idle_cards = [self.city.card(state) for state in sorted(states)]

    @property
    def services(self) -> Services:
        return self.city.services

    @property
    def principal(self) -> Principal:
        return self.city.principal(KIOSK)

    def key(self, client_id: str) -> ec.EllipticCurvePrivateKey:
        """A caller's."""
        return private(self.city.keys[client_id])

    def service_key(self, name: KeyName) -> ec.EllipticCurvePrivateKey:
        """One of the service's, the version that signs now. No attacker has it."""
        return self.services.keystore.signer(name)

    def assertion(self, city: City | None = None) -> str:
        """A genuine one, of a citizen who has just been at the kiosk."""
        city = city or self.city
        kiosk, card = city.client(KIOSK), self.cards[0] if city is self.city else city.card()
        (challenge,) = kiosk.challenges(Level.TAP)
        return kiosk.exchange(kiosk.authenticate(card.prove(challenge)).visit_token, DEPARTMENT, SERVICE, [])


@contextmanager
def founded(folder: Path) -> Iterator[World]:
    """A world in this folder, on SQLite. Its clock stands still."""
    with ExitStack() as stack:
        yield World(*(_city(folder / name, stack) for name in ("city", "other")))


def _city(folder: Path, stack: ExitStack) -> City:
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'cards.db'}"
    migrate(url)
    keystore = FileKeystore.create(folder / "keys", PASSPHRASE.encode())
    IssuingAuthority.establish(keystore, ADDRESSES, "Test City", NOW - timedelta(days=1)).save(folder / "keys")
    engine = create_database_engine(url)
    stack.callback(engine.dispose)
    settings = Settings(
        database_url=url,
        keystore_dir=folder / "keys",
        keystore_passphrase=SecretStr(PASSPHRASE),
        erasures_file=folder / "erasures.jsonl",
        rate_limits="none",
    )
    authority = IssuingAuthority.load(folder / "keys", keystore, ADDRESSES)
    clock = StandingClock()
    services = Services(settings, clock, session_factory(engine), keystore, authority)
    transport = stack.enter_context(AsgiTransport(create_app(services)))
    return City(services, clock, transport)
