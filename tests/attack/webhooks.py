"""Webhooks: what a department takes for news from the service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx

from cardsvc.client import WebhookVerifier
from cardsvc.client.errors import WebhookRefused
from tests.attack.strikes import Book, Strike, cut, flip_bit, look_alike
from tests.attack.world import World

SECRET: Final = hashlib.sha256(b"the department's").digest()
OTHER_SECRET: Final = hashlib.sha256(b"another department's").digest()


@dataclass
class Delivery:
    """What arrives, as Standard Webhooks 1.0 has it. As it stands it is genuine."""

    id: str
    timestamp: str
    body: bytes
    now: int
    secret: bytes = field(default=SECRET, repr=False)
    signed: Callable[[Delivery], bytes] = field(
        default=lambda one: f"{one.id}.{one.timestamp}.".encode() + one.body, repr=False
    )
    mac: Callable[[bytes, bytes], bytes] = field(default=lambda key, raw: hmac.digest(key, raw, "sha256"), repr=False)
    header: Callable[[bytes], str] = field(default=lambda mac: f"v1,{base64.b64encode(mac).decode()}", repr=False)
    afterwards: Callable[[Delivery], None] = field(default=lambda _one: None, repr=False)
    """What is changed after it was signed."""

    def arrive(self) -> tuple[dict[str, str], bytes]:
        signature = self.header(self.mac(self.secret, self.signed(self)))
        self.afterwards(self)
        headers = {"webhook-id": self.id, "webhook-timestamp": self.timestamp, "webhook-signature": signature}
        return headers, self.body


class Receiver:
    """A department with `cardsvc.client.WebhookVerifier`."""

    name = "webhook"

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = int(world.city.clock().timestamp())
        self.attacks = attack.attacks

    @cached_property
    def _verifier(self) -> WebhookVerifier:
        secret = f"whsec_{base64.b64encode(SECRET).decode()}"
        return WebhookVerifier(secret, clock=self.world.city.clock)

    def fresh(self, random: Random) -> Delivery:
        name = str(UUID(int=random.getrandbits(128)))
        pseudonym = base64.urlsafe_b64encode(random.randbytes(32)).decode().rstrip("=")
        event = {
            "id": name,
            "number": random.randrange(1, 10**6),
            "type": "card.revoked",
            "timestamp": "2026-03-02T09:30:00Z",
            "data": {"pseudonym": pseudonym, "standing": "none"},
        }
        return Delivery(name, str(self.now), json.dumps(event).encode(), self.now)

    def used(self, draft: Delivery) -> None:
        del draft

    def show(self, drafts: Sequence[Delivery]) -> Sequence[bool]:
        return [self._accepts(draft) for draft in drafts]

    def send(self, client: httpx.Client, draft: Delivery) -> None:
        """It is the department that is deceived, not the service."""

    def _accepts(self, draft: Delivery) -> bool:
        try:
            self._verifier.verify(*draft.arrive())
        except WebhookRefused:
            return False
        return True


attack: Book[Delivery] = Book()


@attack("forged", "random code, none, of zeros")
def invented(draft: Delivery, strike: Strike) -> None:
    forged = strike.random.randbytes(32), b"", bytes(32), b"\0", strike.random.randbytes(20)
    draft.mac = strike.pick(draft.mac, *(_always(one) for one in forged))


def _always(value: bytes) -> Callable[[bytes, bytes], bytes]:
    return lambda _key, _raw: value


@attack("re-signed", "another department's secret, an empty one, the secret as text")
def other_secret(draft: Delivery, strike: Strike) -> None:
    texts = base64.b64encode(SECRET), b"whsec_" + base64.b64encode(SECRET), SECRET.hex().encode(), SECRET[:-1]
    draft.secret = strike.pick(draft.secret, OTHER_SECRET, b"", b"secret", *texts)


@attack("algorithm", "another code over the right bytes")
def other_code(draft: Delivery, strike: Strike) -> None:
    ways: list[Callable[[bytes, bytes], bytes]] = [
        lambda _key, raw: hashlib.sha256(raw).digest(),
        lambda key, raw: hashlib.sha256(key + raw).digest(),
        lambda key, raw: hmac.digest(key, raw, "sha1"),
        lambda key, raw: hmac.digest(key, raw, "sha512"),
        lambda key, raw: hmac.digest(key, raw, "sha512")[:32],
        lambda key, raw: hmac.digest(key, raw, "sha256")[:16],
        lambda key, raw: hmac.digest(raw, key, "sha256"),
    ]
    draft.mac = strike.pick(draft.mac, *ways)


@attack("algorithm", "another version, or none, before the right code")
def other_version(draft: Delivery, strike: Strike) -> None:
    forms = (
        "v2,{}",
        "V1,{}",
        "v1a,{}",
        "v0,{}",
        "{}",
        ",{}",
        "v1 {}",
        "v1:{}",
        "v1=,{}",
        "v1,,{}",
        "sha256={}",
        "v１,{}",
    )
    form = strike.pick("v1,{}", *forms)
    draft.header = lambda mac: form.replace("{}", base64.b64encode(mac).decode())


@attack("encoding", "the code in another form")
def other_form(draft: Delivery, strike: Strike) -> None:
    def header(mac: bytes) -> str:
        text = base64.b64encode(mac).decode()
        url = base64.urlsafe_b64encode(mac).decode()
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        stray = text[:42] + letters[letters.index(text[42]) | strike.random.randrange(1, 4)] + "="
        forms = [
            text.rstrip("="),
            f"{text}=",
            f"{text}\n",
            mac.hex(),
            text.swapcase(),
            stray,
            text[:22] + " " + text[22:],
        ]
        return "v1," + strike.pick(text, *forms, *([url] if url != text else []))

    draft.header = header


@attack("cut", "one bit of the body is another")
def flipped_body(draft: Delivery, strike: Strike) -> None:
    body = strike.change(draft.body, lambda raw: flip_bit(raw, strike.random))
    draft.afterwards = lambda one: setattr(one, "body", body)


@attack("cut", "the body truncated, extended, written anew")
def other_body(draft: Delivery, strike: Strike) -> None:
    body, random = draft.body, strike.random
    event: dict[str, Any] = json.loads(body)
    news = [event | {"type": kind} for kind in ("person.deceased", "card.reinstated")] + [event | {"number": 1}]
    forms = [cut(body, random), body + b" ", body + b"\n", b"\xef\xbb\xbf" + body, body.replace(b" ", b""), b""]
    forged = strike.pick(body, *forms, *(json.dumps(one).encode() for one in news))
    draft.afterwards = lambda one: setattr(one, "body", forged)


@attack("relabelled", "another id in the header, or another time")
def other_headers(draft: Delivery, strike: Strike) -> None:
    random = strike.random
    names = (str(UUID(int=random.getrandbits(128))), draft.id.upper(), f"{draft.id}.", "", draft.id.replace("-", ""))
    times = (str(draft.now + 1), str(draft.now - 1), f"{draft.now}.0", "now", "", "-1", "0", "NaN", str(10**30))
    forged = [(name, draft.timestamp) for name in names] + [(draft.id, time) for time in times]
    name, time = strike.pick((draft.id, draft.timestamp), *forged)

    def change(one: Delivery) -> None:
        one.id, one.timestamp = name, time

    draft.afterwards = change


@attack("relabelled", "the right event under another event's id, rightly signed")
def under_another_id(draft: Delivery, strike: Strike) -> None:
    """Whoever can have one event signed must not have another one thrown away for a repetition."""
    other = str(UUID(int=strike.random.getrandbits(128)))
    draft.id = strike.pick(draft.id, other, f"{draft.id}x", look_alike(f"evt-{draft.id}", strike.random))


@attack("relabelled", "id, time and body that run into each other")
def run_together(draft: Delivery, strike: Strike) -> None:
    joins: list[Callable[[Delivery], bytes]] = [
        lambda one: f"{one.id}{one.timestamp}".encode() + one.body,
        lambda one: f"{one.timestamp}.{one.id}.".encode() + one.body,
        lambda one: one.body,
        lambda one: f"{one.id}.".encode() + one.body,
        lambda one: f"{one.timestamp}.".encode() + one.body,
        lambda one: f"{one.id}.{one.timestamp}".encode() + one.body,
        lambda one: one.body + f".{one.id}.{one.timestamp}".encode(),
    ]
    draft.signed = strike.pick(draft.signed, *joins)


@attack("replayed", "old, or from the future, rightly signed then")
def too_old(draft: Delivery, strike: Strike) -> None:
    away = strike.random.randrange(301, 10**7)
    draft.timestamp = strike.pick(draft.timestamp, str(draft.now - away), str(draft.now + away), "0", str(-draft.now))


@attack("time", "a time in other digits, or with more around it")
def other_digits(draft: Delivery, strike: Strike) -> None:
    """Two programs must not read two times out of one header."""
    wide = draft.timestamp.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    around = (
        f" {draft.timestamp}",
        f"{draft.timestamp} ",
        f"+{draft.timestamp}",
        f"0{draft.timestamp}",
        f"{draft.now:_}",
    )
    forged = strike.pick(draft.timestamp, wide, *around)
    draft.afterwards = lambda one: setattr(one, "timestamp", forged)
