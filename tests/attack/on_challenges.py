"""Attacks on the challenge that a proof answers: another one, a foreign one, a changed one, and the same again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.attack import der
from tests.attack.jws import b64, unb64
from tests.attack.proofs import (
    CHALLENGE,
    KEY_OF,
    OTHER_LEVEL,
    OTHERS,
    PREHASHED,
    ProofDraft,
    Write,
    always,
    genuine_statement,
    state,
)
from tests.attack.scene import ATTACKER
from tests.attack.strikes import Book, Strike, cut, flip_bit, near, stray_bits

attack: Book[ProofDraft] = Book()


# the challenge


@attack("challenge", "signed over another challenge")
def other_challenge(draft: ProofDraft, strike: Strike) -> None:
    others = [draft.turnstile.challenge(draft.challenge.level).challenge, strike.random.randbytes(32), bytes(32)]
    state(draft, strike, CHALLENGE, *others, flip_bit(draft.challenge.challenge, strike.random))


def _handle(draft: ProofDraft, strike: Strike, *forged: str) -> None:
    draft.members["challenge_handle"] = strike.pick(draft.challenge.handle, *forged)


@attack("challenge", "the handle of another challenge")
def other_handle(draft: ProofDraft, strike: Strike) -> None:
    place, level = draft.turnstile, draft.challenge.level
    others = (place.challenge(level), place.challenge(OTHER_LEVEL[level]), place.challenge(level, bytes(32)))
    _handle(draft, strike, *(other.handle for other in others))


@attack("challenge", "a challenge of another caller, answered for that caller or for this one")
def foreign_challenge(draft: ProofDraft, strike: Strike) -> None:
    other = draft.turnstile.world.city.principal(strike.random.choice(OTHERS[draft.turnstile.caller]))
    theirs = draft.turnstile.challenge(draft.challenge.level, actor=other)
    actor = draft.turnstile.actor
    ours = theirs.model_copy(update={"client_id": actor.client_id, "audience": actor.audience})
    stated = strike.pick(draft.challenge, theirs, ours)
    draft.statement = genuine_statement(stated, draft.card.uuid)
    draft.members |= {"challenge_handle": stated.handle, "audience": stated.audience}


@attack("challenge", "a genuine proof, shown by another caller")
def other_actor(draft: ProofDraft, strike: Strike) -> None:
    """The signature serves nobody who intercepts it."""
    others = [draft.turnstile.entry(name) for name in OTHERS[draft.turnstile.caller]]
    draft.entry = strike.pick(draft.entry, *others)


@attack("challenge", "the same key under another name")
def other_name_of_caller(draft: ProofDraft, strike: Strike) -> None:
    """What the token says of its caller is held against the caller's row."""
    names = (*OTHERS[draft.turnstile.caller], near(draft.turnstile.caller, strike.random))
    forged = (replace(draft.entry, grant=replace(draft.entry.grant, client_id=name)) for name in names)
    draft.entry = strike.pick(draft.entry, *forged)


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
    handle = draft.challenge.handle
    draft.members["challenge_handle"] = strike.change(handle, lambda text: stray_bits(text, strike.random))


@attack("challenge", "too late")
def too_late(draft: ProofDraft, strike: Strike) -> None:
    later = strike.pick(0, 300, 301, 600, 10**5)
    draft.now += timedelta(seconds=later)


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
    draft.encode = always(fresh)


@attack("replayed", "another card answers the same challenge")
def answered_by_another(draft: ProofDraft, strike: Strike) -> None:
    """`rehearse` shows the first card's answer; this one is right, too, and late."""
    others = [card for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    card = strike.random.choice(others)
    draft.rehearse = not strike.blank
    digest, key = genuine_statement(draft.challenge, card.uuid).hashed(), card.keys[KEY_OF[draft.challenge.level]]
    draft.members["card_uuid"] = str(card.uuid)
    draft.encode = always(key.sign(digest, ec.ECDSA(PREHASHED)))


@attack("replayed", "spent by a wrong answer, then answered rightly")
def spent_by_a_wrong_answer(draft: ProofDraft, strike: Strike) -> None:
    if not strike.blank:
        wrong = replace(draft, encode=always(ATTACKER.sign(bytes(32), ec.ECDSA(PREHASHED))))
        draft.turnstile.show([wrong])
