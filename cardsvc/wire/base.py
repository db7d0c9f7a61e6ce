"""What all messages share: strict, frozen models and bytes as base64url."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

LINE: Final = r"^[\t-\r ]*[^\x00-\x1f]*[^\x00-\x1f\s\x85\ufeff][^\x00-\x1f]*[\t-\r ]*$"
"""For texts in one line, which are not blank. Of what is blank, ECMA-262 leaves U+0085 out, we otherwise U+FEFF."""
LINES: Final = r"^[^\x00]*[^\x00\x1c-\x1f\s\x85\ufeff][^\x00]*$"
"""For texts that may have several lines. PostgreSQL keeps no NUL."""
TRIMMED: Final = AfterValidator(str.strip)
"""Takes spaces off the ends of a text, once it has been found fit with them: as a schema sees it."""
_FULL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FULL_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
"""That the offset is there, pydantic sees to, and says so when it is not."""
_DIGIT: Final = "[A-Za-z0-9_-]"
_ENDS: Final = ("", f"{_DIGIT}[AQgw]", f"{_DIGIT}{{2}}[AEIMQUYcgkosw048]")
"""How what is left of a number of bytes is written, after three at a time: there are no bits beyond the last byte."""
_BASE64URL: Final = re.compile(f"(?:{_DIGIT}{{4}})*(?:{_ENDS[1]}|{_ENDS[2]})?")


class Message(BaseModel):
    """Base of every request and response: unknown members are refused, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Page(Message):
    """Base of a part of a list."""

    next: str | None = None
    """The ``cursor`` of the next part; null at the end."""


class FeedPage(Message):
    """Base of a part of what goes on growing, in order."""

    next: UUID | None = None
    """``after`` of those that follow; null when there are none yet: ask again later with the last id."""


def _decode(value: object) -> object:
    return decode_base64url(value) if isinstance(value, str) else value


def decode_base64url(text: str) -> bytes:
    """The bytes, which have this text and no other: no padding, no bits beyond the last byte. Raises ValueError."""
    if not _BASE64URL.fullmatch(text):  # the library would take much else
        raise ValueError("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


Base64Url = Annotated[
    bytes,
    BeforeValidator(_decode, json_schema_input_type=str),
    PlainSerializer(encode_base64url, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_BASE64URL.pattern}$"}),
]
"""Bytes, written as base64url without padding."""


@dataclass(frozen=True, slots=True)
class Octets:
    """How many bytes a `Base64Url` holds. Its schema counts characters: three bytes are four of them.

    Raises ValueError for bounds that a pattern cannot say: unless they are the same, ``least`` has to be a multiple of
    three, and ``most`` two more than one.
    """

    least: int
    most: int

    def __post_init__(self) -> None:
        if self.least != self.most and (self.least % 3, self.most % 3) != (0, 2):
            raise ValueError("these bounds are not those of a pattern")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Count the bytes, once they are read."""
        return core_schema.no_info_after_validator_function(self._counted, handler(source))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Count the characters."""
        return {"type": "string", "pattern": self._pattern}

    @property
    def _pattern(self) -> str:
        if self.least == self.most:
            return f"^(?:{_DIGIT}{{4}}){{{self.least // 3}}}{_ENDS[self.least % 3]}$"
        return f"^(?:{_DIGIT}{{4}}){{{self.least // 3},{self.most // 3}}}(?:{_ENDS[1]}|{_ENDS[2]})?$"

    def _counted(self, value: bytes) -> bytes:
        if not self.least <= len(value) <= self.most:
            raise ValueError("too short or too long")
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Only:
    """Of what pydantic takes for a type, only what is one of these, as JSON Schema has it. To stand last.

    What does this is not Python: it costs next to nothing.
    """

    forms: tuple[CoreSchema, ...]
    otherwise: core_schema.ErrorType
    """What pydantic calls it when it is none of them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """First the form, then the value and its bounds."""
        form = core_schema.union_schema(list(self.forms), mode="left_to_right", custom_error_type=self.otherwise)
        return core_schema.chain_schema([form, handler(source)])

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """That of the type."""
        return handler(cast(core_schema.ChainSchema, schema)["steps"][-1])


WHOLE: Final = Only((core_schema.int_schema(strict=True), core_schema.float_schema(strict=True)), "int_type")
"""For whole numbers: 60 and 60.0, which are the same in JSON, but no text and no true."""


def _written_out(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _FULL_DATE.fullmatch(value)):
        return value
    raise ValueError("not a date")


Date = Annotated[date, BeforeValidator(_written_out)]
"""A day, written as RFC 3339 has it (``1990-02-03``), and not as a number of seconds."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
"""A name for programs, for example ``medical-insurance`` or ``clinic-check-in``."""

_DATE_TIME: Final = core_schema.str_schema(pattern=f"^{_FULL_DATE.pattern}[Tt]{_FULL_TIME}$", strict=True)
Timestamp = Annotated[AwareDatetime, Only((core_schema.is_instance_schema(datetime), _DATE_TIME), "datetime_type")]
"""A point in time with its offset, written as RFC 3339 (``2026-03-02T09:30:00Z``), and not as a number of seconds."""
