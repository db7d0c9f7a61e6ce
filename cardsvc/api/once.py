"""Requests that are done once, however often they come.

What a route changes is one transaction, done again from the start where PostgreSQL asks for it: nobody hears of a
serialization failure or a deadlock.

A route that changes something takes the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). What the
route does and the answer that is kept for it are one transaction: neither is there without the other. A refusal that
committed nothing is not kept, so the same request may succeed later; one that spent something, such as a card's
challenge, is kept with that.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from functools import cached_property, partial
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from cardsvc.api.documentation import problems
from cardsvc.api.problems import problem_of
from cardsvc.audit.service import subjects_of
from cardsvc.callers.principal import Principal
from cardsvc.db import whole
from cardsvc.errors import ServiceError
from cardsvc.idempotency.keeping import KeyedRequest, note_replay, read_key, take_place
from cardsvc.services import Services
from cardsvc.wire.manifest import IDEMPOTENCY_HEADER

REPLAYED_HEADER: Final = "Idempotency-Replayed"
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEYED: Final = frozenset({"POST", "PATCH"})
"""PUT and DELETE are idempotent by themselves (RFC 9110 §9.2.2)."""

_A_LOOK: Final = "a look: each is on record, and what it shows is not kept"
_NO_TRACE: Final = "what is kept for it would tell whoever sees the database that there is one"
_SINGLE_USE: Final = "what it is given can be used once"
WITHOUT_KEY: Final[Mapping[str, str]] = {
    "createChallenges": "changes nothing",
    "authenticateCard": _SINGLE_USE,
    "authenticateCardAtOwnReader": _SINGLE_USE,
    "submitSignature": _SINGLE_USE,
    "keepVisit": "keeping twice is keeping once",
    "endVisit": "ending twice is ending once",
    "submitOfflineTaps": "taking an entry twice is taking it once",
    "acknowledgeRevocations": "acknowledging twice is acknowledging once",
    "getToken": _SINGLE_USE,
    "askStatus": "changes nothing",
    "reportKiosk": "the newest report counts",
    "enrolKiosk": "the code is good once, and the answer is given again to whoever holds the key",
    "askCardStandings": _A_LOOK,
    "askQuestion": _A_LOOK,
    "verifyAssertion": _A_LOOK,
    "searchPeople": _A_LOOK,
    "findDuplicates": _A_LOOK,
    "listOwnLocks": _A_LOOK,
    "listOwnCards": _A_LOOK,
    "openLocks": _A_LOOK,
    "reidentify": _A_LOOK,
    "requestInvestigation": _NO_TRACE,
    "approveInvestigation": _NO_TRACE,
    "openInvestigatedPerson": _NO_TRACE,
    "readInvestigatedHistory": _NO_TRACE,
    "releaseInvestigation": _NO_TRACE,
    "openPerson": _A_LOOK,
    "openPersonVersions": _A_LOOK,
    "openPersonLife": _A_LOOK,
    "openPhoto": _A_LOOK,
    "openDocument": _A_LOOK,
    "getOwnAccessHistory": _A_LOOK,
}
"""The operations by POST or PATCH that take no key, and why. They do not look at the header."""

_PARAMETER: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Makes it safe to send the request again for 24 hours: it is done once, and answered the same. 16 to 64"
        " letters, digits, hyphens or underscores, bare or in double quotes: a new UUID for every request."
    ),
    "schema": {"type": "string", "pattern": '^(?:[A-Za-z0-9_-]{16,64}|"[A-Za-z0-9_-]{16,64}")$'},
}


class OnceRoute(APIRoute):
    """A route whose work is one transaction, if it changes something. For ``APIRouter(route_class=…)``.

    It is done once for each Idempotency-Key, if the route takes one. Nothing in it may be left to other threads, and
    what it does outside of the database must do no harm when it is done again, or in vain.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = set(options.get("methods") or ())
        self.takes_key = bool(methods & _KEYED) and options.get("operation_id") not in WITHOUT_KEY
        if methods & _CHANGING:
            endpoint = self._once(endpoint)
        if self.takes_key:
            options["responses"] = problems(400, 409, 422) | (options.get("responses") or {})
            options["openapi_extra"] = {"parameters": [_PARAMETER]} | (options.get("openapi_extra") or {})
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Remember the request for whatever thread the work is done in."""
        handle = super().get_route_handler()
        if not self.takes_key:
            return handle

        async def remembering(request: Request) -> Response:
            remembered = _RememberedRequest(request.scope, request.receive)
            token = _request.set(remembered if IDEMPOTENCY_HEADER in request.headers else None)
            try:
                return await handle(remembered)
            finally:
                _request.reset(token)

        return remembering

    def _once(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(endpoint):
            raise TypeError(f"{endpoint.__name__} cannot be one transaction: it is not done in one thread")

        @functools.wraps(endpoint)
        def once(**arguments: Any) -> Any:
            request, services = _request.get(), _of(Services, arguments)
            work = partial(self._work, arguments)
            if request is None:
                return _given(whole(services.sessions, lambda _session: work()))
            return _do_once(request, services, _of(Principal, arguments), lambda: self._answer(work()))

        self._endpoint = endpoint
        return once

    def _work(self, arguments: Mapping[str, Any]) -> Any:
        """What the route gives, or the refusal that is to be committed."""
        try:
            return self._endpoint(**arguments)
        except ServiceError as refusal:
            if not refusal.on_record:
                raise
            return refusal

    @cached_property
    def _answers(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.response_model)

    def _answer(self, result: Any) -> Response:
        if isinstance(result, Response):
            return result
        if isinstance(result, ServiceError):
            return problem_of(result)
        status = self.status_code or 200
        if result is None:
            return Response(status_code=status)
        content = self._answers.dump_json(result, by_alias=True)
        return Response(content, status, media_type="application/json")


class _RememberedRequest(Request):
    """Knows its body once it has been read."""

    content = b""

    async def body(self) -> bytes:
        self.content = await super().body()
        return self.content


_request: Final[ContextVar[_RememberedRequest | None]] = ContextVar("request", default=None)


def _given(result: Any) -> Any:
    if isinstance(result, ServiceError):
        raise result  # only now: it is committed
    return result


def _do_once(
    request: _RememberedRequest, services: Services, actor: Principal, work: Callable[[], Response]
) -> Response:
    path, query = request.scope["path"].encode(), request.scope["query_string"]
    content = b"\0".join((request.method.encode(), path, query, request.content))
    keyed = KeyedRequest(actor.caller_id, read_key(request.headers[IDEMPOTENCY_HEADER]), content)

    def once(session: Session) -> Response:
        place = take_place(session, services.keystore, keyed, services.clock())
        if place.answer is not None:
            note_replay(session, place, actor.client_id, services.clock())
            return _unpack(place.answer)
        response = work()
        place.keep(_pack(response), subjects_of(session))
        return response

    return whole(services.sessions, once)


def _pack(response: Response) -> bytes:
    headers = [[name, value] for name, value in response.headers.items() if name != "content-length"]
    return json.dumps([response.status_code, headers]).encode() + b"\n" + bytes(response.body)


def _unpack(answer: bytes) -> Response:
    head, _, body = answer.partition(b"\n")
    status, headers = json.loads(head)
    return Response(body, status, dict(headers) | {REPLAYED_HEADER: "true"})


def _of(kind: type[Any], arguments: Mapping[str, Any]) -> Any:
    return next(value for value in arguments.values() if isinstance(value, kind))
