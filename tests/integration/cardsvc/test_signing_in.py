"""Officers sign in at a desk with their own card, on both databases: what it lets them do, where, and for how long."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from cardsvc.app import create_app
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.scopes import SCOPES_OF_KIND, SCOPES_OF_ROLE
from cardsvc.callers.service import disable_caller
from cardsvc.cli import app
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.clock import system_clock
from cardsvc.db import transaction
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.authentication import ACCESS_TOKEN_TYP, GRANT_TOKEN_EXCHANGE, TOKEN_TYPE_ACCESS, TOKEN_TYPE_VISIT
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.officers import KEY_CHANGE_TYP, OWN_CARD_TYP, OfficerChange, Role
from tests.fixtures.access import caller_row
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City, IssuedCard, begin, say_who_it_is

OFFICER, DESK = "ana", "desk-1"


def refusal(work: Callable[..., Any], *given: Any) -> str:
    with pytest.raises(ServiceProblem) as refused:
        work(*given)
    return refused.value.problem.code


def put_in(city: City, name: str = OFFICER, *, roles: tuple[Role, ...] = (Role.CLERK,)) -> IssuedCard:
    """An officer with these roles, and their card."""
    card = city.card()
    city.caller(name, CallerKind.OFFICER, roles=list(roles))
    say_who_it_is(city, name, card.citizen_id)
    city.client(name).confirm_card(card.uuid)
    return card


@pytest.fixture
def card(city: City) -> IssuedCard:
    """The officer's."""
    return put_in(city)


@pytest.fixture
def desk(city: City) -> ServiceClient:
    return city.caller(DESK, CallerKind.DESK)


def at_desk(city: City, token: str, desk: str = DESK) -> ServiceClient:
    return city.client(desk, visit_token=token)


def sign_in(desk: ServiceClient, **parameters: str) -> Any:
    """What the token endpoint answers to the desk."""
    return desk._credentials.request_token(
        GRANT_TOKEN_EXCHANGE,
        subject_token_type=TOKEN_TYPE_VISIT,
        requested_token_type=TOKEN_TYPE_ACCESS,
        **parameters,
    )


