"""The photograph on a card that our service issued, as programs read and check it that we did not write."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from cardsvc.services import Services
from readers.piv.identifiers import ObjectId
from readers.virtual.pcscd import CONTACT_READER
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.faces import looks_like, object_on
from tests.fixtures.parts import is_there
from tests.fixtures.pictures import picture

pytestmark = pytest.mark.needs("pcscd", "vpcd")
OPENSC_NAME = "Cardholder Facial Image"

if is_there("yubikey-manager") and is_there("pyscard"):
    from yubikit.core import Tlv
    from yubikit.core.smartcard import ApduError
    from yubikit.piv import OBJECT_ID

    from tests.integration.readers.test_yubikit import session_on

Run = Callable[..., subprocess.CompletedProcess[str]]
TOOL = ("yubico-piv-tool", "--reader", CONTACT_READER)
READ = ("-a", "read-object", "--id", "0x5fc108", "-f", "binary", "-o", "face")


@dataclass(frozen=True)
class Frame:
    """Taken apart by the tables of SP 800-76-2 and INCITS 385, and by nothing of ours."""

    header: bytes
    record: bytes
    signature: bytes

    @classmethod
    def of(cls, content: bytes) -> Frame:
        """``BC`` and two bytes of length, then ``FE 00``."""
        assert content[:2] == b"\xbc\x82"
        assert content[-2:] == b"\xfe\x00"
        body = content[4:-2]
        assert len(body) == int.from_bytes(content[2:4], "big")
        record, signature = struct.unpack(">IH", body[2:8])
        assert len(body) == 88 + record + signature
        return cls(body[:88], body[88 : 88 + record], body[88 + record :])

    @property
    def image(self) -> bytes:
        """Behind 14 bytes of record header, 20 of facial information, 12 of image information."""
        return self.record[46:]


@pytest.mark.needs("yubico-piv-tool")
def test_yubico_piv_tool_reads_it_after_the_pin_and_not_before(
    run: Run, tmp_path: Path, inserted_card: PersonalisedCard
) -> None:
    refused = subprocess.run((*TOOL, *READ), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    run(*TOOL, "-a", "verify-pin", "-P", inserted_card.pin, *READ)
    assert looks_like(Frame.of((tmp_path / "face").read_bytes()).image, picture())


@pytest.mark.needs("yubikey-manager", "pyscard")
def test_yubikit_reads_it_after_the_pin_and_not_before(inserted_card: PersonalisedCard) -> None:
    with session_on(CONTACT_READER) as session:
        with pytest.raises(ApduError):
            session.get_object(OBJECT_ID.FACIAL)
        session.verify_pin(inserted_card.pin)
        content = session.get_object(OBJECT_ID.FACIAL)
    assert set(Tlv.parse_dict(content)) == {0xBC, 0xFE}
    assert looks_like(Frame.of(content).image, picture())


@pytest.mark.needs("opensc")
def test_opensc_lists_it_and_reads_it_after_the_pin_and_not_before(
    run: Run, tmp_path: Path, inserted_card: PersonalisedCard
) -> None:
    assert OPENSC_NAME in run("pkcs15-tool", "--list-data-objects").stdout
    read = ("pkcs15-tool", "--read-data-object", OPENSC_NAME, "--output", "face")
    subprocess.run(read, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert not (tmp_path / "face").exists() or not (tmp_path / "face").read_bytes()
    run(*read, "--verify-pin", "--pin", inserted_card.pin)
    container = (tmp_path / "face").read_bytes()
    assert container[:1] == b"\x53"
    assert looks_like(Frame.of(container[4:]).image, picture())


def test_openssl_takes_the_signature_up_to_the_root(
    run: Run, tmp_path: Path, service_card: PersonalisedCard, sqlite_services: Services
) -> None:
    frame, authority = Frame.of(object_on(service_card.state_file, ObjectId.FACIAL_IMAGE)), sqlite_services.authority
    (tmp_path / "signed").write_bytes(frame.header + frame.record)
    (tmp_path / "cms").write_bytes(frame.signature)
    (tmp_path / "signer.pem").write_bytes(authority.content_signing.public_bytes(Encoding.PEM))
    above = (authority.root, authority.issuing)
    (tmp_path / "city.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in above))
    verify = (
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-content", "signed",
        "-certfile", "signer.pem", "-CAfile", "city.pem", "-purpose", "any", "-out", "out",
    )  # fmt: skip
    run(*verify)
    printed = run("openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "cms").stdout
    for name in ("2.16.840.1.101.3.6.2", "2.16.840.1.101.3.6.5", "2.16.840.1.101.3.6.6", "1.3.6.1.1.16.4"):
        assert name in printed, "FIPS 201-3 §4.2.3"
    (tmp_path / "signed").write_bytes(frame.header + frame.record[:-1] + b"\0")
    refused = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode != 0


def test_the_record_is_what_the_tables_say(service_card: PersonalisedCard, sqlite_services: Services) -> None:
    """SP 800-76-2 §9 (the frame) and §7 (the face), INCITS 385 §5 and §8, field by field."""
    frame = Frame.of(object_on(service_card.state_file, ObjectId.FACIAL_IMAGE))
    chuid = object_on(service_card.state_file, ObjectId.CHUID)
    expiry = chuid[chuid.index(b"\x35\x08") + 2 :][:8].decode()
    last = bytes(int(expiry[at : at + 2]) for at in range(0, 8, 2)) + bytes((23, 59, 59)) + b"Z"
    version, options, _, _, owner, kind, _, _, until, of_what, processing, quality = struct.unpack(
        ">BBIHHH8s8s8s3sBB", frame.header[:41]
    )
    assert (version, options, owner, kind) == (3, 0x0D, 0x001B, 0x0501)
    assert (of_what, processing >> 5, quality) == (b"\0\0\x02", 0b001, 0xFE)
    assert until == last
    assert frame.header[41:59] == sqlite_services.settings.printed_issuer.encode()[:17].ljust(18, b"\0")
    assert frame.header[59:84] == chuid[2:27], "the FASC-N of the CHUID"
    assert frame.header[84:] == bytes(4)
    assert frame.record[:8] == b"FAC\x00010\x00"
    length, faces, block, points = struct.unpack(">IHIH", frame.record[8:20])
    assert (length, faces, block, points) == (len(frame.record), 1, len(frame.record) - 14, 0)
    image_type, data_type, width, height, colours, source = struct.unpack(">BBHHBB", frame.record[34:42])
    assert (image_type, data_type, colours, source) == (1, 0, 1, 2)
    with Image.open(BytesIO(frame.image)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (width, height), "RGB")
        assert not image.info.get("progressive"), "INCITS 385: sequential baseline"
        assert "exif" not in image.info
