"""The public keys of the service, for whoever checks its signatures."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, Protocol

import httpx
from joserfc.jwk import ECKey

from cardsvc.client.clock import Clock, system_clock
from cardsvc.client.errors import ServiceUnreachable
from cardsvc.client.transport import Repeat, Transport
from cardsvc.wire.jose import TOKEN_TYPES, JwtRefused, public_key

JWKS_PATH: Final = "/.well-known/jwks.json"


@dataclass(frozen=True, slots=True)
class _Published:
    key: ECKey
    types: Collection[str] | None
    """The ``typ`` of all that it signs, where the set says so."""


class JwksSource(Protocol):
    """Finds keys by their ``kid``."""

    def key(self, key_id: str, typ: str | None = None) -> ECKey | None:
        """The key that signs tokens of this ``typ``, or None when the service publishes no such key.

        Without ``typ`` any key will do. May raise ServiceUnreachable.
        """


class StaticJwks:
    """A set of keys that was given. Raises ValueError when it is none."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = _parse(jwks)

    def key(self, key_id: str, typ: str | None = None) -> ECKey | None:
        """The key of this name."""
        return _fit(self._keys.get(key_id), typ)


class FetchedJwks:
    """The set that a service publishes, fetched when it is needed and kept for a while. Safe to share between threads.

    An unknown ``kid`` has it fetched again, since the service may have a new key; not more often than every
    ``pause``, or anybody could have us ask all day with made-up names. While the service cannot be reached, keys that
    are known stay good for as long as ``stale`` says; and while one thread asks, which may take long, the others go on
    with what they know.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock = system_clock,
        fresh: timedelta = timedelta(minutes=5),
        stale: timedelta = timedelta(hours=12),
        pause: timedelta = timedelta(seconds=10),
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._transport = Transport(base_url.rstrip("/"), transport, tls=tls)
        self._clock = clock
        self._fresh, self._stale, self._pause = fresh, stale, pause
        self._asking = Lock()
        self._keys: dict[str, _Published] = {}
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def key(self, key_id: str, typ: str | None = None) -> ECKey | None:
        """The key of this name. Raises ServiceUnreachable when the set is too old and cannot be fetched."""
        now = self._clock()
        if self._is_wanting(key_id, now):
            known = key_id in self._keys and not self._is_older_than(self._stale, now)
            if self._asking.acquire(blocking=not known):
                try:
                    self._ask_for(key_id)
                finally:
                    self._asking.release()
        if self._is_older_than(self._stale, now):
            raise ServiceUnreachable("the service's keys could not be fetched")
        return _fit(self._keys.get(key_id), typ)

    def _ask_for(self, key_id: str) -> None:
        now = self._clock()
        if self._is_wanting(key_id, now):  # nobody else has just asked
            self._refresh(now)
            self._tried_at = self._clock()  # the pause begins when the answer is there, or has been waited for

    def _is_wanting(self, key_id: str, now: datetime) -> bool:
        return (key_id not in self._keys or self._is_older_than(self._fresh, now)) and self._may_try(now)

    def _refresh(self, now: datetime) -> None:
        try:
            response = self._transport.send("GET", JWKS_PATH, repeat=Repeat.FREELY)
            keys = _parse(response.json()) if response.is_success else None
        except (ServiceUnreachable, ValueError):
            return
        if keys:
            self._keys, self._fetched_at = keys, now

    def _is_older_than(self, age: timedelta, now: datetime) -> bool:
        return self._fetched_at is None or now >= self._fetched_at + age

    def _may_try(self, now: datetime) -> bool:
        return self._tried_at is None or now >= self._tried_at + self._pause


def _fit(published: _Published | None, typ: str | None) -> ECKey | None:
    """A key of the service that signs something else must not be able to sign this: each is guarded for its own use."""
    if published is None:
        return None
    return published.key if typ is None or published.types is None or typ in published.types else None


def _parse(document: Any) -> dict[str, _Published]:
    """The usable keys by name: P-256 keys for signatures. Others are for somebody else, and left aside."""
    members = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(members, list):
        raise ValueError("not a JWK set")  # noqa: TRY004 (wrong content of a document, as any other)
    keys = {}
    for jwk in members:
        if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
            continue
        try:
            published = _Published(public_key(jwk), _types(jwk.get(TOKEN_TYPES)))
        except JwtRefused:
            continue
        keys[str(jwk.get("kid"))] = published
    return keys


def _types(told: Any) -> frozenset[str] | None:
    """What cannot be understood allows nothing."""
    if told is None:
        return None
    return frozenset(filter(lambda one: isinstance(one, str), told)) if isinstance(told, list) else frozenset()
