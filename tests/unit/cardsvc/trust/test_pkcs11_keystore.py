"""What is particular to keys in a token. What they have in common with others is in `test_keystores`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11 import Mechanism, ObjectClass

from cardsvc.trust.keystore import (
    ED25519_KEYS,
    MAC_KEYS,
    SEALING_KEYS,
    SIGNING_CURVES,
    KeyName,
    KeystoreError,
    KeystoreMissing,
)
from cardsvc.trust.pkcs11_keystore import Pkcs11Keystore, TokenAddress
from cardsvc.trust.token_keys import KeyStaysInToken


@pytest.fixture(scope="module")
def address(soft_token: Callable[[], TokenAddress]) -> TokenAddress:
    address = soft_token()
    Pkcs11Keystore.create(address)
    return address


@pytest.fixture
def keystore(address: TokenAddress) -> Pkcs11Keystore:
    return Pkcs11Keystore.load(address)


@pytest.mark.needs("opensc")
def test_keys_are_made_in_the_token_and_cannot_leave_it(address: TokenAddress) -> None:
    """OpenSC's pkcs11-tool says so of every private and secret key."""
    where = ("--module", str(address.module), "--token-label", address.label, "--login", "--pin", address.pin)
    command = ("pkcs11-tool", *where, "--list-objects")
    listed = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    guarded = [block for block in split_objects(listed) if not block.startswith("Public Key")]
    labels = {line.split(":", 1)[1].strip() for block in guarded for line in block.splitlines() if "label:" in line}
    assert labels >= {str(name) for name in (*SIGNING_CURVES, *ED25519_KEYS, *SEALING_KEYS, *MAC_KEYS)}
    for block in guarded:
        access = next(line for line in block.splitlines() if "Access:" in line)
        for word in ("sensitive", "always sensitive", "never extract", "local"):
            assert word in access, block


def split_objects(listed: str) -> list[str]:
    blocks: list[str] = []
    for line in listed.splitlines():
        if " Object; " in line:
            blocks.append(line)
        elif blocks:
            blocks[-1] += "\n" + line
    return blocks


@pytest.mark.parametrize(
    "ask",
    [
        lambda key: key.private_numbers(),
        lambda key: key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        lambda key: key.exchange(ec.ECDH(), key.public_key()),
    ],
)
def test_an_ec_key_gives_nothing_away(keystore: Pkcs11Keystore, ask: Callable[[object], object]) -> None:
    with pytest.raises(KeyStaysInToken):
        ask(keystore.signer(KeyName.ISSUING_CA))


@pytest.mark.parametrize(
    "ask",
    [
        lambda key: key.private_bytes_raw(),
        lambda key: key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    ],
)
def test_an_ed25519_key_gives_nothing_away(keystore: Pkcs11Keystore, ask: Callable[[object], object]) -> None:
    with pytest.raises(KeyStaysInToken):
        ask(keystore.ed25519_signer(KeyName.AUDIT_LOG))


def test_a_digest_that_was_made_elsewhere_is_signed(keystore: Pkcs11Keystore) -> None:
    signer, algorithm = keystore.signer(KeyName.EVIDENCE), ec.ECDSA(Prehashed(SHA256()))
    signature = signer.sign(bytes(range(32)), algorithm)
    signer.public_key().verify(signature, bytes(range(32)), algorithm)
    with pytest.raises(InvalidSignature):
        signer.public_key().verify(signature, bytes(32), algorithm)


@pytest.mark.parametrize(
    ("data", "algorithm"), [(bytes(31), ec.ECDSA(Prehashed(SHA256()))), (b"message", ec.ECDSA(SHA512()))]
)
def test_a_digest_that_does_not_fit_is_refused(keystore: Pkcs11Keystore, data: bytes, algorithm: ec.ECDSA) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        keystore.signer(KeyName.EVIDENCE).sign(data, algorithm)


def test_a_session_that_was_lost_is_opened_again(keystore: Pkcs11Keystore) -> None:
    before = keystore.mac(KeyName.SECTOR, b"message")
    session = keystore._token._session
    assert session is not None
    session.close()
    assert keystore.mac(KeyName.SECTOR, b"message") == before


def test_what_the_token_cannot_do_is_an_error_of_the_keystore(keystore: Pkcs11Keystore) -> None:
    with pytest.raises(KeystoreError, match=r"the token .* failed: MechanismInvalid"):
        keystore._token.use("sector", ObjectClass.SECRET_KEY, lambda key: key.sign(b"", mechanism=Mechanism.AES_MAC))


def test_a_wrong_pin_opens_nothing(address: TokenAddress) -> None:
    """In a process of its own, since a log-in holds for the whole process."""
    program = (
        "import sys; from pathlib import Path; from cardsvc.trust.pkcs11_keystore import *\n"
        "try: Pkcs11Keystore.load(TokenAddress(Path(sys.argv[1]), sys.argv[2], 'wrong'))\n"
        "except KeystoreLocked as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(address.module), address.label],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.stdout == f"the PIN does not open the token {address.label}: PinIncorrect\n"


def test_a_token_that_is_not_there_is_named(address: TokenAddress) -> None:
    with pytest.raises(KeystoreMissing, match="there is no token elsewhere"):
        Pkcs11Keystore.load(replace(address, label="elsewhere"))


def test_a_module_that_is_none_is_named(address: TokenAddress, tmp_path: Path) -> None:
    with pytest.raises(KeystoreMissing, match="cannot be used as a PKCS #11 module"):
        Pkcs11Keystore.load(replace(address, module=tmp_path / "none.so"))


def test_keys_of_an_older_version_are_completed(soft_token: Callable[[], TokenAddress]) -> None:
    address = soft_token()
    keystore = Pkcs11Keystore.create(address)
    keystore._token.use("evidence", ObjectClass.PRIVATE_KEY, lambda key: key.destroy())
    keystore._token.use("evidence", ObjectClass.PUBLIC_KEY, lambda key: key.destroy())
    with pytest.raises(KeystoreMissing, match="evidence: `cardsvc trust add-keys`"):
        Pkcs11Keystore.load(address)
    assert Pkcs11Keystore.complete(address) == (KeyName.EVIDENCE,)
    Pkcs11Keystore.load(address)


def test_what_a_failed_ceremony_made_is_destroyed(soft_token: Callable[[], TokenAddress]) -> None:
    address = soft_token()
    keystore = Pkcs11Keystore.create(address)
    keystore.add_version(KeyName.ASSERTION)
    keystore.destroy()
    with pytest.raises(KeystoreMissing, match="there is no keystore"):
        Pkcs11Keystore.load(address)
    Pkcs11Keystore.create(address)


def test_the_pin_is_not_shown(address: TokenAddress, keystore: Pkcs11Keystore) -> None:
    assert address.pin not in repr(address) + repr(keystore)
