"""What all messages share."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from cardsvc.wire.base import Base64Url, encode_base64url

ADAPTER: TypeAdapter[bytes] = TypeAdapter(Base64Url)

# RFC 4648 §10, without the padding (§5, and RFC 7515 §2)
VECTORS = {
    b"": "",
    b"f": "Zg",
    b"fo": "Zm8",
    b"foo": "Zm9v",
    b"foob": "Zm9vYg",
    b"fooba": "Zm9vYmE",
    b"\xfb\xff": "-_8",
}


@pytest.mark.parametrize("raw", VECTORS)
def test_bytes_have_one_text(raw: bytes) -> None:
    assert encode_base64url(raw) == VECTORS[raw]
    assert ADAPTER.validate_python(VECTORS[raw]) == raw


@pytest.mark.parametrize(
    "text", ["Zg==", "Zg=", "Zh", "Zm9=", "Zm9", "Z", "Zm8\n", " Zm8", "Zm8 ", "+_8", "-/8", "Zm8\0", "Zmé"]
)
def test_no_other_text_is_taken_for_them(text: str) -> None:
    """A padded text, bits beyond the last byte, white space, another alphabet."""
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(text)
