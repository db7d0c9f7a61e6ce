"""Officers, roles, offices and callers over HTTP, on both databases: two people for a role, one to take it away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.repository import find_by_client_id
from cardsvc.callers.scopes import SCOPES_OF_KIND, SCOPES_OF_ROLE
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.wire import jose
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import (
    KEY_CHANGE_TYP,
    CallerChange,
    CallerRequest,
    OfficerChange,
    OfficerRequest,
    Role,
)
from cardsvc.wire.people import Purpose, SearchRequest
from cardsvc.wire.scopes import Scope
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.refusals import refused


def jwk(key: ECKey | None = None) -> dict[str, Any]:
    return dict((key or ECKey.generate_key("P-256")).as_dict(private=False))


class Town:
    """Two administrators, and a new officer without a role."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.ana = city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        self.bo = city.caller("bo", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        self.cy = self.officer("cy")

    def officer(self, name: str) -> ServiceClient:
        key = ECKey.generate_key("P-256")
        self.city.keys[name] = key
        self.ana.add_officer(OfficerRequest(client_id=name, title=name, public_jwk=jwk(key)))
        return self.city.client(name)

    def own_key(self, name: str) -> None:
        """Their own from now on: whoever let them in may have had a copy of the first one."""
        key = ECKey.generate_key("P-256")
        self.city.client(name).rotate_key(key)
        self.city.keys[name] = key

    def give(self, name: str, role: Role) -> None:
        grant = self.ana.request_role(name, role, "new here")
        assert grant.approval is not None
        self.bo.approve_request(grant.approval.id)
        self.ana.grant_role(grant.id)

    def row(self, name: str) -> Caller:
        with reading(self.city.services.sessions) as session:
            found = find_by_client_id(session, name)
            assert found is not None
            return found


@pytest.fixture
def town(city: City) -> Town:
    return Town(city)


@pytest.fixture
def sqlite_town(sqlite_city: City) -> Town:
    return Town(sqlite_city)


def search(client: ServiceClient) -> None:
    client.search_people(SearchRequest(purpose=Purpose.APPLICATION, name="nobody"))


def test_every_permission_of_officers_comes_with_some_role_and_no_role_with_all() -> None:
    assert set(SCOPES_OF_ROLE) == set(Role)
    assert frozenset().union(*SCOPES_OF_ROLE.values()) == SCOPES_OF_KIND[CallerKind.OFFICER]
    assert Scope.AUTHENTICATE not in SCOPES_OF_KIND[CallerKind.OFFICER]
    for role in Role:
        assert not {Scope.APPLICATIONS_WRITE, Scope.APPLICATIONS_APPROVE} <= SCOPES_OF_ROLE[role], role
        assert not {Scope.STOCK_WRITE, Scope.CARDS_PERSONALISE} <= SCOPES_OF_ROLE[role], role
    assert SCOPES_OF_ROLE[Role.AUDITOR] == {Scope.AUDIT_READ}


def test_a_new_officer_can_do_nothing_until_two_people_have_given_a_role(town: Town) -> None:
    assert refused(search, town.cy) == ("insufficient-scope", 403)
    grant = town.ana.request_role("cy", Role.CLERK, "new at the counter")
    assert refused(town.ana.grant_role, grant.id) == ("not-approved", 403)
    assert grant.approval is not None
    assert refused(town.ana.approve_request, grant.approval.id) == ("same-person", 403)
    town.bo.approve_request(grant.approval.id)
    assert refused(town.bo.grant_role, grant.id) == ("same-person", 403)
    assert town.ana.grant_role(grant.id).roles == [Role.CLERK]
    search(town.city.client("cy"))
    assert refused(town.ana.grant_role, grant.id) == ("approval-spent", 409)
    (entry,) = town.city.audit("role.grant")
    assert (entry.actor, entry.detail["approved_by"], entry.detail["role"]) == ("ana", "bo", "clerk")


def test_nobody_has_a_part_in_their_own_role(town: Town) -> None:
    assert refused(town.ana.request_role, "ana", Role.AUDITOR, "for me") == ("recipient-decides", 403)
    grant = town.ana.request_role("bo", Role.AUDITOR, "for bo")
    assert grant.approval is not None
    assert refused(town.bo.approve_request, grant.approval.id) == ("recipient-decides", 403)
    assert town.row("bo").roles == ("administrator",)
    assert {entry.outcome for entry in town.city.audit("request")} == {"recipient-decides"}


