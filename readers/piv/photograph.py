"""The photograph in a facial image object: one JPEG in an INCITS 385 record (SP 800-76-2 §7).

Nothing of the record is trusted: sizes are looked at before they are used. The picture itself is not decoded here.
"""

from __future__ import annotations

import struct
from typing import Final

from readers.errors import ProtocolError
from readers.piv.biometrics import FACE_TYPE, HEADER_SIZE, BiometricObject

_FORMAT: Final = b"FAC\x00010\x00"
_RECORD_HEADER: Final = struct.Struct(">8sIH")
_FACE_HEADER: Final = struct.Struct(">IH14x")
_IMAGE_HEADER: Final = struct.Struct(">2B10x")
_FEATURE_POINT: Final = 8
_JPEG: Final = 0x00
"""Image data type; 1 is JPEG 2000."""
_JPEG_STARTS: Final = b"\xff\xd8\xff"


def photograph_of(content: bytes) -> bytes:
    """The JPEG of the first face. Raises ProtocolError where there is none."""
    frame = BiometricObject.from_bytes(content)
    if frame.biometric_type != FACE_TYPE:
        raise ProtocolError("a biometric record of another kind than a face")
    record = frame.signed[HEADER_SIZE:]
    try:
        return _first_face(record)
    except struct.error as error:
        raise ProtocolError("a facial record that ends too soon") from error


def _first_face(record: bytes) -> bytes:
    name, length, faces = _RECORD_HEADER.unpack_from(record)
    if name != _FORMAT or length != len(record) or not faces:
        raise ProtocolError("not a facial record of INCITS 385")
    size, points = _FACE_HEADER.unpack_from(record, _RECORD_HEADER.size)
    image = _RECORD_HEADER.size + _FACE_HEADER.size + points * _FEATURE_POINT
    _, kind = _IMAGE_HEADER.unpack_from(record, image)
    picture = record[image + _IMAGE_HEADER.size : _RECORD_HEADER.size + size]
    if kind != _JPEG or not picture.startswith(_JPEG_STARTS):
        raise ProtocolError("a face that is no JPEG")
    return picture
