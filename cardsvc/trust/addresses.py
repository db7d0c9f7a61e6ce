"""Where the city publishes what its certificates refer to: below the service's own URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from cardsvc.trust.keystore import FIRST

ROOT: Final = "root"


def issuer_code(version: int) -> str:
    """What an issuing CA is called in addresses: ``issuing``, and ``issuing-2`` after the first renewal of its key."""
    return "issuing" if version == FIRST else f"issuing-{version}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses below a base URL, and the certificate extensions that name them."""

    base: str
    """The service's URL, without a slash at the end."""

    @property
    def ocsp(self) -> str:
        """The OCSP responder."""
        return f"{self.base}/ocsp"

    def revocation_list(self, issuer: str) -> str:
        """The CRL of an issuer, by its code."""
        return f"{self.base}/crl/{issuer}.crl"

    def certificate(self, issuer: str) -> str:
        """The certificate of an issuer, by its code."""
        return f"{self.base}/ca/{issuer}.cer"

    def status_list(self, list_id: UUID) -> str:
        """A token status list."""
        return f"{self.base}/status-lists/{list_id}"

    def distribution_points(self, issuer: str) -> x509.CRLDistributionPoints:
        """Where the CRL of the issuer is (RFC 5280 §4.2.1.13)."""
        name = x509.UniformResourceIdentifier(self.revocation_list(issuer))
        return x509.CRLDistributionPoints([x509.DistributionPoint([name], None, None, None)])

    def access(self, issuer: str) -> x509.AuthorityInformationAccess:
        """Where the issuer's certificate is, and who answers for its certificates (§4.2.2.1). The root has no OCSP."""
        methods = [(AuthorityInformationAccessOID.CA_ISSUERS, self.certificate(issuer))]
        if issuer != ROOT:
            methods.insert(0, (AuthorityInformationAccessOID.OCSP, self.ocsp))
        return x509.AuthorityInformationAccess(
            [x509.AccessDescription(method, x509.UniformResourceIdentifier(address)) for method, address in methods]
        )
