"""Callers are registered with one key each and within the bounds of their kind; disabling shuts them out."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey

from cardsvc.audit.models import AuditRecord
from cardsvc.callers.errors import CallerExists, CallerUnknown, ScopeNotAllowed, UnusableKey
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import principal_of
from cardsvc.callers.scopes import SCOPES_OF_KIND, SCOPES_OF_ROLE, scopes_of_roles
from cardsvc.callers.service import disable_caller, register_caller
from cardsvc.db import reading, transaction
from cardsvc.services import Services
from cardsvc.wire.officers import Role
from cardsvc.wire.scopes import Scope
from tests.fixtures.services import NOW


def jwk() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256").as_dict(private=False))


def register(services: Services, client_id: str = "kiosk-1", **changed: Any) -> Caller:
    options: dict[str, Any] = {"kind": CallerKind.KIOSK, "title": "Town hall", "public_jwk": jwk(), "actor": "ceremony"}
    with transaction(services.sessions) as session:
        return register_caller(session, client_id=client_id, now=NOW, **(options | changed))


def test_a_caller_holds_all_its_kind_may_and_names_itself(sqlite_services: Services) -> None:
    key = jwk() | {"kid": "whatever", "use": "sig"}

    caller = register(sqlite_services, public_jwk=key)

    assert caller.scopes == ["authenticate", "fleet:report", "revocations:read"]
    assert caller.audience == "kiosk-1"
    assert set(caller.public_jwk) == {"kty", "crv", "x", "y"}
    assert caller.thumbprint == ECKey.import_key(caller.public_jwk).thumbprint()


def test_registering_is_recorded(sqlite_services: Services) -> None:
    register(sqlite_services, actor="ana")

    with reading(sqlite_services.sessions) as session:
        entry = session.query(AuditRecord).one()
    assert (entry.event, entry.outcome, entry.actor) == ("caller.register", "ok", "ana")
    assert entry.detail == {"client_id": "kiosk-1", "kind": "kiosk"}


def test_fewer_scopes_may_be_registered(sqlite_services: Services) -> None:
    caller = register(sqlite_services, "desk-1", kind=CallerKind.DESK, scopes=["cards:read"])

    assert caller.scopes == ["cards:read"]
    assert principal_of(caller).scopes == {Scope.CARDS_READ}


def test_an_officer_has_roles_and_no_scopes(sqlite_services: Services) -> None:
    nobody = register(sqlite_services, "cy", kind=CallerKind.OFFICER)
    auditor = register(sqlite_services, "di", kind=CallerKind.OFFICER, roles=[Role.AUDITOR, Role.STOCK_KEEPER])

    assert principal_of(nobody).scopes == frozenset()
    assert principal_of(auditor).scopes == SCOPES_OF_ROLE[Role.AUDITOR] | SCOPES_OF_ROLE[Role.STOCK_KEEPER]
    with pytest.raises(ScopeNotAllowed):
        register(sqlite_services, "ed", kind=CallerKind.OFFICER, scopes=["audit:read"])


def test_a_role_that_is_not_known_any_more_gives_nothing() -> None:
    assert scopes_of_roles(["mayor"]) == frozenset()
    assert scopes_of_roles(["mayor", "auditor"]) == {Scope.AUDIT_READ}


@pytest.mark.parametrize("kind", list(CallerKind))
def test_no_kind_may_register_a_scope_of_another(sqlite_services: Services, kind: CallerKind) -> None:
    with pytest.raises(ScopeNotAllowed) as refused:
        register(sqlite_services, kind=kind, scopes=[scope.value for scope in Scope])

    held_by_kind = frozenset() if kind is CallerKind.OFFICER else SCOPES_OF_KIND[kind]
    assert refused.value.data["scopes"] == sorted(frozenset(Scope) - held_by_kind)


def test_who_issues_cards_cannot_begin_visits_and_who_begins_visits_cannot_issue() -> None:
    assert Scope.AUTHENTICATE not in SCOPES_OF_KIND[CallerKind.OFFICER]
    assert SCOPES_OF_KIND[CallerKind.KIOSK] == {Scope.AUTHENTICATE, Scope.FLEET_REPORT, Scope.REVOCATIONS_READ}
    assert Scope.AUTHENTICATE not in SCOPES_OF_KIND[CallerKind.DEPARTMENT]
    assert frozenset().union(*SCOPES_OF_KIND.values()) == frozenset(Scope)
    assert set(SCOPES_OF_KIND) == set(CallerKind)


def test_a_name_belongs_to_one_caller(sqlite_services: Services) -> None:
    register(sqlite_services)

    with pytest.raises(CallerExists):
        register(sqlite_services)


def test_a_key_belongs_to_one_caller(sqlite_services: Services) -> None:
    key = jwk()
    register(sqlite_services, public_jwk=key)

    with pytest.raises(CallerExists):
        register(sqlite_services, "kiosk-2", public_jwk=key | {"kid": "another name"})


@pytest.mark.parametrize(
    "key",
    [
        ECKey.generate_key("P-256").as_dict(private=True),
        ECKey.generate_key("P-384").as_dict(private=False),
        {"kty": "oct", "k": "AAAA"},
        {},
    ],
    ids=["private", "another curve", "symmetric", "empty"],
)
def test_only_public_keys_on_p256_are_registered(sqlite_services: Services, key: dict[str, Any]) -> None:
    with pytest.raises(UnusableKey):
        register(sqlite_services, public_jwk=key)


@pytest.mark.parametrize("name", ["", "Kiosk", "-x", "a b", "x" * 65, "a/b", "kiosk\n"])
def test_names_are_plain(sqlite_services: Services, name: str) -> None:
    with pytest.raises(ValueError, match="client id"):
        register(sqlite_services, name)


def test_disabling_is_recorded_once_and_keeps_its_time(sqlite_services: Services) -> None:
    register(sqlite_services)

    for _ in range(2):
        with transaction(sqlite_services.sessions) as session:
            assert disable_caller(session, "kiosk-1", actor="ana", now=NOW).disabled_at == NOW

    with reading(sqlite_services.sessions) as session:
        assert session.query(AuditRecord).filter_by(event="caller.disable").count() == 1


def test_who_is_not_there_cannot_be_disabled(sqlite_services: Services) -> None:
    with transaction(sqlite_services.sessions) as session, pytest.raises(CallerUnknown):
        disable_caller(session, "nobody", actor="ana", now=NOW)
