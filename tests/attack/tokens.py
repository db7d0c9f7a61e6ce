"""Who reads tokens: each takes a genuine one, and is shown every attack there is on a JWS."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from pydantic import ValidationError
from sqlalchemy.orm import Session

from cardsvc.callers.errors import AccessTokenRefused, ClientRefused, KeyChangeRefused
from cardsvc.callers.keys import change_own_key
from cardsvc.callers.private_key_jwt import authenticate_client
from cardsvc.db import transaction
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.authentication import CLIENT_ASSERTION_TYPE
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.officers import KEY_CHANGE_TYP, KeyChangeRequest
from tests.attack import on_claims, on_headers, on_signatures
from tests.attack.jws import Draft, ecdsa, thumbprint, unb64
from tests.attack.scene import Scene
from tests.attack.strikes import Attack
from tests.attack.world import DEPARTMENT, DESK, KIOSK, OTHER_KIOSK, World
from tests.fixtures.proofs import BASE_URL

ATTACKS: Final[Sequence[Attack[Draft]]] = (
    *on_signatures.attack.attacks,
    *on_headers.attack.attacks,
    *on_claims.attack.attacks,
)
ELSEWHERE: Final = ("https://cards.other-city.example", "http://127.0.0.1:8081", "https://evil.example")


class Reader(ABC):
    """Somebody who is shown tokens."""

    name: str
    type: str
    attacks = ATTACKS

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = int(world.city.clock().timestamp())

    @property
    @abstractmethod
    def scene(self) -> Scene:
        """What the attacker has."""

    @abstractmethod
    def claims(self, random: Random) -> dict[str, Any]:
        """Those of a genuine token."""

    @abstractmethod
    def accepts(self, session: Session, text: str) -> bool:
        """Whether the token is believed."""

    def request(self, client: httpx.Client, text: str) -> httpx.Response | None:
        """Show it over HTTP; None where that cannot be done."""
        del client, text
        return None

    def fresh(self, random: Random) -> Draft:
        key = self.scene.key
        header = {"alg": "ES256", "kid": thumbprint(key), "typ": self.type}
        return Draft(header, self.claims(random), ecdsa(key), self.scene, self.now)

    def show(self, drafts: Sequence[Draft]) -> Sequence[bool]:
        with transaction(self.world.services.sessions) as session:
            return [self.accepts(session, draft.text()) for draft in drafts]

    def used(self, draft: Draft) -> Draft | None:
        return replace(draft, rehearse=False) if draft.rehearse else None

    def send(self, client: httpx.Client, draft: Draft) -> bool | None:
        try:
            answer = self.request(client, draft.text())
        except (UnicodeEncodeError, httpx.LocalProtocolError):  # not even a header can be made of it
            return None
        return None if answer is None else answer.is_success

    def rivals(self, *known: str, **keys: ec.EllipticCurvePrivateKey) -> tuple[ec.EllipticCurvePrivateKey, ...]:
        """Keys of these callers, and of cards."""
        cards = [key for card in self.world.cards for key in card.keys.values()]
        return (*map(self.world.key, known), *cards, *keys.values())


class AtTheTokenEndpoint(Reader):
    """Client assertions: `authenticate_client`."""

    name = "client assertion"
    type = "JWT"

    @cached_property
    def scene(self) -> Scene:
        world, token = self.world, self.world.kiosk.access_token()
        foreign = client_assertion(world, OTHER_KIOSK, self.name)
        return Scene(
            key=world.key(KIOSK),
            rivals=self.rivals(OTHER_KIOSK, DESK, DEPARTMENT, own=world.service_key(KeyName.ACCESS_TOKEN)),
            strangers=(token, world.assertion(), world.assertion(world.other_city), foreign.replace(".", "", 1)),
            names={
                "iss": (OTHER_KIOSK, DESK, DEPARTMENT, "nobody", BASE_URL),
                "sub": (OTHER_KIOSK, DESK, DEPARTMENT, "nobody", BASE_URL),
                "aud": (*ELSEWHERE, KIOSK, f"{BASE_URL}/v1/authentications", "https://127.0.0.1:8080"),
            },
            whole_times=False,
            one_use=True,
        )

    def claims(self, random: Random) -> dict[str, Any]:
        return _client_claims(KIOSK, self.now, random)

    def accepts(self, session: Session, text: str) -> bool:
        try:
            authenticate_client(session, text, audiences=_AUDIENCES, now=self.world.city.clock())
        except ClientRefused:
            return False
        return True

    def request(self, client: httpx.Client, text: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_assertion_type": CLIENT_ASSERTION_TYPE}
        return client.post("/oauth/token", data={**form, "client_assertion": text})


_AUDIENCES: Final = (BASE_URL, f"{BASE_URL}/oauth/token")


def _client_claims(name: str, now: int, random: Random) -> dict[str, Any]:
    jti = str(UUID(int=random.getrandbits(128)))
    return {"iss": name, "sub": name, "aud": BASE_URL, "iat": now, "exp": now + 60, "jti": jti}


def client_assertion(world: World, name: str, seed: str) -> str:
    """A caller's, with a one-time name that the seed makes."""
    key, now = world.key(name), int(world.city.clock().timestamp())
    header = {"alg": "ES256", "kid": thumbprint(key), "typ": "JWT"}
    scene = Scene(key, (), (), {})
    claims = _client_claims(name, now, Random(seed))  # noqa: S311 (it must be the same again)
    return Draft(header, claims, ecdsa(key), scene, now).text()


