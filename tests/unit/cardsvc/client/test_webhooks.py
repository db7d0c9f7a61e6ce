"""A department's check that a delivery is genuine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cardsvc.client import WebhookExpired, WebhookMalformed, WebhookSignatureInvalid, WebhookVerifier
from cardsvc.wire.standard_webhooks import read_secret, sign
from cardsvc.wire.webhooks import EventType

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUFB" * 8
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EVENT_ID = "01949d1a-0000-7000-8000-000000000001"
BODY = (
    b'{"id":"01949d1a-0000-7000-8000-000000000001","number":7,"type":"card.revoked","timestamp":"2026-03-02T09:29:59Z",'
    b'"data":{"pseudonym":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","standing":"none"}}'
)


def headers(at: datetime = NOW, secret: str = SECRET, body: bytes = BODY, message_id: str = EVENT_ID) -> dict[str, str]:
    seconds = int(at.timestamp())
    signature = sign(read_secret(secret), message_id, seconds, body)
    return {"Webhook-Id": message_id, "Webhook-Timestamp": str(seconds), "Webhook-Signature": signature}


def verifier(*secrets: str) -> WebhookVerifier:
    return WebhookVerifier(*(secrets or (SECRET,)), clock=lambda: NOW)


def test_a_genuine_delivery_is_an_event() -> None:
    event = verifier().verify(headers(), BODY)
    assert (event.id, event.number, event.type) == (UUID(EVENT_ID), 7, EventType.CARD_REVOKED)


def test_during_a_rotation_either_secret_will_do() -> None:
    for secret in (SECRET, OTHER):
        assert verifier(OTHER, SECRET).verify(headers(secret=secret), BODY).number == 7
    with pytest.raises(WebhookSignatureInvalid):
        verifier(OTHER).verify(headers(), BODY)


@pytest.mark.parametrize("off", [timedelta(minutes=-5, seconds=-1), timedelta(minutes=5, seconds=1)])
def test_an_old_delivery_is_not_accepted_nor_one_from_the_future(off: timedelta) -> None:
    with pytest.raises(WebhookExpired):
        verifier().verify(headers(NOW + off), BODY)


@pytest.mark.parametrize("off", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_within_five_minutes_it_is(off: timedelta) -> None:
    assert verifier().verify(headers(NOW + off), BODY).number == 7


def test_a_changed_body_is_not_signed() -> None:
    with pytest.raises(WebhookSignatureInvalid):
        verifier().verify(headers(), BODY.replace(b"revoked", b"reinstated"))


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_no_header_may_be_missing(name: str) -> None:
    given = headers()
    del given[name]
    with pytest.raises(WebhookMalformed):
        verifier().verify(given, BODY)


@pytest.mark.parametrize("timestamp", ["", "soon", "1772443800.5", "nan"])
def test_a_timestamp_is_a_number_of_seconds(timestamp: str) -> None:
    with pytest.raises(WebhookMalformed):
        verifier().verify(headers() | {"Webhook-Timestamp": timestamp}, BODY)


def test_a_signed_body_that_is_no_event_is_refused() -> None:
    with pytest.raises(WebhookMalformed):
        verifier().verify(headers(body=b"{}"), b"{}")


def test_the_header_names_the_event_of_the_body() -> None:
    other = "01949d1a-0000-7000-8000-000000000002"
    with pytest.raises(WebhookMalformed):
        verifier().verify(headers(message_id=other), BODY)


def test_a_verifier_needs_a_secret_and_keeps_it_to_itself() -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        WebhookVerifier()
    with pytest.raises(ValueError, match="webhook secret"):
        WebhookVerifier("whsec_short")
    assert SECRET[6:] not in repr(verifier())
