"""Visit tokens: what a kiosk exchanges for assertions, and keeps going, while the citizen is there."""

from __future__ import annotations

import hashlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

import httpx
from sqlalchemy.orm import Session

from cardsvc.authentication.assertions import ExchangeRequest, IssuedToken
from cardsvc.authentication.visits import keep_visit
from cardsvc.callers.principal import Principal
from cardsvc.db import transaction
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import CLIENT_ASSERTION_TYPE, GRANT_TOKEN_EXCHANGE, TOKEN_TYPE_VISIT
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import RevocationReason
from cardsvc.wire.manifest import department_audience
from tests.attack.jws import b64, unb64
from tests.attack.strikes import Attack, Book, Strike, cut, flip_bit, look_alike, near
from tests.attack.tokens import client_assertion
from tests.attack.world import DEPARTMENT, DESK, KIOSK, OTHER_KIOSK, SERVICE, World
from tests.fixtures.proofs import City, IssuedCard

HIGHER_SERVICE = "balance"
"""It wants a PIN."""


@dataclass
class VisitDraft:
    """What is about to be asked for with a visit token. As it stands it is granted."""

    place: Counter = field(repr=False)
    token: str
    actor: Principal
    now: datetime
    audience: str
    service: str
    attributes: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    """That an officer asks for; all of theirs, if none."""


class Counter(ABC):
    """Where visit tokens are shown."""

    name: str
    caller = KIOSK
    """Who began the visit."""
    others: Sequence[str] = (OTHER_KIOSK, DESK)
    level = Level.TAP

    def __init__(self, world: World) -> None:
        self.world = world
        self.attacks: Sequence[Attack[VisitDraft]] = attack.attacks

    @cached_property
    def actor(self) -> Principal:
        return self.world.city.principal(self.caller)

    @cached_property
    def card(self) -> IssuedCard:
        """Whose visit it is."""
        return self.world.cards[0]

    def card_to_revoke(self) -> IssuedCard:
        """Another that would do as well."""
        return self.world.city.card()

    @cached_property
    def token(self) -> str:
        """Of a visit that goes on."""
        return self.visit()

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """Tokens of visits that are over, or that never were here."""
        city, world = self.world.city, self.world
        ended, revoked = self.visit(), self.card_to_revoke()
        city.client(self.caller).end_visit(ended)
        of_revoked = self.visit(card=revoked)
        world.officer.revoke(revoked.uuid, RevocationReason.WITHDRAWN)
        elsewhere = self.visit(world.other_city, card=world.other_city.card())
        others = (self.visit(caller=name) for name in self.others)
        return (ended, of_revoked, elsewhere, *others, world.kiosk.access_token(), world.assertion())

    def visit(
        self,
        city: City | None = None,
        caller: str | None = None,
        card: IssuedCard | None = None,
        level: Level | None = None,
    ) -> str:
        """Somebody begins one."""
        client = (city or self.world.city).client(caller or self.caller)
        (challenge,) = client.challenges(level or self.level)
        return client.authenticate((card or self.card).prove(challenge)).visit_token

    def fresh(self, random: Random) -> VisitDraft:
        now, audience = self.world.city.clock(), department_audience(DEPARTMENT)
        return VisitDraft(self, self.token, self.actor, now, audience, SERVICE)

    def used(self, draft: VisitDraft) -> None:
        del draft

    @abstractmethod
    def show(self, drafts: Sequence[VisitDraft]) -> Sequence[bool]:
        """Which ones are granted."""

    def send(self, client: httpx.Client, draft: VisitDraft) -> bool | None:
        if draft.now != self.world.city.clock() or draft.actor.key_thumbprint != self._thumbprint(draft.actor):
            return None
        return self.request(client, draft).is_success

    @abstractmethod
    def request(self, client: httpx.Client, draft: VisitDraft) -> httpx.Response:
        """Over HTTP."""

    def exchange(self, draft: VisitDraft) -> dict[str, str]:
        """The form of a token exchange (RFC 8693, 2.1) that shows the visit, without what is asked for."""
        return {
            "grant_type": GRANT_TOKEN_EXCHANGE,
            "client_assertion_type": CLIENT_ASSERTION_TYPE,
            "client_assertion": client_assertion(self.world, draft.actor.client_id, secrets.token_hex()),
            "subject_token": draft.token,
            "subject_token_type": TOKEN_TYPE_VISIT,
        }

    def _thumbprint(self, actor: Principal) -> str:
        return self.world.city.keys[actor.client_id].thumbprint()


class Exchange(Counter):
    """Where visits are exchanged."""

    name = "visit token"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.attacks = (*attack.attacks, *on_exchange.attacks)

    def show(self, drafts: Sequence[VisitDraft]) -> Sequence[bool]:
        with transaction(self.world.services.sessions) as session:
            asked = [
                self.world.services.assertions.exchange(
                    session,
                    ExchangeRequest(draft.token, draft.audience, draft.service, draft.attributes),
                    actor=draft.actor,
                    now=draft.now,
                )
                for draft in drafts
            ]
        return [isinstance(answer, IssuedToken) for answer in asked]

    def request(self, client: httpx.Client, draft: VisitDraft) -> httpx.Response:
        asks = {
            "audience": draft.audience,
            "service": draft.service,
            "attributes": " ".join(draft.attributes),
        }
        form = self.exchange(draft) | asks
        return client.post("/oauth/token", data=form)


