"""Ask departments: what they offer, and for a service in a citizen's name.

A request for a service may be sent again only with the key it was first sent with: the department then answers what
it answered before instead of acting twice. `ask` does so by itself when the network fails.

Departments are other authorities' programs. None of them can hold a thread for long, fill the memory, or keep a cookie
here: one that several of them can read would join what the same visitor is called by each.
"""

from __future__ import annotations

from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from cardsvc.wire.manifest import (
    IDEMPOTENCY_HEADER,
    MANIFEST_PATH,
    Admission,
    AdmissionRequest,
    Manifest,
    Outcome,
    PreparationRequest,
    PreparedDocument,
    ServiceRequest,
    admission_path,
    prepare_path,
    service_path,
)
from cardsvc.wire.problems import PROBLEM_MEDIA_TYPE, Problem
from kiosk.bounded_http import BoundedTransport, over_within

_ATTEMPTS: Final = 3
_LARGEST_ANSWER: Final = 512 * 1024
_TIMEOUT: Final = httpx.Timeout(10, connect=2)
_SECONDS: Final = 30.0
"""For all attempts together, from the first byte to the last: less than the kiosk's patience with its own work."""
_MANIFEST_SECONDS: Final = 10.0
"""As above; offers of the others are shown once every department has answered, or has not in this time."""
_UNCHANGED: Final = "identity"
"""No answer is compressed: a few bytes could become gigabytes before they are counted."""

Answer = TypeVar("Answer", bound=BaseModel)


class DepartmentUnreachable(Exception):
    """Raised when a department does not answer. Whether it acted is unknown: ask again with the same key."""


class DepartmentConfused(Exception):
    """Raised when a department answers something that is neither what was asked for nor a problem."""


class DepartmentRefused(Exception):
    """Raised when a department answers with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class DepartmentClient:
    """All departments, over one pool of connections; may be used from several threads."""

    def __init__(self, transport: httpx.BaseTransport | None = None, seconds: float = _SECONDS) -> None:
        """``seconds`` are for one request with all its attempts."""
        self._seconds = seconds
        # Settings of the environment are left aside: a proxy that somebody set for browsing gets no assertions.
        self._http = httpx.Client(
            transport=transport or BoundedTransport(),
            headers={"Accept-Encoding": _UNCHANGED},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def manifest(self, base_url: str) -> Manifest:
        """What the department at this address offers. Raises DepartmentUnreachable, -Confused or -Refused."""
        with over_within(_MANIFEST_SECONDS):
            return _parse(self._send(self._http.build_request("GET", base_url.rstrip("/") + MANIFEST_PATH)), Manifest)

    def ask(self, base_url: str, service: str, request: ServiceRequest, key: UUID) -> Outcome:
        """Ask for a service. Raises DepartmentUnreachable, -Confused or -Refused."""
        message = self._asking(base_url, service, request, key)
        return _parse(self._send(message), Outcome)

    def ask_soon(self, base_url: str, service: str, request: ServiceRequest, key: UUID, seconds: float) -> Outcome:
        """As `ask`, but once, and not for longer than so many seconds."""
        message = self._asking(base_url, service, request, key, httpx.Timeout(seconds))
        try:
            with over_within(seconds):
                return _parse(self._send_once(message), Outcome)
        except httpx.TransportError as error:
            raise DepartmentUnreachable(message.url.host) from error

    def _asking(
        self,
        base_url: str,
        service: str,
        request: ServiceRequest,
        key: UUID,
        patience: httpx.Timeout = _TIMEOUT,
    ) -> httpx.Request:
        return self._http.build_request(
            "POST",
            base_url.rstrip("/") + service_path(service),
            content=request.model_dump_json().encode(),
            headers={"Content-Type": "application/json", IDEMPOTENCY_HEADER: str(key)},
            timeout=patience,
        )

    def prepare(self, base_url: str, service: str, request: PreparationRequest) -> PreparedDocument:
        """Ask for the document that is to be signed. Raises DepartmentUnreachable, -Confused or -Refused."""
        message = self._http.build_request(
            "POST",
            base_url.rstrip("/") + prepare_path(service),
            content=request.model_dump_json().encode(),
            headers={"Content-Type": "application/json"},
        )
        return _parse(self._send(message), PreparedDocument)

    def ask_admission(self, base_url: str, service: str, request: AdmissionRequest) -> Admission:
        """Ask whether somebody may take a second turn. Raises DepartmentUnreachable, -Confused or -Refused."""
        message = self._http.build_request(
            "POST",
            base_url.rstrip("/") + admission_path(service),
            content=request.model_dump_json().encode(),
            headers={"Content-Type": "application/json"},
        )
        return _parse(self._send(message), Admission)

    def _send(self, request: httpx.Request) -> httpx.Response:
        with over_within(self._seconds):
            for _ in range(_ATTEMPTS - 1):
                with suppress(httpx.TransportError):
                    return self._send_once(request)
            try:
                return self._send_once(request)
            except httpx.TransportError as error:
                raise DepartmentUnreachable(request.url.host) from error

    def _send_once(self, request: httpx.Request) -> httpx.Response:
        response = self._http.send(request, stream=True)
        try:
            if response.headers.get("content-encoding", _UNCHANGED) != _UNCHANGED:
                raise DepartmentConfused("the answer is compressed")
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _LARGEST_ANSWER:
                    raise DepartmentConfused("the answer is too long")
        finally:
            response.close()
        return httpx.Response(response.status_code, headers=_plain(response.headers), content=bytes(body))


def _plain(headers: httpx.Headers) -> dict[str, str]:
    return {"content-type": headers.get("content-type", "")}


def _parse(response: httpx.Response, kind: type[Answer]) -> Answer:
    media_type = response.headers["content-type"].partition(";")[0].strip().lower()
    try:
        if media_type == PROBLEM_MEDIA_TYPE and response.is_error:
            raise DepartmentRefused(Problem.model_validate_json(response.content))
        if media_type == "application/json" and response.is_success:
            return kind.model_validate_json(response.content)
    except ValidationError:
        # Not chained: the error quotes the answer, which is personal.
        raise DepartmentConfused(f"no {kind.__name__}") from None
    raise DepartmentConfused(f"status {response.status_code} with {media_type or 'no media type'}")
