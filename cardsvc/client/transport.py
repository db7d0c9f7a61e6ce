"""Requests to the service, and its answers as values or errors."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from cardsvc.client.errors import ServiceProblem, ServiceUnreachable
from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX, Problem

TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
IDLE_SECONDS: Final = 5.0
"""A connection without a request is closed after so long: before the service does, or a request may meet the close."""
PATIENCE: Final = 5.0
"""Seconds that a call may wait in all because the service wants it to: somebody may be standing there."""
_MAY_WAIT: Final = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.CONFLICT})

M = TypeVar("M", bound=BaseModel)


class Repeat(Enum):
    """What may be sent again when no answer came."""

    FREELY = "freely"
    """Doing it twice is doing it once: tried again when no connection came about."""
    WITH_KEY = "with key"
    """The service does it once, by the Idempotency-Key it has: tried again whatever became of the connection."""
    NEVER = "never"
    """Left to the caller, who knows whether it was done."""


_TRIED_AGAIN: Final[Mapping[Repeat, tuple[type[httpx.HTTPError], ...]]] = {
    Repeat.FREELY: (httpx.ConnectError, httpx.ConnectTimeout),
    Repeat.WITH_KEY: (httpx.TransportError,),
    Repeat.NEVER: (),
}


class Transport:
    """One service at a base URL. Safe to share between threads.

    Told to wait (Retry-After, with 429 or 409), it waits and asks again, for ``patience`` seconds in all: nothing was
    done yet.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        *,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        # Settings of the environment are left aside: a proxy that somebody set for browsing gets none of our tokens.
        self._http = httpx.Client(
            base_url=base_url,
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=IDLE_SECONDS),
            transport=transport,
            trust_env=False,
            verify=tls or True,
        )
        self._patience = patience
        self._sleep = sleep
        self._lock = threading.Lock()
        self._under_way = 0
        self._closed = False

    def close(self) -> None:
        """Close the connections, as soon as no request of another thread is under way: it might just open one."""
        with self._lock:
            self._closed = True
            idle = not self._under_way
        if idle:
            self._http.close()

    def send(
        self, method: str, path: str, *, repeat: Repeat, wanted: Callable[[], None] = lambda: None, **content: Any
    ) -> httpx.Response:
        """The answer, of whatever status. Raises ServiceUnreachable.

        ``wanted`` is called each time before it is sent, and raises where it is not to be sent any more.
        """
        left = self._patience
        while True:
            response = self._send(method, path, _TRIED_AGAIN[repeat], wanted, **content)
            pause = _pause(response)
            if pause is None or pause > left:
                return response
            left -= pause
            self._sleep(pause)

    def _send(
        self,
        method: str,
        path: str,
        tried_again: tuple[type[httpx.HTTPError], ...],
        wanted: Callable[[], None],
        **content: Any,
    ) -> httpx.Response:
        wanted()
        try:
            try:
                return self._request(method, path, **content)
            except tried_again:
                wanted()
                return self._request(method, path, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ServiceUnreachable(f"no connection to {self._http.base_url.host}") from error
        except httpx.HTTPError as error:
            raise ServiceUnreachable(f"{method} {path}: {type(error).__name__}") from error

    def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        with self._lock:
            if self._closed:
                raise ServiceUnreachable("the client was closed")
            self._under_way += 1
        try:
            return self._http.request(method, path, **content)
        finally:
            self._is_over()

    def _is_over(self) -> None:
        with self._lock:
            self._under_way -= 1
            last = self._closed and not self._under_way
        if last:
            self._http.close()


def _pause(response: httpx.Response) -> int | None:
    """How many seconds the service wants us to wait before we ask again, if it does."""
    seconds = response.headers.get("Retry-After", "")
    wanted = response.status_code in _MAY_WAIT and seconds.isdecimal()
    return max(int(seconds), 1) if wanted else None


def read(response: httpx.Response, model: type[M]) -> M:
    """The answer as a message. Raises ServiceProblem, ServiceUnreachable."""
    check(response)
    try:
        return model.model_validate_json(response.content)
    except ValidationError:
        raise ServiceUnreachable(f"the answer is not a {model.__name__}") from None


def check(response: httpx.Response) -> None:
    """Raises ServiceProblem when the service refused, ServiceUnreachable when it was something else that did."""
    if not response.is_success:
        raise ServiceProblem(_problem(response))


def is_token_refused(response: httpx.Response) -> bool:
    """Whether another access token might help. Where the citizen has to prove more (RFC 9470), none does."""
    if response.status_code != httpx.codes.UNAUTHORIZED:
        return False
    return "insufficient_user_authentication" not in response.headers.get("WWW-Authenticate", "")


def _problem(response: httpx.Response) -> Problem:
    try:
        body = response.json()
        return _of_oauth(response.status_code, body) if "error" in body else Problem.model_validate(body)
    except (ValueError, TypeError):
        raise ServiceUnreachable(f"answered {response.status_code} without a problem") from None


def _of_oauth(status: int, body: dict[str, Any]) -> Problem:
    """An error of the token endpoint (RFC 6749 §5.2) as the problem it stands for."""
    rest = {name: value for name, value in body.items() if name not in ("problem", "error_description")}
    code = str(body.get("problem", body["error"]))
    detail = str(body.get("error_description", ""))
    return Problem.model_validate(
        rest | {"type": PROBLEM_TYPE_PREFIX + code, "title": code.replace("-", " "), "status": status, "detail": detail}
    )
