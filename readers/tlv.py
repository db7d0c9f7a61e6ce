"""BER-TLV as ISO/IEC 7816-4 §5.2.2 uses it: tags of up to three bytes, definite lengths.

Cards are not to be trusted: lengths beyond the end, indefinite lengths, over-long tags and more elements than any
card object has are refused with `MalformedTlv`. Nesting is decoded one level at a time, on demand, so depth needs
no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from readers.errors import MalformedTlv

MAX_ELEMENTS: Final = 256
_MAX_TAG_BYTES: Final = 3
_MAX_LENGTH_BYTES: Final = 3


def encode(tag: int, value: bytes) -> bytes:
    """One element: tag, shortest definite length, value."""
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + encode_length(len(value)) + value


def encode_length(length: int) -> bytes:
    """The shortest definite length field."""
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    if size > _MAX_LENGTH_BYTES:
        raise ValueError(f"too long for a card: {length} bytes")
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")


def iterate(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Decode the elements that stand side by side in ``raw`` as (tag, value).

    Raises MalformedTlv at the first byte that is wrong, after having yielded what was right.
    """
    offset = count = 0
    while offset < len(raw):
        count += 1
        if count > MAX_ELEMENTS:
            raise MalformedTlv(f"more than {MAX_ELEMENTS} elements")
        tag, offset = _tag(raw, offset)
        length, offset = _length(raw, offset)
        if offset + length > len(raw):
            raise MalformedTlv(f"element {tag:X} says {length} bytes, {len(raw) - offset} follow")
        yield tag, raw[offset : offset + length]
        offset += length


def decode(raw: bytes) -> dict[int, bytes]:
    """The elements of ``raw`` by tag. Raises MalformedTlv, also when a tag comes twice."""
    elements: dict[int, bytes] = {}
    for tag, value in iterate(raw):
        if tag in elements:
            raise MalformedTlv(f"element {tag:X} comes twice")
        elements[tag] = value
    return elements


def unwrap(raw: bytes, tag: int) -> bytes:
    """The value of the one element ``tag`` that ``raw`` is. Raises MalformedTlv when it is anything else."""
    elements = list(iterate(raw))
    if len(elements) != 1 or elements[0][0] != tag:
        found = " ".join(f"{t:X}" for t, _ in elements[:4]) or "nothing"
        raise MalformedTlv(f"expected one element {tag:X}, found {found}")
    return elements[0][1]


def _tag(raw: bytes, offset: int) -> tuple[int, int]:
    end = offset + 1
    if raw[offset] & 0x1F == 0x1F:
        while True:
            if end >= len(raw) or end - offset >= _MAX_TAG_BYTES:
                raise MalformedTlv("a tag is cut off or too long")
            end += 1
            if not raw[end - 1] & 0x80:
                break
    return int.from_bytes(raw[offset:end], "big"), end


def _length(raw: bytes, offset: int) -> tuple[int, int]:
    if offset >= len(raw):
        raise MalformedTlv("a length is missing")
    first = raw[offset]
    if first < 0x80:
        return first, offset + 1
    size = first & 0x7F
    if not 1 <= size <= _MAX_LENGTH_BYTES or offset + 1 + size > len(raw):
        raise MalformedTlv("a length is indefinite, too long or cut off")
    return int.from_bytes(raw[offset + 1 : offset + 1 + size], "big"), offset + 1 + size
