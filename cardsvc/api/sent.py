"""What the service sends by itself, for the OpenAPI document: a webhook for each kind of event.

Receivers are the departments' own programs: whoever generates code from the document gets the receiving side as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from cardsvc.api.examples.filling import Examples
from cardsvc.api.examples.words import WORDS
from cardsvc.wire import standard_webhooks as signing
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.webhooks import DepartmentEvent, EventType

Document = dict[str, Any]


class Told(NamedTuple):
    """What a department hears of one kind of event."""

    summary: str
    standing: CardStanding
    """For the example: how the person's cards mostly stand then."""


TOLD: Final[Mapping[EventType, Told]] = {
    EventType.CARD_HELD: Told("A card was stopped for now", CardStanding.HELD),
    EventType.CARD_REINSTATED: Told("A card that was held is in force again", CardStanding.IN_FORCE),
    EventType.CARD_REVOKED: Told("A card was withdrawn for good", CardStanding.NONE),
    EventType.CARD_EXPIRED: Told("A card's last day has passed", CardStanding.NONE),
    EventType.CARD_REPLACED: Told("Another card came into force in place of the one before", CardStanding.IN_FORCE),
    EventType.PERSON_DECEASED: Told("A person's death was confirmed by two officers", CardStanding.NONE),
    EventType.DEATH_REVERSED: Told("A confirmed death was taken back by two officers", CardStanding.NONE),
}
"""By the event, whose type is the webhook's name."""

_ABOUT: Final = """\
Sent to the URL of `subscribe`, about somebody whom the department knows, and signed by [Standard
Webhooks](https://www.standardwebhooks.com/) under the secret of the subscription. Check the signature over the body's
bytes as they came, and the time, before you read any of it; act upon an `id` once. Later events of the same person wait
until this one is accepted.
"""
_ANSWERS: Final[Mapping[str, Any]] = {
    "2XX": {"description": "Accepted, and acknowledged. The body is not read."},
    str(HTTPStatus.GONE.value): {"description": "Send nothing more: the subscription is disabled."},
    "default": {"description": "Not accepted: it is sent again, for as long as it is kept. No redirect is followed."},
}
_SIGNATURE: Final = r"^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$"


def describe_sent(document: Document) -> Document:
    """The ``webhooks`` of this document (OpenAPI 3.1 §4.8.1), whose schemas are complete."""
    examples = Examples(document["components"]["schemas"])
    return {kind.value: {"post": _operation(kind, told, examples)} for kind, told in TOLD.items()}


def _operation(kind: EventType, told: Told, examples: Examples) -> Document:
    schema = {"$ref": f"#/components/schemas/{DepartmentEvent.__name__}"}
    event = examples.of(schema, "") | {"type": kind.value}
    event["data"] = event["data"] | {"standing": told.standing.value}
    this_kind = {"properties": {"type": {"const": kind.value}}}
    content = {"application/json": {"schema": {"allOf": [schema, this_kind]}, "example": event}}
    return {
        "operationId": f"receive.{kind.value}",
        "tags": ["webhooks"],
        "summary": told.summary,
        "description": _ABOUT,
        "security": [],
        "parameters": _headers(event),
        "requestBody": {"required": True, "content": content},
        "responses": dict(_ANSWERS),
    }


def _headers(event: Mapping[str, Any]) -> list[Document]:
    """The three headers, with what they are for this event: the signature is good under the secret that is shown."""
    seconds = int(datetime.fromisoformat(WORDS["asked_at"]).timestamp())
    signature = signing.sign(signing.read_secret(WORDS["secret"]), event["id"], seconds, written(event))
    return [
        _header(signing.ID_HEADER, "The event's `id`.", {"type": "string", "format": "uuid"}, event["id"]),
        _header(
            signing.TIMESTAMP_HEADER,
            "When this attempt was signed, in seconds since 1970. Refuse what is more than five minutes off.",
            {"type": "integer", "minimum": 0},
            seconds,
        ),
        _header(
            signing.SIGNATURE_HEADER,
            "HMAC-SHA256 over id, timestamp and body, joined by full stops. While a secret is changed there are two,"
            " with a space between: one that is good will do.",
            {"type": "string", "pattern": _SIGNATURE},
            signature,
        ),
    ]


def written(event: Mapping[str, Any]) -> bytes:
    """The bytes of an example, as the service would send them."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _header(name: str, words: str, schema: Document, example: object) -> Document:
    return {"name": name, "in": "header", "required": True, "description": words, "schema": schema, "example": example}
