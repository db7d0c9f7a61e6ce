"""What may be refused about keys and what is published of them."""

from __future__ import annotations

from datetime import datetime

from cardsvc.errors import ServiceError


class NotPublished(ServiceError):
    """Raised when somebody asks for a list or certificate that there is not."""

    code = "not-published"
    title = "There is no such list or certificate"

    def __init__(self) -> None:
        super().__init__("Nothing is published under this name.")


class RotationTooSoon(ServiceError):
    """Raised when the newest version of a key is not in use yet: whoever verifies must be able to keep up."""

    code = "rotation-too-soon"
    title = "The last rotation is not over"

    def __init__(self, name: str, used_from: datetime) -> None:
        super().__init__(
            f"The newest version of {name} is used from {used_from:%Y-%m-%d %H:%M:%S} UTC on. Wait until then.",
            key=name,
            used_from=used_from.isoformat(),
        )


class IssuerInUse(ServiceError):
    """Raised when the key that signs now is to be revoked: another must be there first."""

    code = "issuer-in-use"
    title = "The issuing CA still signs with this key"

    def __init__(self) -> None:
        super().__init__("Renew the issuing CA first: `cardsvc trust renew-issuer`.")
