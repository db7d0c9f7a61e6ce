"""What kiosks take along for the time without their network, on both databases."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from cardsvc.client import ServiceProblem
from cardsvc.db import reading
from cardsvc.departments.errors import PolicyInvalid
from cardsvc.offline.models import OfflineTap as Row
from cardsvc.retention import feeds
from cardsvc.wire import jose
from cardsvc.wire.offline_taps import (
    PACKAGE_TYP,
    OfflinePackage,
)
from tests.fixtures.booths import DEPARTMENT, SERVICE, Booth
from tests.fixtures.proofs import City


def test_a_package_leads_to_the_root_and_names_what_is_current(booth: Booth) -> None:
    city = booth.city
    city.card()
    token = jose.parse_certified(booth.client.offline_package(), typ=PACKAGE_TYP, max_length=1 << 17)
    signer, issuing = [x509.load_der_x509_certificate(der) for der in token.certificates]
    issuing.verify_directly_issued_by(city.services.authority.root)
    signer.verify_directly_issued_by(issuing)
    package = OfflinePackage.model_validate(token.token.claims)
    assert (package.aud, package.iat) == ("kiosk-1", booth.now())
    assert [base64.b64encode(token.certificates[1]).decode()] == package.issuers
    terms = package.terms(DEPARTMENT, SERVICE)
    assert terms is not None
    assert terms.max_age_seconds == 3600
    assert package.terms(DEPARTMENT, "report") is None
    (current,) = package.status_lists
    assert current.is_of(booth.client.status_list(current.uri))


def test_a_package_is_for_kiosks(sqlite_city: City) -> None:
    department = sqlite_city.department()
    with pytest.raises(ServiceProblem) as caught:
        department.offline_package()
    assert caught.value.problem.status == 403


@pytest.mark.parametrize(
    "rule",
    [
        {"level": "pin", "offline": {"max_age_seconds": 3600}},
        {"level": "sign", "offline": {"max_age_seconds": 3600}},
        {"level": "tap", "attributes": ["district"], "offline": {"max_age_seconds": 3600}},
        {"level": "tap", "offline": {"max_age_seconds": 59}},
        {"level": "tap", "offline": {"max_age_seconds": 72 * 3600 + 1}},
        {"level": "tap", "offline": {}},
    ],
)
def test_a_policy_lets_nothing_else_be_served_without_a_network(sqlite_city: City, rule: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid):
        sqlite_city.department(DEPARTMENT, {"services": {SERVICE: rule}})


def test_rows_go_after_90_days_but_the_newest(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card), booth.tap(card)
    booth.bring()
    with reading(booth.city.services.sessions) as session:
        old = list(session.scalars(feeds.old_taps(booth.city.clock() + timedelta(days=1))))
        assert [session.get_one(Row, tap).sequence for tap in old] == [1]
