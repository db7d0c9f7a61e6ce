"""JSON Web Signatures put together by hand, byte by byte: no library would write most of what is needed here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

from tests.attack.scene import Scene

Sign = Callable[[bytes], bytes]
Write = Callable[[Mapping[str, Any]], bytes]


def b64(raw: bytes) -> str:
    """RFC 7515 §2."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact_json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Draft:
    """A token that is about to be written. As it stands it is genuine."""

    header: dict[str, Any]
    claims: dict[str, Any]
    sign: Sign = field(repr=False)
    scene: Scene = field(repr=False)
    now: int
    """Seconds since 1970."""
    write_header: Write = compact_json
    write_claims: Write = compact_json
    finish: Callable[[str], str] = str
    """What becomes of the text at last."""
    rehearse: bool = False
    """The genuine one is shown before."""

    def text(self) -> str:
        signed = f"{b64(self.write_header(self.header))}.{b64(self.write_claims(self.claims))}"
        return self.finish(f"{signed}.{b64(self.sign(signed.encode()))}")


def ecdsa(key: ec.EllipticCurvePrivateKey, digest: hashes.HashAlgorithm | None = None, size: int = 32) -> Sign:
    """ES256 (RFC 7518 §3.4), or its like on another curve."""

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(digest or hashes.SHA256())))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return sign


def ecdsa_der(key: ec.EllipticCurvePrivateKey) -> Sign:
    """In DER, as most programs give a signature and JWS does not want it."""
    return lambda signed: key.sign(signed, ec.ECDSA(hashes.SHA256()))


def hs256(secret: bytes) -> Sign:
    """RFC 7518 §3.2."""
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


def rs256(key: rsa.RSAPrivateKey) -> Sign:
    """RFC 7518 §3.3."""
    return lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def always(signature: bytes) -> Sign:
    """The same, whatever is signed."""
    return lambda _signed: signature


def private(key: ECKey) -> ec.EllipticCurvePrivateKey:
    """The key inside a JWK."""
    raw = key.raw_value
    if not isinstance(raw, ec.EllipticCurvePrivateKey):
        raise TypeError("not a private key")
    return raw


@cache
def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    """RFC 7638."""
    return ECKey.import_key(key.public_key()).thumbprint()