class AtTheDoor(Reader):
    """Access tokens: `AccessTokens`, as every route asks it."""

    name = "access token"
    type = "at+jwt"

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in TOKEN_KEYS if name is not KeyName.ACCESS_TOKEN}
        other_city = world.other_city.client(KIOSK).access_token()
        return Scene(
            key=world.service_key(KeyName.ACCESS_TOKEN),
            rivals=self.rivals(KIOSK, OTHER_KIOSK, DEPARTMENT, **others),
            strangers=(client_assertion(world, KIOSK, self.name), world.assertion(), other_city),
            names={
                "iss": ELSEWHERE,
                "aud": (*ELSEWHERE, KIOSK, department_audience(DEPARTMENT)),
                "sub": ("nobody", "admin", "", "None"),
                "client_key": (thumbprint(world.key(OTHER_KIOSK)), "x", ""),
            },
            limits=frozenset({"exp"}),
        )

    @cached_property
    def _genuine(self) -> dict[str, Any]:
        return claims_of(self.world.kiosk.access_token())

    def claims(self, random: Random) -> dict[str, Any]:
        return {**self._genuine, "jti": str(UUID(int=random.getrandbits(128)))}

    def accepts(self, session: Session, text: str) -> bool:
        tokens = self.world.services.access_tokens
        try:
            (holder,) = tokens.find_holders([tokens.read(text, now=self.world.city.clock())])
        except AccessTokenRefused:
            return False
        return holder is not None

    def request(self, client: httpx.Client, text: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {text}"}
        return client.post("/v1/challenges", json={"level": "tap"}, headers=headers)


TOKEN_KEYS: Final = (KeyName.ACCESS_TOKEN, KeyName.ASSERTION, KeyName.STATUS_LIST, KeyName.EVIDENCE)


class AtTheKeyDesk(Reader):
    """Proofs of one's present key, with which one gets another."""

    name = "key change"
    type = KEY_CHANGE_TYP

    @cached_property
    def _next(self) -> ECKey:
        return ECKey.generate_key("P-256")

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        return Scene(
            key=world.key(KIOSK),
            rivals=self.rivals(OTHER_KIOSK, DESK, next=world.service_key(KeyName.ACCESS_TOKEN)),
            strangers=(world.kiosk.access_token(), client_assertion(world, KIOSK, self.name), world.assertion()),
            names={
                "iss": (OTHER_KIOSK, "nobody"),
                "aud": ELSEWHERE,
                "jkt": (thumbprint(world.key(KIOSK)), thumbprint(world.key(OTHER_KIOSK)), "x"),
            },
        )

    def claims(self, random: Random) -> dict[str, Any]:
        times = {"iat": self.now, "exp": self.now + 60 + random.randrange(9)}
        return {"iss": KIOSK, "aud": BASE_URL, "jkt": self._next.thumbprint(), **times}

    def accepts(self, session: Session, text: str) -> bool:
        now, issuer = self.world.city.clock(), self.world.services.settings.issuer
        public = dict(self._next.as_dict(private=False))
        with session.begin_nested() as changed:
            try:
                change_own_key(session, KIOSK, KeyChangeRequest(public_jwk=public, proof=text), issuer=issuer, now=now)
            except (ValidationError, KeyChangeRefused):
                return False
            changed.rollback()
        return True


def claims_of(text: str) -> dict[str, Any]:
    """What a token says."""
    claims: dict[str, Any] = json.loads(unb64(text.split(".")[1]))
    return claims
