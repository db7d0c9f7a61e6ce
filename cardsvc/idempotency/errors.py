"""What is refused about an Idempotency-Key.

ServiceError
├── IdempotencyKeyMalformed    it is no key
├── IdempotencyKeyReused       it came before, with another request
└── IdempotencyKeyInUse        its request is still being done
"""

from __future__ import annotations

from cardsvc.errors import ServiceError


class IdempotencyKeyMalformed(ServiceError):
    """Raised when the header is not 16 to 64 letters, digits, hyphens or underscores, bare or quoted."""

    code = "idempotency-key-malformed"
    title = "The Idempotency-Key is not one"

    def __init__(self) -> None:
        super().__init__("Send 16 to 64 letters, digits, hyphens or underscores, different for every request.")


class IdempotencyKeyReused(ServiceError):
    """Raised when a key comes with another method, path or body than before."""

    code = "idempotency-key-reused"
    title = "The Idempotency-Key was used for another request"

    def __init__(self) -> None:
        super().__init__("Make a new key for every new request.")


class IdempotencyKeyInUse(ServiceError):
    """Raised when the first request with this key is not done yet, although it was waited for."""

    code = "idempotency-key-in-use"
    title = "The request with this Idempotency-Key is still being done"

    def __init__(self) -> None:
        super().__init__("Wait, and send the same request again.", retry_after=1)
