"""Public keys whose private half others can find out.

- RSA keys of a faulty library in smart cards and security tokens (ROCA, CVE-2017-15361), which YubiKey 4 attests with;
- RSA keys that are too small, have a bad exponent, small factors, or factors close to each other;
- keys whose private half was published, as the examples of specifications are, or is a number that anybody tries first.

A point that is not on its curve is no key at all: `cryptography` does not load it.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import cache
from itertools import combinations
from math import gcd, isqrt, prod
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Weakness(StrEnum):
    """What is wrong with a key."""

    KIND = "kind"
    """Of a curve or size that is not good enough."""
    EXPONENT = "exponent"
    SMALL_FACTORS = "small-factors"
    CLOSE_FACTORS = "close-factors"
    ROCA = "roca"
    PUBLISHED = "published"
    """Somebody showed the private key to everybody, or everybody can guess it."""


def weakness_of(public_key: object) -> Weakness | None:
    """What is wrong with a public key of `cryptography`; None when nothing is known against it."""
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return _weakness_of_point(public_key)
    return _weakness_of_modulus(public_key) if isinstance(public_key, rsa.RSAPublicKey) else Weakness.KIND


_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_LEAST_BITS: Final = 2048
_EXPONENTS: Final = range(65537, 1 << 256, 2)
"""FIPS 186-5 §A.1.1: odd, between 2^16 and 2^256."""
_GUESSED: Final = 1024
"""Private numbers from 1 to this are everybody's."""
_FERMAT_ROUNDS: Final = 100

PUBLISHED: Final = {
    "2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827": "RFC 7515 §A.3",
    "51b944cdfa544d4c3273aa6bf350625a7dd53bbb6a71723274f538b19a207760": "RFC 7517 §A.2",
    "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4": "RFC 6979 §A.2.5",
    "55f96361b78cbb84f1fc604b0718e82bd91abb46d8fc25ae871b35fbbf8b7974": "RFC 9421 §B.1.3",
    "eb28a65877d2b84b92a6a9b5fd762a45e50665933d97fc0c724e70a161f2031a": "RFC 8152 §C.7",
}
"""SHA-256 of the SubjectPublicKeyInfo, and where the private key is printed."""

_PRIMES: Final = tuple(number for number in range(3, 752) if all(number % smaller for smaller in range(2, number)))
"""The odd ones up to 751: SP 800-89 §5.3.3 wants no factor among them."""
_ROCA_GENERATOR: Final = 65537
_ROCA_PRIMES: Final = _PRIMES[: _PRIMES.index(167) + 1]
"""Of the primorial for keys of 512 to 960 bits, which divides those for longer keys (Nemec et al. 2017, table 1)."""


def _weakness_of_point(public_key: ec.EllipticCurvePublicKey) -> Weakness | None:
    if not isinstance(public_key.curve, _CURVES):
        return Weakness.KIND
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    known = hashlib.sha256(spki).hexdigest() in PUBLISHED
    guessed = public_key.public_numbers().x in _guessed_points(public_key.curve.name)
    return Weakness.PUBLISHED if known or guessed else None


@cache
def _guessed_points(curve_name: str) -> frozenset[int]:
    """Of the smallest private numbers, and of the largest, which are their mirror images and have the same x."""
    curve = next(kind() for kind in _CURVES if kind.name == curve_name)
    return frozenset(
        ec.derive_private_key(number, curve).public_key().public_numbers().x for number in range(1, _GUESSED + 1)
    )


def _weakness_of_modulus(public_key: rsa.RSAPublicKey) -> Weakness | None:
    numbers = public_key.public_numbers()
    if public_key.key_size < _LEAST_BITS:
        return Weakness.KIND
    if numbers.e not in _EXPONENTS:
        return Weakness.EXPONENT
    if gcd(numbers.n, 2 * prod(_PRIMES)) != 1:
        return Weakness.SMALL_FACTORS
    if has_roca_fingerprint(numbers.n):
        return Weakness.ROCA
    return Weakness.CLOSE_FACTORS if _has_close_factors(numbers.n) else None


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether a modulus is a power of 65537 modulo every small prime, with one exponent for all of them.

    Both factors that the faulty library makes are such powers modulo a product of small primes, and so the modulus is
    one ("The Return of Coppersmith's Attack", §4.2). One of 2^154 other moduli looks the same.
    """
    logarithms = []
    for prime in _ROCA_PRIMES:
        powers = _powers(prime)
        if modulus % prime not in powers:
            return False
        logarithms.append((powers[modulus % prime], len(powers)))
    return all(
        (one - other) % gcd(order, other_order) == 0
        for (one, order), (other, other_order) in combinations(logarithms, 2)
    )


@cache
def _powers(prime: int) -> dict[int, int]:
    """The powers of 65537 modulo a prime, each with its exponent."""
    powers: dict[int, int] = {}
    power = 1
    while power not in powers:
        powers[power] = len(powers)
        power = power * _ROCA_GENERATOR % prime
    return powers


def _has_close_factors(modulus: int) -> bool:
    """Fermat's factorisation finds them in a few rounds (CVE-2022-26320)."""
    middle = isqrt(modulus) + 1
    squares = ((middle + step) ** 2 - modulus for step in range(_FERMAT_ROUNDS))
    return any(isqrt(square) ** 2 == square for square in squares)
