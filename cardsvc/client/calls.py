"""One caller's conversation with the service: who it is, and how a request is sent and read."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
from joserfc.jwk import ECKey
from pydantic import BaseModel

from cardsvc.client.clock import Clock, system_clock
from cardsvc.client.keys import load_key
from cardsvc.client.tokens import ClientCredentials
from cardsvc.client.transport import PATIENCE, Transport, check, is_token_refused, read

M = TypeVar("M", bound=BaseModel)


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
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.client_id = client_id
        self._transport = Transport(self.base_url, transport, patience=patience, sleep=sleep)
        self._credentials = ClientCredentials(
            self._transport,
            client_id,
            key if isinstance(key, ECKey) else load_key(key),
            issuer or self.base_url,
            clock,
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

    def access_token(self) -> str:
        """A bearer token that is good for at least half a minute."""
        return self._credentials.access_token()

    def _get(self, path: str, model: type[M]) -> M:
        return read(self._send("GET", path, None, idempotent=True), model)

    def _post(self, path: str, body: BaseModel | None, model: type[M], *, idempotent: bool = False) -> M:
        return read(self._send("POST", path, body, idempotent=idempotent), model)

    def _put(self, path: str, body: BaseModel, model: type[M]) -> M:
        return read(self._send("PUT", path, body, idempotent=True), model)

    def _patch(self, path: str, body: BaseModel, model: type[M]) -> M:
        return read(self._send("PATCH", path, body, idempotent=False), model)

    def _read_bytes(self, method: str, path: str, body: BaseModel | None) -> bytes:
        """The answer as it came: a file, or a list."""
        response = self._send(method, path, body, idempotent=False)
        check(response)
        return response.content

    def _send_file(self, method: str, path: str, content: bytes) -> bytes:
        """Send a file; the answer as it came. What it is, the service tells from its bytes."""
        response = self._send_content(method, path, content, "application/octet-stream", idempotent=False)
        check(response)
        return response.content

    def _send(self, method: str, path: str, body: BaseModel | None, *, idempotent: bool) -> httpx.Response:
        content = None if body is None else body.model_dump_json().encode()
        return self._send_content(method, path, content, "application/json", idempotent=idempotent)

    def _send_content(
        self, method: str, path: str, content: bytes | None, media_type: str, *, idempotent: bool
    ) -> httpx.Response:
        token = self._credentials.access_token()
        response = self._send_as(token, method, path, content, media_type, idempotent=idempotent)
        if is_token_refused(response):
            # Nothing was done. The token may have been cut short, by a clock or a restart: ask for another one, once.
            self._credentials.forget(token)
            token = self._credentials.access_token()
            response = self._send_as(token, method, path, content, media_type, idempotent=idempotent)
        return response

    def _send_as(
        self, token: str, method: str, path: str, content: bytes | None, media_type: str, *, idempotent: bool
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        if content is not None:
            headers["Content-Type"] = media_type
        return self._transport.send(method, path, idempotent=idempotent, headers=headers, content=content)
