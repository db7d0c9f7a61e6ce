"""Structured logs: one JSON object a line on standard error, with the id of the request, and nothing secret in it.

What is logged is chosen where it is logged; the redaction here is the net below that.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TextIO

import structlog
from pydantic import BaseModel, SecretStr
from pydantic_core import to_json
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED: Final = "[redacted]"

SECRET_WORDS: Final = frozenset(
    {
        "apdu",
        "assertion",
        "authorization",
        "birth_date",
        "document_number",
        "jwk",
        "key",
        "name",
        "name_latin",
        "passphrase",
        "password",
        "person",
        "pin",
        "puk",
        "secret",
        "signature",
        "token",
    }
)
"""A member with one of these names, or with a name that ends in ``_`` and one, is never written."""
_encode_any: Final = json.JSONEncoder(default=repr).encode
"""Writes in ASCII, and slower."""
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Log to a stream, or to standard error, from here on, in this process."""
    structlog.configure(
        processors=list(processors()),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def processors() -> tuple[Processor, ...]:
    """The steps from an event to a line."""
    return (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(serializer=_write),
    )


def _write(event: EventDict, **_options: Any) -> str:
    try:
        return to_json(event, fallback=repr, ensure_ascii=True).decode()
    except ValueError:  # half a character, which UTF-8 has no bytes for
        return _encode_any(event)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank what must not be written, at any depth."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if is_secret(name):
        return REDACTED
    if type(value) in _PLAIN:
        return value
    if isinstance(value, BaseModel | SecretStr | bytes | bytearray | memoryview):
        return REDACTED
    if isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", content) for content in value]
    return value


@lru_cache(1024)  # every line of every request asks for the same few
def is_secret(name: str) -> bool:
    """Whether what stands under this name stays out of logs."""
    lowered = name.lower().replace("-", "_")
    return lowered in SECRET_WORDS or any(lowered.endswith("_" + word) for word in SECRET_WORDS)
