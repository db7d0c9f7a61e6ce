"""Who reads what the service says about people and cards: assertions, status lists, evidence."""

from __future__ import annotations

from functools import cached_property
from random import Random
from typing import Any

import httpx
from joserfc.jwk import ECKey
from sqlalchemy.orm import Session

from cardsvc.authentication.errors import AssertionRefused
from cardsvc.client import AssertionRefused as RefusedOffline
from cardsvc.client import AssertionVerifier, EvidenceRefused, EvidenceVerifier, StaticJwks
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.authentication import ASSERTION_TYP
from cardsvc.wire.evidence import EVIDENCE_TYP
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.status_list import TYP as STATUS_LIST_TYP
from cardsvc.wire.status_list import PackedStatuses, StatusListRefused, StatusListToken
from tests.attack.certified import CertifiedReader
from tests.attack.scene import Scene
from tests.attack.tokens import ELSEWHERE, TOKEN_KEYS, Reader, claims_of, client_assertion
from tests.attack.world import DEPARTMENT, KIOSK, OTHER_DEPARTMENT, SERVICE
from tests.fixtures.proofs import BASE_URL


class _OfAssertions(Reader):
    """Whoever reads assertions."""

    type = ASSERTION_TYP

    @cached_property
    def _genuine(self) -> dict[str, Any]:
        return claims_of(self.world.assertion())

    def claims(self, random: Random) -> dict[str, Any]:
        return dict(self._genuine)

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in TOKEN_KEYS if name is not KeyName.ASSERTION}
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


class AtTheGate(Reader):
    """Status lists, as a kiosk or a department reads them offline."""

    name = "status list"
    type = STATUS_LIST_TYP
    _uri = f"{BASE_URL}/status-lists/1"

    @cached_property
    def scene(self) -> Scene:
        world = self.world
        others = {str(name): world.service_key(name) for name in TOKEN_KEYS if name is not KeyName.STATUS_LIST}
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


class AtTheArchive(CertifiedReader):
    """Evidence of a verification, checked offline with the city's root certificate."""

    name = "evidence"
    type = EVIDENCE_TYP
    known = (KIOSK, DEPARTMENT)
    audiences = (department_audience(OTHER_DEPARTMENT), DEPARTMENT, BASE_URL)

    @cached_property
    def genuine(self) -> str:
        answer = self.world.department.verify(self.world.assertion())
        if answer.evidence is None:
            raise ValueError("a verification without evidence")
        return answer.evidence

    def strangers(self) -> tuple[str, ...]:
        world = self.world
        return (world.kiosk.access_token(), world.assertion(), client_assertion(world, KIOSK, self.name))

    def accepts(self, session: Session, text: str) -> bool:
        root = self.world.services.authority.root
        try:
            EvidenceVerifier([root], audience=department_audience(DEPARTMENT)).verify_statement(text)
        except EvidenceRefused:
            return False
        return True
