"""Dumps of cards: a folder with one file an object.

A file is named after its object: by tag (``5FC102``), by our name (``chuid``), or by a word that says what it is, as in
the public sets of test cards (``8 - CHUID Object``, ``6 - ICAM_PIV_Card_Auth.crt``). It holds the whole data object, or
what is in it, or a certificate alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from readers import tlv
from readers.errors import MalformedTlv, ProtocolError
from readers.piv.identifiers import CERTIFICATE_OBJECTS, RETIRED_CERTIFICATES, ObjectId, container_tag

_PARTS_OF_NAMES: Final = (
    ("cardauth", ObjectId.CERTIFICATE_CARD_AUTHENTICATION),
    ("pivauth", ObjectId.CERTIFICATE_PIV_AUTHENTICATION),
    ("digsig", ObjectId.CERTIFICATE_DIGITAL_SIGNATURE),
    ("keymgmt", ObjectId.CERTIFICATE_KEY_MANAGEMENT),
    ("piviauth", ObjectId.CERTIFICATE_PIV_AUTHENTICATION),
    ("securityobject", ObjectId.SECURITY_OBJECT),
    ("chuidobject", ObjectId.CHUID),
    ("fingerprint", ObjectId.FINGERPRINTS),
    ("faceobject", ObjectId.FACIAL_IMAGE),
    ("iris", ObjectId.IRIS_IMAGES),
    ("printedinformation", ObjectId.PRINTED_INFORMATION),
    ("disco", ObjectId.DISCOVERY),
    ("keyhistory", ObjectId.KEY_HISTORY),
    ("cardcapability", ObjectId.CCC),
)
"""The first that is in the name, of which only letters and digits count."""
_CERTIFICATES: Final = frozenset({*CERTIFICATE_OBJECTS.values(), *RETIRED_CERTIFICATES})
_IGNORED: Final = frozenset({".p12", ".key", ".properties", ".txt", ".md", ".json", ".cnf", ".csr"})


def read_dump(folder: Path) -> dict[ObjectId, bytes]:
    """The contents of the objects in ``folder``. Files whose names say nothing are passed over.

    Raises ProtocolError where two files claim to be one object, OSError.
    """
    objects: dict[ObjectId, bytes] = {}
    for file in sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in _IGNORED):
        object_id = _object_of(file)
        if object_id is None:
            continue
        if object_id in objects:
            raise ProtocolError(f"two files for {object_id.name}: the second is {file.name}")
        objects[object_id] = _content(object_id, file.read_bytes())
    return objects


def write_dump(folder: Path, objects: dict[ObjectId, bytes]) -> None:
    """One file an object, named by its tag: the whole data object, as GET DATA gives it."""
    for object_id, content in objects.items():
        (folder / f"{object_id:X}").write_bytes(tlv.encode(container_tag(object_id), content))


def _object_of(file: Path) -> ObjectId | None:
    by_name = {f"{object_id:X}": object_id for object_id in ObjectId} | {one.name: one for one in ObjectId}
    found = by_name.get(file.stem.upper().replace("-", "_"))
    if found is not None:
        return found
    name = re.sub(r"[^a-z0-9]", "", file.stem.lower())
    return next((object_id for part, object_id in _PARTS_OF_NAMES if part in name), None)


def _content(object_id: ObjectId, raw: bytes) -> bytes:
    certificate = _certificate(raw) if object_id in _CERTIFICATES else None
    if certificate is not None:
        der = certificate.public_bytes(Encoding.DER)
        return tlv.encode(0x70, der) + tlv.encode(0x71, b"\0") + tlv.encode(0xFE, b"")
    try:
        return tlv.unwrap(raw, container_tag(object_id))
    except MalformedTlv:
        return raw


def _certificate(raw: bytes) -> x509.Certificate | None:
    load = x509.load_pem_x509_certificate if raw.lstrip().startswith(b"-----") else x509.load_der_x509_certificate
    try:
        return load(raw)
    except ValueError:
        return None