def test_two_names_of_one_person_do_not_make_two_people(town: Town) -> None:
    resident = town.city.card().citizen_id
    for name in ("bo", "cy"):
        town.ana.change_officer(name, OfficerChange(citizen_id=resident))
    grant = town.ana.request_role("cy", Role.SUPERVISOR, "bo knows them well")
    assert grant.approval is not None
    assert refused(town.bo.approve_request, grant.approval.id) == ("recipient-decides", 403)


def test_the_residents_whom_officers_are_do_not_change(town: Town) -> None:
    """Else an administrator with two names makes two people of them, or a colleague somebody else."""
    resident, other = town.city.card().citizen_id, town.city.card().citizen_id
    for name in ("ana", "cy"):
        town.bo.change_officer(name, OfficerChange(citizen_id=resident))
    assert refused(town.ana.change_officer, "cy", OfficerChange(citizen_id=other)) == ("recipient-decides", 403)
    assert refused(town.bo.change_officer, "cy", OfficerChange(citizen_id=other)) == ("resident-known", 409)
    assert town.bo.change_officer("cy", OfficerChange(citizen_id=resident, title="Cy")).citizen_id == resident
    assert town.row("ana").citizen_id == resident


def test_whoever_let_an_officer_in_is_no_second_person_until_the_key_was_changed(town: Town) -> None:
    town.give("cy", Role.ADMINISTRATOR)
    town.city.caller("ed", CallerKind.OFFICER)

    def asked(client: ServiceClient, role: Role) -> UUID:
        grant = client.request_role("ed", role, "new here")
        assert grant.approval is not None
        return grant.approval.id

    for role, client in ((Role.CLERK, town.ana), (Role.AUDITOR, town.cy)):
        town.ana.withdraw_role("ed", role)
        approver = town.cy if client is town.ana else town.ana
        asked_for = asked(client, role)
        assert refused(approver.approve_request, asked_for) == ("same-person", 403)
        town.bo.approve_request(asked_for)

    town.own_key("cy")
    town.ana.withdraw_role("ed", Role.SUPERVISOR)
    town.city.client("cy").approve_request(asked(town.ana, Role.SUPERVISOR))


def test_the_first_key_that_officers_were_let_in_with_ends_when_they_change_it(town: Town) -> None:
    """Else whoever kept a copy changes it in their place, and they do not notice."""
    town.give("cy", Role.CLERK)
    first, second, third = town.city.client("cy"), ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    with pytest.raises(ServiceProblem, match="key-overlap-refused"):
        first.rotate_key(second, timedelta(minutes=1))
    assert town.row("cy").keyed_by == "ana"
    first.rotate_key(second)
    assert refused(town.city.client("cy").access_token) == ("client-refused", 401)
    town.city.client("cy", second).rotate_key(third, timedelta(minutes=1))
    assert town.row("cy").keyed_by is None


def test_of_many_who_let_the_same_officer_in_at_once_one_does(town: Town) -> None:
    together, key = Barrier(4), dict(ECKey.generate_key("P-256").as_dict(private=False))

    def let_in(client: ServiceClient) -> str:
        together.wait()
        try:
            return client.add_officer(OfficerRequest(client_id="di", title="Di", public_jwk=key)).client_id
        except ServiceProblem as error:
            return error.problem.code

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(let_in, [town.ana, town.bo] * 2))
    assert said == [*["caller-exists"] * 3, "di"]


def test_nobody_says_that_they_are_another_resident(town: Town) -> None:
    """Who could do that would decide about their own card."""
    resident, other = town.city.card().citizen_id, town.city.card().citizen_id
    assert refused(town.bo.change_officer, "bo", OfficerChange(citizen_id=other)) == ("recipient-decides", 403)
    town.ana.change_officer("bo", OfficerChange(citizen_id=resident))
    assert town.row("bo").citizen_id == resident
    assert town.bo.change_officer("bo", OfficerChange(title="Bo the elder")).title == "Bo the elder"


def test_whoever_asked_for_a_role_does_not_approve_it_when_a_colleague_asks_again(town: Town) -> None:
    grant = town.ana.request_role("cy", Role.AUDITOR, "may read")
    assert grant.approval is not None
    town.ana.refuse_request(grant.approval.id, "asked too soon")
    again = town.bo.request_approval(ApprovalKind.ROLE_GRANT, grant.id, "as ana asked")
    assert refused(town.ana.approve_request, again.id) == ("same-person", 403)


