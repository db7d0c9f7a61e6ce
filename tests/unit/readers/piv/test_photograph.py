"""The photograph in a facial image object, and what is none."""

from __future__ import annotations

import pytest

from readers.errors import ProtocolError
from readers.piv.photograph import ImageKind, Photograph, photograph_of
from tests.fixtures.faces import PHOTOGRAPH, facial_object, facial_record

RECORD = facial_record(PHOTOGRAPH)


@pytest.mark.parametrize("points", [0, 1, 12])
def test_the_jpeg_is_found_behind_the_points_of_the_face(points: int) -> None:
    assert photograph_of(facial_object(facial_record(PHOTOGRAPH, points=points))) == Photograph(PHOTOGRAPH, 350, 450)


def test_a_record_of_ours_is_one_of_theirs_without_points() -> None:
    """Built here by the tables of INCITS 385, and there by ours; what nobody measured is zero in both."""
    assert bytes(Photograph(PHOTOGRAPH, 350, 450)) == facial_record(PHOTOGRAPH, points=0)


@pytest.mark.parametrize("start", [b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"], ids=["file", "codestream"])
def test_a_jpeg_2000_is_known_for_what_it_is(start: bytes) -> None:
    found = photograph_of(facial_object(facial_record(start + b"rest", kind=1)))
    assert (found.kind, found.image) == (ImageKind.JPEG_2000, start + b"rest")


@pytest.mark.parametrize(
    "record",
    [
        b"",
        RECORD[:20],
        RECORD[:-1],
        RECORD + b"\0",
        b"FIR\0" + RECORD[4:],
        facial_record(PHOTOGRAPH, kind=1),
        facial_record(PHOTOGRAPH, kind=2),
        facial_record(b"\0\0\0\x0cjP  "),
        RECORD[:12] + b"\0\0" + RECORD[14:],
        RECORD[:18] + b"\xff\xff" + RECORD[20:],
    ],
    ids=[
        "empty",
        "cut",
        "short",
        "long",
        "fingerprint",
        "jpeg-as-jpeg-2000",
        "unknown-kind",
        "no-jpeg",
        "no-face",
        "too-many-points",
    ],
)
def test_what_is_no_face_with_a_jpeg_is_refused(record: bytes) -> None:
    with pytest.raises(ProtocolError):
        photograph_of(facial_object(record))


def test_a_frame_that_holds_something_else_is_refused() -> None:
    frame = bytearray(facial_object(RECORD))
    at = frame.index(RECORD) - 88 + 36
    frame[at : at + 3] = bytes((0, 0, 8))
    with pytest.raises(ProtocolError):
        photograph_of(bytes(frame))
