"""Pictures are decoded within limits and written anew."""

from __future__ import annotations

import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from cardsvc.citizens.documents import judge as judge_document
from cardsvc.citizens.errors import DocumentRefused
from cardsvc.citizens.pictures import MAX_PIXELS, PictureUnreadable, check_picture, read_portrait
from tests.fixtures.pictures import HTML, PDF, SVG, picture, with_metadata


def png_header(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that says it is as large as this (PNG specification §11.2.2)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


KINDS = [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P")]


@pytest.mark.parametrize(("kind", "mode"), KINDS)
def test_a_photograph_becomes_a_plain_jpeg(kind: str, mode: str) -> None:
    portrait = read_portrait(picture(kind=kind, mode=mode))
    with Image.open(BytesIO(portrait.jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (700, 900))
    assert (portrait.width, portrait.height) == (700, 900)


def test_nothing_but_the_picture_is_kept() -> None:
    sent = with_metadata()
    assert b"SECRET PHOTOGRAPHER" in sent
    jpeg = read_portrait(sent).jpeg
    for foreign in (b"SECRET", b"Exif", b"<html>", b"<script>"):
        assert foreign not in jpeg
    with Image.open(BytesIO(jpeg)) as image:
        assert not image.getexif()


def test_a_picture_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter (Exif 2.32 §4.6.4)
    portrait = read_portrait(picture(900, 700, exif=exif))
    assert (portrait.width, portrait.height) == (700, 900)


def test_a_large_photograph_is_made_smaller() -> None:
    portrait = read_portrait(picture(2100, 2700))
    assert (portrait.width, portrait.height) == (826, 1062)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "not-a-picture"),
        (SVG, "not-a-picture"),
        (HTML, "not-a-picture"),
        (PDF, "not-a-picture"),
        (b"\xff\xd8\xff\xe0" + HTML, "not-a-picture"),
        (picture(kind="GIF", mode="P"), "not-a-picture"),
        (picture(kind="WEBP"), "not-a-picture"),
        (picture(kind="TIFF"), "not-a-picture"),
        (picture()[:-2000], "broken"),
        (picture(412, 531), "too-small"),
        (picture(413, 530), "too-small"),
        (picture(900, 900), "wrong-shape"),
        (picture(600, 900), "wrong-shape"),
        (png_header(5000, 5001), "too-many-pixels"),
        (png_header(50_000, 50_000), "too-many-pixels"),
        (picture(mode="CMYK"), "wrong-colours"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_photograph_of_a_person_is_refused(sent: bytes, reason: str) -> None:
    with pytest.raises(PictureUnreadable) as refused:
        read_portrait(sent)
    assert refused.value.reason == reason


def test_a_moving_picture_is_refused() -> None:
    frames = [Image.new("RGB", (700, 900), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(PictureUnreadable) as refused:
        read_portrait(out.getvalue())
    assert refused.value.reason == "moves"


def test_the_limit_of_pixels_lets_cameras_through() -> None:
    assert MAX_PIXELS > 4032 * 3024


def test_the_smallest_photograph_is_taken() -> None:
    assert read_portrait(picture(413, 531)).height == 531


def test_scans_are_told_by_their_bytes() -> None:
    assert judge_document(PDF).media_type == "application/pdf"
    assert judge_document(picture(3000, 100)).media_type == "image/jpeg"
    assert check_picture(picture(kind="PNG")) == "image/png"


@pytest.mark.parametrize("sent", [b"", SVG, HTML, PDF[:-7], b"PK\x03\x04", b"\x7fELF", picture()[:-2000]])
def test_what_is_no_scan_is_refused(sent: bytes) -> None:
    with pytest.raises(DocumentRefused):
        judge_document(sent)


@pytest.mark.needs("chromium")
def test_a_browser_prints_what_we_take_for_a_pdf(tmp_path: Path) -> None:
    """A PDF of a program that we did not write."""
    page, out = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text("<p>Proof of address")
    options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile")
    subprocess.run(("chromium", *options, f"--print-to-pdf={out}", page.as_uri()), check=True, capture_output=True)
    assert judge_document(out.read_bytes()).media_type == "application/pdf"