def test_an_approval_is_for_one_role(town: Town) -> None:
    small = town.ana.request_role("cy", Role.AUDITOR, "may read")
    large = town.ana.request_role("cy", Role.ADMINISTRATOR, "may do more")
    assert small.approval is not None
    town.bo.approve_request(small.approval.id)
    assert refused(town.ana.grant_role, large.id) == ("not-approved", 403)
    town.city.clock.advance(days=2)
    assert refused(town.ana.grant_role, small.id) == ("approval-expired", 410)
    assert refused(town.ana.grant_role, uuid4()) == ("no-such-role-grant", 404)


def test_a_clerk_gives_nobody_a_role(town: Town) -> None:
    town.give("cy", Role.CLERK)
    clerk = town.city.client("cy")
    for call in (clerk.officers, clerk.callers, clerk.offices):
        assert refused(call) == ("insufficient-scope", 403)
    assert refused(clerk.request_role, "bo", Role.CLERK, "x") == ("insufficient-scope", 403)
    assert refused(town.ana.request_role, "cy", Role.CLERK, "again") == ("role-held", 409)
    assert refused(town.ana.request_role, "nobody", Role.CLERK, "x") == ("caller-unknown", 404)


def test_a_role_is_taken_away_at_once(town: Town) -> None:
    town.give("cy", Role.CLERK)
    clerk = town.city.client("cy")
    search(clerk)
    assert town.bo.withdraw_role("cy", Role.CLERK).roles == []
    assert refused(search, clerk) == ("insufficient-scope", 403)
    assert refused(town.bo.withdraw_role, "cy", Role.CLERK) == ("role-not-held", 409)


def test_putting_an_officer_out_ends_their_sessions_at_once(town: Town) -> None:
    town.give("cy", Role.CLERK)
    clerk = town.city.client("cy")
    search(clerk)
    token = clerk.access_token()
    assert town.ana.disable_officer("cy").disabled_at == town.city.clock()
    answer = town.city.http().get(f"/v1/cards/{uuid4()}", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:citizen-card:problem:invalid-token")
    assert (
        town.city.transport.open_websocket(
            f"/v1/cards/{uuid4()}/relay", {"Authorization": f"Bearer {token}"}
        ).status_code
        == 401
    )
    assert refused(town.city.client("cy").access_token) == ("client-refused", 401)
    assert refused(town.ana.request_role, "cy", Role.CLERK, "back") == ("caller-disabled", 409)
    assert refused(town.ana.change_officer, "cy", OfficerChange(title="x")) == ("caller-disabled", 409)


def test_a_role_that_was_approved_before_an_officer_was_put_out_is_not_given(town: Town) -> None:
    grant = town.ana.request_role("cy", Role.CLERK, "new")
    assert grant.approval is not None
    town.bo.approve_request(grant.approval.id)
    town.ana.disable_officer("cy")
    assert refused(town.ana.grant_role, grant.id) == ("caller-disabled", 409)


def test_the_last_administrator_stays(town: Town) -> None:
    town.ana.withdraw_role("bo", Role.ADMINISTRATOR)
    assert refused(town.ana.withdraw_role, "ana", Role.ADMINISTRATOR) == ("last-administrator", 409)
    assert refused(town.ana.disable_officer, "ana") == ("last-administrator", 409)
    town.ana.disable_officer("bo")
    assert town.row("ana").disabled_at is None


def test_of_two_administrators_who_put_each_other_out_one_stays(town: Town) -> None:
    barrier = Barrier(2)

    def put_out(client: ServiceClient, other: str) -> bool:
        client.access_token()
        barrier.wait(10)
        try:
            client.disable_officer(other)
        except ServiceProblem:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(put_out, (town.ana, town.bo), ("bo", "ana")))
    assert sum(done) == 1
    assert [town.row(name).disabled_at is None for name in ("ana", "bo")].count(True) == 1


