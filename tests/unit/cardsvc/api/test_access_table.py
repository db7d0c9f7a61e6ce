"""Every route with every kind of caller, every role and every scope: let in or refused as the table says."""

from __future__ import annotations

import pytest

from cardsvc.api.access import OPEN_PATHS, scopes_of
from cardsvc.callers.models import CallerKind
from cardsvc.callers.scopes import SCOPES_OF_KIND, SCOPES_OF_ROLE
from cardsvc.wire.officers import Role
from cardsvc.wire.scopes import Scope
from tests.fixtures.access import GUARDED, ROUTES, call, name_of, token_for
from tests.fixtures.access_table import OPEN, ROWS
from tests.fixtures.proofs import City

KINDS = [kind for kind in CallerKind if kind is not CallerKind.OFFICER]
REFUSED = (403, "insufficient-scope")


def let_in(city: City, token: str) -> set[str]:
    """The guarded routes that this token opens. Whatever else is wrong with the request, it is not who asks."""
    answers = {name_of(route): call(city, route, token) for route in GUARDED}
    assert {answer for answer in answers.values() if answer[0] in {401, 403}} <= {REFUSED}
    return {name for name, answer in answers.items() if answer != REFUSED}


def test_every_route_has_a_row() -> None:
    missing = [
        f'    "{name_of(route)}": Row("{" ".join(sorted(scopes_of(route)))}", "<roles>", "<kiosk desk department>"),'
        for route in ROUTES
        if name_of(route) not in ROWS
    ]
    assert not missing, "say in ROWS of tests/fixtures/access_table.py who may call:\n" + "\n".join(missing)
    assert set(ROWS) == {name_of(route) for route in ROUTES}, "a row of tests/fixtures/access_table.py has no route"


def test_the_table_names_scopes_roles_and_callers_that_there_are() -> None:
    for name, row in ROWS.items():
        assert set(row.scopes.split()) <= set(Scope), name
        assert set(row.roles.split()) <= set(Role), name
        assert set(row.others.split()) <= set(KINDS), name


def test_what_is_open_is_so_by_name() -> None:
    assert {name.partition(" ")[2] for name, row in ROWS.items() if row == OPEN} == OPEN_PATHS


@pytest.mark.parametrize("token", [None, "nonsense"])
def test_open_routes_ask_nobody_who_they_are(sqlite_city: City, token: str | None) -> None:
    for route in ROUTES:
        if ROWS[name_of(route)] == OPEN and route.path != "/oauth/token":
            status, _ = call(sqlite_city, route, token)
            assert status not in {401, 403}, name_of(route)
            assert status < 500, name_of(route)


@pytest.mark.parametrize("role", Role)
def test_an_officer_gets_as_far_as_the_role_goes(sqlite_city: City, role: Role) -> None:
    """Whatever the token says."""
    sqlite_city.caller("someone", CallerKind.OFFICER, roles=[role])

    assert let_in(sqlite_city, token_for(sqlite_city, "someone")) == {
        name for name, row in ROWS.items() if role in row.roles.split()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_caller_gets_no_further_than_it_may(sqlite_city: City, kind: CallerKind) -> None:
    sqlite_city.caller("someone", kind)

    assert let_in(sqlite_city, token_for(sqlite_city, "someone")) == {
        name for name, row in ROWS.items() if kind in row.others.split()
    }


def test_an_officer_without_a_role_gets_nowhere(sqlite_city: City) -> None:
    sqlite_city.caller("someone", CallerKind.OFFICER, roles=[])

    assert let_in(sqlite_city, token_for(sqlite_city, "someone")) == set()


@pytest.mark.parametrize("kind", CallerKind)
def test_a_token_gets_no_further_than_its_scope(sqlite_city: City, kind: CallerKind) -> None:
    """Each scope alone, for whoever may hold it."""
    for scope in sorted(SCOPES_OF_KIND[kind]):
        sqlite_city.caller(f"with-{scope.replace(':', '-')}", kind)
        token = token_for(sqlite_city, f"with-{scope.replace(':', '-')}", frozenset({scope}))
        assert let_in(sqlite_city, token) == {name for name, row in ROWS.items() if scope in row.scopes.split()}, scope


def test_every_scope_is_held_by_somebody() -> None:
    assert set(Scope) == frozenset().union(*SCOPES_OF_KIND.values())
    assert SCOPES_OF_KIND[CallerKind.OFFICER] == frozenset().union(*SCOPES_OF_ROLE.values())
