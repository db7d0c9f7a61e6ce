"""What a kiosk asks of the service for the time without its network, and brings back after it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from cardsvc.client.calls import Calls
from cardsvc.client.errors import ServiceProblem
from cardsvc.client.transport import Repeat
from cardsvc.wire import offline_taps as wire


class OfflineCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def offline_package(self) -> str:
        """A package that was made just now: a JWS, to be checked with the city's root alone."""
        return self._get("/v1/offline-package", wire.OfflinePackageAnswer).package

    def status_list(self, uri: str) -> str:
        """A status list token. Raises ValueError for one that is not the service's."""
        if not uri.startswith(f"{self._issuer}/"):
            raise ValueError("a status list of another service")
        return self._read_bytes("GET", uri.removeprefix(self._issuer), None, Repeat.FREELY).decode("ascii")

    def root_certificate(self) -> bytes:
        """The city's root, DER: whoever believes it from here believes the connection."""
        return self._read_bytes("GET", "/ca/root.cer", None, Repeat.FREELY)

    def issuer_certificates(self) -> list[bytes]:
        """Who issued below the root until now, the first one first, DER."""
        found: list[bytes] = []
        while True:
            code = "issuing" if not found else f"issuing-{len(found) + 1}"
            try:
                found.append(self._read_bytes("GET", f"/ca/{code}.cer", None, Repeat.FREELY))
            except ServiceProblem as error:
                if found and error.problem.status == HTTPStatus.NOT_FOUND:
                    return found
                raise

    def submit_offline_taps(self, entries: Sequence[wire.OfflineEntry]) -> list[wire.JudgedTap]:
        """Bring back entries of the journal, at most 50 that follow each other. May be repeated."""
        batch = wire.OfflineBatch(entries=list(entries))
        return self._post("/v1/offline-taps", batch, wire.JudgedBatch, Repeat.FREELY).taps