def test_officers_are_listed_and_changed(town: Town) -> None:
    town.ana.open_office("hengqin-1", "Hengqin service hall")
    town.give("cy", Role.STOCK_KEEPER)
    changed = town.ana.change_officer("cy", OfficerChange(title="Cy", office="hengqin-1"))
    assert (changed.title, changed.office, changed.roles) == ("Cy", "hengqin-1", [Role.STOCK_KEEPER])
    assert [officer.client_id for officer in town.ana.officers()] == ["ana", "bo", "cy"]
    assert refused(town.ana.change_officer, "cy", OfficerChange(office="nowhere")) == ("no-such-office", 404)
    assert refused(town.ana.change_officer, "cy", OfficerChange(citizen_id=uuid4())) == ("no-such-citizen", 404)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_id": "ana"}, "caller-exists"),
        ({"public_jwk": {"kty": "oct", "k": "AAAA"}}, "unusable-key"),
        ({"public_jwk": dict(ECKey.generate_key("P-256").as_dict(private=True))}, "unusable-key"),
        ({"office": "nowhere"}, "no-such-office"),
        ({"citizen_id": str(UUID(int=1))}, "no-such-citizen"),
        ({"client_id": "Not A Name"}, "invalid-request"),
        ({"title": "x" * 101}, "invalid-request"),
        ({"title": "  "}, "invalid-request"),
        ({"roles": ["administrator"]}, "invalid-request"),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_officers_who_cannot_be(sqlite_town: Town, changed: dict[str, Any], code: str) -> None:
    body = {"client_id": "di", "title": "Di", "public_jwk": jwk()} | changed
    headers = {"Authorization": f"Bearer {sqlite_town.ana.access_token()}"}
    answer = sqlite_town.city.http().post("/v1/officers", json=body, headers=headers)
    assert answer.json()["type"] == f"urn:citizen-card:problem:{code}"
    assert [entry.outcome for entry in sqlite_town.city.audit("request")] == [code]


def test_an_office_is_closed_when_nobody_works_there(town: Town) -> None:
    town.ana.open_office("taipa", "Taipa")
    assert refused(town.ana.open_office, "taipa", "again") == ("office-exists", 409)
    town.ana.change_officer("cy", OfficerChange(office="taipa"))
    assert refused(town.ana.close_office, "taipa") == ("office-in-use", 409)
    town.ana.disable_officer("cy")
    assert town.ana.close_office("taipa").closed_at == town.city.clock()
    assert refused(town.ana.close_office, "taipa") == ("no-such-office", 404)
    assert refused(town.ana.open_office, "taipa", "again") == ("office-exists", 409)
    assert [office.code for office in town.ana.offices()] == ["taipa"]


def test_an_office_gets_another_title_and_keeps_its_code(town: Town) -> None:
    town.ana.open_office("taipa", "Taipa")
    assert town.ana.change_office("taipa", "Taipa citizens' hall").title == "Taipa citizens' hall"
    assert [(office.code, office.title) for office in town.ana.offices()] == [("taipa", "Taipa citizens' hall")]
    (entry,) = town.city.audit("office.change")
    assert (entry.actor, entry.detail) == ("ana", {"office": "taipa", "changed": ["title"]})
    town.ana.close_office("taipa")
    assert refused(town.ana.change_office, "taipa", "again") == ("no-such-office", 404)
    assert refused(town.ana.change_office, "nowhere", "anything") == ("no-such-office", 404)
    assert refused(town.cy.change_office, "taipa", "mine") == ("insufficient-scope", 403)
    refusals = [(entry.actor, entry.outcome) for entry in town.city.audit("request")]
    assert refusals == [("ana", "no-such-office"), ("ana", "no-such-office"), ("cy", "insufficient-scope")]


def kiosk(name: str = "kiosk-1", **changed: Any) -> CallerRequest:
    return CallerRequest.model_validate(
        {"client_id": name, "kind": "kiosk", "title": "Town hall", "public_jwk": jwk()} | changed
    )


def test_kiosks_and_desks_are_let_in_changed_and_shut_out(town: Town) -> None:
    key = ECKey.generate_key("P-256")
    town.ana.open_office("taipa", "Taipa")
    added = town.ana.add_caller(kiosk(public_jwk=jwk(key), office="taipa"))
    assert added.scopes == ["authenticate", "fleet:report", "revocations:read"]
    assert (added.office, added.thumbprint) == ("taipa", key.thumbprint())
    client = town.city.client("kiosk-1", key)
    client.challenges(Level.TAP)
    assert town.ana.change_caller("kiosk-1", CallerChange(title="Hall 2")).title == "Hall 2"
    town.ana.disable_caller("kiosk-1")
    assert refused(client.challenges, Level.TAP) == ("client-refused", 401)
    assert [caller.client_id for caller in town.ana.callers()] == ["ana", "bo", "cy", "kiosk-1"]


