"""JSON Web Tokens as this service and its callers make and read them: ES256, a pinned ``typ``, and nothing else.

Everything JOSE leaves open is closed here, once for both sides: the algorithm (RFC 8725 §3.1), the type (§3.11), the
header parameters (only ``alg``, ``kid`` and ``typ``; so ``crit``, ``jwk`` and ``jku`` are refused, whatever they say),
the curve, the sizes, and the JSON: UTF-8, an object, no member twice (§2.4). A JWT that was only parsed and one that
was verified have different types. What is to be believed when its key is not published any more brings certificates:
`parse_certified` alone takes ``x5c`` too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NewType, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter
from joserfc.util import urlsafe_b64decode

from cardsvc.wire.base import encode_base64url

ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
MAX_JWT_LENGTH: Final = 8192
TOKEN_TYPES: Final = "token_types"
"""A member of each JWK that we publish: the ``typ`` of whatever the key signs. It signs no other."""

MOST_CERTIFICATES: Final = 4

_ES256: Final = ec.ECDSA(SHA256())
_HALF: Final = 32
"""Bytes of r, and of s (RFC 7518 §3.4)."""
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops", TOKEN_TYPES})


def _registry(longest_header: int, **more: HeaderParameter) -> jws.JWSRegistry:
    """Knows these header parameters and no others."""
    registry = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=True)
    registry.max_header_length = longest_header
    registry.header_registry = {
        "alg": HeaderParameter("Algorithm", "str", required=True),
        "kid": HeaderParameter("Key ID", "str"),
        "typ": HeaderParameter("Type", "str"),
        **more,
    }
    return registry


_plain: Final = _registry(512)
_certified: Final = _registry(6144, x5c=HeaderParameter("X.509 Certificate Chain", "list[str]", required=True))

SignedClaims = NewType("SignedClaims", dict[str, Any])
"""Claims whose signature has been verified. What they say is still to be checked."""


class JwtRefused(ValueError):
    """Raised when a JWT is malformed, is of another type, or its signature is not by the key at hand."""


@dataclass(frozen=True, slots=True)
class UnverifiedJwt:
    """A JWT that anybody may have written. Its claims serve to find the key that should have signed it."""

    key_id: str | None
    type: str | None
    claims: Mapping[str, Any]
    _compact: str
    _registry: jws.JWSRegistry

    def __repr__(self) -> str:
        return f"<UnverifiedJwt typ={self.type!r} kid={self.key_id!r}>"

    def verify(self, key: ECKey, *, typ: str | None) -> SignedClaims:
        """The claims, if ``key`` signed them as this type. ``typ`` None takes "JWT" or none (RFC 7523 names none)."""
        if (self.type or "JWT") != (typ or "JWT"):
            raise JwtRefused("another type of token")
        try:
            verified = jws.deserialize_compact(self._compact, key, algorithms=[ALGORITHM], registry=self._registry)
        except (JoseError, ValueError) as error:
            raise JwtRefused("the signature is not by this key") from error
        return SignedClaims(_object(verified.payload or b""))


@dataclass(frozen=True, slots=True)
class CertifiedJwt:
    """A JWT that brings the certificates of its signer along. They are as unverified as the rest."""

    token: UnverifiedJwt
    certificates: Sequence[bytes]
    """DER, each signed by the next (RFC 7515 §4.1.6)."""


def parse(compact: str, *, max_length: int = MAX_JWT_LENGTH) -> UnverifiedJwt:
    """Take a compact JWS apart. Raises JwtRefused when it is not one, or uses a header parameter we do not know."""
    return _take_apart(compact, _plain, max_length)[0]


def parse_certified(compact: str, *, typ: str, max_length: int = MAX_JWT_LENGTH) -> CertifiedJwt:
    """Take a compact JWS of this type apart, with its chain. Raises JwtRefused, also when there is no chain."""
    token, header = _take_apart(compact, _certified, max_length)
    chain = header["x5c"]
    if token.type != typ or not 0 < len(chain) <= MOST_CERTIFICATES:
        raise JwtRefused("another type of token, or without certificates")
    try:
        return CertifiedJwt(token, [base64.b64decode(certificate, validate=True) for certificate in chain])
    except ValueError as error:
        raise JwtRefused("a certificate is not base64") from error


def _take_apart(compact: str, registry: jws.JWSRegistry, max_length: int) -> tuple[UnverifiedJwt, Mapping[str, Any]]:
    if len(compact) > max_length or not compact.isascii():
        raise JwtRefused("not a token")
    try:
        encoded = compact.encode("ascii")
        header = _object(urlsafe_b64decode(encoded.partition(b".")[0]))
        if set(header) - registry.header_registry.keys():
            raise JwtRefused("unknown header parameters")
        registry.check_header(header)
        token = jws.extract_compact(encoded, registry=registry)
    except (JoseError, ValueError, TypeError) as error:
        raise JwtRefused("not a token") from error
    if header["alg"] != ALGORITHM:
        raise JwtRefused("another algorithm")
    return UnverifiedJwt(header.get("kid"), header.get("typ"), _object(token.payload or b""), compact, registry), header


def sign(claims: Mapping[str, Any], key: ECKey, *, typ: str, certificates: Sequence[bytes] = ()) -> str:
    """A compact JWS over the claims. ``key`` is a private P-256 key; its thumbprint becomes the ``kid``.

    With ``certificates``, in DER and from the key's own to the authority's, it is one for `parse_certified`.
    """
    return Signer.of(key, certificates).sign(_encode(claims), typ=typ)


@dataclass(frozen=True)
class Signer:
    """A private P-256 key and its name, ready to sign much: what stays the same is not made anew for each token."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    key_id: str
    certificates: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, key: ECKey, certificates: Sequence[bytes] = ()) -> Self:
        """Named by its thumbprint. Raises ValueError for a key that is not private, or on another curve."""
        if key.private_key is None or key.curve_name != CURVE:
            raise ValueError("a private key on P-256 signs")
        return cls(key.private_key, key.thumbprint(), tuple(certificates))

    def sign(self, payload: str, *, typ: str) -> str:
        """A compact JWS (RFC 7515 §5.1) over claims that are written as JSON."""
        signed = f"{_header(self.key_id, typ, self.certificates)}.{encode_base64url(payload.encode())}"
        r, s = decode_dss_signature(self.key.sign(signed.encode("ascii"), _ES256))
        return f"{signed}.{encode_base64url(r.to_bytes(_HALF) + s.to_bytes(_HALF))}"


