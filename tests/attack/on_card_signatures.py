"""Attacks on the signature in a card's proof: by another key, of another statement, in another encoding."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.attack.jws import b64
from tests.attack.proofs import CARD, KEY_OF, OTHER_LEVEL, PREHASHED, ProofDraft, always, genuine_statement
from tests.attack.scene import ATTACKER
from tests.attack.strikes import Book, Strike, cut, flip_bit, stray_bits

attack: Book[ProofDraft] = Book()


# re-signed


@attack("re-signed", "another card's key, the other key of this card, the attacker's")
def other_key(draft: ProofDraft, strike: Strike) -> None:
    level = draft.challenge.level
    others = [card.keys[KEY_OF[level]] for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    draft.key = strike.pick(draft.key, *others, draft.card.keys[KEY_OF[OTHER_LEVEL[level]]], ATTACKER)


@attack("re-signed", "another card signs, in its own name or in this one's")
def other_signer(draft: ProofDraft, strike: Strike) -> None:
    others = [card for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    other = strike.pick(draft.card, *others)
    draft.statement = draft.statement.put(CARD, other.uuid.bytes)
    draft.key = other.keys[KEY_OF[draft.challenge.level]]


@attack("re-signed", "a caller's key signs for the card")
def callers_key(draft: ProofDraft, strike: Strike) -> None:
    world = draft.turnstile.world
    draft.key = strike.pick(draft.key, *(world.key(name) for name in world.city.keys))


@attack("re-signed", "a card that is not in force, rightly signed")
def idle_card(draft: ProofDraft, strike: Strike) -> None:
    card = strike.pick(draft.card, *draft.turnstile.world.idle_cards)
    draft.statement, draft.key = (
        genuine_statement(draft.challenge, card.uuid),
        card.keys[KEY_OF[draft.challenge.level]],
    )
    draft.members["card_uuid"] = str(card.uuid)


# forged


@attack("forged", "r = x(uG + vQ): a signature that fits the key, and some other digest")
def existential(draft: ProofDraft, strike: Strike) -> None:
    """Anybody can make such a pair; the digest that it fits is nobody's statement."""
    other = draft.key.sign(strike.random.randbytes(32), ec.ECDSA(PREHASHED))
    draft.encode = strike.pick(draft.encode, always(other))


@attack("forged", "the signature of an earlier proof")
def of_an_earlier_proof(draft: ProofDraft, strike: Strike) -> None:
    earlier = draft.turnstile.draft(draft.challenge.level, draft.card)
    draft.encode = strike.pick(draft.encode, always(earlier.signature))


# der


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
        return strike.pick(text, *forms, *([stray_bits(text, strike.random)] if len(raw) % 3 else []))

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
            {"level": OTHER_LEVEL[draft.challenge.level].value},
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
        {"client_id": draft.turnstile.caller},
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
