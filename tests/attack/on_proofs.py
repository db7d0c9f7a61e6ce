"""Attacks on what a card's proof is for: the card signed something, but not this for this caller."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from uuid import UUID

from tests.attack.proofs import (
    AUDIENCE,
    CARD,
    CLIENT,
    EXPIRY,
    HASH,
    ISSUER,
    KEY_OF,
    KEY_REFERENCE,
    LEVEL,
    OTHER_LEVEL,
    OTHERS,
    ProofDraft,
    genuine_statement,
    state,
)
from tests.attack.strikes import Book, Strike, look_alike, near

attack: Book[ProofDraft] = Book()


# relabelled: the card signed something, but not for this


@attack("relabelled", "signed for another issuer")
def other_issuer(draft: ProofDraft, strike: Strike) -> None:
    genuine = draft.challenge.issuer
    others = (
        near(genuine, strike.random),
        "https://cards.other-city.example",
        genuine.replace("127.0.0.1", "localhost"),
    )
    state(draft, strike, ISSUER, *(other.encode() for other in others))


@attack("relabelled", "signed for another level, by its own key")
def other_level(draft: ProofDraft, strike: Strike) -> None:
    state(draft, strike, LEVEL, OTHER_LEVEL[draft.challenge.level].value.encode(), b"sign", b"", b"PIN", b"tap\0")


@attack("relabelled", "a tap is shown for a PIN, or a PIN for a tap, signed rightly for what it is")
def other_level_altogether(draft: ProofDraft, strike: Strike) -> None:
    """The challenge is of the one level; everything else is of the other."""
    level = strike.pick(draft.challenge.level, OTHER_LEVEL[draft.challenge.level])
    lied = draft.challenge.model_copy(update={"level": level})
    draft.statement, draft.key = genuine_statement(lied, draft.card.uuid), draft.card.keys[KEY_OF[level]]
    draft.members["level"] = level.value


@attack("relabelled", "says another level than it was signed for")
def said_level(draft: ProofDraft, strike: Strike) -> None:
    level = draft.challenge.level
    draft.members["level"] = strike.pick(
        level.value, OTHER_LEVEL[level].value, "sign", level.value.upper(), "", None, 1
    )


@attack("relabelled", "signed for another key reference")
def other_key_reference(draft: ProofDraft, strike: Strike) -> None:
    others = {0x9A, 0x9C, 0x9D, 0x9E, 0x00, 0x04} - {draft.statement.fields[KEY_REFERENCE][0]}
    state(draft, strike, KEY_REFERENCE, *(bytes((other,)) for other in others), b"")


@attack("relabelled", "signed for another caller")
def other_client(draft: ProofDraft, strike: Strike) -> None:
    others = (*OTHERS[draft.turnstile.caller], near(draft.turnstile.caller, strike.random), "ana")
    state(draft, strike, CLIENT, *(other.encode() for other in others))


@attack("relabelled", "signed for another audience")
def other_audience(draft: ProofDraft, strike: Strike) -> None:
    others = (*OTHERS[draft.turnstile.caller], near(draft.challenge.audience, strike.random), "urn:citizen-card:desk")
    state(draft, strike, AUDIENCE, *(other.encode() for other in others))


@attack("relabelled", "says another audience than it was signed for")
def said_audience(draft: ProofDraft, strike: Strike) -> None:
    genuine = draft.challenge.audience
    others = (*OTHERS[draft.turnstile.caller], near(genuine, strike.random), [genuine], None, 0, {"a": genuine})
    draft.members["audience"] = strike.pick(genuine, *others)


@attack("relabelled", "signed and said for another audience")
def other_audience_altogether(draft: ProofDraft, strike: Strike) -> None:
    other = strike.pick(draft.challenge.audience, *OTHERS[draft.turnstile.caller])
    draft.statement, draft.members["audience"] = draft.statement.put(AUDIENCE, other.encode()), other


@attack("relabelled", "signed for another card")
def other_card(draft: ProofDraft, strike: Strike) -> None:
    others = [card.uuid.bytes for card in draft.turnstile.world.cards if card.uuid != draft.card.uuid]
    state(draft, strike, CARD, *others, draft.card.uuid.bytes_le, strike.random.randbytes(16), b"")


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
    state(draft, strike, EXPIRY, *(other.to_bytes(8, "big") for other in others), *later)


@attack("relabelled", "another transaction, or none")
def other_transaction(draft: ProofDraft, strike: Strike) -> None:
    genuine = draft.statement.fields[HASH]
    others = {strike.random.randbytes(32), bytes(32), b"", hashlib.sha256(genuine).digest(), genuine + b"\0"}
    state(draft, strike, HASH, *sorted(others - {genuine}))


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


@attack("look-alike", "an audience with one letter of another script, or an invisible one")
def homoglyph(draft: ProofDraft, strike: Strike) -> None:
    draft.members["audience"] = strike.change(
        draft.challenge.audience, lambda genuine: look_alike(genuine, strike.random)
    )


@attack("look-alike", "a caller's or an audience's name signed with a letter of another script")
def signed_homoglyph(draft: ProofDraft, strike: Strike) -> None:
    place = strike.random.choice([CLIENT, AUDIENCE])
    forged = look_alike(draft.statement.fields[place].decode(), strike.random)
    state(draft, strike, place, forged.encode())
