from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms as asn1_cms
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from readers import cms
from readers.errors import CardNotAuthenticated, ProtocolError
from tests.fixtures.authorities import Entity

DATA = "1.2.840.113549.1.7.1"
LDS = "1.3.27.1.1.1"
ROOT = Entity.root()
SIGNER = ROOT.leaf()


def signed(content: bytes = b"content", *, embed: bool = True, content_type: str = LDS) -> bytes:
    return cms.sign(content_type, content, SIGNER.certificate, SIGNER.signature_of, embed_signer=embed)


@given(st.binary(max_size=500))
def test_round_trip(content: bytes) -> None:
    assert cms.verify(signed(content)) == cms.SignedContent(LDS, content, SIGNER.certificate)


def test_openssl_verifies_what_we_sign(tmp_path: Path) -> None:
    (tmp_path / "signed.der").write_bytes(signed(b"exactly this"))
    (tmp_path / "root.pem").write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))
    command = "openssl cms -verify -inform DER -in signed.der -CAfile root.pem -purpose any -binary"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"exactly this"


def test_we_verify_what_openssl_signs(tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(b"exactly this")
    (tmp_path / "cert.pem").write_bytes(SIGNER.certificate.public_bytes(Encoding.PEM))
    key = SIGNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    command = (
        "openssl cms -sign -in content -binary -nodetach -md sha256 -signer cert.pem -inkey key.pem"
        " -outform DER -out signed.der"
    )
    subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    found = cms.verify((tmp_path / "signed.der").read_bytes())
    assert found == cms.SignedContent(DATA, b"exactly this", SIGNER.certificate)


def test_the_signer_may_be_known_already() -> None:
    der = signed(embed=False)
    assert SIGNER.certificate.public_bytes(Encoding.DER) not in der
    assert cms.verify(der, [ROOT.certificate, SIGNER.certificate]).signer == SIGNER.certificate
    with pytest.raises(ProtocolError):
        cms.verify(der, [ROOT.certificate])


def test_a_signature_by_another_key() -> None:
    stranger = ROOT.leaf()
    der = cms.sign(LDS, b"content", SIGNER.certificate, stranger.signature_of)
    with pytest.raises(CardNotAuthenticated):
        cms.verify(der)


def test_a_content_that_was_changed() -> None:
    with pytest.raises(CardNotAuthenticated):
        cms.verify(signed(b"right").replace(b"right", b"wrong"))


def test_another_content_type_than_was_signed() -> None:
    other = bytes.fromhex("06052B1B010102")
    der, lds = signed(), bytes.fromhex("06052B1B010101")
    assert der.count(lds) == 2
    with pytest.raises(CardNotAuthenticated):
        cms.verify(der.replace(lds, other, 1))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_wrong_byte(position: int, change: int) -> None:
    der = bytearray(signed())
    der[position % len(der)] ^= change
    try:
        found = cms.verify(bytes(der), [SIGNER.certificate])
    except (ProtocolError, CardNotAuthenticated):
        return
    # A byte that is not signed, such as one of the embedded certificate's own signature.
    assert (found.content_type, found.content) == (LDS, b"content")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        cms.verify(raw, [SIGNER.certificate])


def test_an_issuer_in_another_type_of_string_is_the_same() -> None:
    """As the GSA's card builder writes it: PrintableString for whatever the certificate has."""
    message = cms.sign(DATA, b"content", SIGNER.certificate, SIGNER.signature_of)
    utf8, printable = bytes.fromhex("0C04") + b"Root", bytes.fromhex("1304") + b"Root"
    start = message.rindex(utf8)  # the last is the one in the signer's identifier
    rewritten = message[:start] + printable + message[start + len(utf8) :]
    assert cms.verify(rewritten).content == b"content"


def test_attributes_may_stand_in_any_order() -> None:
    """What is signed is in order all the same (RFC 5652 §5.4)."""
    ordered = cms.sign(DATA, b"content", SIGNER.certificate, SIGNER.signature_of)
    info = asn1_cms.ContentInfo.load(ordered)
    attributes = info["content"]["signer_infos"][0]["signed_attrs"]
    pieces = [attribute.dump() for attribute in attributes]
    assert cms.verify(ordered.replace(b"".join(pieces), b"".join(reversed(pieces)))).content == b"content"
