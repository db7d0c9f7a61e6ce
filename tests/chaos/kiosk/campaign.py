"""``make chaos-kiosk``: a kiosk killed, and cut off, before and after every request of a visit; takes some minutes.

Without a network there are no requests: it is killed on every screen.
"""

from __future__ import annotations

import pytest

from kiosk.departments.environment import department as environment
from tests.fixtures.mortal_kiosk import Quarter, When
from tests.integration.kiosk.test_killed import (
    BALANCE,
    CHECK,
    PAY,
    POINTS_POLICY,
    WITHOUT_A_NETWORK,
    Errand,
    case,
    clock,
    quarter,
    test_cut_off_in_a_visit,
    test_killed_in_a_visit,
    test_killed_in_a_visit_without_a_network,
)

__all__ = ["clock", "quarter"]

SIGNING = ("/v1/signature-requests", "/v1/signatures", "/services/pay-fee/prepare", "/services/pay-fee")
STEPS = (
    (CHECK, ("/v1/authentications", "/oauth/token", "/services/clinic-check-in")),
    (BALANCE, ("/v1/authentications", "/oauth/token", "/services/purse-balance")),
    (PAY, ("/v1/authentications", "/oauth/token", *SIGNING)),
)
EVERY = [case(errand, path, when) for errand, paths in STEPS for path in paths for when in When]


@pytest.mark.parametrize(("quarter", "errand", "path", "when"), EVERY, indirect=["quarter"])
def test_killed_at_every_step(quarter: Quarter, errand: Errand, path: str, when: When) -> None:
    test_killed_in_a_visit(quarter, errand, path, when)


@pytest.mark.parametrize(("quarter", "errand", "path", "when"), EVERY, indirect=["quarter"])
def test_cut_off_at_every_step(quarter: Quarter, errand: Errand, path: str, when: When) -> None:
    test_cut_off_in_a_visit(quarter, errand, path, when)


@pytest.mark.parametrize("quarter", [(environment, POINTS_POLICY)], indirect=True, ids=["environment"])
@pytest.mark.parametrize("screen", [*WITHOUT_A_NETWORK, "hold-again", "done"])
def test_killed_at_every_step_without_a_network(quarter: Quarter, screen: str) -> None:
    test_killed_in_a_visit_without_a_network(quarter, screen)
