"""Find the ways from a certificate to trust anchors (RFC 4158). Whether one of them is right `readers.paths` decides.

Bridges and key changes leave several authorities of one name and different keys, and authorities that certify each
other: the search tries what fits best first, never goes round in a circle, and ends after `MAX_STEPS` whatever it was
given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from asn1crypto import x509 as asn1_x509

MAX_DEPTH: Final = 8
"""CA certificates between the leaf and the anchor: root → issuing is none, a card of another bridge has about five."""
MAX_STEPS: Final = 2_000
"""Issuers looked at for one leaf. An authority certified by ten others of which none leads anywhere needs hundreds."""


@lru_cache(maxsize=4096)
def _normalised(der: bytes) -> str:
    key: str = asn1_x509.RDNSequence.load(der).hashable
    return key


def name_key(name: asn1_x509.Name) -> str:
    """Equal for names that RFC 5280 §7.1 calls equal: case and spaces do not count. Remembered, since it is slow."""
    return _normalised(name.chosen.dump())


Chain = tuple[asn1_x509.Certificate, ...]


def chains(
    leaf: asn1_x509.Certificate,
    intermediates: Sequence[asn1_x509.Certificate],
    anchors: Sequence[asn1_x509.Certificate],
) -> Iterator[Chain]:
    """Every chain from ``leaf`` to an anchor by names alone, both included; the likeliest first.

    A leaf that is an anchor is a chain of its own.
    """
    by_subject: dict[str, list[asn1_x509.Certificate]] = {}
    trusted = {anchor.sha256 for anchor in anchors}
    for certificate in [*anchors, *intermediates]:
        known = by_subject.setdefault(name_key(certificate.subject), [])
        if all(certificate.sha256 != other.sha256 for other in known):
            known.append(certificate)
    if leaf.sha256 in trusted:
        yield (leaf,)
    steps = iter(range(MAX_STEPS))
    pending: list[Iterator[Chain]] = [_longer((leaf,), by_subject, trusted)]
    while pending:
        chain = next(pending[-1], None)
        if chain is None:
            pending.pop()
        elif next(steps, None) is None:
            return
        elif chain[-1].sha256 in trusted:
            yield chain
        elif len(chain) <= MAX_DEPTH + 1:
            pending.append(_longer(chain, by_subject, trusted))


def _longer(
    chain: Chain, by_subject: dict[str, list[asn1_x509.Certificate]], trusted: Iterable[bytes]
) -> Iterator[Chain]:
    last = chain[-1]
    candidates = by_subject.get(name_key(last.issuer), [])
    seen = {_authority(certificate) for certificate in chain}
    ranked = sorted(candidates, key=lambda issuer: (not _fits(last, issuer), issuer.sha256 not in trusted))
    return ((*chain, issuer) for issuer in ranked if _authority(issuer) not in seen)


def _authority(certificate: asn1_x509.Certificate) -> tuple[str, bytes]:
    """A name and a key: who comes twice in a chain has gone round in a circle (RFC 4158 §2.4.2)."""
    return name_key(certificate.subject), certificate.public_key.dump()


def _fits(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    """Whether the key identifiers agree. Only a hint for the order, as some get them wrong (RFC 4158 §3.5.12)."""
    wanted, found = certificate.authority_key_identifier, issuer.key_identifier
    return wanted is None or found is None or wanted == found
