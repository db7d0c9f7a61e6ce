"""Challenges without a table: what is given out is recognised, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.authentication.challenges import IssuedChallenge, issue_challenge, read_handle
from cardsvc.authentication.errors import ChallengeUnknown
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.levels import Level
from tests.fixtures.keystores import KnownKeys

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KEY = bytes(range(32))
LIFETIME = timedelta(minutes=5)
MakePrincipal = Callable[..., Principal]


KEYSTORE = KnownKeys({KeyName.CHALLENGE: KEY})


@pytest.fixture
def kiosk(principal: MakePrincipal) -> Principal:
    return principal("kiosk-1", CallerKind.KIOSK)


def issue(actor: Principal, level: Level = Level.TAP, transaction_hash: bytes = b"") -> Challenge:
    return issue_challenge(
        KEYSTORE,
        actor,
        level,
        issuer="https://cards.example",
        now=NOW,
        lifetime=LIFETIME,
        transaction_hash=transaction_hash,
    )


@pytest.mark.parametrize("level", [Level.TAP, Level.PIN])
@pytest.mark.parametrize("transaction_hash", [b"", b"\x07" * 32])
def test_a_handle_says_what_the_challenge_is_for(kiosk: Principal, level: Level, transaction_hash: bytes) -> None:
    challenge = issue(kiosk, level, transaction_hash)

    known = read_handle(KEYSTORE, challenge.handle)

    assert known.value(KEYSTORE) == challenge.challenge
    assert (known.level, known.transaction_hash) == (level, transaction_hash)
    assert known.expires_at == int((NOW + LIFETIME).timestamp()) == int(challenge.expires_at.timestamp())
    assert known.is_for(kiosk)


def test_the_layout_is_the_one_described(kiosk: Principal) -> None:
    challenge = issue(kiosk, Level.PIN, b"\x07" * 32)
    raw = base64.urlsafe_b64decode(challenge.handle + "=" * (-len(challenge.handle) % 4))
    payload, tag = raw[:-16], raw[-16:]

    assert payload[16:17] == b"\x01"
    assert payload[17:25] == (1772443800 + 300).to_bytes(8, "big")
    assert payload[25:41] == hashlib.sha256(b"kiosk-1\0kiosk-1").digest()[:16]
    assert payload[41:] == b"\x07" * 32
    assert tag == hmac.digest(KEY, b"citizen-card/challenge/handle/v1\0" + payload, "sha256")[:16]
    assert challenge.challenge == hmac.digest(KEY, b"citizen-card/challenge/value/v1\0" + payload, "sha256")


def test_no_two_challenges_are_the_same(kiosk: Principal) -> None:
    challenges = [issue(kiosk) for _ in range(100)]

    assert len({challenge.challenge for challenge in challenges}) == 100
    assert len({challenge.handle for challenge in challenges}) == 100


def test_a_handle_changed_in_any_bit_is_not_ours(kiosk: Principal) -> None:
    raw = bytearray(base64.urlsafe_b64decode(issue(kiosk).handle))

    for bit in range(8 * len(raw)):
        raw[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ChallengeUnknown):
            read_handle(KEYSTORE, base64.urlsafe_b64encode(raw).decode().rstrip("="))
        raw[bit // 8] ^= 1 << bit % 8


def test_a_handle_written_in_another_way_is_not_ours(kiosk: Principal) -> None:
    handle = issue(kiosk, transaction_hash=b"\x07" * 32).handle  # 89 bytes: the last character has two bits to spare
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = handle[:-1] + alphabet[alphabet.index(handle[-1]) ^ 1]

    with pytest.raises(ChallengeUnknown):
        read_handle(KEYSTORE, other)


def test_a_handle_cut_off_or_drawn_out_is_not_ours(kiosk: Principal) -> None:
    handle = issue(kiosk, transaction_hash=b"\x07" * 32).handle

    for changed in (handle[:-1], handle[4:], handle + "AAAA", handle[: 4 * 19], ""):
        with pytest.raises(ChallengeUnknown):
            read_handle(KEYSTORE, changed)


@given(st.text(st.characters(codec="ascii"), max_size=256))
def test_nothing_else_can_happen_than_a_refusal(handle: str) -> None:
    with pytest.raises(ChallengeUnknown):
        read_handle(KEYSTORE, handle)


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "kiosk-2"},
        {"audience": "kiosk-2"},
        {"client_id": "kiosk-1\0kiosk-1", "audience": ""},
        {"client_id": "kiosk-", "audience": "1\0kiosk-1"},
    ],
)
def test_a_challenge_is_for_the_caller_and_audience_it_was_made_for(kiosk: Principal, other: dict[str, Any]) -> None:
    known = read_handle(KEYSTORE, issue(kiosk).handle)

    assert not known.is_for(replace(kiosk, **other))


def test_a_challenge_is_over_at_its_expiry() -> None:
    challenge = IssuedChallenge(id=uuid4(), level=Level.TAP, expires_at=int(NOW.timestamp()), caller=bytes(16))

    assert not challenge.is_over(NOW - timedelta(microseconds=1))
    assert challenge.is_over(NOW)
