"""Attacks on a card's proof. The attacker has other cards, other callers' keys, and everything that was ever shown."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cardsvc.wire.levels import Level
from readers.piv.identifiers import KeyReference
from tests.attack import der
from tests.attack.jws import b64, unb64
from tests.attack.proofs import (
    AUDIENCE,
    CARD,
    CHALLENGE,
    CLIENT,
    EXPIRY,
    HASH,
    ISSUER,
    KEY_REFERENCE,
    LEVEL,
    OTHERS,
    PREHASHED,
    ProofDraft,
    genuine_statement,
)
from tests.attack.scene import ATTACKER
from tests.attack.strikes import Book, Strike, cut, flip_bit, look_alike, near

attack: Book[ProofDraft] = Book()

Write = Callable[[Mapping[str, Any]], str]
_KEY_OF = {Level.TAP: KeyReference.CARD_AUTHENTICATION, Level.PIN: KeyReference.PIV_AUTHENTICATION}
_OTHER_LEVEL = {Level.TAP: Level.PIN, Level.PIN: Level.TAP}


def _state(draft: ProofDraft, strike: Strike, place: int, *forged: bytes) -> None:
    draft.statement = draft.statement.put(place, strike.pick(draft.statement.fields[place], *forged))


# relabelled: the card signed something, but not for this


@attack("relabelled", "signed for another issuer")
def other_issuer(draft: ProofDraft, strike: Strike) -> None:
    genuine = draft.challenge.issuer
    others = (
        near(genuine, strike.random),
        "https://cards.other-city.example",
        genuine.replace("127.0.0.1", "localhost"),
    )
    _state(draft, strike, ISSUER, *(other.encode() for other in others))


@attack("relabelled", "signed for another level, by its own key")
def other_level(draft: ProofDraft, strike: Strike) -> None:
    _state(draft, strike, LEVEL, _OTHER_LEVEL[draft.challenge.level].value.encode(), b"sign", b"", b"PIN", b"tap\0")


@attack("relabelled", "a tap is shown for a PIN, or a PIN for a tap, signed rightly for what it is")
def other_level_altogether(draft: ProofDraft, strike: Strike) -> None:
    """The challenge is of the one level; everything else is of the other."""
    level = strike.pick(draft.challenge.level, _OTHER_LEVEL[draft.challenge.level])
    lied = draft.challenge.model_copy(update={"level": level})
    draft.statement, draft.key = genuine_statement(lied, draft.card.uuid), draft.card.keys[_KEY_OF[level]]
    draft.members["level"] = level.value


@attack("relabelled", "says another level than it was signed for")
def said_level(draft: ProofDraft, strike: Strike) -> None:
    level = draft.challenge.level
    draft.members["level"] = strike.pick(
        level.value, _OTHER_LEVEL[level].value, "sign", level.value.upper(), "", None, 1
    )


@attack("relabelled", "signed for another key reference")
def other_key_reference(draft: ProofDraft, strike: Strike) -> None:
    others = {0x9A, 0x9C, 0x9D, 0x9E, 0x00, 0x04} - {draft.statement.fields[KEY_REFERENCE][0]}
    _state(draft, strike, KEY_REFERENCE, *(bytes((other,)) for other in others), b"")


@attack("relabelled", "signed for another caller")
def other_client(draft: ProofDraft, strike: Strike) -> None:
    others = (*OTHERS[draft.actor.client_id], near(draft.actor.client_id, strike.random), "ana")
    _state(draft, strike, CLIENT, *(other.encode() for other in others))


@attack("relabelled", "signed for another audience")
def other_audience(draft: ProofDraft, strike: Strike) -> None:
    others = (*OTHERS[draft.actor.client_id], near(draft.challenge.audience, strike.random), "urn:citizen-card:desk")
    _state(draft, strike, AUDIENCE, *(other.encode() for other in others))


@attack("relabelled", "says another audience than it was signed for")
def said_audience(draft: ProofDraft, strike: Strike) -> None:
    genuine = draft.challenge.audience
    others = (*OTHERS[draft.actor.client_id], near(genuine, strike.random), [genuine], None, 0, {"a": genuine})
    draft.members["audience"] = strike.pick(genuine, *others)


@attack("relabelled", "signed and said for another audience")
def other_audience_altogether(draft: ProofDraft, strike: Strike) -> None:
    other = strike.pick(draft.challenge.audience, *OTHERS[draft.actor.client_id])
    draft.statement, draft.members["audience"] = draft.statement.put(AUDIENCE, other.encode()), other


@attack("relabelled", "signed for another card")
def other_card(draft: ProofDraft, strike: Strike) -> None:
    others = [card.uuid.bytes for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    _state(draft, strike, CARD, *others, draft.card.uuid.bytes_le, strike.random.randbytes(16), b"")


@attack("relabelled", "says another card than the one that signed")
def said_card(draft: ProofDraft, strike: Strike) -> None:
    others = [str(card.uuid) for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    random = str(UUID(int=strike.random.getrandbits(128)))
    more = (str(UUID(bytes=draft.card.uuid.bytes_le)), random, "", None, str(draft.card.uuid)[:-1])
    draft.members["card_uuid"] = strike.pick(str(draft.card.uuid), *others, *more)


@attack("relabelled", "another expiry")
def other_expiry(draft: ProofDraft, strike: Strike) -> None:
    seconds = int.from_bytes(draft.statement.fields[EXPIRY], "big")
    others = [seconds + more for more in (1, -1, 60, 10**6)] + [seconds * 1000, 0, 2**63]
    later = [str(seconds).encode(), seconds.to_bytes(8, "little"), seconds.to_bytes(4, "big"), b""]
    _state(draft, strike, EXPIRY, *(other.to_bytes(8, "big") for other in others), *later)


@attack("relabelled", "another transaction, or none")
def other_transaction(draft: ProofDraft, strike: Strike) -> None:
    genuine = draft.statement.fields[HASH]
    others = {strike.random.randbytes(32), bytes(32), b"", hashlib.sha256(genuine).digest(), genuine + b"\0"}
    _state(draft, strike, HASH, *sorted(others - {genuine}))


@attack("relabelled", "signed in another domain: activation, consent, offline")
def other_domain(draft: ProofDraft, strike: Strike) -> None:
    names = (
        b"citizen-card/offline/v1\0",
        b"citizen-card/auth/v2\0",
        b"citizen-card/auth/v1",
        b"citizen-card/activation/v1\0",
    )
    more = (b"citizen-card/consent/v1\0", b"citizen-card/challenge/value/v1\0", b"", b"citizen-card/auth/v1\0\0", b"\0")
    draft.statement = replace(draft.statement, domain=strike.pick(draft.statement.domain, *names, *more))


@attack("relabelled", "fields that run into each other")
def run_together(draft: ProofDraft, strike: Strike) -> None:
    """One byte of a name moves to the name beside it: without lengths the bytes would be the same."""
    place = strike.random.choice([ISSUER, LEVEL, CLIENT])
    genuine = draft.statement
    left, right = genuine.fields[place], genuine.fields[place + 1]
    moved = genuine.put(place, left[:-1]).put(place + 1, left[-1:] + right)
    plain = replace(genuine, join=b"".join)
    little = replace(genuine, join=lambda fields: b"".join(len(one).to_bytes(2, "little") + one for one in fields))
    turned = replace(genuine, fields=genuine.fields[::-1])
    more = replace(genuine, fields=(*genuine.fields, b""))
    fewer = replace(genuine, fields=genuine.fields[:-1])
    draft.statement = strike.pick(genuine, moved, plain, little, turned, more, fewer)


@attack("relabelled", "another digest of the right statement")
def other_digest(draft: ProofDraft, strike: Strike) -> None:
    ways = [
        lambda raw: hashlib.sha256(hashlib.sha256(raw).digest()).digest(),
        lambda raw: hashlib.sha384(raw).digest()[:32],
        lambda raw: hashlib.sha512(raw).digest()[:32],
        lambda raw: hashlib.sha3_256(raw).digest(),
        lambda raw: hashlib.sha256(raw + b"\0").digest(),
        lambda raw: raw[:32],
        lambda _raw: draft.challenge.challenge,
        lambda _raw: bytes(32),
    ]
    draft.statement = replace(draft.statement, digest=strike.pick(draft.statement.digest, *ways))


# the challenge


@attack("challenge", "signed over another challenge")
def other_challenge(draft: ProofDraft, strike: Strike) -> None:
    others = [draft.turnstile.challenge(draft.challenge.level).challenge, strike.random.randbytes(32), bytes(32)]
    _state(draft, strike, CHALLENGE, *others, flip_bit(draft.challenge.challenge, strike.random))


def _handle(draft: ProofDraft, strike: Strike, *forged: str) -> None:
    draft.members["challenge_handle"] = strike.pick(draft.challenge.handle, *forged)


@attack("challenge", "the handle of another challenge")
def other_handle(draft: ProofDraft, strike: Strike) -> None:
    place, level = draft.turnstile, draft.challenge.level
    others = (place.challenge(level), place.challenge(_OTHER_LEVEL[level]), place.challenge(level, bytes(32)))
    _handle(draft, strike, *(other.handle for other in others))


@attack("challenge", "a challenge of another caller, answered for that caller or for this one")
def foreign_challenge(draft: ProofDraft, strike: Strike) -> None:
    other = draft.turnstile.world.city.principal(strike.random.choice(OTHERS[draft.actor.client_id]))
    theirs = draft.turnstile.challenge(draft.challenge.level, actor=other)
    ours = theirs.model_copy(update={"client_id": draft.actor.client_id, "audience": draft.actor.audience})
    stated = strike.pick(draft.challenge, theirs, ours)
    draft.statement = genuine_statement(stated, draft.card.uuid)
    draft.members |= {"challenge_handle": stated.handle, "audience": stated.audience}


@attack("challenge", "a genuine proof, shown by another caller")
def other_actor(draft: ProofDraft, strike: Strike) -> None:
    """The signature serves nobody who intercepts it."""
    others = [draft.turnstile.world.city.principal(name) for name in OTHERS[draft.actor.client_id]]
    draft.actor = strike.pick(draft.actor, *others)


@attack("challenge", "the same caller under another audience")
def other_name_of_actor(draft: ProofDraft, strike: Strike) -> None:
    names = (near(draft.actor.audience, strike.random), "urn:citizen-card:elsewhere")
    draft.actor = strike.pick(draft.actor, *(replace(draft.actor, audience=name) for name in names))


@attack("challenge", "one bit of the handle is another")
def flipped_handle(draft: ProofDraft, strike: Strike) -> None:
    _handle(draft, strike, b64(flip_bit(unb64(draft.challenge.handle), strike.random)))


@attack("challenge", "the handle says something else under the old code")
def rewritten_handle(draft: ProofDraft, strike: Strike) -> None:
    """Level, expiry, caller, transaction: see `cardsvc.authentication.challenges` for the places."""
    raw, random = unb64(draft.challenge.handle), strike.random
    later = (int.from_bytes(raw[17:25], "big") + 10**6).to_bytes(8, "big")
    forged = [
        random.randbytes(16) + raw[16:],
        raw[:16] + bytes((raw[16] ^ 1,)) + raw[17:],
        raw[:16] + b"\xff" + raw[17:],
        raw[:17] + later + raw[25:],
        raw[:25] + random.randbytes(16) + raw[41:],
        raw[:41] + random.randbytes(32) + raw[-16:],
        raw[:41] + raw[-16:],
        raw[:-16] + bytes(16),
        raw[:-16] + hashlib.sha256(raw[:-16]).digest()[:16],
        random.randbytes(len(raw)),
    ]
    _handle(draft, strike, *(b64(one) for one in forged if one != raw))


@attack("challenge", "the handle cut, longer, or in another form")
def other_form_of_handle(draft: ProofDraft, strike: Strike) -> None:
    handle, random = draft.challenge.handle, strike.random
    middle = len(handle) // 2
    forms = [
        cut(handle, random),
        handle + "A",
        handle + "=",
        handle + "==",
        f" {handle}",
        f"{handle}\n",
        handle * 2,
        "",
    ]
    inside = [handle[:middle] + blank + handle[middle:] for blank in ("\n", " ", "=", "\0", ".")]
    swapped = handle.swapcase()
    more = [b64(unb64(handle) + b"\0"), b64(b"\0" + unb64(handle)), f"{handle}é", *inside]
    _handle(draft, strike, *forms, *more, *([swapped] if swapped != handle else []))


@attack("challenge", "bits of the handle beyond its last byte")
def stray_bits_in_handle(draft: ProofDraft, strike: Strike) -> None:
    draft.members["challenge_handle"] = strike.change(draft.challenge.handle, lambda text: _stray(text, strike.random))


def _stray(text: str, random: Random) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = {2: 4, 3: 2}.get(len(text) % 4)
    if spare is None:  # no bits are left over: another letter will do
        return text[:-1] + alphabet[(alphabet.index(text[-1]) + 1) % 64]
    return text[:-1] + alphabet[alphabet.index(text[-1]) | random.randrange(1, 1 << spare)]


@attack("challenge", "too late")
def too_late(draft: ProofDraft, strike: Strike) -> None:
    later = strike.pick(0, 300, 301, 600, 10**5)
    draft.now += timedelta(seconds=later)


# re-signed


@attack("re-signed", "another card's key, the other key of this card, the attacker's")
def other_key(draft: ProofDraft, strike: Strike) -> None:
    level = draft.challenge.level
    others = [card.keys[_KEY_OF[level]] for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    draft.key = strike.pick(draft.key, *others, draft.card.keys[_KEY_OF[_OTHER_LEVEL[level]]], ATTACKER)


@attack("re-signed", "another card signs, in its own name or in this one's")
def other_signer(draft: ProofDraft, strike: Strike) -> None:
    others = [card for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    other = strike.pick(draft.card, *others)
    draft.statement = draft.statement.put(CARD, other.uuid.bytes)
    draft.key = other.keys[_KEY_OF[draft.challenge.level]]


@attack("re-signed", "a caller's key signs for the card")
def callers_key(draft: ProofDraft, strike: Strike) -> None:
    world = draft.turnstile.world
    draft.key = strike.pick(draft.key, *(world.key(name) for name in world.city.keys))


@attack("re-signed", "a card that is not in force, rightly signed")
def idle_card(draft: ProofDraft, strike: Strike) -> None:
    card = strike.pick(draft.card, *draft.turnstile.world.idle_cards)
    draft.statement, draft.key = (
        genuine_statement(draft.challenge, card.uuid),
        card.keys[_KEY_OF[draft.challenge.level]],
    )
    draft.members["card_uuid"] = str(card.uuid)


# forged


@attack("forged", "random numbers, and those that some verifiers take for anything")
def invented(draft: ProofDraft, strike: Strike) -> None:
    n, random = der.P256_ORDER, strike.random
    special = [(0, 0), (1, 1), (n, n), (0, 1), (1, 0), (n - 1, 1), (1, n - 1), (2**256, 2**256), (n + 1, n + 1)]
    pairs = [*special, (random.randrange(1, n), random.randrange(1, n))]
    draft.encode = strike.pick(draft.encode, *(_always(der.signature(*pair)) for pair in pairs))


def _always(value: bytes) -> Any:
    return lambda _genuine: value


@attack("forged", "r = x(uG + vQ): a signature that fits the key, and some other digest")
def existential(draft: ProofDraft, strike: Strike) -> None:
    """Anybody can make such a pair; the digest that it fits is nobody's statement."""
    other = draft.key.sign(strike.random.randbytes(32), ec.ECDSA(PREHASHED))
    draft.encode = strike.pick(draft.encode, _always(other))


