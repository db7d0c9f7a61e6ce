"""Card makers whose word the city takes for where a key was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509


@dataclass(frozen=True)
class TrustedMakers:
    """Whose attestations count: card makers' attestation roots, and the authorities between them and the cards."""

    roots: tuple[x509.Certificate, ...] = ()
    intermediates: tuple[x509.Certificate, ...] = ()

    @classmethod
    def load(cls, file: Path | None) -> Self:
        """From PEM; what certifies itself is a root. None trusts nobody. Raises OSError, ValueError."""
        if file is None:
            return cls()
        certificates = x509.load_pem_x509_certificates(file.read_bytes())
        roots = tuple(found for found in certificates if found.issuer == found.subject)
        return cls(roots, tuple(found for found in certificates if found.issuer != found.subject))
