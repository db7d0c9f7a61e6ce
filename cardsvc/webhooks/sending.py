"""Sending one event over HTTP: within one time limit, to an address that was checked, without following anything."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

import anyio
import httpx
import structlog

from cardsvc.webhooks.addresses import AddressRefused, AddressRules, NameUnknown
from cardsvc.webhooks.errors import WebhookUrlRefused
from cardsvc.wire.webhooks import AttemptFailure

_log = structlog.get_logger("cardsvc.webhooks")
_FAILURES: Final[tuple[tuple[type[Exception], AttemptFailure], ...]] = (
    (TimeoutError, AttemptFailure.TIMED_OUT),
    (httpx.TimeoutException, AttemptFailure.TIMED_OUT),
    (AddressRefused, AttemptFailure.ADDRESS_REFUSED),
    (WebhookUrlRefused, AttemptFailure.ADDRESS_REFUSED),
    (NameUnknown, AttemptFailure.NAME_UNKNOWN),
    (httpx.ConnectError, AttemptFailure.NOT_CONNECTED),
    (httpx.HTTPError, AttemptFailure.BROKEN_OFF),
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    status: int | None = None
    failure: AttemptFailure | None = None
    milliseconds: int = 0

    @property
    def accepted(self) -> bool:
        """Only 2xx is an acknowledgement; a redirect is none."""
        return self.status is not None and httpx.codes.is_success(self.status)


class Sender(Protocol):
    """Sends parcels."""

    def send(self, parcel: Parcel) -> Outcome:
        """Try once. Never raises for what the other side does."""


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whom certificates must be of: those that the machine trusts, and those in the file. Raises OSError."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


class HttpSender:
    """Sends parcels over HTTP. Safe to share between threads."""

    def __init__(
        self,
        rules: AddressRules,
        limit: timedelta,
        trust: ssl.SSLContext,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``limit`` is for all of it: the name, the connection, the answer's head."""
        self._rules = rules
        self._seconds = limit.total_seconds()
        self._trust = trust
        self._monotonic = monotonic

    def send(self, parcel: Parcel) -> Outcome:
        """Try once, on a connection of its own."""
        began = self._monotonic()
        status, failure = anyio.run(self._try, parcel)
        return Outcome(status, failure, round(1000 * (self._monotonic() - began)))

    async def _try(self, parcel: Parcel) -> tuple[int | None, AttemptFailure | None]:
        known = tuple(kind for kind, _ in _FAILURES)
        try:
            with anyio.fail_after(self._seconds):
                return await self._post(parcel), None
        except known as error:
            return None, next(failure for kind, failure in _FAILURES if isinstance(error, kind))
        except Exception:  # noqa: BLE001 (a fault of ours: one event waits, and not all of the department's)
            _log.exception("webhook-attempt-failed")
            return None, AttemptFailure.BROKEN_OFF

    async def _post(self, parcel: Parcel) -> int:
        """The status of the answer. Its body is not read."""
        url = self._rules.check(parcel.url)
        pinned = url.copy_with(host=str(await self._rules.resolve(url)))
        headers = {**parcel.headers, "Host": url.netloc.decode("ascii")}
        client = httpx.AsyncClient(verify=self._trust, timeout=self._seconds, trust_env=False, follow_redirects=False)
        async with (
            client,
            client.stream(
                "POST", pinned, content=parcel.body, headers=headers, extensions={"sni_hostname": url.host}
            ) as response,
        ):
            return response.status_code