@attack("forged", "the signature of an earlier proof")
def of_an_earlier_proof(draft: ProofDraft, strike: Strike) -> None:
    earlier = draft.turnstile.draft(draft.challenge.level, draft.card)
    draft.encode = strike.pick(draft.encode, _always(earlier.signature))


# der


@attack("der", "numbers out of their range")
def other_numbers(draft: ProofDraft, strike: Strike) -> None:
    draft.encode = lambda genuine: strike.change(genuine, lambda raw: der.other_numbers(raw, strike.random))


@attack("der", "the right numbers in another encoding")
def other_encodings(draft: ProofDraft, strike: Strike) -> None:
    draft.encode = lambda genuine: strike.change(genuine, lambda raw: der.other_encodings(raw, strike.random))


@attack("der", "one bit is another")
def flipped(draft: ProofDraft, strike: Strike) -> None:
    draft.encode = lambda genuine: strike.change(genuine, lambda raw: flip_bit(raw, strike.random))


@attack("der", "truncated, extended")
def truncated(draft: ProofDraft, strike: Strike) -> None:
    more = strike.random.randbytes(strike.random.randrange(1, 40))
    draft.encode = lambda genuine: strike.pick(genuine, cut(genuine, strike.random), genuine + more, more + genuine)


# encoding


