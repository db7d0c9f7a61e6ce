"""One caller's conversation with the service: who it is, and how a request is sent and read."""

from __future__ import annotations

import copy
import hashlib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4, uuid5

import httpx
from joserfc.jwk import ECKey
from pydantic import BaseModel

from cardsvc.client.clock import Clock, system_clock
from cardsvc.client.keys import load_key
from cardsvc.client.tokens import ClientCredentials
from cardsvc.client.transport import PATIENCE, Repeat, Transport, check, is_token_refused, read
from cardsvc.wire.base import FeedPage, Page
from cardsvc.wire.manifest import IDEMPOTENCY_HEADER

M = TypeVar("M", bound=BaseModel)
P = TypeVar("P", bound=Page)
F = TypeVar("F", bound=FeedPage)


class Calls:
    """Base of the calls of each topic."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        key: ECKey | Path | str,
        *,
        issuer: str | None = None,
        clock: Clock = system_clock,
        transport: httpx.BaseTransport | None = None,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        tls: ssl.SSLContext | None = None,
        visit_token: str | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.client_id = client_id
        self._issuer = issuer or self.base_url
        self.tls = tls
        """For whoever opens a relay."""
        self._act: UUID | None = None
        self._check: Callable[[], None] = lambda: None
        self._transport = Transport(self.base_url, transport, patience=patience, sleep=sleep, tls=tls)
        self._credentials = ClientCredentials(
            self._transport,
            client_id,
            key if isinstance(key, ECKey) else load_key(key),
            self._issuer,
            clock,
            visit_token=visit_token,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.client_id} at {self.base_url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def under(self, act: UUID) -> Self:
        """This client for one act that may have to be tried again; it shares the connections of this one.

        What it sends has a key that follows from ``act`` and from what is sent: the same under the same act is done
        once, within 24 hours, however often it is sent.
        """
        same = copy.copy(self)
        same._act = act  # noqa: SLF001 - it is of this class
        return same

    def as_long_as(self, check: Callable[[], None]) -> Self:
        """This client for work that may come to be unwanted; it shares the connections of this one.

        ``check`` is called each time before something is sent, and raises where nothing more is to be: also after
        a token was fetched, after a pause that the service wanted, and before a request that is tried again.
        """
        same = copy.copy(self)
        same._check = check  # noqa: SLF001 - it is of this class
        return same

    def look(self) -> None:
        """Ask the service whether it is there, and for nothing else. Raises ServiceUnreachable, ServiceProblem."""
        check(self._transport.send("GET", "/healthz", repeat=Repeat.FREELY))

    def access_token(self) -> str:
        """A bearer token that is good for at least half a minute."""
        return self._credentials.access_token()

    def go_on_with(self, visit_token: str) -> None:
        """Act for the officer by another visit that the same card has begun, when the one before is nearly over."""
        self._credentials.go_on_with(visit_token)

    def derive_secret(self, purpose: str) -> bytes:
        """32 bytes that whoever holds this client's key can make again, and nobody else: others for each purpose."""
        return self._credentials.derive_secret(purpose)

    def _get(self, path: str, model: type[M]) -> M:
        return read(self._send("GET", path, None, Repeat.FREELY), model)

    def _pages(self, path: str, model: type[P], **query: object) -> Iterator[P]:
        """A list, page by page: the first is here when this returns, the others are asked for when they are wanted."""
        first = self._get(path + query_of(query), model)
        return chain([first], self._pages_after(first, path, model, query))

    def _pages_after(self, page: P, path: str, model: type[P], query: Mapping[str, object]) -> Iterator[P]:
        while page.next is not None:
            page = self._get(path + query_of({**query, "cursor": page.next}), model)
            yield page

    def _read_on(self, path: str, model: type[F], after: UUID | None, **query: object) -> Iterator[F]:
        """What goes on growing, page by page, as far as it has come."""
        page = self._get(path + query_of({**query, "after": after}), model)
        yield page
        while page.next is not None:
            page = self._get(path + query_of({**query, "after": page.next}), model)
            yield page

    def _post(
        self,
        path: str,
        body: BaseModel | None,
        model: type[M],
        repeat: Repeat = Repeat.WITH_KEY,
        *,
        key: str | None = None,
    ) -> M:
        return read(self._send("POST", path, body, repeat, key), model)

    def _put(self, path: str, body: BaseModel, model: type[M]) -> M:
        return read(self._send("PUT", path, body, Repeat.FREELY), model)

    def _patch(self, path: str, body: BaseModel, model: type[M]) -> M:
        return read(self._send("PATCH", path, body, Repeat.WITH_KEY), model)

    def _read_bytes(self, method: str, path: str, body: BaseModel | None, repeat: Repeat) -> bytes:
        """The answer as it came: a file, or a list."""
        response = self._send(method, path, body, repeat)
        check(response)
        return response.content

    def _send_file(self, method: str, path: str, content: bytes, repeat: Repeat, key: str | None = None) -> bytes:
        """Send a file; the answer as it came. What it is, the service tells from its bytes."""
        response = self._send_content(method, path, content, "application/octet-stream", repeat, key=key)
        check(response)
        return response.content

    def _send(
        self, method: str, path: str, body: BaseModel | None, repeat: Repeat, key: str | None = None
    ) -> httpx.Response:
        content = None if body is None else body.model_dump_json().encode()
        return self._send_content(method, path, content, "application/json", repeat, key=key)

    def _send_content(
        self, method: str, path: str, content: bytes | None, media_type: str, repeat: Repeat, *, key: str | None
    ) -> httpx.Response:
        """``key`` is of a caller who may send this again after a restart; without one, see `under`."""
        self._check()
        headers = {} if content is None else {"Content-Type": media_type}
        if repeat is Repeat.WITH_KEY:
            headers[IDEMPOTENCY_HEADER] = f'"{key or self._key_of(method, path, content)}"'

        def send(token: str) -> httpx.Response:
            authorized = {**headers, "Authorization": f"Bearer {token}"}
            return self._transport.send(
                method, path, repeat=repeat, wanted=self._check, headers=authorized, content=content
            )

        token = self._credentials.access_token()
        response = send(token)
        if is_token_refused(response):
            # Nothing was done. The token may have been cut short, by a clock or a restart: ask for another one, once.
            self._credentials.forget(token)
            response = send(self._credentials.access_token())
        return response

    def _key_of(self, method: str, path: str, content: bytes | None) -> UUID:
        """Of a call of its own, unless it belongs to an act."""
        if self._act is None:
            return uuid4()
        sent = hashlib.sha256(b"\0".join((method.encode(), path.encode(), content or b"")))
        return uuid5(self._act, sent.hexdigest())


def query_of(parameters: Mapping[str, object]) -> str:
    """The query of a URL, with its question mark, from those parameters that are not None."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return "?" + urlencode(given, doseq=True) if given else ""
