"""Counters of the reference departments, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cardsvc.wire.authentication import ASSERTION_TYP, AssertionClaims
from cardsvc.wire.jose import parse
from cardsvc.wire.levels import Level
from kiosk.departments.contract.refusals import AssertionNotAccepted, StepUpNeeded
from kiosk.departments.education import department as education
from kiosk.departments.medical_insurance import department as medical_insurance
from tests.fixtures.departments import ISSUER, CardService, CityTime, Counter, counter


@dataclass
class TmpGate:
    service: CardService
    audience: str

    def admit(self, assertion: str, *, service: str, level: Level, confirm_online: bool) -> AssertionClaims:
        try:
            claims = AssertionClaims.model_validate(parse(assertion).verify(self.service.key, typ=ASSERTION_TYP))
        except ValueError as e:
            raise AssertionNotAccepted("signature") from e
        if (
            claims.iss != ISSUER
            or claims.aud != self.audience
            or claims.service != service
            or claims.exp < self.service.clock().timestamp()
        ):
            raise AssertionNotAccepted("x")
        if claims.acr < level:
            raise StepUpNeeded(level)
        return claims


@pytest.fixture
def service() -> CardService:
    return CardService(CityTime())


@pytest.fixture
def clinic(service: CardService, empty_database_url: str) -> Iterator[Counter]:
    with counter(
        medical_insurance, empty_database_url, service, TmpGate(service, medical_insurance.audience)
    ) as opened:
        yield opened


@pytest.fixture
def library(service: CardService, empty_database_url: str) -> Iterator[Counter]:
    with counter(education, empty_database_url, service, TmpGate(service, education.audience)) as opened:
        yield opened