@attack("encoding", "the signature's base64url padded, with white space, in another alphabet, with stray bits")
def other_base64(draft: ProofDraft, strike: Strike) -> None:
    def spell(raw: bytes) -> Any:
        text = b64(raw)
        padded = base64.urlsafe_b64encode(raw + bytes(-len(raw) % 3 or 0)).decode()
        middle = len(text) // 2
        inside = [text[:middle] + blank + text[middle:] for blank in (" ", "\n", "=", "\0", "%", "\u200b")]
        strange: list[Any] = [text + "=", text + "==", f"{text}\n", f" {text}", raw.hex(), [text], list(raw), None, ""]
        standard = base64.b64encode(raw).decode()
        forms = [*inside, *strange, *([standard] if standard != text else []), *([padded] if padded != text else [])]
        return strike.pick(text, *forms, *([_stray(text, strike.random)] if len(raw) % 3 else []))

    draft.spell = spell


@attack("encoding", "no object, or no JSON")
def no_json(draft: ProofDraft, strike: Strike) -> None:
    def write(members: Mapping[str, Any]) -> str:
        text = json.dumps(members)
        forms = (f"[{text}]", text[:-1], text + text, json.dumps(text), "null", "[]", "", text.replace('"', "'"))
        return strike.pick(text, *forms, text[:-1] + ",}", text + "x", "[" * 9000, f"/**/{text}")

    draft.write = write


