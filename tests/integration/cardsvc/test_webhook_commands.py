"""Webhooks and reach at the command line, for people and for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from cardsvc.cards.models import Card
from cardsvc.cards.service import revoke
from cardsvc.citizens.service import enrol
from cardsvc.db import new_id, transaction
from cardsvc.departments.inquiries import make_acquainted
from cardsvc.departments.repository import get_department
from cardsvc.settings import Settings
from cardsvc.trust.keystores import load_keystore
from cardsvc.webhooks.models import WebhookSubscription
from cardsvc.webhooks.numbering import number_all
from cardsvc.wire.lifecycle import CardState, RevocationReason
from tests.fixtures.command_line import Town
from tests.fixtures.issuance import ANA, MEI

URL = "https://education.example/card-events"


@pytest.fixture
def founded(sqlite_town: Town) -> Town:
    """Education takes part, and a kiosk; the card of somebody whom education knows was revoked a while ago."""
    town = sqlite_town
    town.init()
    (town.folder / "policy.json").write_text('{"services": {"loan": {"level": "tap", "attributes": []}}}')
    said(town, "department", "add", "--code=education", "--title=Education", f"--jwk={town.key('education')}",
         f"--policy={town.folder / 'policy.json'}")  # fmt: skip
    said(town, "caller", "add", "--kind=kiosk", "--client-id=kiosk-1", "--title=Hall", f"--jwk={town.key('kiosk-1')}")
    return town


def said(town: Town, *arguments: str) -> Any:
    done = town.run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def something_happens(town: Town) -> str:
    """The id of the event that education is to hear of."""
    sessions, now = town.sessions(), datetime.now(UTC) - timedelta(seconds=90)
    with transaction(sessions) as session:
        citizen = enrol(session, load_keystore(Settings()), MEI, now)
        card = Card(
            id=new_id(),
            uuid=uuid4(),
            stock_number="HQ-0001",
            state=CardState.ACTIVE,
            citizen_id=citizen.id,
            created_at=now,
        )
        session.add(card)
        make_acquainted(session, get_department(session, "education"), "A" * 43, citizen.id, now=now)
        revoke(session, card.uuid, RevocationReason.WITHDRAWN, actor=ANA, now=now)
    number_all(sessions, now)
    (delivery,) = said(town, "webhook", "deliveries", "education")["deliveries"]
    return str(delivery["event_id"])


def test_an_operator_subscribes_for_a_department_and_sees_how_it_goes(founded: Town) -> None:
    secret = said(founded, "webhook", "add", "education", f"--url={URL}")["secret"]
    assert len(Webhook(secret)._whsecret) == 32
    event = something_happens(founded)
    (subscription,) = said(founded, "webhook", "list")["subscriptions"]
    assert (subscription["department"], subscription["url"], subscription["state"]) == ("education", URL, "active")
    assert (subscription["waiting"], "secret" in subscription) == (1, False)
    listed = founded.run("webhook", "list").stdout
    assert "education" in listed
    assert secret not in listed
    shown = founded.run("webhook", "deliveries", "education", "--state=waiting")
    assert (event in shown.stdout.replace("\n", "")) or event[:8] in shown.stdout
    assert said(founded, "webhook", "deliveries", "education", "--state=delivered")["deliveries"] == []
    assert said(founded, "webhook", "replay", "education", f"--since={event}") == {"events": 1}
    other = said(founded, "webhook", "rotate-secret", "education", "--overlap-hours=2")
    assert other["secret"] != secret
    assert other["subscription"]["previous_secret_until"] is not None
    assert said(founded, "webhook", "disable", "education")["state"] == "disabled"
    assert said(founded, "webhook", "resume", "education")["state"] == "active"
    assert "secret: whsec_" in founded.run("webhook", "add", "education", f"--url={URL}").stdout
    assert "education is active" in founded.run("webhook", "resume", "education").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "nowhere", f"--url={URL}"), "No department of this code"),
        (("add", "education", "--url=http://education.example/"), "Give an https URL"),
        (("add", "education", "--url=https://10.0.0.1/"), "Nothing is sent to this address"),
        (("disable", "education"), "Subscribe; or, when the subscription is disabled, resume it"),
        (("replay", "education", f"--since={uuid4()}"), "Subscribe; or, when the subscription is disabled, resume it"),
        (("deliveries", "nowhere"), "No department of this code"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(founded: Town, arguments: tuple[str, ...], why: str) -> None:
    done = founded.run("webhook", *arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert why in done.stderr


def test_the_reach_is_drawn_and_told_to_programs(founded: Town) -> None:
    assert said(founded, "reach")["revocations"] == 0
    assert "0 revocations" in founded.run("reach").stdout
    said(founded, "webhook", "add", "education", f"--url={URL}")
    with transaction(founded.sessions()) as session:
        session.query(WebhookSubscription).one().created_at -= timedelta(days=1)  # education has had it for a day
    key = founded.key("kiosk-0")
    said(founded, "caller", "add", "--kind=kiosk", "--client-id=kiosk-0", "--title=Gate", f"--jwk={key}")
    something_happens(founded)
    told = said(founded, "reach", "--days=7")
    assert (told["revocations"], told["complete"]) == (1, 0)
    assert told["p99_seconds"] == told["max_seconds"] >= 90
    assert next((party["client_id"], party["unacknowledged"]) for party in told["parties"]) == ("education", 1)
    drawn = founded.run("reach").stdout
    assert "1 revocations, 0 of them acknowledged by everybody" in drawn
    assert "0:01:3" in drawn