@lru_cache(64)
def _header(key_id: str, typ: str, certificates: tuple[bytes, ...]) -> str:
    header: dict[str, Any] = {"alg": ALGORITHM, "kid": key_id, "typ": typ}
    if certificates:
        header["x5c"] = [base64.b64encode(certificate).decode() for certificate in certificates]
    return encode_base64url(_encode(header).encode())


def public_key(jwk: Mapping[str, Any]) -> ECKey:
    """The P-256 public key that a JWK holds. Raises JwtRefused for any other, and for a private one."""
    if set(jwk) - _PUBLIC_MEMBERS:
        raise JwtRefused("only the members of a public EC key are allowed")
    if jwk.get("kty") != "EC" or jwk.get("crv") != CURVE:
        raise JwtRefused("only EC keys on P-256 are allowed")
    try:
        key = ECKey.import_key(dict(jwk))
        # joserfc reads the numbers only when they are needed; a point off the curve is refused here instead.
        key.thumbprint(), key.raw_value
    except (JoseError, ValueError, TypeError) as error:
        raise JwtRefused("not a public key") from error
    return key


def _object(raw: bytes) -> dict[str, Any]:
    try:
        members = json.loads(raw.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise JwtRefused("not JSON") from error
    if not isinstance(members, dict):
        raise JwtRefused("not an object")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members with one name, programs read the one or the other."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members