@attack("encoding", "a member that comes twice, and the last time it is forged")
def doubled(draft: ProofDraft, strike: Strike) -> None:
    forged = strike.random.choice(
        [
            {"level": _OTHER_LEVEL[draft.challenge.level].value},
            {"audience": "urn:citizen-card:elsewhere"},
            {"card_uuid": str(UUID(int=strike.random.getrandbits(128)))},
            {"signature": b64(ATTACKER.sign(b"x", ec.ECDSA(hashes.SHA256())))},
            {"challenge_handle": draft.turnstile.challenge(draft.challenge.level).handle},
        ]
    )
    draft.write = lambda members: json.dumps(members)[:-1] + strike.pick("", f",{json.dumps(forged)[1:-1]}") + "}"


@attack("encoding", "members that are not known, or are missing")
def other_members(draft: ProofDraft, strike: Strike) -> None:
    more: list[dict[str, Any]] = [
        {"transaction_hash": b64(bytes(32))},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"client_id": draft.actor.client_id},
        {"issuer": draft.challenge.issuer},
        {"challenge": b64(draft.challenge.challenge)},
        {"key_reference": 0x9E},
        {"certificate": "MIIB"},
        {"Level": "pin"},
        {"verified": True},
    ]
    missing = strike.random.choice(sorted(draft.members))
    fewer = {name: value for name, value in draft.members.items() if name != missing}
    draft.members = strike.pick(draft.members, *({**draft.members, **each} for each in more), fewer)


