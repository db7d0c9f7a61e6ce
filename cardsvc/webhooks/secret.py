"""The secrets under which deliveries are signed: made here, shown once, at rest sealed under a key of the keystore."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.webhooks.models import WebhookSubscription
from cardsvc.wire.standard_webhooks import SECRET_SIZE, write_secret


def renew(keystore: Keystore, row: WebhookSubscription, overlap: timedelta, now: datetime) -> str:
    """Another secret, to be shown once. The one before signs too until the overlap is over."""
    if row.sealed_secret and overlap:
        row.sealed_previous, row.previous_until = row.sealed_secret, now + overlap
    else:
        row.sealed_previous = row.previous_until = None
    secret = secrets.token_bytes(SECRET_SIZE)
    row.sealed_secret, row.secret_made_at = keystore.seal(KeyName.WEBHOOK, secret, _context(row)), now
    return write_secret(secret)


def signing_secrets(keystore: Keystore, row: WebhookSubscription, now: datetime) -> list[bytes]:
    """The secrets that sign now, the newest first. Raises NotSealedHere."""
    sealed = [row.sealed_secret]
    if row.sealed_previous is not None and row.previous_until is not None and now < row.previous_until:
        sealed.append(row.sealed_previous)
    return [keystore.open(KeyName.WEBHOOK, one, _context(row)) for one in sealed]


def _context(row: WebhookSubscription) -> bytes:
    return b"webhook-secret/" + row.id.bytes
