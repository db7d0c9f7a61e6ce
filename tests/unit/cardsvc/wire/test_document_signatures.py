"""The bytes that a card signs say which document they are about, as OpenSSL reads them."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from cardsvc.wire.document_signatures import SignatureMalformed, document_of, write_attributes
from tests.fixtures.services import NOW

DIGEST = hashlib.sha256(b"I apply for a place.\n").digest()
ATTRIBUTES = write_attributes(DIGEST, NOW, b"a certificate", b"an identifier")


def test_signed_attributes_say_which_document_they_are_about() -> None:
    assert document_of(ATTRIBUTES) == DIGEST
    told = subprocess.run(["openssl", "asn1parse", "-inform", "DER"], input=ATTRIBUTES, capture_output=True, check=True)
    lines = told.stdout.decode().splitlines()
    (at,) = (number for number, line in enumerate(lines) if "messageDigest" in line)
    assert DIGEST.hex().upper() in lines[at + 2]


@pytest.mark.parametrize(
    "attributes",
    [b"", b"nonsense", ATTRIBUTES + b"\0", bytes.fromhex("3100"), ATTRIBUTES[:-1]],
    ids=["nothing", "no DER", "more than one thing", "no attribute", "cut off"],
)
def test_what_is_about_no_document_is_said_to_be(attributes: bytes) -> None:
    with pytest.raises(SignatureMalformed):
        document_of(attributes)