@attack("look-alike", "an audience with one letter of another script, or an invisible one")
def homoglyph(draft: ProofDraft, strike: Strike) -> None:
    draft.members["audience"] = strike.change(
        draft.challenge.audience, lambda genuine: look_alike(genuine, strike.random)
    )


@attack("look-alike", "a caller's or an audience's name signed with a letter of another script")
def signed_homoglyph(draft: ProofDraft, strike: Strike) -> None:
    place = strike.random.choice([CLIENT, AUDIENCE])
    forged = look_alike(draft.statement.fields[place].decode(), strike.random)
    _state(draft, strike, place, forged.encode())


# replayed


@attack("replayed", "the same again")
def again(draft: ProofDraft, strike: Strike) -> None:
    draft.rehearse = not strike.blank


@attack("replayed", "the same in another spelling")
def respelled(draft: ProofDraft, strike: Strike) -> None:
    draft.rehearse = not strike.blank
    uuid = str(draft.card.uuid)
    draft.members["card_uuid"] = strike.random.choice(
        [uuid, uuid.upper(), uuid.replace("-", ""), f"urn:uuid:{uuid}", f"{{{uuid}}}"]
    )
    writers: list[Write] = [json.dumps, _reordered, _spread]
    draft.write = strike.random.choice(writers)