def test_callers_that_cannot_be(sqlite_town: Town) -> None:
    ana = sqlite_town.ana
    assert refused(ana.add_caller, kiosk(kind="officer")) == ("caller-kind-refused", 422)
    assert refused(ana.add_caller, kiosk(kind="department")) == ("caller-kind-refused", 422)
    assert refused(ana.add_caller, kiosk(scopes=["cards:revoke"])) == ("scope-not-allowed", 422)
    assert refused(ana.add_caller, kiosk("bo")) == ("caller-exists", 409)
    assert refused(ana.disable_caller, "bo") == ("caller-unknown", 404)  # officers are for `disable_officer`
    assert refused(ana.change_caller, "bo", CallerChange(title="x")) == ("caller-unknown", 404)
    assert refused(ana.replace_key, "bo", jwk()) == ("caller-unknown", 404)


def test_a_former_key_is_refused_everywhere(town: Town) -> None:
    card, old = town.city.card(), town.city.caller("kiosk-1")
    (challenge,) = old.challenges(Level.TAP)
    visit = old.authenticate(card.prove(challenge))
    token = old.access_token()
    key = ECKey.generate_key("P-256")
    assert town.ana.replace_key("kiosk-1", jwk(key)).thumbprint == key.thumbprint()
    headers = {"Authorization": f"Bearer {token}"}
    assert town.city.http().post("/v1/challenges", json={"level": "tap"}, headers=headers).status_code == 401
    assert refused(town.city.client("kiosk-1").access_token) == ("client-refused", 401)
    new = town.city.client("kiosk-1", key)
    new.challenges(Level.TAP)
    assert refused(new.own_access_history, visit.visit_token) == ("visit-foreign", 403)
    (entry,) = town.city.audit("caller.key")
    assert (entry.actor, entry.detail["present"]) == ("ana", key.thumbprint())


def test_nobody_is_given_a_key_of_somebody_else(sqlite_town: Town) -> None:
    sqlite_town.city.caller("kiosk-1")
    sqlite_town.city.caller("kiosk-2")
    taken = jwk(sqlite_town.city.keys["kiosk-2"])
    assert refused(sqlite_town.ana.replace_key, "kiosk-1", taken) == ("caller-exists", 409)
    assert refused(sqlite_town.ana.replace_key, "kiosk-1", {"kty": "EC"}) == ("unusable-key", 422)
    sqlite_town.ana.disable_caller("kiosk-1")
    assert refused(sqlite_town.ana.replace_key, "kiosk-1", jwk()) == ("caller-disabled", 409)


@pytest.mark.parametrize("name", ["ana", "kiosk-1"])
def test_everybody_changes_their_own_key(town: Town, name: str) -> None:
    town.city.caller("kiosk-1")
    client, key = town.city.client(name), ECKey.generate_key("P-256")
    before = client.access_token()
    assert client.rotate_key(key).thumbprint == key.thumbprint()
    assert client.access_token() != before  # the same client goes on
    assert refused(town.city.client(name).access_token) == ("client-refused", 401)
    town.city.client(name, key).access_token()


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "bo"},
        {"aud": "https://other.example"},
        {"jkt": "another"},
        {"iat": None},
        {"exp": None},
        {"exp": True},
        {"typ": "JWT"},
        {"later": 600},
        {"exp": 10**12},
        {"signer": "bo"},
    ],
    ids=str,
)
def test_a_stolen_token_changes_no_key(sqlite_town: Town, changed: dict[str, Any]) -> None:
    """The change is signed with the present key, for the new one."""
    city, key = sqlite_town.city, ECKey.generate_key("P-256")
    now = int(city.clock().timestamp())
    claims = {"iss": "ana", "aud": BASE_URL, "iat": now, "exp": now + 60, "jkt": key.thumbprint()}
    claims |= {name: value for name, value in changed.items() if name in claims}
    typ = str(changed.get("typ", KEY_CHANGE_TYP))
    proof = jose.sign(claims, city.keys[str(changed.get("signer", "ana"))], typ=typ)
    city.clock.now += timedelta(seconds=int(changed.get("later", 0)))
    headers = {"Authorization": f"Bearer {city.client('ana').access_token()}"}
    answer = city.http().post("/v1/key", json={"public_jwk": jwk(key), "proof": proof}, headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "key-change-refused")
    assert sqlite_town.row("ana").thumbprint == city.keys["ana"].thumbprint()


def test_an_officer_row_without_roles_gives_nothing(sqlite_town: Town) -> None:
    """Scopes in an officer's row, from an older version or somebody's hand, count for nothing."""
    with transaction(sqlite_town.city.services.sessions) as session:
        row = find_by_client_id(session, "cy")
        assert row is not None
        row.scopes = sorted(Scope)
    assert refused(search, sqlite_town.cy) == ("insufficient-scope", 403)
