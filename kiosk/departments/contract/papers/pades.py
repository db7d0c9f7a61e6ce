"""PAdES baseline signatures (ETSI EN 319 142-1, level B-B). The only importer of pyhanko."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from asn1crypto import keys, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIELD: Final = "Seal"
"""The name of the signature's field in the file."""


def sign(
    pdf: bytes, reason: str, certificate: x509.Certificate, above: Sequence[x509.Certificate], key: keys.PrivateKeyInfo
) -> bytes:
    """The file with a signature by this certificate's key; ``above`` lead to the root, and go into it."""
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # its stub says nothing
    registry.register_multiple(above)
    what = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=reason
    )
    signer = signers.SimpleSigner(certificate, key, registry)
    return bytes(signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), what, signer=signer).getbuffer())
