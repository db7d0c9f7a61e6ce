"""The photograph in a facial image object: one image in an INCITS 385 record (SP 800-76-2 §7).

Nothing of a record that is read is trusted: sizes are looked at before they are used. The picture is not decoded here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from readers.errors import ProtocolError
from readers.piv.biometrics import FACE_TYPE, HEADER_SIZE, BiometricObject

_FORMAT: Final = b"FAC\x00010\x00"
_RECORD_HEADER: Final = struct.Struct(">8sIH")
"""Format and version, length of the record, number of faces."""
_FACE_HEADER: Final = struct.Struct(">IH14x")
"""Length with image, feature points; sex, eyes, hair, properties, expression and pose, which we leave unsaid."""
_IMAGE_HEADER: Final = struct.Struct(">BBHHBB4x")
"""Type of image, of its data, width, height, colours, source; device and quality, which we leave unsaid."""
_FEATURE_POINT: Final = 8
_FULL_FRONTAL: Final = 1
_SRGB: Final = 1
_DIGITAL_CAMERA: Final = 2
MAX_FACIAL_IMAGE: Final = 12_710
"""Bytes of content that the object has room for on a card that keeps to the standard (SP 800-73-5 part 1)."""


class ImageKind(IntEnum):
    """Image data type (INCITS 385 table 12)."""

    JPEG = 0
    JPEG_2000 = 1


_STARTS: Final = {
    ImageKind.JPEG: (b"\xff\xd8\xff",),
    ImageKind.JPEG_2000: (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
}


@dataclass(frozen=True, slots=True)
class Photograph:
    """One full frontal face."""

    image: bytes = field(repr=False)
    width: int
    height: int
    kind: ImageKind = ImageKind.JPEG

    def __bytes__(self) -> bytes:
        """The facial record."""
        header = _IMAGE_HEADER.pack(_FULL_FRONTAL, self.kind, self.width, self.height, _SRGB, _DIGITAL_CAMERA)
        size = _FACE_HEADER.size + len(header) + len(self.image)
        record = _RECORD_HEADER.pack(_FORMAT, _RECORD_HEADER.size + size, 1)
        return record + _FACE_HEADER.pack(size, 0) + header + self.image

    @classmethod
    def from_record(cls, record: bytes) -> Photograph:
        """The first face. Raises ProtocolError where there is none that is a JPEG or JPEG 2000."""
        try:
            return cls._first_face(record)
        except struct.error as error:
            raise ProtocolError("a facial record that ends too soon") from error

    @classmethod
    def _first_face(cls, record: bytes) -> Photograph:
        name, length, faces = _RECORD_HEADER.unpack_from(record)
        if name != _FORMAT or length != len(record) or not faces:
            raise ProtocolError("not a facial record of INCITS 385")
        size, points = _FACE_HEADER.unpack_from(record, _RECORD_HEADER.size)
        at = _RECORD_HEADER.size + _FACE_HEADER.size + points * _FEATURE_POINT
        _, kind, width, height, _, _ = _IMAGE_HEADER.unpack_from(record, at)
        image = record[at + _IMAGE_HEADER.size : _RECORD_HEADER.size + size]
        if kind not in _STARTS or not image.startswith(_STARTS[kind]):
            raise ProtocolError("a face that is no JPEG or JPEG 2000")
        return cls(image, width, height, ImageKind(kind))


def photograph_of(content: bytes) -> Photograph:
    """The first face in an object; whose it is, and who says so, is not looked at. Raises ProtocolError."""
    frame = BiometricObject.from_bytes(content)
    if frame.biometric_type != FACE_TYPE:
        raise ProtocolError("a biometric record of another kind than a face")
    return Photograph.from_record(frame.signed[HEADER_SIZE:])
