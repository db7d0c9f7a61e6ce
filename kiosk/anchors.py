"""Whom the kiosk believes: the city's root, and those who issue below it.

The root is in ``anchor.cer`` of the kiosk's folder. It is put there when the kiosk is set up; else it is taken from the
service the first time. Who issues below it needs no keeping: whatever the service says leads to that root, or to none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

import structlog
from cryptography import x509

from kiosk.journal import replace_file
from readers.piv.judging import Trust

_log = structlog.get_logger()
ANCHOR: Final = "anchor.cer"


class RootService(Protocol):
    """Who knows the root. Raises ServiceProblem and ServiceUnreachable."""

    def root_certificate(self) -> bytes:
        """The city's root."""


class IssuerService(RootService, Protocol):
    """The part of `cardsvc.client.ServiceClient` that is for this."""

    def issuer_certificates(self) -> list[bytes]:
        """Who issued below it, and issues."""


def city_root(folder: Path, service: RootService) -> x509.Certificate:
    """The one that is kept; taken from the service if there is none yet. Raises as `RootService`, and ValueError."""
    path = folder / ANCHOR
    if not path.exists():
        der = service.root_certificate()
        load_certificate(der)
        replace_file(path, der)
        _log.warning("the city's root was taken from the service", folder=str(folder))
    return load_certificate(path.read_bytes())


class CityTrust:
    """The certificates that a card's contents must lead to."""

    def __init__(self, service: IssuerService, folder: Path | None) -> None:
        """Without a folder the root is what the service said first, for as long as the kiosk runs."""
        self._service = service
        self._folder = folder
        self._root: x509.Certificate | None = None

    def now(self) -> Trust:
        """As it is now. Raises ServiceProblem, ServiceUnreachable, ValueError."""
        issuers = [x509.load_der_x509_certificate(der) for der in self._service.issuer_certificates()]
        return Trust([self._anchor()], issuers)

    def _anchor(self) -> x509.Certificate:
        if self._folder is not None:
            return city_root(self._folder, self._service)
        if self._root is None:
            self._root = load_certificate(self._service.root_certificate())
        return self._root


def load_certificate(content: bytes) -> x509.Certificate:
    """DER or PEM. Raises ValueError."""
    if content.startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)