class Keeping(Counter):
    """Where a kiosk says that the citizen is still there."""

    name = "visit kept"

    def show(self, drafts: Sequence[VisitDraft]) -> Sequence[bool]:
        with transaction(self.world.services.sessions) as session:
            return [self._is_kept(session, draft) for draft in drafts]

    def _is_kept(self, session: Session, draft: VisitDraft) -> bool:
        times = self.world.services.visit_times
        try:
            keep_visit(session, draft.token, actor=draft.actor, now=draft.now, times=times)
        except ServiceError:
            return False
        return True

    def request(self, client: httpx.Client, draft: VisitDraft) -> httpx.Response:
        token = self.world.city.client(draft.actor.client_id).access_token()
        headers = {"Authorization": f"Bearer {token}"}
        return client.post("/v1/visits/keep", json={"visit_token": draft.token}, headers=headers)


attack: Book[VisitDraft] = Book()
on_exchange: Book[VisitDraft] = Book()
"""With a good token, for what it is not good for."""


def _token(draft: VisitDraft, strike: Strike, *forged: str) -> None:
    draft.token = strike.pick(draft.token, *forged)


@attack("forged", "random token")
def invented(draft: VisitDraft, strike: Strike) -> None:
    _token(
        draft,
        strike,
        b64(strike.random.randbytes(32)),
        b64(bytes(32)),
        "",
        "null",
        "undefined",
        "*",
        "%",
        "' OR 1=1 --",
    )


@attack("forged", "the hash of the token, as the database keeps it")
def hashed(draft: VisitDraft, strike: Strike) -> None:
    digest = hashlib.sha256(draft.token.encode()).digest()
    _token(draft, strike, b64(digest), digest.hex(), draft.token + digest.hex(), digest.decode("latin-1"))


@attack("cut", "one bit is another")
def flipped(draft: VisitDraft, strike: Strike) -> None:
    draft.token = strike.change(draft.token, lambda token: b64(flip_bit(unb64(token), strike.random)))


@attack("cut", "truncated, extended")
def truncated(draft: VisitDraft, strike: Strike) -> None:
    token = draft.token
    _token(
        draft, strike, cut(token, strike.random), token + "A", "A" + token, token * 2, f"{token}.{token}", token + "="
    )


@attack("encoding", "white space, letter case, another alphabet")
def respelled(draft: VisitDraft, strike: Strike) -> None:
    token = draft.token
    around = (f" {token}", f"{token} ", f"{token}\n", f'"{token}"', f"Bearer {token}", f"{token}\0", f"{token}\u200b")
    others = {token.lower(), token.upper(), token.swapcase(), token.replace("-", "+").replace("_", "/")} - {token}
    _token(draft, strike, *around, *sorted(others))


@attack("replayed", "of a visit that ended, of another kiosk's, of another city's, or no visit's")
def stranger(draft: VisitDraft, strike: Strike) -> None:
    _token(draft, strike, *draft.place.strangers)


@attack("relabelled", "shown by another kiosk, a desk")
def other_actor(draft: VisitDraft, strike: Strike) -> None:
    city = draft.place.world.city
    draft.actor = strike.pick(draft.actor, *(city.principal(name) for name in draft.place.others))


@attack("re-signed", "by the kiosk with another key than it began the visit with")
def other_key(draft: VisitDraft, strike: Strike) -> None:
    thumbprints = (strike.random.randbytes(32).hex()[:43], draft.actor.key_thumbprint[:-1], "")
    draft.actor = strike.pick(draft.actor, *(replace(draft.actor, key_thumbprint=one) for one in thumbprints))


@attack("time", "idle for too long, or longer than a visit lasts")
def too_late(draft: VisitDraft, strike: Strike) -> None:
    draft.now += timedelta(seconds=strike.pick(0, 90, 91, 600, 10**6))


@attack("time", "kept going for longer than a visit lasts")
def kept_for_too_long(draft: VisitDraft, strike: Strike) -> None:
    """A minute at a time: never idle."""
    world, draft.token = draft.place.world, draft.place.visit()
    times = world.services.visit_times
    minutes = int(times.longest.total_seconds()) // 60
    with transaction(world.services.sessions) as session:
        for _ in range(strike.pick(minutes - 2, minutes - 1)):
            draft.now += timedelta(minutes=1)
            keep_visit(session, draft.token, actor=draft.actor, now=draft.now, times=times)
    draft.now += timedelta(minutes=1)


@on_exchange("relabelled", "for a department that there is not, or that has no such service")
def other_department(draft: VisitDraft, strike: Strike) -> None:
    genuine = draft.audience, draft.service
    nowhere = [(f"urn:citizen-card:department:{name}", draft.service) for name in ("nobody", "", "police")]
    wrong: list[Any] = [(draft.audience, name) for name in ("payments", "", "clinic", "clinic-check-in-x", "*")]
    draft.audience, draft.service = strike.pick(genuine, *nowhere, *wrong, (DEPARTMENT, draft.service))


@on_exchange("look-alike", "a department's name with a letter of another script, in other case, longer")
def homoglyph(draft: VisitDraft, strike: Strike) -> None:
    other = strike.random.choice([look_alike, near])
    draft.audience = strike.change(draft.audience, lambda name: other(name, strike.random))


@on_exchange("relabelled", "for a service that wants a PIN, or with attributes that the policy does not give")
def too_much(draft: VisitDraft, strike: Strike) -> None:
    """The visit began with a tap."""
    more = [(HIGHER_SERVICE, frozenset[str]()), (HIGHER_SERVICE, frozenset({"name"}))]
    names = [(draft.service, frozenset({name})) for name in ("name", "document_number", "birth_date", "*")]
    draft.service, draft.attributes = strike.pick((draft.service, draft.attributes), *more, *names)
