"""Handles of documents that are being signed: what is given out is recognised, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.authentication.errors import ChallengeExpired, ChallengeForeign, ChallengeUnknown
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.signing.handles import PendingSignature, read_handle
from cardsvc.trust.keystore import KeyName
from tests.fixtures.keystores import KnownKeys

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KEY = bytes(range(32))
KEYSTORE = KnownKeys({KeyName.CHALLENGE: KEY})
PENDING = PendingSignature(
    id=UUID(int=1),
    signed_at=NOW,
    expires_at=NOW + timedelta(minutes=5),
    caller=hashlib.sha256(b"kiosk-1\0kiosk-1").digest()[:16],
    visit_id=UUID(int=2),
    certificate_id=UUID(int=3),
    department_id=UUID(int=4),
    document_sha256=hashlib.sha256(b"document").digest(),
    service="school-place",
)


@pytest.fixture
def kiosk(principal: Callable[..., Principal]) -> Principal:
    return principal("kiosk-1", CallerKind.KIOSK)


def test_a_handle_says_what_is_being_signed(kiosk: Principal) -> None:
    assert read_handle(KEYSTORE, PENDING.handle(KEYSTORE), actor=kiosk, now=NOW) == PENDING


def test_a_handle_is_made_as_the_module_says() -> None:
    payload = (
        UUID(int=1).bytes
        + int(NOW.timestamp()).to_bytes(8, "big")
        + (int(NOW.timestamp()) + 300).to_bytes(8, "big")
        + PENDING.caller
        + b"".join(UUID(int=number).bytes for number in (2, 3, 4))
        + PENDING.document_sha256
        + b"school-place"
    )
    tag = hmac.digest(KEY, b"citizen-card/signature/handle/v1\0" + payload, "sha256")[:16]
    assert PENDING.handle(KEYSTORE) == base64.urlsafe_b64encode(payload + tag).rstrip(b"=").decode()


@given(st.data())
def test_no_bit_of_it_can_be_changed(data: st.DataObject) -> None:
    handle = PENDING.handle(KEYSTORE)
    raw = bytearray(base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    with pytest.raises(ChallengeUnknown):
        read_handle(KEYSTORE, changed, actor=None, now=NOW)  # type: ignore[arg-type]


@given(st.text("ABCabc-_019", max_size=300))
def test_nothing_else_is_a_handle(text: str) -> None:
    with pytest.raises(ChallengeUnknown):
        read_handle(KEYSTORE, text, actor=None, now=NOW)  # type: ignore[arg-type]


def test_it_is_of_one_caller_and_for_a_while(kiosk: Principal, principal: Callable[..., Principal]) -> None:
    handle = PENDING.handle(KEYSTORE)
    with pytest.raises(ChallengeForeign):
        read_handle(KEYSTORE, handle, actor=principal("kiosk-2", CallerKind.KIOSK), now=NOW)
    read_handle(KEYSTORE, handle, actor=kiosk, now=PENDING.expires_at - timedelta(seconds=1))
    with pytest.raises(ChallengeExpired):
        read_handle(KEYSTORE, handle, actor=kiosk, now=PENDING.expires_at)
