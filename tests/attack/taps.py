"""Taps that a kiosk took without its network: entries of its journal, put together by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.callers.principal import Principal
from cardsvc.db import reading, transaction
from cardsvc.offline.errors import JournalRefused
from cardsvc.offline.models import OfflineTap
from cardsvc.wire.offline_taps import JudgedBatch, OfflineBatch, TapVerdict
from readers.piv.identifiers import KeyReference
from tests.attack import on_numbers, on_taps
from tests.attack.jws import b64
from tests.attack.proofs import PREHASHED, Statement
from tests.attack.strikes import Attack
from tests.attack.world import KIOSK, OFFLINE_DEPARTMENT, OFFLINE_SERVICE, World
from tests.fixtures.booths import give_package
from tests.fixtures.proofs import IssuedCard

Place = tuple[int, bytes]
"""In a journal: the number of an entry, and the hash of the one before."""

DOMAIN: Final = b"citizen-card/offline/v1\0"
ENTRY_DOMAIN: Final = b"citizen-card/offline-entry/v1\0"
BEGINNING: Final[Place] = (1, bytes(32))


@dataclass
class Entry:
    """An entry as it is brought. The hash is over the others, and the kiosk's name."""

    place: Place
    content: bytes
    kiosk: str = KIOSK

    def hash(self) -> bytes:
        """From the published construction, not from our code."""
        number, previous = self.place
        fields = (self.kiosk.encode(), number.to_bytes(8, "big", signed=number < 0), previous)
        lengths = b"".join(len(one).to_bytes(2, "big") + one for one in fields)
        return hashlib.sha256(ENTRY_DOMAIN + lengths + self.content).digest()

    def written(self) -> dict[str, Any]:
        number, previous = self.place
        members = {"previous_hash": previous, "content": self.content, "hash": self.hash()}
        return {"sequence": number, **{name: b64(raw) for name, raw in members.items()}}


@dataclass
class TapDraft:
    """A tap that is about to be brought. As it stands it is genuine."""

    journal: Journal = field(repr=False)
    actor: Principal
    """Who brings it."""
    now: datetime
    place: Place
    card: IssuedCard
    statement: Statement
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    members: dict[str, Any]
    """Of its content, but for the signature."""
    encode: Callable[[bytes], bytes] = bytes
    """What becomes of the signature's DER."""
    write: Callable[[Mapping[str, Any]], str] = json.dumps
    before: tuple[Entry, ...] = ()
    """Brought with it."""
    name: str = KIOSK
    """In the hash of the entry."""
    finish: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What becomes of the entry at last."""

    def content(self) -> bytes:
        """What it says, signed by the card."""
        signature = self.encode(self.key.sign(self.statement.hashed(), ec.ECDSA(PREHASHED)))
        return self.write({**self.members, "signature": b64(signature)}).encode("utf-8", "surrogatepass")

    def entry(self) -> Entry:
        return Entry(self.place, self.content(), self.name)

    def batch(self) -> dict[str, Any]:
        return {"entries": [*(one.written() for one in self.before), self.finish(self.entry().written())]}


class Journal:
    """Where kiosks bring what they took."""

    name = "offline tap"

    def __init__(self, world: World) -> None:
        self.world = world
        self.attacks: Sequence[Attack[Any]] = (*on_numbers.attack.attacks, *on_taps.attack.attacks)

    def fresh(self, random: Random) -> TapDraft:
        return self.draft(random.choice(self.world.cards), self.next_place())

    def draft(self, card: IssuedCard, place: Place) -> TapDraft:
        """A genuine tap of this card for this place."""
        now = self.world.city.clock()
        at, (number, previous) = int(now.timestamp()), place
        give_package(self.world.city, KIOSK, at)
        fields = (number.to_bytes(8, "big"), previous, at.to_bytes(8, "big"), card.uuid.bytes)
        names = OFFLINE_DEPARTMENT.encode(), OFFLINE_SERVICE.encode()
        members = {
            "at": at,
            "card_uuid": str(card.uuid),
            "department": OFFLINE_DEPARTMENT,
            "service": OFFLINE_SERVICE,
            "known_as_of": at,
        }
        statement, key = (
            Statement(DOMAIN, (KIOSK.encode(), *fields, *names)),
            card.keys[KeyReference.CARD_AUTHENTICATION],
        )
        return TapDraft(self, self.world.city.principal(KIOSK), now, place, card, statement, key, members)

    def next_place(self) -> Place:
        """Behind what was taken over HTTP."""
        caller_id = self.world.city.principal(KIOSK).caller_id
        newest = (
            select(OfflineTap.sequence, OfflineTap.hash)
            .where(OfflineTap.caller_id == caller_id)
            .order_by(OfflineTap.sequence.desc())
            .limit(1)
        )
        with reading(self.world.services.sessions) as session:
            found = session.execute(newest).one_or_none()
        return BEGINNING if found is None else (found.sequence + 1, found.hash)

    def used(self, draft: TapDraft) -> None:
        del draft

    def show(self, drafts: Sequence[TapDraft]) -> Sequence[bool]:
        with transaction(self.world.services.sessions) as session:
            return [self._is_taken(session, draft) for draft in drafts]

    def _is_taken(self, session: Session, draft: TapDraft) -> bool:
        """Whether a department would be told that the card was good. All of them are for the same place."""
        with session.begin_nested() as brought:
            try:
                batch = OfflineBatch.model_validate(draft.batch())
            except ValidationError:
                return False
            judged = self.world.services.journals.take(session, batch, actor=draft.actor, now=draft.now)
            brought.rollback()
        return not isinstance(judged, JournalRefused) and _is_good(judged)

    def send(self, client: httpx.Client, draft: TapDraft) -> bool | None:
        if draft.now != self.world.city.clock():
            return None
        token = self.world.city.client(draft.actor.client_id).access_token()
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post("/v1/offline-taps", json=draft.batch(), headers=headers)
        return answer.is_success and _is_good(JudgedBatch.model_validate_json(answer.content))


def _is_good(judged: JudgedBatch) -> bool:
    return judged.taps[-1].verdict is TapVerdict.ACCEPTED
