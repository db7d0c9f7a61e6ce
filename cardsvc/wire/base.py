"""What all messages share: strict, frozen models and bytes as base64url."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints


class Message(BaseModel):
    """Base of every request and response: unknown members are refused, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _decode(value: object) -> object:
    return decode_base64url(value) if isinstance(value, str) else value


def decode_base64url(text: str) -> bytes:
    """The bytes, which have this text and no other: no padding, no bits beyond the last byte. Raises ValueError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode_base64url(raw) != text:
        raise ValueError("not base64url without padding")
    return raw


def encode_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


Base64Url = Annotated[
    bytes,
    BeforeValidator(_decode, json_schema_input_type=str),
    PlainSerializer(encode_base64url, return_type=str),
]
"""Bytes, written as base64url without padding."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
"""A name for programs, for example ``medical-insurance`` or ``clinic-check-in``."""

Timestamp = AwareDatetime
"""A point in time with its offset, written as RFC 3339."""
