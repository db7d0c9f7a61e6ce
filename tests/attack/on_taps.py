"""Attacks on what a kiosk brings back: the card signed something else, or nothing, or the journal is another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cardsvc.wire.levels import Level
from readers.piv.identifiers import KeyReference
from tests.attack.jws import b64, unb64
from tests.attack.proofs import always
from tests.attack.scene import ATTACKER
from tests.attack.strikes import Book, Strike, cut, flip_bit, look_alike, near
from tests.attack.world import DESK, KIOSK, OTHER_DEPARTMENT, OTHER_KIOSK, SERVICE
from tests.fixtures.booths import give_package

if TYPE_CHECKING:
    from tests.attack.taps import TapDraft

KIOSK_NAME, NUMBER, PREVIOUS, AT, CARD, DEPARTMENT_NAME, SERVICE_NAME = range(7)
"""The places of what a card states."""

attack: Book[TapDraft] = Book()


def _others(draft: TapDraft) -> list[Any]:
    return [card for card in draft.journal.world.cards if card.uuid != draft.card.uuid]


# re-signed


@attack("re-signed", "another card's key, the other key of this card, the kiosk's, the attacker's")
def other_key(draft: TapDraft, strike: Strike) -> None:
    world, key = draft.journal.world, KeyReference.CARD_AUTHENTICATION
    own = draft.card.keys[KeyReference.PIV_AUTHENTICATION]
    callers = [world.key(name) for name in world.city.keys]
    draft.key = strike.pick(draft.key, *(card.keys[key] for card in _others(draft)), own, *callers, ATTACKER)


@attack("re-signed", "a card that is not in force, rightly signed")
def idle_card(draft: TapDraft, strike: Strike) -> None:
    """The department is told, but not that the card was good."""
    card = strike.pick(draft.card, *draft.journal.world.idle_cards)
    tapped = draft.journal.draft(card, draft.place)
    draft.statement, draft.key, draft.members = tapped.statement, tapped.key, tapped.members


# forged


@attack("forged", "what the card signed for something else: a visit, its presence, nothing")
def of_another_kind(draft: TapDraft, strike: Strike) -> None:
    """The same key signs all of these; what it signs begins with what it is for."""
    (challenge,) = draft.journal.world.kiosk.challenges(Level.TAP)
    proof = draft.card.prove(challenge).signature
    random, uuid = strike.random.randbytes(32), draft.card.uuid.bytes
    presence = hashlib.sha256(b"citizen-card/offline-presence/v1\0" + random + uuid).digest()
    signed = [draft.card.sign(KeyReference.CARD_AUTHENTICATION, digest) for digest in (presence, random, bytes(32))]
    draft.encode = strike.pick(draft.encode, *(always(one) for one in (proof, *signed)))


# der


@attack("der", "one bit is another, truncated, extended")
def truncated(draft: TapDraft, strike: Strike) -> None:
    more = strike.random.randbytes(strike.random.randrange(1, 40))
    change: list[Callable[[bytes], bytes]] = [
        lambda raw: flip_bit(raw, strike.random),
        lambda raw: cut(raw, strike.random),
        lambda raw: raw + more,
        lambda raw: more + raw,
    ]
    draft.encode = lambda genuine: strike.change(genuine, strike.random.choice(change))


# relabelled: the card signed something, but not this, here


def _state(draft: TapDraft, strike: Strike, place: int, *forged: bytes) -> None:
    draft.statement = draft.statement.put(place, strike.pick(draft.statement.fields[place], *forged))


@attack("relabelled", "signed at another kiosk")
def other_kiosk(draft: TapDraft, strike: Strike) -> None:
    name = draft.statement.fields[KIOSK_NAME].decode()
    others = OTHER_KIOSK, DESK, near(name, strike.random), look_alike(name, strike.random)
    _state(draft, strike, KIOSK_NAME, *(other.encode() for other in others))


@attack("relabelled", "signed for another place in the journal")
def other_place(draft: TapDraft, strike: Strike) -> None:
    if strike.random.random() < 0.5:
        number = draft.place[0]
        others = [(number + more).to_bytes(8, "big") for more in (1, 2, 10**6)]
        _state(draft, strike, NUMBER, *others, number.to_bytes(8, "little"), number.to_bytes(4, "big"), bytes(8), b"")
    else:
        _state(draft, strike, PREVIOUS, strike.random.randbytes(32), b"", draft.place[1] + b"\0", b"\xff" * 32)


@attack("relabelled", "signed at another time")
def other_time(draft: TapDraft, strike: Strike) -> None:
    at = draft.members["at"]
    others = [(at + more).to_bytes(8, "big") for more in (1, -1, 60, -3600)]
    _state(draft, strike, AT, *others, at.to_bytes(8, "little"), at.to_bytes(4, "big"), str(at).encode(), b"")


@attack("relabelled", "signed for another card, department or service")
def other_names(draft: TapDraft, strike: Strike) -> None:
    uuids = [card.uuid.bytes for card in _others(draft)]
    place, others = strike.random.choice(
        [
            (CARD, [*uuids, draft.card.uuid.bytes_le, strike.random.randbytes(16), b""]),
            (DEPARTMENT_NAME, [OTHER_DEPARTMENT.encode(), b"environmen", b""]),
            (SERVICE_NAME, [b"report", SERVICE.encode(), b"recycling-point", b""]),
        ]
    )
    _state(draft, strike, place, *others)


@attack("relabelled", "says another time, card, department or service than was signed")
def said(draft: TapDraft, strike: Strike) -> None:
    member, others = strike.random.choice(
        [
            ("at", [draft.members["at"] + more for more in (1, -1, 60, -59)]),
            ("card_uuid", [*(str(card.uuid) for card in _others(draft)), str(UUID(bytes=draft.card.uuid.bytes_le))]),
            ("department", [OTHER_DEPARTMENT, "nobody", ""]),
            ("service", ["report", SERVICE, ""]),
        ]
    )
    draft.members[member] = strike.pick(draft.members[member], *others)


@attack("relabelled", "for a service that no kiosk serves without its network, rightly signed")
def other_service(draft: TapDraft, strike: Strike) -> None:
    right = draft.members["department"], draft.members["service"]
    others = [(right[0], "report"), (right[0], "permit"), (right[0], "x"), (OTHER_DEPARTMENT, SERVICE)]
    department, service = strike.pick(right, *others, ("medical-insurance", SERVICE), ("nobody", right[1]))
    draft.members |= {"department": department, "service": service}
    stated = draft.statement.put(DEPARTMENT_NAME, department.encode())
    draft.statement = stated.put(SERVICE_NAME, service.encode())


@attack("relabelled", "signed in another domain")
def other_domain(draft: TapDraft, strike: Strike) -> None:
    names = b"citizen-card/auth/v1\0", b"citizen-card/offline/v2\0", b"citizen-card/offline/v1", b"", b"\0"
    more = b"citizen-card/offline-entry/v1\0", b"citizen-card/offline-presence/v1\0"
    draft.statement = replace(draft.statement, domain=strike.pick(draft.statement.domain, *names, *more))


@attack("relabelled", "fields that run into each other, another digest")
def run_together(draft: TapDraft, strike: Strike) -> None:
    genuine = draft.statement
    left, right = genuine.fields[DEPARTMENT_NAME], genuine.fields[SERVICE_NAME]
    moved = genuine.put(DEPARTMENT_NAME, left[:-1]).put(SERVICE_NAME, left[-1:] + right)
    plain = replace(genuine, join=b"".join)
    turned = replace(genuine, fields=genuine.fields[::-1])
    more = replace(genuine, fields=(*genuine.fields, b""))
    digests = [
        replace(genuine, digest=lambda raw: hashlib.sha256(hashlib.sha256(raw).digest()).digest()),
        replace(genuine, digest=lambda raw: hashlib.sha512(raw).digest()[:32]),
        replace(genuine, digest=lambda raw: hashlib.sha256(raw + b"\0").digest()),
    ]
    draft.statement = strike.pick(genuine, moved, plain, turned, more, *digests)


@attack("relabelled", "brought by another kiosk, or a desk, in its own name or in this one's")
def other_actor(draft: TapDraft, strike: Strike) -> None:
    city = draft.journal.world.city
    name = strike.pick(draft.actor.client_id, OTHER_KIOSK, DESK)
    draft.actor = city.principal(name)
    draft.name = strike.pick(draft.name, name, draft.name)


# replayed


@attack("replayed", "the same signature, or the same entry, in the next place")
def next_place(draft: TapDraft, strike: Strike) -> None:
    """The one before is taken; what is brought after it is it again."""
    first = draft.entry()
    after = first.place[0] + 1, first.hash()
    genuine = draft.journal.draft(draft.card, after)
    draft.before, draft.place = (first,), after
    draft.statement = strike.pick(genuine.statement, draft.statement)


@attack("replayed", "a journal that begins anew, goes back, leaves out, or is another from the entry before")
def other_journal(draft: TapDraft, strike: Strike) -> None:
    (number, previous), first = draft.place, draft.entry()
    right = number + 1, first.hash()
    gaps = (number + 2, right[1]), (number, right[1]), (number, previous), (1, bytes(32))
    forks = (right[0], previous), (right[0], strike.random.randbytes(32)), (right[0], bytes(32))
    place = strike.pick(right, *gaps, *forks)
    tapped = draft.journal.draft(_others(draft)[0], place)
    draft.before, draft.place, draft.statement = (first,), place, tapped.statement
    draft.key, draft.members = tapped.key, tapped.members


# the chain of the journal


@attack("chain", "a hash that is another, or of another kiosk's entry")
def other_hash(draft: TapDraft, strike: Strike) -> None:
    forged = strike.random.randbytes(32), bytes(32), b"", hashlib.sha256(draft.content()).digest()
    flipped = replace(draft.entry(), kiosk=OTHER_KIOSK).hash()

    def finish(entry: dict[str, Any]) -> dict[str, Any]:
        return {**entry, "hash": strike.pick(entry["hash"], b64(flipped), *map(b64, forged))}

    draft.finish = finish


@attack("chain", "what an entry says is changed under its old hash")
def altered(draft: TapDraft, strike: Strike) -> None:
    def finish(entry: dict[str, Any]) -> dict[str, Any]:
        content = strike.change(unb64(entry["content"]), lambda raw: flip_bit(raw, strike.random))
        return {**entry, "content": b64(content)}

    draft.finish = finish


@attack("chain", "a place that is none")
def no_place(draft: TapDraft, strike: Strike) -> None:
    def finish(entry: dict[str, Any]) -> dict[str, Any]:
        right = entry["sequence"]
        wrong = 0, -1, 2**53, 2**63, 10**30, right + 0.5, None, str(right) + "x", [right], right + 2
        return {**entry, "sequence": strike.pick(right, *wrong)}

    draft.finish = finish


# time


def _at(draft: TapDraft, at: int) -> None:
    draft.members |= {"at": at, "known_as_of": min(draft.members["known_as_of"], at)}
    draft.statement = draft.statement.put(AT, at.to_bytes(8, "big"))


@attack("time", "in the future, or of longer ago than is known what became of cards, rightly signed")
def out_of_time(draft: TapDraft, strike: Strike) -> None:
    day = 86_400
    _at(draft, draft.members["at"] + strike.pick(0, 361, 3600, day, 10**9, -90 * day - 1, -400 * day, -(10**9)))


@attack("time", "by a kiosk that heard from the city too long before, or only afterwards")
def out_of_touch(draft: TapDraft, strike: Strike) -> None:
    """The policy, in force for two hours by then, allows one."""
    draft.now += timedelta(hours=2)
    at = draft.members["at"] + 7200
    _at(draft, at)
    for given in (at - 3600, at - 3601, at - 7200, at + 1, at + 3600):
        give_package(draft.journal.world.city, KIOSK, given)
    draft.members["known_as_of"] = strike.pick(at - 3600, at - 3601, at - 7200, at + 1, at + 3600, 0, -1, 10**18)


@attack("time", "by a package that this kiosk was never given")
def never_given(draft: TapDraft, strike: Strike) -> None:
    draft.now += timedelta(hours=2)  # the policy is in force by then
    _at(draft, draft.members["at"] + 7200)
    city, known = draft.journal.world.city, draft.members["at"] - 60
    give_package(city, KIOSK, known)
    give_package(city, OTHER_KIOSK, known - 7)
    draft.members["known_as_of"] = strike.pick(known, known - 7, known - strike.random.randrange(10, 3000))


@attack("time", "a time that is no whole number")
def no_time(draft: TapDraft, strike: Strike) -> None:
    member = strike.random.choice(["at", "known_as_of"])
    right = draft.members[member]
    draft.members[member] = strike.pick(right, str(right), float(right), None, [right], {}, "now", right + 0.5)


@attack("time", "brought before it happened")
def too_early(draft: TapDraft, strike: Strike) -> None:
    draft.now -= timedelta(seconds=strike.pick(0, 361, 3600, 86_400))


# encoding


@attack("encoding", "no object, or no JSON")
def no_json(draft: TapDraft, strike: Strike) -> None:
    def write(members: Mapping[str, Any]) -> str:
        text = json.dumps(members)
        forms = f"[{text}]", text[:-1], text + text, json.dumps(text), "null", "[]", text.replace('"', "'")
        return strike.pick(text, *forms, text[:-1] + ",}", text + "x", "[" * 2000, f"/**/{text}")

    draft.write = write


@attack("encoding", "a member that comes twice, and the last time it is forged")
def doubled(draft: TapDraft, strike: Strike) -> None:
    signature = {"signature": b64(ATTACKER.sign(bytes(32), ec.ECDSA(hashes.SHA256())))}
    forged = strike.random.choice(
        [{"at": draft.members["at"] - 1}, {"service": "report"}, {"card_uuid": str(UUID(int=7))}, signature]
    )
    draft.write = lambda members: json.dumps(members)[:-1] + strike.pick("", f",{json.dumps(forged)[1:-1]}") + "}"


@attack("encoding", "members that are not known, or are missing")
def other_members(draft: TapDraft, strike: Strike) -> None:
    more: list[dict[str, Any]] = [{"verdict": "accepted"}, {"level": "pin"}, {"attributes": {}}, {"At": 0}]
    missing = strike.random.choice(sorted(draft.members))
    fewer = {name: value for name, value in draft.members.items() if name != missing}
    draft.members = strike.pick(draft.members, *({**draft.members, **each} for each in more), fewer)
