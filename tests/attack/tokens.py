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
from sqlalchemy.orm import Session

from cardsvc.authentication.errors import AssertionRefused
from cardsvc.callers.errors import AccessTokenRefused, ClientRefused, KeyChangeRefused
from cardsvc.callers.keys import change_own_key
from cardsvc.callers.private_key_jwt import authenticate_client
from cardsvc.client import AssertionRefused as RefusedOffline
from cardsvc.client import AssertionVerifier, EvidenceRefused, EvidenceVerifier, StaticJwks
from cardsvc.db import transaction
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.authentication import ASSERTION_TYP, CLIENT_ASSERTION_TYPE
from cardsvc.wire.evidence import EVIDENCE_TYP
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.officers import KEY_CHANGE_TYP
from cardsvc.wire.status_list import TYP as STATUS_LIST_TYP
from cardsvc.wire.status_list import PackedStatuses, StatusListRefused, StatusListToken
from tests.attack import on_certificates, on_claims, on_signatures
from tests.attack.chains import chains_of
from tests.attack.jws import Draft, ecdsa, thumbprint, unb64
from tests.attack.scene import Scene
from tests.attack.strikes import Attack
from tests.attack.world import DEPARTMENT, DESK, KIOSK, OTHER_DEPARTMENT, OTHER_KIOSK, SERVICE, World
from tests.fixtures.proofs import BASE_URL

ATTACKS: Final[Sequence[Attack[Draft]]] = (*on_signatures.attack.attacks, *on_claims.attack.attacks)
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
        others = {str(name): world.service_key(name) for name in _TOKEN_KEYS if name is not KeyName.ACCESS_TOKEN}
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
        return _claims_of(self.world.kiosk.access_token())

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


_TOKEN_KEYS: Final = (KeyName.ACCESS_TOKEN, KeyName.ASSERTION, KeyName.STATUS_LIST, KeyName.EVIDENCE)


class _OfAssertions(Reader):
    """Whoever reads assertions."""

    type = ASSERTION_TYP

    @cached_property
    def _genuine(self) -> dict[str, Any]:
        return _claims_of(self.world.assertion())

    def claims(self, random: Random) -> dict[str, Any]:
        return dict(self._genuine)

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in _TOKEN_KEYS if name is not KeyName.ASSERTION}
        token = world.kiosk.access_token()
        return Scene(
            key=world.service_key(KeyName.ASSERTION),
            rivals=self.rivals(KIOSK, DEPARTMENT, OTHER_DEPARTMENT, **others),
            strangers=(token, client_assertion(world, DEPARTMENT, self.name), world.assertion(world.other_city)),
            names=self.names,
        )

    names: dict[str, tuple[str, ...]] = {  # noqa: RUF012
        "iss": ELSEWHERE,
        "aud": (department_audience(OTHER_DEPARTMENT), DEPARTMENT, BASE_URL, KIOSK, "urn:citizen-card:department:"),
    }


class AtTheDepartment(_OfAssertions):
    """Offline: `cardsvc.client.AssertionVerifier` with the published keys."""

    name = "assertion, offline"
    names = {**_OfAssertions.names, "service": ("balance", "refund", "x")}  # noqa: RUF012

    @cached_property
    def _verifier(self) -> AssertionVerifier:
        jwks = self.world.city.http().get("/.well-known/jwks.json").json()
        return AssertionVerifier(BASE_URL, department_audience(DEPARTMENT), StaticJwks(jwks), self.world.city.clock)

    def accepts(self, session: Session, text: str) -> bool:
        try:
            self._verifier.verify(text, service=SERVICE, level=Level.TAP)
        except RefusedOffline:
            return False
        return True


class AtTheService(_OfAssertions):
    """Online: what the department asks at ``POST /v1/verifications``."""

    name = "assertion, online"

    @cached_property
    def _department(self) -> Any:
        return self.world.city.principal(DEPARTMENT)

    def accepts(self, session: Session, text: str) -> bool:
        now = self.world.city.clock()
        verdict = self.world.services.judge.verify(session, text, actor=self._department, now=now)
        return not isinstance(verdict, AssertionRefused)

    def request(self, client: httpx.Client, text: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.world.department.access_token()}"}
        return client.post("/v1/verifications", json={"assertion": text}, headers=headers)


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
        public, issuer = self._next.as_dict(private=False), self.world.services.settings.issuer
        with session.begin_nested() as changed:
            try:
                change_own_key(session, KIOSK, public, text, issuer=issuer, now=self.world.city.clock())
            except KeyChangeRefused:
                return False
            changed.rollback()
        return True


class AtTheGate(Reader):
    """Status lists, as a kiosk or a department reads them offline."""

    name = "status list"
    type = STATUS_LIST_TYP
    _uri = f"{BASE_URL}/status-lists/1"

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in _TOKEN_KEYS if name is not KeyName.STATUS_LIST}
        return Scene(
            key=world.service_key(KeyName.STATUS_LIST),
            rivals=self.rivals(KIOSK, DEPARTMENT, **others),
            strangers=(world.kiosk.access_token(), world.assertion()),
            names={"sub": (f"{BASE_URL}/status-lists/2", "https://evil.example/status-lists/1")},
            limits=frozenset(),
        )

    def claims(self, random: Random) -> dict[str, Any]:
        statuses = PackedStatuses.pack(random.choices((0, 1, 2), k=64))
        times = {"iat": self.now, "exp": self.now + 3600, "ttl": 60}
        return {"sub": self._uri, "status_list": statuses.to_claim(), **times}

    def accepts(self, session: Session, text: str) -> bool:
        key = ECKey.import_key(self.scene.key.public_key())
        try:
            StatusListToken.read(text, key, uri=self._uri, now=self.now)
        except StatusListRefused:
            return False
        return True


class AtTheArchive(Reader):
    """Evidence of a verification, checked offline with the city's root certificate."""

    name = "evidence"
    type = EVIDENCE_TYP
    attacks = (*ATTACKS, *on_certificates.attack.attacks)

    @cached_property
    def _genuine(self) -> str:
        answer = self.world.department.verify(self.world.assertion())
        if answer.evidence is None:
            raise ValueError("a verification without evidence")
        return answer.evidence

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in _TOKEN_KEYS if name is not KeyName.EVIDENCE}
        return Scene(
            key=world.service_key(KeyName.EVIDENCE),
            rivals=self.rivals(KIOSK, DEPARTMENT, **others),
            strangers=(world.kiosk.access_token(), world.assertion(), client_assertion(world, KIOSK, self.name)),
            names={"aud": (department_audience(OTHER_DEPARTMENT), DEPARTMENT, BASE_URL)},
            limits=frozenset(),
            chains=chains_of(world, self._genuine),
        )

    def claims(self, random: Random) -> dict[str, Any]:
        return _claims_of(self._genuine)

    def fresh(self, random: Random) -> Draft:
        draft = super().fresh(random)
        draft.header["x5c"] = list(self.scene.chains.genuine)
        return draft

    def accepts(self, session: Session, text: str) -> bool:
        root = self.world.services.authority.root
        try:
            EvidenceVerifier([root], audience=department_audience(DEPARTMENT)).verify_statement(text)
        except EvidenceRefused:
            return False
        return True


def _claims_of(text: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(unb64(text.split(".")[1]))
    return claims


READERS: Final[tuple[type[Reader], ...]] = (
    AtTheTokenEndpoint,
    AtTheDoor,
    AtTheDepartment,
    AtTheService,
    AtTheKeyDesk,
    AtTheGate,
    AtTheArchive,
)
