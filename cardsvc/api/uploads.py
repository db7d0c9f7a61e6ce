"""Bodies that are files: how large each may be, and how a file is handed out."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import Depends, Response
from starlette.requests import Request
from starlette.types import Scope

from cardsvc.settings import Settings

MAX_BODY: Final = 64 * 1024
"""Any other request is a handful of kilobytes; nobody makes us read more."""
MAX_LIST: Final = 320 * 1024
_LISTS: Final = frozenset({("POST", "/v1/stock/batches"), ("POST", "/v1/stock/counts")})
"""Who sends long lists: thousands of printed numbers."""
_FILES: Final = (
    ("PUT", re.compile(r"/v1/people/[^/]+/photo"), "photo_bytes"),
    ("POST", re.compile(r"/v1/applications/[^/]+/documents"), "document_bytes"),
)
"""Who sends a file where, and the setting that bounds it."""


def largest_body(scope: Scope) -> int:
    """How many bytes of this request are read at the most."""
    for method, path, setting in _FILES:
        if scope.get("method") == method and path.fullmatch(scope["path"]):
            settings: Settings = scope["app"].state.services.settings
            return int(getattr(settings, setting))
    return MAX_LIST if (scope.get("method"), scope["path"]) in _LISTS else MAX_BODY


async def _read(request: Request) -> bytes:
    return await request.body()


Upload = Annotated[bytes, Depends(_read)]
"""The body as it came. Stands after the caller in a route's parameters, so that nobody else's is read."""


def file_body(*media_types: str) -> dict[str, Any]:
    """The request body of an upload, for ``openapi_extra``."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def file_answer(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The answer of a download, for ``responses``."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
    return {200: {"description": "The file.", "content": content}}


def hand_out(content: bytes, media_type: str) -> Response:
    """A file that somebody sent us: to be saved, not to be kept by caches or run by a browser that is shown it."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
