"""The certificate that a client showed when it connected (RFC 8705): `cardsvc.tls` puts it where this finds it.

Never a header: whoever can send a request could write one.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import HTTPConnection

STATE: Final = "client_certificate"
"""In the ASGI state of every connection at which clients were asked for a certificate, and of no other."""


def shown_certificate(connection: HTTPConnection) -> str | None:
    """Its ``x5t#S256`` (RFC 8705 §3.1); None when the client showed none, or was not asked for one."""
    thumbprint: str | None = connection.scope.get("state", {}).get(STATE)
    return thumbprint


def asks_for_certificates(connection: HTTPConnection) -> bool:
    """Whether the client could have shown one."""
    return STATE in connection.scope.get("state", {})
