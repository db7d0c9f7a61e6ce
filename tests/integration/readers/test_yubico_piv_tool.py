"""yubico-piv-tool with our card behind pcscd."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key

from readers.piv.identifiers import KeyReference
from readers.virtual.pcscd import CONTACT_READER, PrivatePcscd
from tests.fixtures.cards import Authority, PersonalisedCard

pytestmark = pytest.mark.needs("yubico-piv-tool", "pcscd", "vpcd")

Run = Callable[..., subprocess.CompletedProcess[str]]
TOOL = ("yubico-piv-tool", "--reader", CONTACT_READER)


def test_status(run: Run, inserted_card: PersonalisedCard) -> None:
    status = run(*TOOL, "-a", "status").stdout
    assert inserted_card.uuid.hex in status
    assert status.count(f"CN={inserted_card.uuid}") == 3
    assert "PIN tries left:\t3" in status


def test_signature_with_9a(run: Run, tmp_path: Path, inserted_card: PersonalisedCard) -> None:
    certificate = inserted_card.certificates[KeyReference.PIV_AUTHENTICATION]
    (tmp_path / "9a.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    done = run(
        *(*TOOL, "-a", "verify-pin", "-P", inserted_card.pin),
        *("-a", "test-signature", "-s", "9a", "-i", "9a.pem"),
    )
    assert "Successful ECDSA verification." in done.stderr


def test_it_refuses_the_signature_of_another_key(tmp_path: Path, inserted_card: PersonalisedCard) -> None:
    certificate = inserted_card.certificates[KeyReference.DIGITAL_SIGNATURE]
    (tmp_path / "9c.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    done = subprocess.run(
        (*TOOL, "-a", "verify-pin", "-P", inserted_card.pin, "-a", "test-signature", "-s", "9a", "-i", "9c.pem"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Failed ECDSA verification" in done.stderr


def test_it_personalises_a_blank_card(run: Run, tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
    with private_pcscd.put_on(tmp_path / "blank.json"):
        run(*TOOL, "-a", "generate", "-s", "9e", "-A", "ECCP256", "-o", "9e.pub")
        public = load_pem_public_key((tmp_path / "9e.pub").read_bytes())
        assert isinstance(public, ec.EllipticCurvePublicKey)
        certificate = Authority().issue("a card", public)
        (tmp_path / "9e.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        run(*TOOL, "-a", "import-certificate", "-s", "9e", "-i", "9e.pem", "-a", "set-chuid", "-a", "set-ccc")
        run(*TOOL, "-a", "change-pin", "-P", "123456", "-N", "864209")
        run(*TOOL, "-a", "verify-pin", "-P", "864209")
        pem = run(*TOOL, "-a", "read-certificate", "-s", "9e").stdout
    assert x509.load_pem_x509_certificate(pem.encode()) == certificate
