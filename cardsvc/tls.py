"""TLS at the service's own socket, and certificates of clients if it is told whose (RFC 8705).

Clients are asked for a certificate and need not have one: revocation lists are for everybody. One that is of no
authority named here, or over, ends the handshake.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from cardsvc.api.certificates import STATE
from cardsvc.wire.base import encode_base64url


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files that have been looked at."""

    certificate: Path
    """Of the service, and those of the authorities between it and a root."""
    key: Path
    client_ca: Path | None
    """The authorities of clients' certificates; without it clients are asked for none."""

    def options(self) -> dict[str, Any]:
        """For `uvicorn.Config`. A worker gets them, too."""
        options: dict[str, Any] = {"ssl_certfile": self.certificate, "ssl_keyfile": self.key}
        if self.client_ca is not None:
            asking = {"ssl_ca_certs": self.client_ca, "ssl_cert_reqs": ssl.CERT_OPTIONAL, "http": CertificateProtocol}
            options |= asking
        return options


def read_tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> Tls | None:
    """The files, all of them good; None when there is to be no TLS. Raises ValueError."""
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise ValueError("TLS wants a certificate and its key, both.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password="")  # so that nobody is asked for one at the terminal
    except (OSError, ValueError):
        raise ValueError(
            f"{certificate} and {key} are no certificate (PEM) and its key without a passphrase."
        ) from None
    if client_ca is not None:
        _check_authorities(context, client_ca)
    return Tls(certificate, key, client_ca)


def _check_authorities(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(file)
    except OSError:
        raise ValueError(f"{file} holds no certificates (PEM).") from None


class CertificateProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's, and tells the application which certificate the client showed.

    A request that becomes a WebSocket takes the state along.
    """

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The handshake is over."""
        super().connection_made(transport)
        shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.app_state = {**self.app_state, STATE: shown and encode_base64url(hashlib.sha256(shown).digest())}
