"""ECDSA signatures as X.690 would not have them (BER where DER is wanted), and with numbers out of their range."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""n of P-256 (SEC 2 v2.0 §2.4.2)."""


def number(value: int) -> bytes:
    """A DER INTEGER, of a negative value too."""
    size = max(1, (value + (value < 0)).bit_length() // 8 + 1)
    return tlv(0x02, value.to_bytes(size, "big", signed=True))


def tlv(tag: int, content: bytes) -> bytes:
    """With a definite length in as few bytes as it takes."""
    length = bytes((len(content),)) if len(content) < 128 else bytes((0x81, len(content)))
    return bytes((tag,)) + length + content


def signature(*values: int) -> bytes:
    """A sequence of numbers: two of them are a signature."""
    return tlv(0x30, b"".join(map(number, values)))


def twin(genuine: bytes) -> bytes:
    """(r, n - s): whoever can verify the one accepts the other, which anybody can make."""
    r, s = decode_dss_signature(genuine)
    return signature(r, P256_ORDER - s)


def other_numbers(genuine: bytes, random: Random) -> bytes:
    """Zero, the order, beyond the order, below zero."""
    r, s = decode_dss_signature(genuine)
    n = P256_ORDER
    wrong = [0, n, -1, 1, n - 1, n + 1, 2**256, 2**512]
    pairs = [(w, s) for w in (*wrong, -r, r + n, n - r)] + [(r, w) for w in (*wrong, -s, s + n)] + [(s, r), (0, 0)]
    return signature(*random.choice(pairs))


def other_encodings(genuine: bytes, random: Random) -> bytes:
    """The right numbers in another form than DER's."""
    r, s = decode_dss_signature(genuine)
    body = number(r) + number(s)
    forms: list[Callable[[], bytes]] = [
        lambda: b"\x30\x81" + bytes((len(body),)) + body,
        lambda: b"\x30\x82\x00" + bytes((len(body),)) + body,
        lambda: b"\x30\x80" + body + b"\0\0",
        lambda: tlv(0x30, _padded(r) + number(s)),
        lambda: tlv(0x30, number(r) + _padded(s)),
        lambda: tlv(0x30, b"\x02\x81" + number(r)[1:] + number(s)),
        lambda: tlv(0x31, body),
        lambda: tlv(0x10, body),
        lambda: tlv(0x30, body.replace(b"\x02", b"\x22", 1)),
        lambda: tlv(0x30, body.replace(b"\x02", b"\x03", 1)),
        lambda: tlv(0x30, body + b"\x05\0"),
        lambda: tlv(0x30, body + number(0)),
        lambda: tlv(0x30, number(r)),
        lambda: tlv(0x30, tlv(0x30, body)),
        lambda: tlv(0x04, genuine),
        lambda: genuine + b"\0",
        lambda: genuine + genuine,
        lambda: b"\0" + genuine,
        lambda: r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        lambda: genuine.hex().encode(),
        lambda: tlv(0x30, b""),
    ]
    return random.choice(forms)()


def _padded(value: int) -> bytes:
    return tlv(0x02, b"\0" + number(value)[2:])