def _reordered(members: Mapping[str, Any]) -> str:
    return json.dumps({name: members[name] for name in reversed(list(members))})


def _spread(members: Mapping[str, Any]) -> str:
    return json.dumps(members, indent=4).replace("a", "\\u0061")


@attack("replayed", "the other signature of a pair: r and n - s")
def twin(draft: ProofDraft, strike: Strike) -> None:
    """It is as valid as the first. Cards give either, so what it must not be is a second answer."""
    draft.rehearse = not strike.blank
    draft.encode = der.twin if strike.random.random() < 0.5 else bytes


@attack("replayed", "the card signs the same challenge once more")
def signed_again(draft: ProofDraft, strike: Strike) -> None:
    draft.rehearse = not strike.blank
    fresh = draft.key.sign(draft.statement.hashed(), ec.ECDSA(PREHASHED))
    draft.encode = _always(fresh)


@attack("replayed", "another card answers the same challenge")
def answered_by_another(draft: ProofDraft, strike: Strike) -> None:
    """`rehearse` shows the first card's answer; this one is right, too, and late."""
    others = [card for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    card = strike.random.choice(others)
    draft.rehearse = not strike.blank
    digest, key = genuine_statement(draft.challenge, card.uuid).hashed(), card.keys[_KEY_OF[draft.challenge.level]]
    draft.members["card_uuid"] = str(card.uuid)
    draft.encode = _always(key.sign(digest, ec.ECDSA(PREHASHED)))


@attack("replayed", "spent by a wrong answer, then answered rightly")
def spent_by_a_wrong_answer(draft: ProofDraft, strike: Strike) -> None:
    if not strike.blank:
        wrong = replace(draft, encode=_always(ATTACKER.sign(bytes(32), ec.ECDSA(PREHASHED))))
        draft.turnstile.show([wrong])
