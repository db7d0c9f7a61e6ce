"""What an attacker has at hand besides a genuine token: keys, other tokens, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

ATTACKER: Final = ec.generate_private_key(ec.SECP256R1())
ATTACKER_384: Final = ec.generate_private_key(ec.SECP384R1())
ATTACKER_RSA: Final = rsa.generate_private_key(65537, 2048)


Chain = tuple[str, ...]
"""Certificates as in ``x5c``: base64 of DER, each signed by the next."""


@dataclass(frozen=True)
class Chains:
    """For tokens that bring certificates along: the genuine ones, and others with the keys of the first in each."""

    genuine: Chain = ()
    others: tuple[tuple[Chain, ec.EllipticCurvePrivateKey], ...] = field(default=(), repr=False)
    """Of the same city for something else, or of nobody's city."""
    root: str = ""


@dataclass(frozen=True)
class Scene:
    """Where a token is shown."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    """Whoever may sign the token signs with it. Attacks on claims use it: they ask for more than a right signature."""
    rivals: tuple[ec.EllipticCurvePrivateKey, ...] = field(repr=False)
    """Keys that are somebody's, or for something else."""
    strangers: tuple[str, ...] = field(repr=False)
    """Genuine tokens, of other kinds or of another issuer."""
    names: Mapping[str, tuple[str, ...]]
    """The claims that name somebody, and whom else they could name."""
    whole_times: bool = True
    """Times are whole numbers here. RFC 7519 lets others be fractions."""
    limits: frozenset[str] = frozenset({"exp", "iat"})
    """Times that are checked on both sides."""
    one_use: bool = False
    """It is accepted once."""
    chains: Chains = field(default_factory=Chains, repr=False)
    """Certificates that a token may bring along."""
