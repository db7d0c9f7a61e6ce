"""OpenSC's programs with our card behind pcscd."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from readers.piv.identifiers import KeyReference
from readers.virtual.pcscd import PrivatePcscd
from readers.virtual.profiles import CONTACT_ATR, STRICT
from tests.fixtures.cards import PersonalisedCard, personalise

pytestmark = pytest.mark.needs("opensc", "pcscd", "vpcd")

Run = Callable[..., subprocess.CompletedProcess[str]]
PKCS11_ID = {
    KeyReference.PIV_AUTHENTICATION: "01",
    KeyReference.DIGITAL_SIGNATURE: "02",
    KeyReference.CARD_AUTHENTICATION: "04",
}
"""How OpenSC numbers the keys."""
MESSAGE = b"signed through OpenSC"


@pytest.mark.usefixtures("inserted_card")
@pytest.mark.parametrize("program", ["opensc-tool", "piv-tool"])
def test_names_it_a_piv_card(run: Run, program: str) -> None:
    assert run(program, "-n").stdout.strip() == "Personal Identity Verification Card"


@pytest.mark.usefixtures("inserted_card")
def test_sees_our_atr_and_no_other_card_s(run: Run) -> None:
    assert bytes.fromhex(run("opensc-tool", "-a").stdout.replace(":", "")) == CONTACT_ATR


def test_reads_the_certificates(run: Run, inserted_card: PersonalisedCard) -> None:
    for key, number in PKCS11_ID.items():
        pem = run("pkcs15-tool", "--read-certificate", number).stdout
        assert x509.load_pem_x509_certificate(pem.encode()) == inserted_card.certificates[key]


@pytest.mark.usefixtures("inserted_card")
def test_lists_the_objects_without_a_pin(run: Run, pkcs11_module: str) -> None:
    listing = run("pkcs11-tool", "--module", pkcs11_module, "--list-objects").stdout
    assert set(re.findall(r"label: +(Certificate for .*)", listing)) == {
        "Certificate for PIV Authentication",
        "Certificate for Digital Signature",
        "Certificate for Card Authentication",
    }
    assert "'Card Holder Unique Identifier'" in listing


@pytest.mark.parametrize("key", list(PKCS11_ID), ids=lambda key: f"{key:02X}")
def test_signs_after_login(
    run: Run, pkcs11_module: str, tmp_path: Path, inserted_card: PersonalisedCard, key: KeyReference
) -> None:
    sign(run, pkcs11_module, tmp_path, inserted_card, key)


@pytest.mark.parametrize("key", list(PKCS11_ID), ids=lambda key: f"{key:02X}")
def test_signs_with_a_card_without_extensions(
    run: Run, pkcs11_module: str, tmp_path: Path, private_pcscd: PrivatePcscd, key: KeyReference
) -> None:
    card = personalise(tmp_path / "strict.json", STRICT)
    with private_pcscd.put_on(card.state_file):
        sign(run, pkcs11_module, tmp_path, card, key)


def sign(run: Run, pkcs11_module: str, tmp_path: Path, card: PersonalisedCard, key: KeyReference) -> None:
    """Sign through the command line, and verify."""
    (tmp_path / "digest").write_bytes(hashlib.sha256(MESSAGE).digest())
    run(
        *("pkcs11-tool", "--module", pkcs11_module, "--login", "--pin", card.pin),
        *("--sign", "--mechanism", "ECDSA", "--id", PKCS11_ID[key], "--signature-format", "openssl"),
        *("--input-file", "digest", "--output-file", "signature"),
    )
    card.verify(key, (tmp_path / "signature").read_bytes(), MESSAGE)
