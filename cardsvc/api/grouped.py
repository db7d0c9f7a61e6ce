"""Routes that are answered in groups, as fast as we can: from the socket to the group and back.

FastAPI describes such a route and finds it; the request then goes around what it does for a route in general, which
takes longer than all the rest. What is the same for every route stays so: who may call it (`access.py`), how often
(`limiting.py`), what is said of a malformed request (`problems.py`), and what surrounds it (`requests.py`).

The function of the route takes ``message``, the body as its model, and ``entry``, ``services`` and ``turnstile``, in
whatever order. Whether the caller may come in is asked in the group, with the rest: see `Enter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, get_type_hints

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from cardsvc.api.access import Enter, guards_of

_JSON: Final = b"application/json"


class GroupedRoute(APIRoute):
    """A route whose function is called without FastAPI's machinery in between."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._model: type[BaseModel] = get_type_hints(endpoint)["message"]
        (self._guard,) = (guard for guard in guards_of(self.dependant) if isinstance(guard, Enter))
        if self.status_code is None:
            raise ValueError(f"{path} needs a status code")
        self._status = self.status_code

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to this path."""
        if scope["method"] in (self.methods or ()):
            await self._answer(scope, receive, send)
        else:
            await super().handle(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        entry = await self._guard(connection)
        body = await _read(receive)
        try:
            message = _parse(self._model, scope, body)
        except ValidationError as error:
            await self._guard.admit(connection, entry)  # who may not call this does not hear what is wrong with it
            raise RequestValidationError([_fault(each) for each in error.errors(include_url=False)]) from None
        state = scope["app"].state
        answer = await self.endpoint(message=message, entry=entry, services=state.services, turnstile=state.turnstile)
        await _send(send, self._status, answer)


def _parse(model: type[BaseModel], scope: Scope, body: bytes) -> BaseModel:
    """Raises ValidationError; also for what is not said to be JSON."""
    media_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if media_type.partition(b";")[0].strip().lower() != _JSON:
        return model.model_validate(body, from_attributes=True)
    try:
        return model.model_validate_json(body)
    except ValidationError:
        return _parse_slowly(model, body)


def _parse_slowly(model: type[BaseModel], body: bytes) -> BaseModel:
    """As FastAPI does it, to find the same fault in what is JSON."""
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError:
        return model.model_validate_json(body)
    return model.model_validate(document, from_attributes=True)


def _fault(error: Mapping[str, Any]) -> dict[str, Any]:
    return {**error, "loc": ("body", *error["loc"])}


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(send: Send, status: int, answer: BaseModel) -> None:
    body = answer.__pydantic_serializer__.to_json(answer)
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", _JSON)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
