"""A city with something of everything in it, served on a socket: what a program finds that knows only the document.

Its clock stands still, so tokens never run out however long somebody looks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from cardsvc import logs
from cardsvc.app import create_app
from cardsvc.audit.sequencer import Sequencer
from cardsvc.callers.models import CallerKind
from cardsvc.db import create_database_engine, session_factory
from cardsvc.services import Services
from cardsvc.settings import Settings
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import Role
from cardsvc.wire.scopes import Scope
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.counter import Counter
from tests.fixtures.databases import migrate
from tests.fixtures.live import serving
from tests.fixtures.proofs import City
from tests.fixtures.services import ADDRESSES, NOW, PASSPHRASE, StandingClock

LOG: Final = "service.log"
"""In the folder of the city: what the service had to say."""
CALLERS: Final = ("ana", "desk-1", "kiosk-1", "medical-insurance")
"""Who asks: an officer with every role, a desk, a kiosk, a department. An operation is asked by the first who may."""

Names = Mapping[str, list[str]]
"""Values that mean something in this city, by the parameter or member that takes them."""


@dataclass(frozen=True)
class World:
    """A city that is being served."""

    url: str
    tokens: Mapping[str, Mapping[str, object]]
    """The access token of each caller and the scopes that it covers."""
    names: Names


@contextmanager
def standing(folder: Path, database_url: str) -> Iterator[World]:
    """Found a city in an empty folder, with an empty database, and serve it."""
    log = (folder / LOG).open("w")
    logs.configure(log, logging.WARNING)
    migrate(database_url)
    engine = create_database_engine(database_url)
    keystore = FileKeystore.create(folder / "keys", PASSPHRASE.encode())
    authority = IssuingAuthority.establish(keystore, ADDRESSES, "Test City", NOW - timedelta(days=1))
    authority.save(folder / "keys")
    settings = Settings(
        database_url=database_url,
        keystore_dir=folder / "keys",
        keystore_passphrase=SecretStr(PASSPHRASE),
        erasures_file=folder / "erasures.jsonl",
        rate_limits="none",
    )
    services = Services(settings, StandingClock(), session_factory(engine), keystore, authority)
    try:
        with AsgiTransport(create_app(services)) as transport:
            city = City(services, StandingClock(), transport)
            names = settle(city)
            tokens = {name: _access(city, name) for name in CALLERS}
        with serving(create_app(services)) as url:
            yield World(url, tokens, names)
    finally:
        engine.dispose()
        log.close()


def settle(city: City) -> Names:
    """Put people, cards and papers in all states into the city; what they are called."""
    counter = Counter(city)
    department, kiosk = city.department(), city.caller("kiosk-1", CallerKind.KIOSK)
    ana = counter.ana
    city.caller("desk-2", CallerKind.DESK)
    draft = ana.create_application(counter.person())
    submitted = ana.submit(ana.create_application(counter.person()).id)
    approved = counter.approved(ana.create_application(counter.person()))
    reserved = counter.reserved(counter.approved(ana.create_application(counter.person())))
    delivered = counter.delivered(ana.create_application(counter.person()))
    citizen, active = counter.first()
    _, held = counter.first()
    ana.hold(held.uuid, "lost")
    blank = counter.blank()
    asked = ana.request_approval(ApprovalKind.PUK_RELEASE, active.uuid, "forgot the PIN")
    (challenge,) = kiosk.challenges(Level.TAP)
    visit = kiosk.authenticate(counter.keys[active.uuid].prove(challenge))
    assertion = kiosk.exchange(visit.visit_token, "medical-insurance", "clinic-check-in", ["district"])
    pseudonym = department.verify(assertion).claims.sub
    Sequencer(city.services.sessions, city.services.audit_signer, city.clock).sequence()
    return {
        "application_id": [str(one.id) for one in (draft, submitted, approved)],
        "card_uuid": [str(card.uuid) for card in (reserved, delivered, active, held, blank)],
        "citizen_id": [str(one) for one in (citizen, draft.citizen_id, submitted.citizen_id)],
        "approval_id": [str(asked.id)],
        "client_id": ["bo", "cy", "desk-2"],
        "stock_number": [card.stock_number for card in (blank, reserved)],
        "visit_token": [visit.visit_token],
        "assertion": [assertion],
        "pseudonym": [pseudonym],
        "code": ["medical-insurance"],
        "issuer": ["root", "issuing"],
        "role": [str(role) for role in Role],
    }


def _access(city: City, client_id: str) -> Mapping[str, object]:
    caller, lifetime = city.principal(client_id), timedelta(minutes=5)
    token = city.services.access_tokens.issue(caller, frozenset(Scope), now=city.clock(), lifetime=lifetime)
    return {"token": token, "scopes": sorted(caller.scopes)}