def test_an_officer_does_at_a_desk_what_the_officer_may(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    officer = at_desk(city, begin(desk, card, Level.PIN))

    assert list(officer.applications()) == []
    assert refusal(officer.callers) == "insufficient-scope"

    (entry,) = city.audit("officer.sign-in")
    assert (entry.outcome, entry.actor, entry.citizen_id, entry.card_id) == ("ok", DESK, card.citizen_id, card.id)
    assert entry.detail == {"officer": OFFICER}


def test_what_is_done_is_on_record_as_the_officers(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    at_desk(city, begin(desk, card, Level.PIN)).create_application(city.next_person())
    assert city.audit("application.create")[-1].actor == OFFICER


def test_whoever_calls_can_ask_who_they_are_here(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    standing = at_desk(city, begin(desk, card, Level.PIN)).own_standing()
    assert (standing.client_id, standing.kind, standing.roles) == (OFFICER, CallerKind.OFFICER, [Role.CLERK])
    assert standing == city.client(OFFICER).own_standing()
    assert standing.scopes == sorted(SCOPES_OF_ROLE[Role.CLERK])

    itself = desk.own_standing()
    assert (itself.client_id, itself.kind, itself.roles) == (DESK, CallerKind.DESK, [])
    assert itself.scopes == sorted(SCOPES_OF_KIND[CallerKind.DESK])


def test_the_token_says_who_acts_for_whom_and_is_short(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    answer = sign_in(desk, subject_token=begin(desk, card, Level.PIN), scope="cards:read")

    claims = jose.parse(answer.access_token).claims
    assert (claims["sub"], claims["client_id"], claims["act"]) == (OFFICER, DESK, {"sub": DESK})
    assert (answer.token_type, answer.issued_token_type, answer.scope) == ("Bearer", TOKEN_TYPE_ACCESS, "cards:read")
    assert answer.expires_in == claims["exp"] - claims["iat"] == city.services.settings.visit_idle_seconds


def test_a_token_does_not_outlast_the_visit(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    token = begin(desk, card, Level.PIN)
    left = 24
    for _ in range(8):
        city.clock.advance(seconds=(city.services.settings.visit_seconds - left) / 8)
        desk.keep_visit(token)
    assert sign_in(desk, subject_token=token).expires_in == left


def test_each_exchange_keeps_the_visit(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    token = begin(desk, card, Level.PIN)
    officer = at_desk(city, token)
    for _ in range(3):
        city.clock.advance(seconds=61)
        list(officer.applications())
    city.clock.advance(seconds=91)
    assert refusal(officer.applications) == "visit-ended"


End = Callable[[City, ServiceClient, IssuedCard, str], object]


def put_out(client_id: str) -> End:
    def work(city: City, *_: object) -> None:
        with transaction(city.services.sessions) as session:
            disable_caller(session, client_id, actor="ceremony", now=city.clock())

    return work


def put_card(state: CardState) -> End:
    def work(city: City, _: ServiceClient, card: IssuedCard, __: str) -> None:
        city.put_in_state(card, state)

    return work


def take_out(_: City, desk: ServiceClient, __: IssuedCard, token: str) -> None:
    desk.end_visit(token)


def change_officers_key(city: City, *_: object) -> None:
    city.client(OFFICER).rotate_key(ECKey.generate_key("P-256"))


def take_role(city: City, *_: object) -> None:
    with transaction(city.services.sessions) as session:
        session.get_one(Caller, caller_row(city, OFFICER).id).roles = ()


def change_resident(city: City, *_: object) -> None:
    say_who_it_is(city, OFFICER, city.card().citizen_id)


def change_key(city: City, desk: ServiceClient, *_: object) -> None:
    desk.rotate_key(ECKey.generate_key("P-256"))


ENDS: dict[str, tuple[End, str]] = {
    "the card is taken out": (take_out, "invalid-token"),
    "the card is held": (put_card(CardState.HELD), "invalid-token"),
    "the card is revoked": (put_card(CardState.REVOKED), "invalid-token"),
    "the officer is put out": (put_out(OFFICER), "invalid-token"),
    "the desk is put out": (put_out(DESK), "invalid-token"),
    "the desk has another key": (change_key, "invalid-token"),
    "the officer has another key, and has not confirmed the card again": (change_officers_key, "invalid-token"),
    "the officer is somebody else": (change_resident, "invalid-token"),
    "the officer has lost the role": (take_role, "insufficient-scope"),
}


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_at_once(city: City, desk: ServiceClient, card: IssuedCard, end: str) -> None:
    """The very token that has just been good."""
    visit = begin(desk, card, Level.PIN)
    token = sign_in(desk, subject_token=visit).access_token
    assert call(city, token)[0] == 200
    work, code = ENDS[end]
    work(city, desk, card, visit)
    assert call(city, token)[1] == code


def call(city: City, token: str) -> tuple[int, str]:
    answer = city.http().get("/v1/applications", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, "" if answer.is_success else answer.json()["type"].rpartition(":")[2]


def test_a_tap_is_too_little(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    assert refusal(lambda: sign_in(desk, subject_token=begin(desk, card, Level.TAP))) == "step-up-required"
    assert city.audit("officer.sign-in")[-1].outcome == "step-up-required"


def test_a_card_of_a_resident_signs_nobody_in(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    assert refusal(lambda: sign_in(desk, subject_token=begin(desk, city.card(), Level.PIN))) == "card-of-no-officer"
    put_out(OFFICER)(city, desk, card, "")
    assert refusal(lambda: sign_in(desk, subject_token=begin(desk, card, Level.PIN))) == "card-of-no-officer"


def test_a_resident_under_two_names_signs_in_as_neither(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    bo = city.caller("bo", CallerKind.OFFICER)
    say_who_it_is(city, "bo", card.citizen_id)
    sign_in(desk, subject_token=begin(desk, card, Level.PIN))  # bo has not confirmed it
    bo.confirm_card(card.uuid)
    assert refusal(lambda: sign_in(desk, subject_token=begin(desk, card, Level.PIN))) == "card-of-no-officer"


def test_what_an_administrator_says_alone_makes_nobodys_card_an_officers(city: City, desk: ServiceClient) -> None:
    """One who named an accomplice as the resident that a colleague is could else act as both of the two people."""
    accomplice = city.card()
    bo = city.caller("bo", CallerKind.OFFICER)
    city.caller("ana", CallerKind.OFFICER).change_officer("bo", OfficerChange(citizen_id=accomplice.citizen_id))
    assert refusal(lambda: sign_in(desk, subject_token=begin(desk, accomplice, Level.PIN))) == "card-of-no-officer"
    assert refusal(bo.confirm_card, city.card().uuid) == "own-card-refused"
    assert refusal(bo.confirm_card, uuid4()) == "own-card-refused"
    assert bo.confirm_card(accomplice.uuid).card_confirmed_at == city.clock()
    sign_in(desk, subject_token=begin(desk, accomplice, Level.PIN))


def test_after_another_key_the_card_is_confirmed_again(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    """Whoever held the key before may have confirmed another's."""
    officer = city.client(OFFICER)
    officer.rotate_key(ECKey.generate_key("P-256"))
    assert refusal(lambda: sign_in(desk, subject_token=begin(desk, card, Level.PIN))) == "card-of-no-officer"
    officer.confirm_card(card.uuid)
    sign_in(desk, subject_token=begin(desk, card, Level.PIN))


@pytest.mark.parametrize(
    "changed", [{"iss": "bo"}, {"card_uuid": str(uuid4())}, {"exp": None}, {"typ": KEY_CHANGE_TYP}, {"signer": DESK}]
)
def test_a_stolen_token_confirms_no_card(
    city: City, desk: ServiceClient, card: IssuedCard, changed: dict[str, Any]
) -> None:
    now = int(city.clock().timestamp())
    claims = {"iss": OFFICER, "aud": BASE_URL, "iat": now, "exp": now + 60, "card_uuid": str(card.uuid)}
    claims |= {name: value for name, value in changed.items() if name in claims}
    key = city.keys[changed.get("signer", OFFICER)]
    proof = jose.sign(claims, key, typ=changed.get("typ", OWN_CARD_TYP))
    token = at_desk(city, begin(desk, card, Level.PIN)).access_token()
    headers = {"Authorization": f"Bearer {token}"}
    answer = city.http().post("/v1/own-card", json={"card_uuid": str(card.uuid), "proof": proof}, headers=headers)
    assert answer.json()["type"].rpartition(":")[2] == "own-card-refused"


def test_nobody_but_officers_has_a_card_to_sign_in_with(city: City, card: IssuedCard) -> None:
    assert refusal(city.caller("kiosk-1").confirm_card, card.uuid) == "caller-unknown"


def test_the_command_confirms_a_card(sqlite_city: City, tmp_path: Path) -> None:
    card = sqlite_city.card()
    sqlite_city.caller(OFFICER, CallerKind.OFFICER)
    say_who_it_is(sqlite_city, OFFICER, card.citizen_id)
    key = tmp_path / "key"
    key.write_text(json.dumps(sqlite_city.keys[OFFICER].as_dict(private=True)))
    key.chmod(0o600)
    services = replace(sqlite_city.services, clock=system_clock)
    command = ("officer", "confirm-card", OFFICER, "--key", str(key), "--issuer", services.settings.issuer)
    with serving(create_app(services)) as url:
        other = CliRunner().invoke(app, [*command, str(sqlite_city.card().uuid), "--service", url])
        done = CliRunner().invoke(app, [*command, str(card.uuid), "--service", url])
    assert (other.exit_code, "did not take the card: own-card-refused" in other.stderr) == (1, True)
    assert f"{OFFICER} signs in at desks with this card from now on" in " ".join(done.stdout.split())
    assert caller_row(sqlite_city, OFFICER).card_confirmed_at is not None


def test_a_kiosk_signs_nobody_in(city: City, card: IssuedCard) -> None:
    kiosk = city.caller("kiosk-1")
    assert refusal(lambda: sign_in(kiosk, subject_token=begin(kiosk, card, Level.PIN))) == "sign-in-elsewhere"


def test_a_visit_of_another_desk(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    other = city.caller("desk-2", CallerKind.DESK)
    token = begin(desk, card, Level.PIN)
    assert refusal(lambda: sign_in(other, subject_token=token)) == "visit-foreign"
    assert refusal(lambda: sign_in(desk, subject_token="nothing")) == "visit-unknown"


def test_more_than_the_officer_may_is_not_given(city: City, desk: ServiceClient, card: IssuedCard) -> None:
    token = begin(desk, card, Level.PIN)
    assert refusal(lambda: sign_in(desk, subject_token=token, scope="cards:read callers:write")) == "scope-not-allowed"
    assert refusal(lambda: sign_in(desk, subject_token=token, scope="authenticate")) == "scope-not-allowed"


@pytest.mark.parametrize("changed", [{"act": None}, {"visit": None}, {"visit": "no id"}, {"act": {"sub": 1}}])
def test_half_a_session_is_none(city: City, desk: ServiceClient, card: IssuedCard, changed: dict[str, Any]) -> None:
    """As if a key of ours had signed it: what is not understood is not left aside."""
    good = jose.parse(sign_in(desk, subject_token=begin(desk, card, Level.PIN)).access_token)
    claims = {name: value for name, value in {**good.claims, **changed}.items() if value is not None}
    token = jose.sign(claims, city.services.key_ring.signer(KeyName.ACCESS_TOKEN), typ=ACCESS_TOKEN_TYP)
    assert call(city, token)[1] == "invalid-token"
