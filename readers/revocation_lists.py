"""Choose, of many revocation lists and authorities, those that can tell about one chain.

The validator looks at every list it is given for every certificate. A kiosk holds the lists of every authority it
knows, so only those with the right name go in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from asn1crypto import x509 as asn1_x509
from asn1crypto.crl import CertificateList

from readers.path_building import name_key


@dataclass(frozen=True, slots=True)
class RevocationLists:
    """Lists by the name of who issued them. Decoded on access, so not to be shared between threads."""

    by_issuer: dict[str, list[CertificateList]]

    @classmethod
    def load(cls, crls: Iterable[bytes]) -> Self:
        """From DER. Raises ValueError or TypeError."""
        by_issuer: dict[str, list[CertificateList]] = {}
        for der in crls:
            crl = CertificateList.load(der, strict=True)
            by_issuer.setdefault(name_key(crl.issuer), []).append(crl)
        return cls(by_issuer)

    def about(
        self, chain: Sequence[asn1_x509.Certificate], authorities: Sequence[asn1_x509.Certificate]
    ) -> tuple[list[CertificateList], list[asn1_x509.Certificate]]:
        """The lists for the certificates of ``chain``, and those of ``authorities`` that may have signed them.

        A list may be signed by an authority of its own, whose certificate has a list again.
        """
        names = {name for certificate in chain for name in _list_issuers(certificate)}
        signers: list[asn1_x509.Certificate] = []
        while more := [one for one in authorities if name_key(one.subject) in names and one not in signers]:
            signers += more
            names |= {name for certificate in more for name in _list_issuers(certificate)}
        return [crl for name in sorted(names) for crl in self.by_issuer.get(name, ())], signers


def _list_issuers(certificate: asn1_x509.Certificate) -> Iterator[str]:
    """Who issues the list that a certificate would be on: its issuer, or whom it names (RFC 5280 §4.2.1.13)."""
    yield name_key(certificate.issuer)
    points = [*(certificate.crl_distribution_points_value or ()), *(certificate.freshest_crl_value or ())]
    for point in points:
        for name in point["crl_issuer"] or ():
            if name.name == "directory_name":
                yield name_key(name.chosen)
