"""Proofs of cards, put together by hand, and who is shown them: a kiosk's visit begins, a department is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from cardsvc.authentication.challenges import issue_challenge
from cardsvc.authentication.turnstile import Knock
from cardsvc.callers.principal import Entry, Principal
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import CardProof, Challenge
from cardsvc.wire.levels import Level
from cardsvc.wire.scopes import Scope
from cardsvc.wire.signed import DOMAIN, KEY_REFERENCE_OF_LEVEL
from readers.piv.identifiers import KeyReference
from tests.attack.jws import b64
from tests.attack.strikes import Strike
from tests.attack.world import DEPARTMENT, DESK, KIOSK, OTHER_DEPARTMENT, OTHER_KIOSK, SERVICE, World
from tests.fixtures.proofs import BASE_URL, IssuedCard

PREHASHED: Final = utils.Prehashed(hashes.SHA256())
LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Statement:
    """What a card is made to sign: the members of `cardsvc.wire.signed.AuthenticationStatement`, as bytes."""

    domain: bytes
    fields: tuple[bytes, ...]
    """Issuer, level, key reference, client id, audience, card UUID, challenge, expiry, transaction hash."""
    join: Callable[[Sequence[bytes]], bytes] = field(
        default=lambda fields: b"".join(len(one).to_bytes(2, "big") + one for one in fields)
    )
    digest: Callable[[bytes], bytes] = field(default=lambda raw: hashlib.sha256(raw).digest())

    def put(self, place: int, value: bytes) -> Statement:
        """With another value at a place."""
        return replace(self, fields=(*self.fields[:place], value, *self.fields[place + 1 :]))

    def hashed(self) -> bytes:
        return self.digest(self.domain + self.join(self.fields))


ISSUER, LEVEL, KEY_REFERENCE, CLIENT, AUDIENCE, CARD, CHALLENGE, EXPIRY, HASH = range(9)


KEY_OF: Final = {Level.TAP: KeyReference.CARD_AUTHENTICATION, Level.PIN: KeyReference.PIV_AUTHENTICATION}
OTHER_LEVEL: Final = {Level.TAP: Level.PIN, Level.PIN: Level.TAP}
Write = Callable[[Mapping[str, Any]], str]


@dataclass
class ProofDraft:
    """A proof that is about to be written. As it stands it is genuine."""

    turnstile: Turnstile = field(repr=False)
    """Where it is going to be shown."""
    challenge: Challenge
    card: IssuedCard
    entry: Entry
    """Who shows it."""
    now: datetime
    statement: Statement
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    members: dict[str, Any]
    """Of the JSON object, but for the signature."""
    encode: Callable[[bytes], bytes] = bytes
    """What becomes of the signature's DER."""
    spell: Callable[[bytes], Any] = b64
    """How the signature stands in JSON."""
    write: Write = json.dumps
    rehearse: bool = False
    _signature: bytes = field(default=b"", repr=False)

    @property
    def signature(self) -> bytes:
        """The card's; the same each time."""
        if not self._signature:
            self._signature = self.key.sign(self.statement.hashed(), ec.ECDSA(PREHASHED))
        return self._signature

    def text(self) -> str:
        return self.write(self.members | {"signature": self.spell(self.encode(self.signature))})


