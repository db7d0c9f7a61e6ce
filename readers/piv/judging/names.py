"""Which card a certificate names (FIPS 201-3 §4.2.2): its UUID as a URI, its FASC-N as an otherName."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from cryptography import x509

from readers import tlv
from readers.errors import CardInconsistent, MalformedTlv
from readers.piv.identifiers import PIV_FASC_N

_URN: Final = "urn:uuid:"
_OCTET_STRING: Final = 0x04


def named_uuids(certificate: x509.Certificate) -> set[UUID]:
    """The card UUIDs among its subject alternative names: URIs ``urn:uuid:…`` (RFC 9562 §4).

    Raises CardInconsistent where one is none.
    """
    uris = _names(certificate).get_values_for_type(x509.UniformResourceIdentifier)
    return {_uuid(uri) for uri in uris if uri.lower().startswith(_URN)}


def named_fasc_ns(certificate: x509.Certificate) -> set[bytes]:
    """The FASC-Ns among them, 25 bytes each. Raises CardInconsistent where one cannot be decoded."""
    others = _names(certificate).get_values_for_type(x509.OtherName)
    return {octets(name.value) for name in others if name.type_id == PIV_FASC_N}


def octets(der: bytes) -> bytes:
    """What is in an OCTET STRING. Raises CardInconsistent."""
    try:
        return tlv.unwrap(der, _OCTET_STRING)
    except MalformedTlv as error:
        raise CardInconsistent("a name of the card is no OCTET STRING") from error


def _names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | x509.GeneralNames:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.GeneralNames([])
    except ValueError as error:
        raise CardInconsistent("the names in a certificate cannot be decoded") from error


def _uuid(uri: str) -> UUID:
    try:
        return UUID(uri[len(_URN) :])
    except ValueError as error:
        raise CardInconsistent("the certificate names a card UUID that is none") from error
