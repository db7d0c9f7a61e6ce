"""The desk names the card service's scopes by their own names."""

from __future__ import annotations

from cardsvc.callers.scopes import Scope
from kiosk.desk.permits import Permit


def test_permits_are_scopes() -> None:
    assert {permit.name: permit.value for permit in Permit} == {
        scope.name: scope.value for scope in Scope if scope.name in Permit.__members__
    }