class Turnstile:
    """Where cards prove themselves. ``service`` is what a department reads a card for; a kiosk reads it for a visit."""

    def __init__(self, world: World, caller: str, service: str | None, attacks: Sequence[Any]) -> None:
        self.world = world
        self.caller = caller
        self.service = service
        self.attacks = attacks
        self.name = "proof at a kiosk" if service is None else "proof at a department's reader"

    @cached_property
    def actor(self) -> Principal:
        return self.world.city.principal(self.caller)

    def entry(self, caller: str) -> Entry:
        """As this caller comes in where this turnstile stands."""
        scope = Scope.AUTHENTICATE if self.service is None else Scope.AUTHENTICATE_OWN_READER
        return self.world.city.entry(caller, scope)

    def fresh(self, random: Random) -> ProofDraft:
        level = random.choice([Level.TAP, Level.PIN])
        transaction = random.choice([b"", random.randbytes(32)])
        return self.draft(level, random.choice(self.world.cards), transaction)

    def draft(self, level: Level, card: IssuedCard, transaction: bytes = b"") -> ProofDraft:
        """A genuine answer to a new challenge."""
        now, challenge = self.world.city.clock(), self.challenge(level, transaction)
        key = KeyReference(KEY_REFERENCE_OF_LEVEL[level])
        members = {
            "challenge_handle": challenge.handle,
            "card_uuid": str(card.uuid),
            "level": level.value,
            "audience": challenge.audience,
        }
        stated = genuine_statement(challenge, card.uuid)
        return ProofDraft(self, challenge, card, self.entry(self.caller), now, stated, card.keys[key], members)

    def challenge(self, level: Level, transaction: bytes = b"", actor: Principal | None = None) -> Challenge:
        """As the service gives them out."""
        return issue_challenge(
            self.world.services.keystore,
            actor or self.actor,
            level,
            issuer=BASE_URL,
            now=self.world.city.clock(),
            lifetime=LIFETIME,
            transaction_hash=transaction,
        )

    def used(self, draft: ProofDraft) -> ProofDraft | None:
        """The same signature, shown as it should be."""
        if not draft.rehearse:
            return None
        genuine = {"challenge_handle": draft.challenge.handle, "level": draft.challenge.level.value}
        named = {"audience": draft.challenge.audience, "card_uuid": str(draft.card.uuid)}
        members = {**draft.members, **genuine, **named}
        return replace(draft, rehearse=False, encode=bytes, spell=b64, write=json.dumps, members=members)

    def show(self, drafts: Sequence[ProofDraft]) -> Sequence[bool]:
        knocks = [self._knock(draft) for draft in drafts]
        shown = [knock for knock in knocks if knock is not None]
        outcomes = iter(self.world.services.turnstile.admit(shown) if shown else ())
        return [knock is not None and not isinstance(next(outcomes), ServiceError) for knock in knocks]

    def send(self, client: httpx.Client, draft: ProofDraft) -> bool | None:
        genuine = {name: self.entry(name) for name in (self.caller, *OTHERS[self.caller])}
        shown_by = draft.entry.grant.client_id
        if draft.now != self.world.city.clock() or draft.entry != genuine.get(shown_by):
            return None
        path = "/v1/authentications" if self.service is None else "/v1/card-authentications"
        token = self.world.city.client(shown_by).access_token()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        proof = draft.text()
        body = proof if self.service is None else f'{{"proof":{proof},"service":"{self.service}"}}'
        return client.post(path, content=body.encode("utf-8", "surrogatepass"), headers=headers).is_success

    def _knock(self, draft: ProofDraft) -> Knock | None:
        """As the route makes it of a body; None when the body is no proof."""
        try:
            proof = CardProof.model_validate(json.loads(draft.text()))
        except (ValueError, RecursionError):
            return None
        return Knock(proof, draft.entry, draft.now, self.service)


def genuine_statement(challenge: Challenge, card_uuid: UUID) -> Statement:
    """What a card should sign, put together anew from the published construction."""
    fields = (
        challenge.issuer.encode(),
        challenge.level.value.encode(),
        bytes((KEY_REFERENCE_OF_LEVEL[challenge.level],)),
        challenge.client_id.encode(),
        challenge.audience.encode(),
        card_uuid.bytes,
        challenge.challenge,
        int(challenge.expires_at.timestamp()).to_bytes(8, "big"),
        challenge.transaction_hash or b"",
    )
    return Statement(DOMAIN, fields)


def state(draft: ProofDraft, strike: Strike, place: int, *forged: bytes) -> None:
    """Have the card state something else at a place."""
    draft.statement = draft.statement.put(place, strike.pick(draft.statement.fields[place], *forged))


def always(signature: bytes) -> Callable[[bytes], bytes]:
    """This signature in the place of the card's."""
    return lambda _genuine: signature


def turnstiles(world: World, attacks: Sequence[Any]) -> list[Turnstile]:
    """Both."""
    return [Turnstile(world, KIOSK, None, attacks), Turnstile(world, DEPARTMENT, SERVICE, attacks)]


OTHERS: Final = {KIOSK: (OTHER_KIOSK, DESK), DEPARTMENT: (OTHER_DEPARTMENT,)}
"""Who else may show proofs, of the same kind."""
