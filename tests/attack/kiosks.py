"""What makes a kiosk: the proof of the key that it is enrolled with, and the package that it goes on with alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from random import Random
from typing import Any, Final

from joserfc.jwk import ECKey
from pydantic import ValidationError
from sqlalchemy.orm import Session

from cardsvc.db import transaction
from cardsvc.errors import ServiceError
from cardsvc.fleet.codes import digest_of
from cardsvc.fleet.enrolling import add_kiosk, enrol
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.fleet import ENROLMENT_TYP, EnrolmentRequest, KioskRequest
from cardsvc.wire.offline_taps import PACKAGE_TYP
from kiosk.offline.readiness import measure
from kiosk.offline.supplies import Supplies, SuppliesRefused, check_package
from tests.attack.certified import CertifiedReader
from tests.attack.jws import b64, private, thumbprint
from tests.attack.scene import Scene
from tests.attack.tokens import ELSEWHERE, Reader, client_assertion
from tests.attack.world import DESK, KIOSK, OFFLINE_DEPARTMENT, OFFLINE_SERVICE, OTHER_KIOSK
from tests.fixtures.proofs import BASE_URL, City

OFFERED: Final = (OFFLINE_DEPARTMENT, OFFLINE_SERVICE)


class AtTheKiosk(CertifiedReader):
    """The package that a kiosk without its network goes by, checked with the city's root certificate."""

    name = "offline package"
    type = PACKAGE_TYP
    known = (KIOSK, OTHER_KIOSK)
    audiences = (OTHER_KIOSK, DESK, OFFLINE_DEPARTMENT, BASE_URL)

    @cached_property
    def genuine(self) -> str:
        return self.world.kiosk.offline_package()

    def strangers(self) -> tuple[str, ...]:
        world = self.world
        evidence = world.department.verify(world.assertion()).evidence
        others_package = world.city.client(OTHER_KIOSK).offline_package()
        return (evidence or "", others_package, world.assertion(), world.kiosk.access_token())

    def accepts(self, session: Session, text: str) -> bool:
        """Whether a kiosk would take a request by it now."""
        root = self.world.services.authority.root
        try:
            package = check_package(text, root, KIOSK)
        except SuppliesRefused:
            return False
        supplies = Supplies(package, root, (), {}, self.now)
        return OFFERED in measure(supplies, self.now, [OFFERED], None).allowed


class AtTheEnrolment(Reader):
    """Proofs of the key with which a kiosk is enrolled, beside the right code."""

    name = "kiosk enrolment"
    type = ENROLMENT_TYP

    @cached_property
    def _code(self) -> str:
        return make_code(self.world.city, "kiosk-new", b"the kiosk's own")

    @cached_property
    def _key(self) -> ECKey:
        return ECKey.generate_key("P-256")

    @cached_property
    def scene(self) -> Scene:
        world, key = self.world, self._key
        other = make_code(world.city, "kiosk-newer", b"another kiosk's")
        return Scene(
            key=private(key),
            rivals=self.rivals(KIOSK, OTHER_KIOSK, own=world.service_key(KeyName.ACCESS_TOKEN)),
            strangers=(world.kiosk.access_token(), client_assertion(world, KIOSK, self.name), world.assertion()),
            names={
                "aud": (*ELSEWHERE, KIOSK),
                "jkt": (thumbprint(world.key(KIOSK)), thumbprint(world.key(OTHER_KIOSK)), "x"),
                "code_sha256": (b64(digest_of(other)), digest_of(self._code).hex(), self._code),
            },
        )

    def claims(self, random: Random) -> dict[str, Any]:
        times = {"iat": self.now, "exp": self.now + 60 + random.randrange(9)}
        return {"aud": BASE_URL, "jkt": self._key.thumbprint(), "code_sha256": b64(digest_of(self._code)), **times}

    def accepts(self, session: Session, text: str) -> bool:
        city, public = self.world.city, self._key.as_dict(private=False)
        return enrols(city, session, {"code": self._code, "public_jwk": public, "proof": text}, city.clock())


def make_code(city: City, name: str, raw: bytes) -> str:
    """A code for a kiosk that is awaited."""
    asked, now = KioskRequest(client_id=name, title=name), city.clock()
    with transaction(city.services.sessions) as session:
        return add_kiosk(session, asked, raw, actor="ana", now=now).code


def enrols(city: City, session: Session, request: Mapping[str, Any], now: datetime) -> bool:
    """Whether a kiosk would be let in. It is not."""
    with session.begin_nested() as enrolled:
        try:
            enrol(session, EnrolmentRequest.model_validate(request), issuer=city.services.settings.issuer, now=now)
        except (ValidationError, ServiceError):
            return False
        enrolled.rollback()
    return True
